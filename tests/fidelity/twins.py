"""One sequence of commands on this machine and on a simulated node, compared after each of them.

The twins start alike: an empty directory at the same path, and whatever a test makes in it through both. Compared are
the return code, both outputs, and after each change the state, read on both sides by the same commands and walks. What
the real side hands out (the name of a loop device) the simulated side is given to hand out; uuids that a mkfs chose are
mapped, one to one. A difference fails, unless it is declared (`Known`) with its reason; a declared difference that does
not occur fails, too.
"""

import os
import re
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from core.command import Command, Completed
from core.state import DEBIAN_12, load
from core.tools import blkid, blockdev, cmp, losetup, mount, wipefs
from executors.real.machine import Machine
from executors.simulated.devices import MEBIBYTE
from executors.simulated.node import SimulatedNode
from tests.fidelity.answers import PARTS, UUID, Comparison, Difference, Read
from tests.fidelity.ledger import compared, is_of, package_version

_LONG = re.compile(r"(\w)\1{19,}")
_NUMBER = re.compile(r"\b\d{2,}\b")
SETTLING_SECONDS_MAX = 2


class Known(NamedTuple):
    """A difference that is declared. part: `returncode`, `stdout`, `stderr`, `files`, or the form of a read."""

    part: str
    reason: str


class Entry(NamedTuple):
    """What is to be entered in the ledger; `parts` are those that differ."""

    command: Command
    real: Completed
    parts: tuple[str, ...]
    words: bool = True
    """Whether its words were compared; else they are no part of the outcome, and may be others next time."""


def form(argv: Iterable[str], directory: Path) -> str:
    """A command line as it is the same in every run: paths, uuids and numbers become words in capitals."""
    words = []
    for word in argv:
        plain = word.replace("/dev/zero", "ZERO").replace(str(directory), "\0")
        plain = re.sub(r"\0(?:/[^\s,:]*)?", "PATH", re.sub(r"/dev/[\w/-]+", "DEVICE", UUID.sub("UUID", plain)))
        plain = _LONG.sub("LONG", plain)
        words.append(_NUMBER.sub("N", plain).replace("ZERO", "/dev/zero"))
    return " ".join(words)


def packages(command: Command, node: SimulatedNode) -> str:
    """The packages that bring a command's program, and their versions on this machine."""
    tool = node._imported(command.tool)  # noqa: SLF001 - which package brings a program is written nowhere else
    named = tool.PROGRAMS[command.argv[0]]
    names = (named,) if isinstance(named, str) else named
    return ", ".join(f"{name} {version}" for name in names if (version := package_version(name)))


class Twins:
    """This machine and its simulated twin, as far as one directory and its loop devices go."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.machine = Machine()
        here = {name: package_version(name) for name in (*DEBIAN_12, "psmisc")}
        mode = f"{stat.S_IMODE(directory.stat().st_mode):04o}"
        self.node = SimulatedNode(
            load(
                {
                    "tools": {name: version or None for name, version in here.items()},
                    "files": {str(directory): {"kind": "directory", "mode": mode}},
                }
            )
        )
        self.points: list[str] = []
        self.standing: list[Known] = []
        """Declared differences of reads, which stay until the read agrees again."""
        self._comparison = Comparison()
        self._protected: set[str] = set()

    def protect(self, device: str, *, on: bool = True) -> None:
        """Protect a device from being written to, or let it be written again."""
        self.write_protect(device, on=on)
        self.node.state["devices"][device]["read_only"] = on

    def lose(self, name: str) -> None:
        """Cut an attached file away, so that nothing can be read of its device any more."""
        self.machine.run(Command(("truncate", "-s", "0", self.path(name)), kind="changes"))
        entry = self.node.tree.entry(self.path(name)) or {}
        entry["content"] = {"kind": "unknown"}

    def write_protect(self, device: str, *, on: bool) -> None:
        """The real half of `protect`."""
        self._protected.add(device)
        self.machine.run(Command(("blockdev", "--setro" if on else "--setrw", device), kind="changes"))

    def uuid(self) -> str:
        """A uuid that nobody on this machine has: mkfs.btrfs would refuse it."""
        return str(uuid4())

    def path(self, name: str) -> str:
        """The path of a name in the directory."""
        return f"{self.directory}/{name}"

    def file(self, name: str, size: int, *, enters: bool = True) -> str:
        """Make a sparse file on both sides; return its path."""
        path = self.path(name)
        self.run(Command(("truncate", "-s", str(size), path), kind="changes", tool="files"), enters=enters)
        return path

    def attach(self, name: str, size: int, *, enters: bool = True) -> str:
        """Make a sparse file on both sides and attach it; return its loop device."""
        file = self.file(name, size, enters=enters)
        return self.run(losetup.attach(file, "disk#0.loop"), enters=enters).stdout.strip()

    def attached(self, name: str) -> str:
        """The loop device of a file, nothing when it has none."""
        return self.machine.run(losetup.associated(self.path(name))).stdout.strip()

    def run(self, command: Command, *known: Known, read: Read | None = None, enters: bool = True) -> Completed:
        """Run a command on both sides; return what the real one answered.

        known: the differences that have to occur. read: how a driver reads the answer; then that is compared, and not
        the words. enters: whether the ledger hears of it; it does not of generated sequences.
        """
        loops = self._loops()
        real = self.machine.run(command)
        new = [path for path in self._loops() if path not in loops]
        self.node.state["identifiers"]["loop"] = list(new)
        simulated = self.node.run(command)
        self.points += [command.argv[-1]] if command.argv[0] == "mount" else []
        differences = self._comparison.differences(command, real, simulated, read)
        entries = [Entry(command, real, tuple(each.part for each in differences), read is None)]
        if command.kind != "reads":
            self.standing += [each for each in known if each.part not in PARTS]
            differences += self._differences_of_state(entries)
        self._judge(" ".join(command.argv), differences, known)
        reasons = {each.part: each.reason for each in (*self.standing, *known)}
        for entry in entries if enters else ():
            self._enter(entry, [reasons[part] for part in entry.parts])
        return real

    def _differences_of_state(self, entries: list[Entry]) -> list[Difference]:
        """Compare what both sides are left in: by reads, which are entered, and by a walk through the directory."""
        found: list[Difference] = []
        self._settled_loops()
        for read in self.reads():
            real, simulated = self.machine.run(read), self.node.run(read)
            part = form(read.argv, self.directory)
            differing = self._comparison.differences(read, real, simulated)
            entries.append(Entry(read, real, (part,) if differing else ()))
            found += [each._replace(part=part) for each in differing[:1]]
        sides = (
            ("files", self.left(), self.left_simulated()),
            ("loops", self._settled_loops(), set(self.node.present())),
        )
        for part, here, there in sides:
            found += [] if here == there else [Difference(part, sorted(here - there), sorted(there - here))]
        return found

    def _judge(self, line: str, differences: list[Difference], known: tuple[Known, ...]) -> None:
        """Fail for a difference that is not declared, and for a declared one that did not occur."""
        declared = {each.part for each in (*self.standing, *known)}
        for each in differences:
            told = f"{line}: {each.part}:\n{each.real!r} on the machine,\n{each.simulated!r} in the simulation"
            assert each.part in declared, told
        occurred = {each.part for each in differences}
        gone = [each.part for each in known if each.part not in occurred]
        assert not gone, f"{line}: {gone} is declared to differ, and does not"
        self.standing = [each for each in self.standing if each.part in occurred]

    def _loops(self) -> list[str]:
        """The loop devices that this machine has for files in the directory."""
        found = []
        for place in Path("/sys/block").glob("loop*/loop/backing_file"):
            with suppress(OSError):
                if place.read_text(encoding="utf-8").startswith(f"{self.directory}/"):
                    found.append(f"/dev/{place.parts[3]}")
        return sorted(found)

    def _settled_loops(self) -> set[str]:
        """The loop devices, once those that go with their last user have gone: the kernel does that a little later."""
        deadline = time.monotonic() + SETTLING_SECONDS_MAX
        while (loops := set(self._loops())) - set(self.node.present()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return loops

    def reads(self) -> list[Command]:
        """The reads that show the state of the attached devices, of the files, and of whatever was a mount point."""
        found: list[Command] = []
        files = sorted({path for path in self._walk() if Path(path).is_file() and not Path(path).is_symlink()})
        for device in self._loops():
            found += [blkid.probe(device), wipefs.signatures(device), blockdev.uses(device)]
            found += [blockdev.size_and_uses(device), blockdev.size(device)]
            found += [mount.of(device), cmp.zeroes(device, 0, MEBIBYTE)]
            size = self.machine.run(blockdev.size(device))
            if not size.returncode and int(size.stdout) > MEBIBYTE:
                found.append(cmp.zeroes(device, int(size.stdout) - MEBIBYTE, MEBIBYTE))
        found += [mount.at(point) for point in dict.fromkeys(self.points)]
        return [*found, *(losetup.associated(file) for file in files)]

    def _enter(self, entry: Entry, reasons: list[str]) -> None:
        tool, real = entry.command.argv[0], entry.real
        is_of(tool, packages(entry.command, self.node))
        first = next(iter(real.stderr.splitlines()), "") if real.returncode and entry.words else ""
        said = form(first.split(" "), self.directory)
        line = form(entry.command.argv, self.directory)
        compared(tool, line, f"{real.returncode}: {said}" if said else str(real.returncode), reasons)

    def _walk(self) -> Iterable[str]:
        for folder, names, files in os.walk(self.directory):
            yield from (f"{folder}/{name}" for name in (*names, *files))

    def left(self) -> set[tuple[str, str, str]]:
        """What this machine's directory holds: paths, what each is, and its mode (a link has none)."""
        found = set()
        for path in self._walk():
            mode = Path(path).lstat().st_mode
            kind = "link" if stat.S_ISLNK(mode) else "directory" if stat.S_ISDIR(mode) else "file"
            found.add((path, kind, "" if kind == "link" else f"{stat.S_IMODE(mode):04o}"))
        return found

    def left_simulated(self, path: str = "") -> set[tuple[str, str, str]]:
        """What the simulated directory holds."""
        path = path or str(self.directory)
        found = set()
        for name in self.node.tree.children(path):
            inside = f"{path}/{name}"
            entry = self.node.tree.link(inside) or {"kind": "directory", "mode": "0755"}
            found.add((inside, entry["kind"], entry.get("mode", "")))
            if entry["kind"] == "directory":
                found |= self.left_simulated(inside)
        return found

    def close(self) -> None:
        """Unmount and detach everything below the directory, on this machine."""
        table = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
        points = [line.split()[4] for line in table.splitlines()]
        for point in reversed([point for point in points if point.startswith(f"{self.directory}/")]):
            self.machine.run(Command(("umount", "-l", point), kind="changes"))
        # The next file of the same device would be protected, too.
        for device in self._protected:
            self.machine.run(Command(("blockdev", "--setrw", device), kind="changes"))
        for device in self._loops():
            self.machine.run(Command(("losetup", "-d", device), kind="changes"))
