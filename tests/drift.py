"""Goldens beside what they should hold now: how they differ, and the program that shows or rewrites that."""

import argparse
import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.errors import SvcprovError
from tests.conftest import REPOSITORY

Written = Callable[[Path], Mapping[str, str]]
"""Returns what the files of a folder should hold, by name."""


def drift(folder: Path, written: Written) -> str:
    """How the files of a golden differ from what they should hold; nothing when they do not."""
    found: list[str] = []
    for name, text in written(folder).items():
        path = folder / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        found += difflib.unified_diff(before.splitlines(), text.splitlines(), str(path), "now", lineterm="", n=2)
    return "\n".join(found)


def compare(description: str, folders: Sequence[Path], written: Written) -> int:
    """Be a program: show how goldens differ, or with `--write` rewrite those that do. Returns 1 for any that differ."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--write", action="store_true", help="rewrite them instead")
    parser.add_argument("names", nargs="*", help="only these folders")
    given = parser.parse_args()
    status = 0
    for folder in folders:
        if given.names and folder.name not in given.names:
            continue
        try:
            changed = drift(folder, written)
        except SvcprovError as error:
            print(f"{folder.relative_to(REPOSITORY)}: {type(error).__name__}: {error}")
            status = 1
            continue
        if changed and given.write:
            for name, text in written(folder).items():
                (folder / name).write_text(text, encoding="utf-8")
            print(f"{folder.relative_to(REPOSITORY)}: written")
        elif changed:
            print(changed)
            status = 1
    return status
