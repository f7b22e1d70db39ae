"""Where service files and templates come from: a path, a URL, standard input, or the name of a template.

What came is looked at before anything is made of it: whoever gets a log-in page, a picture or half a file in the place
of a service file reads here what it is.
"""

import os
import re
import sys
from typing import NamedTuple

from core.config.document import DOCUMENT_BYTES_MAX, Document
from core.errors import ConfigError, Problem, UsageError, beginning
from svcprov.files import read_bytes, too_large
from svcprov.urls import REMOTE, SCHEMES, masked, plain, scheme_of

STDIN, STDIN_SHOWN = "-", "standard input"
SECTIONS_MAX = 20_000
"""More than any node has room for; a file that says more was not written for one."""
TITLE_BYTES = 4096
SAID_CHARS_MAX = 60

MAGIC = (
    (b"\x1f\x8b", "compressed by gzip", "uncompress it"),
    (b"BZh", "compressed by bzip2", "uncompress it"),
    (b"\xfd7zXZ\x00", "compressed by xz", "uncompress it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "uncompress it"),
    (b"PK\x03\x04", "a zip archive", "take the service file out of it"),
    (b"\x7fELF", "a program", "is this the right file?"),
    (b"%PDF", "a PDF document", "is this the right file?"),
    (b"\xff\xfe", "text in UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"),
)
"""What files of other kinds begin with, what they are, and what to do."""

_TITLE = r"(?is)<title[^>]*>(.*?)</title>"


class Source(NamedTuple):
    """What a service is made of. shown: its name for messages. path: where it is on this machine, "" elsewhere."""

    data: bytes
    shown: str
    path: str = ""


def read(given: str, *, named: bool) -> Source:
    """Read what `--config` or `--template` names.

    named: what is no file may be the name of a template. Raises UsageError for what is not there, ConfigError for what
    is too large, Failed for what cannot be fetched.
    """
    if given == "":
        raise UsageError("create: the name of the file is empty")
    if given == STDIN:
        return Source(_within_limit(_standard_input(), STDIN_SHOWN), STDIN_SHOWN)
    scheme = scheme_of(given)
    if scheme in REMOTE:
        return _fetched(given)
    if scheme not in {"", "file"}:
        raise UsageError(f"{masked(given)}: {scheme} is not fetched; give a path, or a URL of {', '.join(SCHEMES)}")
    path = _path_of(given) if scheme == "file" else given
    if named and not scheme and "/" not in given and not _is_file(path):
        from svcprov import catalogues

        found = catalogues.find(given)
        return Source(_within_limit(found.data, found.shown), found.shown, found.path)
    return Source(read_bytes(path, given), given, path)


def document(source: Source) -> Document:
    """The document of what came. Raises ConfigError for what is no service file at all, saying what it is."""
    _refuse_other_kinds(source.data, source.shown)
    # Each is a header at the beginning of a line; counting what begins so costs nothing, and scanning a million does.
    sections = source.data.count(b"\n[") + source.data.startswith(b"[")
    if sections > SECTIONS_MAX:
        said = f"the file has {sections} sections, and a service at most {SECTIONS_MAX}"
        raise ConfigError(Problem(source.shown, 0, "", "", said, "is this the right file?"))
    return Document.from_bytes(source.data, source.shown)


def _is_file(path: str) -> bool:
    """Tell whether a path can be read: a directory that is called like a template is none."""
    return os.path.lexists(path) and not os.path.isdir(path)


def _path_of(url: str) -> str:
    """The path that a `file:` URL names. Raises UsageError for one of another machine, and for what is no path."""
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"{masked(url)}: this is not a URL: {plain(str(error))}") from None
    path = unquote(parts.path)
    if parts.netloc not in {"", "localhost"}:
        raise UsageError(f"{masked(url)}: a file URL names a file of this machine; write it as file:///PATH")
    if parts.query or parts.fragment:
        raise UsageError(f"{masked(url)}: in a URL ? is written as %3F, and # as %23")
    if not path.startswith("/") or "\0" in path:
        raise UsageError(f"{masked(url)}: a file URL holds an absolute path; write it as file:///PATH")
    return path


def _standard_input() -> bytes:
    try:
        return sys.stdin.buffer.read(DOCUMENT_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"{STDIN_SHOWN}: {error.strerror}") from None


def _fetched(url: str) -> Source:
    from svcprov.download import fetch

    shown = masked(url)
    found = fetch(url, DOCUMENT_BYTES_MAX)
    return Source(_within_limit(found.data, shown, found.size), shown)


def _within_limit(data: bytes, shown: str, size: int | None = None) -> bytes:
    if max(len(data), size or 0) > DOCUMENT_BYTES_MAX:
        raise too_large(shown, size)
    return data


def _refuse_other_kinds(data: bytes, shown: str) -> None:
    """Raise ConfigError for what is recognised as something else than the text of a service file."""
    if not data.strip():
        what = "it is empty" if not data else "there is nothing but blanks in it"
        what = f"{what}: the file has no section"
        raise ConfigError(Problem(shown, 0, "", "", what, "write a section such as [fs#0], or start from a template"))
    for magic, what, remedy in MAGIC:
        if data.startswith(magic):
            raise ConfigError(Problem(shown, 0, "", "", f"this is {what}, not a service file", remedy))
    at = data.find(b"\0")
    if at >= 0:
        said = f"byte {at} is NUL: this is not a text file"
        raise ConfigError(Problem(shown, data.count(b"\n", 0, at) + 1, "", "", said, "is this the right file?"))
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:TITLE_BYTES].decode(errors="replace")
    if start.startswith("<"):
        title = re.search(_TITLE, start)
        page = f"a page ({_quoted(title[1])})" if title else f"HTML or XML ({_quoted(start)})"
        remedy = "a site has another address for the raw file; one that asks for a log-in needs credentials in ~/.netrc"
        raise ConfigError(Problem(shown, 1, "", "", f"this is {page}, not a service file", remedy))
    if start.startswith("{"):
        said = f"this is JSON ({_quoted(start)}), not a service file"
        raise ConfigError(Problem(shown, 1, "", "", said, "resources in JSON are for --resource"))


def _quoted(text: str) -> str:
    return repr(beginning(" ".join(plain(text).split()), SAID_CHARS_MAX))
