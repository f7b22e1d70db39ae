"""Drivers, driven on simulated nodes."""
