"""A node that exists only in memory and behaves, tool by tool, as a real one would."""
