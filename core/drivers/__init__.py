"""One file per driver: `[disk#1] type = md` is `disk/md.py`."""

from core.unread import unread

__getattr__ = unread(__name__)
