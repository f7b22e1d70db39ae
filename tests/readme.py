"""The plan in the README: what its command line prints. `python -m tests.readme` rewrites it."""

import io
import os
import shlex
import sys
from contextlib import chdir, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from svcprov.svcmgr import main as svcmgr
from tests.conftest import REPOSITORY

README = REPOSITORY / "README.md"
BEGIN, END = "```console\n$ ", "```\n"


def parts(text: str) -> tuple[str, str, str]:
    """The text before the block, the block's command line, the text from the block's end on."""
    before, _, rest = text.partition(BEGIN)
    block, _, after = rest.partition(END)
    return before, block.partition("\n")[0], END + after


def block_of(text: str) -> str:
    """The block as it stands: a command line, and what it is said to print."""
    before, _, after = parts(text)
    return text[len(before) : len(text) - len(after)]


def printed(line: str) -> str:
    """The block as it should be: the command line, run from the checkout with no service of anybody's about."""
    program, *words = shlex.split(line)
    assert program == "svcmgr"
    out = io.StringIO()
    with TemporaryDirectory() as directory, chdir(REPOSITORY):
        places = {"OSVCETC": f"{directory}/etc", "OSVCVAR": f"{directory}/var"}
        for place in places.values():
            Path(place).mkdir()
        with patch.dict(os.environ, places), redirect_stdout(out):
            code = svcmgr(words)
    assert code == 0, line
    return f"{BEGIN}{line}\n{out.getvalue()}"


def main() -> int:
    """Rewrite the block."""
    text = README.read_text(encoding="utf-8")
    before, line, after = parts(text)
    README.write_text(before + printed(line) + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
