"""The service as it runs, on a stand: its own processes, a planted town, an API to ask. For faults and bench."""
