"""Turns a broadcast into the words each channel carries."""
