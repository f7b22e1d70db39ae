"""Tools that are answered in this process, one file each, by the name of their face in `core.tools`."""
