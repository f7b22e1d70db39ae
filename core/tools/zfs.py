"""zfs(8): datasets of a pool that is imported."""

from typing import NamedTuple

from core.command import Check, Command, Completed, Makes

TOOL = "zfs"
ABSENT = 1
DATASET_BYTES_MIN = 24 * 1024
"""What a dataset takes in which nothing is. In a pool that has less, none is made."""
FULL = "out of space"
MARK = "svcprov:resource"
"""The property in which a dataset has the name of the resource that it was made for."""
PROPERTIES = ("type", "guid", "used", "available", "refquota", "mountpoint", MARK)


def properties(dataset: str) -> Command:
    """Ask about a dataset: 0, or 1 when there is none, or its pool is not imported. Read the answer with `values`."""
    return Command(
        ("zfs", "get", "-H", "-p", "-o", "property,value,source", ",".join(PROPERTIES), dataset),
        accepts=(0, ABSENT),
        tool=TOOL,
    )


def values(answer: Completed) -> dict[str, str]:
    """Read the answer of `properties`: by name, without those that are not set; empty where there is no dataset.

    What is in a dataset inherits its mark, and was not made for the resource: only its own one counts.
    """
    rows = [line.split("\t") for line in answer.stdout.splitlines()] if not answer.returncode else []
    return {
        name: value
        for name, value, source in (row for row in rows if len(row) == 3)  # noqa: PLR2004 - as it was asked
        if value != "-" and (name != MARK or source == "local")
    }


def guid(dataset: str) -> Command:
    """Ask for the guid of a dataset: its text, or 1 for none."""
    return Command(("zfs", "get", "-H", "-p", "-o", "value", "guid", dataset), accepts=(0, ABSENT), tool=TOOL)


def is_of(dataset: str, identity: str) -> Check:
    """Hold when the dataset of this name has this guid."""
    return Check(guid(dataset), path=".", text=identity)


def is_gone(dataset: str) -> Check:
    """Hold when no dataset of this name can be reached."""
    return Check(guid(dataset), absent=True)


def below(dataset: str) -> Command:
    """Ask for a dataset and everything in it, snapshots too: a name on each line; 1 for none."""
    return Command(("zfs", "list", "-H", "-o", "name", "-t", "all", "-r", dataset), accepts=(0, ABSENT), tool=TOOL)


def create(dataset: str, mark: str, refquota: int, made: str) -> Command:
    """Make a filesystem in a pool. It is mounted by mount(8), by nobody else, and so at no import."""
    quota = ("-o", f"refquota={refquota}") if refquota else ()
    return Command(
        ("zfs", "create", "-o", "mountpoint=legacy", "-o", f"{MARK}={mark}", *quota, dataset),
        kind="changes",
        makes=Makes(made, "dataset", witness=guid(dataset)),
        check=Check(guid(dataset)),
        tool=TOOL,
    )


def recognise(dataset: str, made: str, identity: str) -> Command:
    """Make sure that a dataset is there which an interrupted run made, so that the record has it."""
    return guid(dataset)._replace(
        kind="changes",
        accepts=(0,),
        makes=Makes(made, "dataset", identity=identity),
        check=is_of(dataset, identity),
        quiet=True,
    )


def set_refquota(dataset: str, size: int, before: int) -> Command:
    """Give a filesystem another quota for what it holds itself, its snapshots not counted; 0 for none."""
    back = _refquota(dataset, before)
    return _refquota(dataset, size)._replace(undo=(back,))


def _refquota(dataset: str, size: int) -> Command:
    asked = Command(("zfs", "get", "-H", "-p", "-o", "value", "refquota", dataset), accepts=(0, ABSENT), tool=TOOL)
    return Command(
        ("zfs", "set", f"refquota={size or 'none'}", dataset),
        kind="changes",
        check=Check(asked, path=".", text=str(size)),
        tool=TOOL,
    )


def destroy(dataset: str, unmakes: tuple[str, ...] = ()) -> Command:
    """Destroy a filesystem that has neither children nor snapshots, and is not mounted."""
    return Command(("zfs", "destroy", dataset), kind="changes", unmakes=unmakes, check=is_gone(dataset), tool=TOOL)


def forget(dataset: str, unmakes: tuple[str, ...]) -> Command:
    """Make sure that a dataset cannot be reached, so that the record can forget what goes with its pool."""
    return guid(dataset)._replace(
        kind="changes", accepts=(ABSENT,), unmakes=unmakes, check=is_gone(dataset), quiet=True
    )


class Dataset(NamedTuple):
    """A dataset with its properties: value and source of each."""

    name: str
    properties: dict[str, tuple[str, str]]


def everything(pool: str) -> Command:
    """Ask about every dataset of a pool, snapshots left out; read the answer with `datasets`."""
    return Command(
        (
            *("zfs", "get", "-H", "-p", "-r", "-t", "filesystem,volume", "-o", "name,property,value,source"),
            *(",".join(PROPERTIES), pool),
        ),
        accepts=(0, ABSENT),
        tool=TOOL,
    )


def datasets(answer: Completed) -> list[Dataset]:
    """Read the answer of `everything`."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for row in (line.split("\t") for line in answer.stdout.splitlines()):
        if len(row) == 4:  # noqa: PLR2004 - as it was asked
            found.setdefault(row[0], {})[row[1]] = row[2], row[3]
    return [Dataset(name, properties) for name, properties in found.items()]
