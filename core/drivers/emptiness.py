"""Steps of an undo that look into a filesystem before it goes: what its provisioning did not put there is data."""

from core.command import Check, Command
from core.tools import files, find, mount


def inside(look: Command, temporary: str, *steps: Command | Check) -> tuple[Command | Check, ...]:
    """Bring a temporary mount around some steps: nothing else may be left of the action by then."""
    return (
        files.make_directory(temporary, temporary=True),
        look,
        *steps,
        mount.umount(temporary, temporary=True),
        files.remove_directory(temporary, temporary=True),
    )


def holds_nothing(directory: str, what: str) -> Check:
    """Hold when no file is in a directory (that may be missing); `what` begins the sentence of the refusal."""
    ask = find.file(directory)._replace(accepts=(0, 1))
    return Check(ask, path=".", absent=True, otherwise=f"{what} that its provisioning did not put there")
