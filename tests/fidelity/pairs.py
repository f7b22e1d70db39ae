"""The same commands on a real piece of the machine and on its simulated twin, compared one by one.

Compared are the return code, what a driver reads in the answer, and the words of an error; after each change, whatever
the test says is the state. What changes from run to run is replaced before. A difference fails the test, unless it is
declared with its reason; one that is declared and does not occur fails it, too.

`RECORD_PAIRS=1 python -m pytest tests/fidelity` writes what the real side said to fixtures/captured, from which the
unit tests hold the simulation against it without root.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.answers import pick
from core.command import Command, Completed, Executor
from core.state import load
from core.tools import btrfs, ext, mdadm, xfs, zfs, zpool
from executors.simulated.node import SimulatedNode
from tests.conftest import REPOSITORY
from tests.fidelity.ledger import compared, is_of, package_version

Read = Callable[[Completed], Any]
"""What a driver makes of an answer."""
ERROR_CHARACTERS_SHOWN = 90
CAPTURED = REPOSITORY / "fixtures/captured"
RECORDED: set[Path] = set()
"""The records that this process has written."""


def words(answer: Completed) -> Any:
    """Everything that was printed."""
    return answer.stdout, answer.stderr


def verdict(answer: Completed) -> Any:
    """Nothing: the return code is all that a driver looks at."""
    del answer


def holders(answer: Completed) -> Any:
    """Who has an address: interface, family and address of each line. What else it says differs by who gave it."""
    return [line.split()[1:4] for line in answer.stdout.splitlines()], answer.stderr


def table(answer: Completed) -> Any:
    """The lines of a table, without the blanks that only line them up."""
    return [line.strip() for line in answer.stdout.splitlines()], answer.stderr


def last_words(answer: Completed) -> Any:
    """What was said on stderr, but for the lines of a log."""
    return [line for line in answer.stderr.splitlines() if line and not line.startswith("time=")]


def fields(answer: Completed) -> Any:
    """What drivers of images read in an answer that is JSON; ids, addresses and pids are the cluster's."""
    if answer.returncode or not answer.stdout.strip():
        return answer.stderr
    found = json.loads(answer.stdout)
    rows = found.get("watchers", [found]) if isinstance(found, dict) else found
    kept = ("name", "size", "features", "image", "pool", "namespace", "snap", "device")
    plain = [row if isinstance(row, str) else {key: row[key] for key in kept if key in row} for row in rows]
    return plain, [row["id"] for row in rows if "locker" in row]


def unordered(answer: Completed) -> Any:
    """The lines, which come in no order."""
    return sorted(pick(answer.stdout, "lines")), answer.stderr


def printed(answer: Completed) -> Any:
    """What was printed, whatever was warned of."""
    return answer.stdout


def detail(answer: Completed) -> Any:
    """What a driver reads of an array, but for how far it has been copied."""
    found = mdadm.parse_detail(answer)
    going = {"resyncing", "resyncing (PENDING)", "recovering", "active", "clean", "checking"}
    roles = sorted((each.device, each.state.removeprefix("spare ").split()[0]) for each in found.members)
    return found.level, [each for each in found.states if each not in going], roles, answer.stderr


def assembled(answer: Completed) -> Any:
    """Which arrays the kernel has; while one is copied to, the new member counts as a spare in this list."""
    return mdadm.parse_arrays(answer), answer.stderr


def superblock(answer: Completed) -> Any:
    """What the superblock of a member says of its array."""
    found = mdadm.superblock(answer)
    return {name: found.get(name) for name in ("MD_UUID", "MD_NAME", "MD_LEVEL", "MD_DEVICES")}, answer.stderr


def size(answer: Completed) -> Any:
    """How large a filesystem says that it is: an ext, an xfs or a btrfs."""
    if "Block count" in answer.stdout:
        return ext.size(answer)
    return xfs.size(answer) or btrfs.size(answer)


def dataset(answer: Completed) -> Any:
    """The properties of a dataset of ZFS, but for how much fits into it."""
    found = zfs.values(answer)
    return {name: value for name, value in found.items() if name not in {"guid", "used", "available"}}, answer.stderr


def vdevs(answer: Completed) -> Any:
    """What a pool of ZFS is made of, and what of that does not work."""
    return zpool.vdevs(answer.stdout), [line.split()[:2] for line in zpool.sick(answer)]


def importable(answer: Completed) -> Any:
    """The pools of ZFS that could be imported."""
    return [each._replace(guid="") for each in zpool.pools(answer)]


def before_usage(answer: Completed) -> Any:
    """What is said before the pages of usage."""
    return answer.stderr.split("\nusage:")[0]


READS: dict[str, Read] = {
    read.__name__: read
    for read in (
        *(words, verdict, holders, table, last_words, fields, unordered, printed, detail, assembled, superblock, size),
        *(dataset, vdevs, importable, before_usage),
    )
}
"""Every way to compare an answer, by its name."""


class Pair:
    """A real executor and a simulated node, made from a node state.

    changing: patterns of what is another in every run, and what is put in their place. state: reads that tell what
    both sides are in, compared after each change. packages: the Debian package of a program; version: of a package, on
    the real side.
    """

    def __init__(
        self,
        real: Executor,
        given: Mapping[str, Any],
        *,
        changing: Mapping[str, str],
        state: Callable[[Executor], Any],
        packages: Mapping[str, str],
        version: Callable[[str], str] = package_version,
    ) -> None:
        self.real, self.node = real, SimulatedNode(load(given))
        self._given, self._steps = given, list[dict[str, Any]]()
        self._put_for = dict(changing)
        self._changing = {re.compile(pattern): put for pattern, put in changing.items()}
        self._state, self._packages, self._version = state, packages, version

    def run(self, command: Command, read: Read = words, **known: str) -> Completed:
        """Run a command on both sides and compare; return what the real one answered.

        read: what is compared beside the return code. known: the reasons of differences that have to occur, by part:
        `returncode`, `answer`, `state`.
        """
        return self._run(command, command, read, known)

    def run_each(self, command: Command, twin: Command, read: Read = words) -> Completed:
        """Run a command on the real side, and its twin on the other, where each has identities of its own."""
        return self._run(command, twin, read, {})

    def _run(self, command: Command, twin: Command, read: Read, known: Mapping[str, str]) -> Completed:
        real, simulated = self.real.run(command), self.node.run(twin)
        pairs = {
            "returncode": (real.returncode, simulated.returncode),
            "answer": (read(self.plain(real)), read(self.plain(simulated))),
        }
        if command.kind == "changes":
            pairs["state"] = (self._state(self.real), self._state(self.node))
        line = " ".join(command.argv)
        for part, (one, other) in pairs.items():
            if part in known:
                assert one != other, f"{line}: the {part} is declared to differ ({known[part]}), and does not"
            else:
                assert one == other, f"{line}: {part}:\n{one!r} really,\n{other!r} in the simulation"
        self._enter(command, real, known)
        plain = self.plain(real)._asdict()
        self._steps.append(
            {
                "argv": twin.argv,
                "kind": command.kind,
                "tool": command.tool,
                "read": read.__name__,
                "differs": sorted(known),
                **{part: plain[part] for part in ("returncode", "stdout", "stderr")},
            }
        )
        return real

    def record(self, name: str) -> None:
        """Write down what the real side said, where that is asked for: beside the other runs of the same test."""
        if not (os.environ.get("RECORD_PAIRS") and self._steps):
            return
        package = self._packages[self._steps[0]["argv"][0]]
        path = CAPTURED / f"{package}-{self._version(package)}/pairs/{name.removeprefix('test_')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        runs = json.loads(path.read_text(encoding="utf-8")) if path in RECORDED else []
        runs.append({"state": self._given, "changing": self._put_for, "steps": self._steps})
        path.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
        RECORDED.add(path)

    def plain(self, answer: Completed) -> Completed:
        """An answer with what changes from run to run replaced."""
        return answer._replace(stdout=self._put(answer.stdout), stderr=self._put(answer.stderr))

    def _put(self, text: str) -> str:
        for pattern, put in self._changing.items():
            text = pattern.sub(put, text)
        return text

    def _enter(self, command: Command, real: Completed, known: Mapping[str, str]) -> None:
        program = command.argv[0].rpartition("/")[2]
        package = self._packages[command.argv[0]]
        is_of(program, f"{package} {self._version(package)}".strip())
        # A daemon's log has the time in each line; why it ends is said in one without.
        said = [line for line in self._put(real.stderr).splitlines() if not line.startswith('time="')]
        first = said[0] if said and real.returncode else ""
        outcome = f"{real.returncode}: {first[:ERROR_CHARACTERS_SHOWN]}" if first else str(real.returncode)
        compared(program, self._put(" ".join(command.argv)), outcome, known.values())
