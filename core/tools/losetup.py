"""losetup(8): regular files as block devices."""

from core.command import Check, Command, Makes

TOOL = "losetup"


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
