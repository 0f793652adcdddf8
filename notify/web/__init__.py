"""The HTTP faces: JSON for programs, pages for people, hooks for providers."""
