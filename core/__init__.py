"""Pure thought: what to do on a node, in which order, and why. Standard library only, no effects."""
