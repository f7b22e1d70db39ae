"""zpool(8): pools of ZFS, and the words that say what one is made of."""

import re
from typing import NamedTuple

from core.command import Check, Command, Completed, Makes
from core.tools import blkid

TOOL = "zpool"
MEMBER = "zfs_member"
"""What blkid calls a device with the label of a pool on it."""
ABSENT = 1
PARTITION = "zfs-"
"""How the name of a partition begins that zpool makes."""
BYTES_MIN = 64 * 1024 * 1024
COMMENT_BYTES_MAX = 32
REDUNDANT = {"mirror": 2, "raidz": 2, "raidz1": 2, "raidz2": 3, "raidz3": 4}
"""How many devices each kind of group needs at least."""
PARTS = ("log", "cache", "spare", "special", "dedup")
"""The words after which devices do not hold the data itself."""
SICK = ("DEGRADED", "FAULTED", "OFFLINE", "REMOVED", "UNAVAIL", "SUSPENDED")
_GROUP = re.compile(r"(mirror|raidz[1-3])-\d+|(replacing|spare)-\d+")
_PARTS_SHOWN = {"logs": "log", "cache": "cache", "spares": "spare", "special": "special", "dedup": "dedup"}
_POOL = re.compile(r"^\s+pool: (?P<name>\S+)\n\s+id: (?P<guid>\d+)\n\s+state: (?P<state>\S+)", re.MULTILINE)
_COMMENT = re.compile(r"^ ?comment: (.*)$", re.MULTILINE)


class Group(NamedTuple):
    """Devices that stand together. part: "" for data, else one of PARTS. kind: `mirror`, `raidz2`, "" for none."""

    part: str
    kind: str
    devices: tuple[str, ...]


def groups(words: list[str]) -> list[Group]:
    """What the words of a vdev specification say; a device without a kind is a group of its own."""
    found: list[Group] = []
    part, kind, gathered = "", "", list[str]()

    def close() -> None:
        if kind or gathered:
            found.append(Group(part, kind, tuple(gathered)))
            gathered.clear()

    for word in words:
        if word in PARTS:
            close()
            part, kind = word, ""
        elif word in REDUNDANT:
            close()
            kind = word
        elif kind:
            gathered.append(word)
        else:
            found.append(Group(part, "", (word,)))
    close()
    return found


def devices(words: list[str]) -> list[str]:
    """The devices of a vdev specification, in its order."""
    return [word for word in words if word not in PARTS and word not in REDUNDANT]


def first_partition(disk: str) -> str:
    """The first partition of a disk, as the kernel calls it: `/dev/sdb1`, `/dev/nvme1n1p1`."""
    return f"{disk}p1" if disk[-1].isdigit() else f"{disk}1"


class Pool(NamedTuple):
    """A pool that is imported (health: `ONLINE`, `DEGRADED`, ...), or could be; then `vdevs` is what it is made of."""

    name: str
    guid: str
    health: str
    comment: str
    vdevs: tuple[str, ...] = ()


def of_name(name: str) -> Command:
    """Ask about an imported pool: 0, or 1 for none of this name. Read the answer with `pool`."""
    return Command(
        ("zpool", "get", "-H", "-p", "-o", "property,value", "guid,health,comment", name),
        accepts=(0, ABSENT),
        tool=TOOL,
    )


def pool(name: str, answer: Completed) -> Pool | None:
    """Read the answer of `of_name`."""
    found = dict(line.split("\t", 1) for line in answer.stdout.splitlines() if "\t" in line)
    if answer.returncode or "guid" not in found:
        return None
    comment = found.get("comment", "-")
    return Pool(name, found["guid"], found.get("health", ""), "" if comment == "-" else comment)


def guid(name: str) -> Command:
    """Ask for the guid of an imported pool: its text, or 1 for none of this name."""
    return Command(("zpool", "get", "-H", "-p", "-o", "value", "guid", name), accepts=(0, ABSENT), tool=TOOL)


def is_imported(name: str, identity: str) -> Check:
    """Hold when the pool of this guid is imported under its name."""
    return Check(guid(name), path=".", text=identity)


def is_absent(name: str) -> Check:
    """Hold when no pool of this name is imported."""
    return Check(guid(name), absent=True)


def everything() -> Command:
    """Ask for every pool that is imported; read the answer with `names`."""
    return Command(("zpool", "list", "-H", "-o", "name"), tool=TOOL)


def names(answer: Completed) -> list[str]:
    """Read the answer of `everything`."""
    return answer.stdout.split()


def status(name: str) -> Command:
    """Ask how each device of a pool is: 0, or 1 for none. Read the answer with `sick` and `vdevs`."""
    return Command(("zpool", "status", "-P", "-L", name), accepts=(0, ABSENT), tool=TOOL)


def sick(answer: Completed) -> list[str]:
    """Read the answer of `status`: the devices that do not work, and how they are: `/dev/vdb1 UNAVAIL`."""
    found = []
    for words in _configuration(answer.stdout):
        if len(words) > 1 and words[1] in SICK and not _GROUP.fullmatch(words[0]):
            # One that is not there is called by a number, and by its last path behind `was`.
            was = words[words.index("was") + 1 :][:1] if "was" in words else []
            why = [] if was else words[5:]
            found.append(" ".join((was[0] if was else words[0], words[1], *why)))
    return found


def vdevs(text: str) -> list[str]:
    """The words that a pool could be made from again, out of the answer of `status` or `importable`."""
    found = []
    for words in _configuration(text):
        name = words[words.index("was") + 1] if "was" in words else words[0]
        if name in _PARTS_SHOWN:
            found.append(_PARTS_SHOWN[name])
        elif match := _GROUP.fullmatch(name):
            found.append(match[1])
        else:
            # A missing device whose path is not known any more is called by a number.
            found.append(name if name.startswith("/") or name.isdigit() else first_partition(f"/dev/{name}"))
    return found


def _configuration(text: str) -> list[list[str]]:
    """The rows of the table of devices, without its head and the pool itself."""
    table = re.split(r"\n ?config:\n", text, maxsplit=1)[-1].partition("\nerrors:")[0]
    rows = [line.split() for line in table.splitlines() if line.strip()]
    return [row for row in rows if row[0] != "NAME"][1:]


def importable(places: tuple[str, ...]) -> Command:
    """Ask which pools could be imported from these devices and files: 0, or 1 for none. Read it with `pools`."""
    return Command(("zpool", "import", *_searched(places)), accepts=(0, ABSENT), tool=TOOL)


def pools(answer: Completed) -> list[Pool]:
    """Read the answer of `importable`."""
    found = []
    for part in re.split(r"\n(?=\s+pool: )", f"\n{answer.stdout}"):
        if match := _POOL.search(part):
            comment = _COMMENT.search(part)
            said = comment[1] if comment else ""
            found.append(Pool(match["name"], match["guid"], match["state"], said, tuple(vdevs(part))))
    return found


def _searched(places: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for place in places for word in ("-d", place))


def create(name: str, words: list[str], place: str, comment: str, made: str) -> Command:
    """Make a pool of blank devices, and import it. No list of pools that are imported at boot has it.

    place: where the label of the first device will be, which says what the pool is while it is not imported, too.
    """
    return Command(
        ("zpool", "create", "-m", "legacy", "-o", "cachefile=none", "-o", f"comment={comment}", name, *words),
        kind="changes",
        makes=Makes(made, "pool", witness=blkid.value(place, "UUID")),
        check=blkid.holds(place, "TYPE", MEMBER),
        tool=TOOL,
    )


def recognise(name: str, made: str, identity: str) -> Command:
    """Make sure that a pool is imported which an interrupted run made, so that the record has it."""
    return guid(name)._replace(
        kind="changes",
        accepts=(0,),
        makes=Makes(made, "pool", identity=identity),
        check=is_imported(name, identity),
        quiet=True,
    )


def import_(name: str, identity: str, places: tuple[str, ...]) -> Command:
    """Import a pool from these devices and files (from all, when there are none), and mount nothing of it.

    One that another host used last is refused: no -f is given.
    """
    return Command(
        ("zpool", "import", "-N", "-o", "cachefile=none", *_searched(places), identity),
        kind="changes",
        check=is_imported(name, identity),
        undo=(export(name),),
        reaches=True,
        tool=TOOL,
    )


def export(name: str) -> Command:
    """Let go of a pool; a busy one is refused."""
    return Command(("zpool", "export", name), kind="changes", check=is_absent(name), tool=TOOL)


def destroy(name: str) -> Command:
    """Destroy a pool with all its datasets. Its labels stay on the devices, and say that it was destroyed."""
    return Command(("zpool", "destroy", name), kind="changes", check=is_absent(name), tool=TOOL)


def forget(name: str, unmakes: tuple[str, ...]) -> Command:
    """Make sure that a pool is not imported, so that the record can forget one that is nowhere."""
    return guid(name)._replace(kind="changes", accepts=(ABSENT,), unmakes=unmakes, check=is_absent(name), quiet=True)
