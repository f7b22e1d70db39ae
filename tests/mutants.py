"""The code made wrong on purpose, one way at a time: a property has to notice each.

Run them with `python -m tests.mutants`.

Each mutant is a replacement of text in a copy of the tree; the tests named for it are run there, and must fail. A
mutant that survives means that a property says less than it should. A text that is not found (once) is an error, too:
the code has moved on, and its mutant has to follow.
"""

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

from tests.definition_wrongs import DEFINITIONS
from tests.reading_wrongs import READING
from tests.settings_wrongs import SETTINGS
from tests.storage_wrongs import STORAGE
from tests.wrongs import MUTANTS, Mutant

ALL = (*MUTANTS, *STORAGE, *READING, *SETTINGS, *DEFINITIONS)

REPOSITORY = Path(__file__).resolve().parent.parent
TREES = ("core", "executors", "svcprov", "fixtures", "tests")
AT_ONCE = 2
SECONDS_MAX = 120
FAILED = 1
"""What pytest ends with when tests ran and some failed; anything else is no verdict."""


class Verdict(NamedTuple):
    """What came of a mutant: noticed, survived, or an error that says why it could not be tried."""

    mutant: Mutant
    said: str
    seconds: float
    output: str = ""


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the tree, with what Python has compiled of it: a mutant is small, and so is what is to be compiled."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        whole = Path(place) / "whole"
        for tree in TREES:
            shutil.copytree(REPOSITORY / tree, whole / tree, symlinks=True)
            compileall.compile_dir(str(whole / tree), quiet=2)
        shutil.copy(REPOSITORY / "pyproject.toml", whole)
        yield whole


def tried(mutant: Mutant, whole: Path) -> Verdict:
    """Run a mutant's tests on a copy of the tree with the mutant in it. whole: a copy without."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-", dir=whole.parent) as folder:
        place = Path(folder) / "tree"
        shutil.copytree(whole, place, symlinks=True, copy_function=os.link)
        mutated = place / mutant.file
        text = mutated.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            return Verdict(mutant, f"error: its text is {text.count(mutant.old)} times in {mutant.file}", 0)
        # Until then all copies are one file; and nobody takes what was compiled of that for what is compiled of this.
        mutated.unlink()
        Path(cache_from_source(mutated)).unlink(missing_ok=True)
        mutated.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        try:
            ended = subprocess.run(
                (sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *mutant.tests),
                cwd=place,
                env={**os.environ, "CI": "1", "SVCPROV_SHRINK": "no", "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                timeout=SECONDS_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict(mutant, "error: its tests did not end", SECONDS_MAX)
    seconds = time.monotonic() - began
    said = {FAILED: "noticed", 0: "SURVIVED"}.get(ended.returncode, f"error: pytest ended with {ended.returncode}")
    return Verdict(mutant, said, seconds, ended.stdout + ended.stderr)


def main(words: Sequence[str]) -> int:
    """Try the mutants whose description contains one of the words, or all; print a table. Returns 1 for a survivor."""
    chosen = [mutant for mutant in ALL if not words or any(word in mutant.wrong for word in words)]
    with copied() as whole, ThreadPoolExecutor(AT_ONCE) as pool:
        verdicts = list(pool.map(partial(tried, whole=whole), chosen))
    for verdict in verdicts:
        print(f"{verdict.said:10} {verdict.seconds:6.1f} s  {verdict.mutant.wrong}")
        if verdict.said.startswith("error"):
            print(verdict.output[-2000:])
    survivors = [verdict for verdict in verdicts if verdict.said != "noticed"]
    print(f"{len(verdicts) - len(survivors)} of {len(verdicts)} mutants noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
