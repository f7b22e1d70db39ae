"""What a service may meet, tried in memory: every crash, failing command, late device and second actor."""
