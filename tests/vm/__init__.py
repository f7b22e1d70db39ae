"""What needs a kernel of its own: the node VM, and services on it."""
