"""Processes around the pump loops; no logic of their own."""
