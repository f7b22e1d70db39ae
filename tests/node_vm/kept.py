"""Where images and snapshots are kept: each in a directory named after all that it was made from.

A directory is made under another name and gets its own when it is complete; who wants it meanwhile waits. What nobody
has used for a while goes. Everything below can be removed at any time when no VM runs.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

UNUSED_DAYS_MAX = 7
DAY_SECONDS = 86400


def cache_directory() -> Path:
    """The directory that all is below."""
    return Path(os.environ.get("SVCPROV_VM_CACHE") or "~/.cache/svcprov/node-vm").expanduser().absolute()


def digest(*parts: object) -> str:
    """A short name for what is made from these parts; a path stands for what the file or directory holds."""
    text = json.dumps([_content(part) if isinstance(part, Path) else part for part in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _content(path: Path) -> list[tuple[str, str]]:
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return [
        (str(file.relative_to(path)), hashlib.sha256(file.read_bytes()).hexdigest())
        for file in files
        if "__pycache__" not in file.parts
    ]


def made(kind: str, name: str, make: Callable[[Path], None]) -> Path:
    """The directory of that name, made where it is not there yet."""
    above = cache_directory() / kind
    above.mkdir(parents=True, exist_ok=True)
    place = above / name
    if not place.exists():
        with (above / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.exists():
                _make(place, make)
        _forget_unused(above)
    os.utime(place)
    return place


def _make(place: Path, make: Callable[[Path], None]) -> None:
    directory = Path(tempfile.mkdtemp(prefix="making-", dir=place.parent))
    try:
        make(directory)
        directory.chmod(0o755)
        directory.rename(place)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _forget_unused(above: Path) -> None:
    """Remove what was not used for long, and what somebody was making who was killed."""
    for path in above.iterdir():
        days = (time.time() - path.stat().st_mtime) / DAY_SECONDS
        if days > UNUSED_DAYS_MAX:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
