"""losetup(8): regular files as block devices."""

import json
from typing import NamedTuple

from core.command import Check, Command, Completed, Makes
from core.tools import blockdev

TOOL = "losetup"
DELETED = " (deleted)"


class Loop(NamedTuple):
    """A loop device that is attached. file: what it is of, also when that has no name any more (`is_deleted`)."""

    file: str
    is_deleted: bool
    autoclear: bool


def everything() -> Command:
    """Ask for every loop device that is attached; read the answer with `parse_everything`."""
    return Command(("losetup", "-l", "-J", "-O", "NAME,BACK-FILE,AUTOCLEAR"), tool=TOOL)


def parse_everything(answer: Completed) -> dict[str, Loop]:
    """Read the answer of `everything` by device; without any loop device it is empty."""
    found = {}
    for each in json.loads(answer.stdout or "{}").get("loopdevices", ()):
        file = each["back-file"] or ""
        found[each["name"]] = Loop(file.removesuffix(DELETED), file.endswith(DELETED), bool(each["autoclear"]))
    return found


def associated(file: str) -> Command:
    """Ask for the loop devices of a file: one name on each line, no line when it is not attached."""
    return Command(("losetup", "-n", "-O", "NAME", "-j", file), tool=TOOL)


def attach(file: str, name: str) -> Command:
    """Attach a file to the first free loop device; `made` is that device."""
    return Command(
        ("losetup", "-f", "--show", file),
        kind="changes",
        makes=Makes(name, "loop", answer=".", witness=associated(file), path="lines", kept=False),
        check=Check(associated(file), path="."),
        undo=(detach(f"«{name}»", file),),
        reaches=True,
        shows=False,
        tool=TOOL,
    )


def detach(device: str, file: str) -> Command:
    """Detach a loop device; its file stays. A busy one answers 0 and goes when its last user does."""
    return Command(
        ("losetup", "-d", device),
        kind="changes",
        check=Check(associated(file), path="lines", text=device, absent=True),
        tool=TOOL,
    )


def refresh(device: str, size: int) -> Command:
    """Have a loop device notice that its file has another size by now, this one."""
    return Command(
        ("losetup", "-c", device),
        kind="changes",
        check=Check(blockdev.size(device)._replace(accepts=(0, 1)), path=".", text=str(size)),
        quiet=True,
        tool=TOOL,
    )
