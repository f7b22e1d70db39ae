"""The walks in docs/interactive.md: what a terminal shows. `python -m tests.walk` rewrites them; it needs tmux."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

from tests.conftest import REPOSITORY
from tests.e2e.terminal import Window

PAGE = REPOSITORY / "docs/interactive.md"
CREATE = "svcmgr -s shop create --template shop.template --interactive --node node.json"
PROMPT = "$"

Walk = Sequence[tuple[str, str]]
"""What the last line of the terminal is when somebody types, and what that is; ENTER follows all but a control key."""

WALKS: Sequence[Walk] = (
    (
        (PROMPT, f"{CREATE} --explain-env"),
        ("data [10G]:", "5X"),
        ("data [10G]:", "20G"),
        ("port [8080]:", ""),
        ("password (secret, not shown) []:", "swordfish"),
        (PROMPT, "svcmgr -s shop get --param disk#1.size --eval --node node.json"),
        (PROMPT, "svcmgr -s shop get --param env.password --eval --node node.json"),
    ),
    (
        (PROMPT, CREATE),
        ("data [10G]:", "20G"),
        ("port [8080]:", "C-c"),
        (PROMPT, "svcmgr -s shop print config"),
    ),
)


@contextmanager
def window(directory: Path) -> Iterator[Window]:
    """A terminal in a directory that has the template and a node; svcmgr is found there."""
    for name in ("bin", "etc"):
        (directory / name).mkdir()
    program = directory / "bin/svcmgr"
    here, python = quote(str(REPOSITORY)), quote(sys.executable)
    program.write_text(f'#!/bin/sh\nPYTHONPATH={here} exec {python} -m svcprov.svcmgr "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (directory / "shop.template").write_text(template(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copyfile(REPOSITORY / "fixtures/nodes/ec2.json", directory / "node.json")
    places = {"OSVCETC": f"{directory}/etc", "OSVCVAR": f"{directory}/var", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    environment = {**places, "PATH": f"{directory}/bin:{os.environ['PATH']}"}

    def run(*words: str) -> str:
        # A window has the PATH of whoever opens it.
        environ = {**os.environ, "PATH": environment["PATH"]}
        return subprocess.run(words, cwd=directory, env=environ, check=True, capture_output=True, text=True).stdout

    shown = Window(run, f"{directory}/tmux", environment, size=(100, 40), prompt=f"{PROMPT} ")
    try:
        yield shown
    finally:
        shown.close()


def template(text: str) -> str:
    """The template that the page shows."""
    return text.partition("```ini\n")[2].partition("```\n")[0]


def recorded(walk: Walk) -> str:
    """What the terminal shows when somebody has typed all of a walk."""
    with TemporaryDirectory() as directory, window(Path(directory)) as terminal:
        typed = 0
        for line, keys in walk:
            typed = _waiting(terminal, line, typed)
            terminal.type(*([keys] if keys.startswith("C-") else [keys, "Enter"] if keys else ["Enter"]))
        _waiting(terminal, PROMPT, typed)
        lines = terminal.history()[:-1]
        return "".join(f"{line}\n" for line in lines).replace(f"{directory}/etc", "/etc/opensvc")


def _waiting(terminal: Window, line: str, after: int) -> int:
    """Wait until this is the last line, below so many others; return how many lines there are then."""
    shown: list[str] = []

    def waits() -> bool:
        shown[:] = terminal.history()
        return len(shown) > after and shown[-1] == line

    terminal.until(waits)
    return len(shown)


def blocks(text: str) -> list[str]:
    """What the page shows of each walk."""
    return re.findall(r"```console\n(.*?)```\n", text, re.DOTALL)


def written(text: str) -> str:
    """The page as it should be."""
    walks = iter(WALKS)
    return re.sub(
        r"(```console\n).*?(```\n)", lambda found: found[1] + recorded(next(walks)) + found[2], text, flags=re.DOTALL
    )


def main() -> int:
    """Rewrite the page."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
