"""What must stay true when things break: kills, stops, cuts and fills, and counts every message."""
