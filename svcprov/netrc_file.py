"""The credentials of `~/.netrc`, or of the file that NETRC names: the place where curl, git and ftp have theirs."""

import os
from typing import NamedTuple

from core.errors import UsageError

OTHERS_BITS = 0o077


class Login(NamedTuple):
    """Who we are to another machine."""

    user: str
    password: str


def login(host: str, *, otherwise: bool = False) -> Login | None:
    """Find the login for a machine; None where there is none.

    otherwise: take the entry `default`, too, which ftp has for machines that are not listed. Raises UsageError for a
    file that cannot be read, or that others may read; no word of it is shown.
    """
    from netrc import NetrcParseError, netrc

    path = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")
    if not os.path.exists(path):
        return None
    try:
        machines = netrc(path).hosts
        mode = os.stat(path).st_mode
    except NetrcParseError as error:
        raise UsageError(f"{path}:{error.lineno}: this is not understood as netrc") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: this is not a text file") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    by_name = {name.lower(): found for name, found in machines.items() if name != "default"}
    found = by_name.get(host.lower()) or (machines.get("default") if otherwise else None)
    if found is None or not found[2]:
        return None
    if mode & OTHERS_BITS:
        raise UsageError(f"{path}: others may read the passwords in it; `chmod 600 {path}` keeps them from it")
    return Login(found[0] or found[1] or "", found[2])
