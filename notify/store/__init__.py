"""PostgreSQL, the truth: explicit SQL, one module a family of tables."""
