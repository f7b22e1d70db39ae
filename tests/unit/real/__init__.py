"""This machine as a node."""
