"""The simulated faces of tools: what they change, print and refuse."""
