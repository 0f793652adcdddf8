"""What others offer for the same work, run on the same machine, into the same sink."""
