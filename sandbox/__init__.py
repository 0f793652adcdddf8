"""The world outside, on this machine: a mail relay, an SMS gateway, a push service."""
