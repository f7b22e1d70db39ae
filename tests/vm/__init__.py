"""The lane of the node VM: what needs a kernel of its own, from volume groups to power losses."""
