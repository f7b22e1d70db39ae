"""How fast, as ratios to a limit that is measured in the same run; `python -m benchmarks` prints the table."""
