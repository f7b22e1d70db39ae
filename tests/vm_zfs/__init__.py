"""Pools and datasets on the real zpool and zfs, in a node VM: by hand, since their modules take minutes to build."""
