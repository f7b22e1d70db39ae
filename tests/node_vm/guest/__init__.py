"""What runs inside a node VM."""
