"""Docker on a simulated node: daemons, their images and containers."""
