"""Provision services from INI files, showing every command before it runs."""

__version__ = "0.1.0"
