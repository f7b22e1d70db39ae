"""This machine, and what it reaches: local processes, the cloud, containers, other nodes."""
