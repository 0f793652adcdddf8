"""Pages for staff: behind a sign-in, each with the deed that it needs a grant for."""
