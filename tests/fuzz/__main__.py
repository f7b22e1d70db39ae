"""A coverage-guided fuzzer for the document parser, the evaluator and `--resource`: by hand, never in CI.

    python -m pip install atheris          (into the environment of the property tests; it needs a C library with glibc)
    python -m tests.fuzz document -max_total_time=300
    python -m tests.fuzz evaluation -max_total_time=300
    python -m tests.fuzz resource -max_total_time=300

Further words are libFuzzer's. It runs until something fails or the time is over; what it has learnt stays in
`.fuzz/NAME` (not kept in the repository), so that the next run goes on there. What fails is written to `crash-*` and
shown: mend it, and keep the file, under a name that says what it was, in `tests/fuzz/cases/NAME`;
tests/property/test_any_text.py tries all of these every time.
"""

import sys
from hashlib import sha1
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["core", "svcprov.definitions", "json"]):
    from tests.fuzz.targets import REPOSITORY, TARGETS, seeds


def main() -> None:
    """Fuzz one target."""
    if len(sys.argv) < len(("fuzz", "TARGET")) or sys.argv[1] not in TARGETS:
        sys.exit(f"python -m tests.fuzz {'|'.join(TARGETS)} [-max_total_time=SECONDS]")
    name = sys.argv.pop(1)
    corpus = REPOSITORY / ".fuzz" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        Path(corpus, sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[1:], str(corpus)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
