"""Replication: declared, validated and shown; not run."""
