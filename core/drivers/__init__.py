"""One file per driver: `[disk#1] type = md` is `disk/md.py`."""
