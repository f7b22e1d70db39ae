"""What a service file says in the place of something that is still to be allocated."""

ALLOCATE = "<allocate>"
"""An address is to be allocated; it then takes this place."""
