"""Filesystems."""
