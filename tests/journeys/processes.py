"""The service's own processes, which the journeys handle as the fault harness does."""

from rig.processes import PATIENCE, Process, clean, command, until

__all__ = ["PATIENCE", "Process", "clean", "command", "until"]
