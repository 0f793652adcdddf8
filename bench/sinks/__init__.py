"""The world outside at full speed: takes everything at once, and can tell what it got."""
