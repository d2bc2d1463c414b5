"""The live connection: one socket, its heartbeat, what it tells and in which order."""
