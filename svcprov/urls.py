"""URLs as they may be shown: in an error, in a log, in the history of a service."""

import re

from core.errors import beginning

SCHEMES = ("file", "http", "https", "ftp")
REMOTE = SCHEMES[1:]
SHOWN_CHARS_MAX = 200
HIDDEN = "..."

CREDENTIALS = r"(?<=//)[^/?#]*@"
PARAMETER = r"(?i)([?&;][^=&;#]*(?:auth|cred|key|pass|secret|sig|token)[^=&;#]*=)[^&;#]+"


def scheme_of(text: str) -> str:
    """The scheme of a URL, in lower case; "" for what is a path or a name.

    A colon alone makes none: `web:1.conf` is a file. One that we fetch does, and so does `sftp://`, to be refused.
    """
    before, colon, after = text.partition(":")
    scheme = before.lower()
    if not colon or not scheme.isascii() or not scheme.replace("+", "").replace("-", "").replace(".", "").isalnum():
        return ""
    return scheme if scheme in SCHEMES or after.startswith("//") else ""


def without_credentials(url: str) -> str:
    """A URL with `...` for credentials: those before its host, and those in parameters that are named like some."""
    if "://" not in url:
        return url
    return re.sub(PARAMETER, rf"\1{HIDDEN}", re.sub(CREDENTIALS, f"{HIDDEN}@", url))


def masked(url: str) -> str:
    """A URL as it is shown in a sentence."""
    return plain(without_credentials(url))


def plain(text: str) -> str:
    """One short line of what others wrote: a terminal is not moved by it."""
    line = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return beginning(line, SHOWN_CHARS_MAX)
