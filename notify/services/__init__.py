"""Use cases, named by verbs; each fits on a screen."""
