"""PostgreSQL and Redis on this machine, used when no URL is set."""
