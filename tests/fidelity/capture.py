"""Record the answers of the real tools: `python -m tests.fidelity.capture` writes fixtures/captured/PACKAGE-VERSION.

What is recorded are sequences of the fidelity tests. Directories, devices and uuids of this machine are replaced, so
that the records of two machines with the same tools are the same but for numbers that change from run to run. The unit
tests read them back: parsers on verbatim text, and the simulated words beside the real ones, without root.
"""

import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.command import Command, Completed
from tests.conftest import REPOSITORY
from tests.fidelity import test_formats, test_loops, test_mounts, test_subvolumes, test_zeroes
from tests.fidelity.answers import PARTS, UUID, Read
from tests.fidelity.conftest import own_mounts
from tests.fidelity.ledger import package_version
from tests.fidelity.twins import Known, Twins

CAPTURED = REPOSITORY / "fixtures/captured"
DIRECTORY = "/captured"
_LOOP = re.compile(r"(/dev/|\b)(loop\d+)\b")
_NOISE = re.compile(r"^Cannot stat file [^\n]*\n", re.MULTILINE)
"""What fuser says of processes that even root may not look into."""

Sequence = Callable[[Twins], None]


def _wiped(type_: str) -> Sequence:
    """The life of a filesystem, as a sequence of its own."""

    def sequence(twins: Twins) -> None:
        test_formats.test_a_device_is_formatted_and_wiped(twins, type_)

    sequence.__name__ = f"{type_}-is-formatted-and-wiped"
    return sequence


SEQUENCES: dict[str, tuple[Sequence, ...]] = {
    "util-linux": (
        test_loops.test_a_file_is_attached_and_detached,
        test_loops.test_what_cannot_be_attached,
        test_loops.test_devices_that_are_not_there,
        test_mounts.test_what_is_not_mounted,
        test_mounts.test_mounted_twice,
        test_mounts.test_a_busy_loop_device_goes_with_its_last_user,
        test_zeroes.test_where_nothing_is_zeroed,
    ),
    "e2fsprogs": (
        test_formats.test_ext_is_checked_and_tuned,
        *(_wiped(type_) for type_ in ("ext2", "ext3", "ext4")),
    ),
    "xfsprogs": (test_formats.test_xfs_is_named, _wiped("xfs")),
    "btrfs-progs": (
        _wiped("btrfs"),
        test_subvolumes.test_labels,
        test_subvolumes.test_subvolumes_come_and_go,
        test_subvolumes.test_what_is_no_subvolume,
        test_subvolumes.test_a_subvolume_is_mounted,
    ),
    "psmisc": (test_mounts.test_a_loop_device_keeps_a_filesystem_busy,),
    "coreutils": (test_zeroes.test_a_comparison_ends_with_the_device,),
}
"""What is recorded, by the package that it is about."""


class Recorder(Twins):
    """This machine alone: what its tools answer is written down, with names that are the same on every machine."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.steps: list[dict[str, Any]] = []
        self._replaced: dict[str, str] = {}

    def run(self, command: Command, *known: Known, read: Read | None = None, enters: bool = True) -> Completed:
        """Run a command on this machine, and write it down.

        In the record, `differs` are the parts that are known to differ, or that no driver reads word by word.
        """
        loops = self._loops()
        real = self.machine.run(command)
        new = [path for path in self._loops() if path not in loops]
        differs = [each.part for each in known if each.part in PARTS]
        if read is not None:
            differs = sorted({*differs, "stdout", "stderr"})
        step = {
            "argv": [self._named(word) for word in command.argv],
            "kind": command.kind,
            "tool": command.tool,
            "public": command.public,
            "loops": [self._named(path) for path in new],
            "differs": differs,
            "returncode": real.returncode,
            "stdout": self._named(real.stdout),
            "stderr": self._named(_NOISE.sub("", real.stderr)),
        }
        self.steps.append(step)
        return real

    def protect(self, device: str, *, on: bool = True) -> None:
        """Protect a device, and write that down."""
        self.write_protect(device, on=on)
        self.steps.append({"protect": self._named(device), "on": on})

    def _named(self, text: str) -> str:
        """A text with this machine's names replaced; a loop device keeps the width of its name in tables."""
        text = text.replace(str(self.directory), DIRECTORY)
        text = UUID.sub(lambda match: self._name(match[0], "00000000-0000-4000-8000-{:012d}"), text)
        return _LOOP.sub(
            lambda match: match[1] + self._name(match[2], "loop{}").ljust(0 if match[1] else len(match[2])), text
        )

    def _name(self, name: str, form: str) -> str:
        alike = [each for each in self._replaced if each.startswith("loop") == name.startswith("loop")]
        return self._replaced.setdefault(name, form.format(len(alike)))


def recorded(sequence: Sequence) -> list[dict[str, Any]]:
    """Run a sequence on this machine; return its steps."""
    with tempfile.TemporaryDirectory() as directory:
        recorder = Recorder(Path(directory).resolve())
        try:
            sequence(recorder)
        finally:
            recorder.close()
    return recorder.steps


def main() -> int:
    """Record every sequence; return 1 where a package is missing."""
    own_mounts()
    for package, sequences in SEQUENCES.items():
        version = package_version(package)
        if not version:
            print(f"{package} is not installed")
            return 1
        folder = CAPTURED / f"{package}-{version}"
        folder.mkdir(parents=True, exist_ok=True)
        for sequence in sequences:
            name = sequence.__name__.removeprefix("test_").replace("_", "-")
            text = json.dumps(recorded(sequence), indent=1, ensure_ascii=False) + "\n"
            (folder / f"{name}.json").write_text(text, encoding="utf-8")
            print(f"{folder.name}/{name}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
