"""Measure processes, interleaved round by round, so that a busy moment of the machine hits every case alike."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
RSS_UNITS_PER_MIB = 1024


class Case(NamedTuple):
    """A process to measure: its name in the table, its argv and its environment."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]


class Run(NamedTuple):
    """What one process cost: time from start to end, the most memory it held, and what it said."""

    seconds: float
    memory_mib: float
    stdout: str


class Failed(Exception):
    """A measured process did not do what it was started for, so its time means nothing."""


class Unmeasured(Exception):
    """What is needed is not here: the reason."""


def seconds_of(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def run(case: Case) -> Run:
    """Start a process, wait for its end. Raises Failed with its last words when it does not end with 0."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        started = time.perf_counter()
        process = subprocess.Popen(
            case.argv, cwd=REPOSITORY, env=case.environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
        )
        # Only wait4 tells the memory of this child; `resource` has the most that any child ever held.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        if process.returncode != 0:
            words = stderr.read().strip().splitlines() or ["it said nothing"]
            raise Failed(f"return code {process.returncode}: {words[-1]}")
        return Run(seconds, usage.ru_maxrss / RSS_UNITS_PER_MIB, stdout.read())


def interleaved(cases: tuple[Case, ...], rounds: int) -> dict[str, Run | Failed]:
    """Run every case once to warm the caches, then all of them in turn; the medians, or the failure, by name."""
    measured: dict[str, list[Run]] = {}
    failed: dict[str, Run | Failed] = {}
    for turn in range(rounds + 1):
        for case in cases:
            if case.name in failed:
                continue
            try:
                each = run(case)
            except Failed as failure:
                failed[case.name] = failure
                continue
            if turn:
                measured.setdefault(case.name, []).append(each)
    return failed | {name: median(runs) for name, runs in measured.items() if name not in failed}


def median(runs: list[Run]) -> Run:
    """The median of each cost, and of what was said when that is a number."""
    said = [each.stdout.strip() for each in runs]
    try:
        answer = str(statistics.median(float(text) for text in said))
    except ValueError:
        answer = said[-1]
    return Run(
        statistics.median(each.seconds for each in runs), statistics.median(each.memory_mib for each in runs), answer
    )
