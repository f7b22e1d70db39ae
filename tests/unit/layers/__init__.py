"""The executors that wrap an executor."""
