"""Pages for residents, readable without JavaScript."""
