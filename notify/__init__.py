"""The service: what a broadcast is, who gets it, and what became of it."""

__version__ = "0.1.0"
