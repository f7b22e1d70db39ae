"""The invariants, on generated services and nodes."""
