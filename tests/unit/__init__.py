"""One module at a time, and the repository itself."""
