"""Pools of ZFS on a simulated node: what their labels say, what is missing of one, how much it holds.

No rule of udev imports a pool; what a boot would import stands in a cache file, and pools of services are in none.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from core import stacked
from core.command import Command, Completed
from core.holes import hole
from core.state import Content, Question
from core.tools.zpool import Group, devices, groups
from executors.simulated import partitions
from executors.simulated.devices import signature, storage
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage

MEMBER = "zfs_member"
SPARED = {"": 0, "mirror": -1, "raidz": 1, "raidz1": 1, "raidz2": 2, "raidz3": 3}
"""How many devices of a group of each kind may be missing; of a mirror all but one."""

SUPPOSED_BYTES = 1 << 60
"""What is taken to be left in a pool that nobody has imported yet: too little would be a refusal without a reason."""
RESERVATIONS = ("reservation", "refreservation")
DESTROYED = "destroyed"
"""The role of a device in a pool that was destroyed, while other devices of it were away."""
USAGE = 2
"""How zpool and zfs end when they do not understand their words."""

Pool = dict[str, Any]
Verb = Callable[[SimulatedNode, Command, list[str]], Completed]


def appeared(node: SimulatedNode, path: str) -> None:
    """A device with a label has come: nothing is done about it."""
    del node, path


def left(node: SimulatedNode, content: Content) -> None:
    """Lose a label: the others say what they said, and a pool without any is found nowhere."""
    del node, content


def rebooted(node: SimulatedNode) -> None:
    """No pool is imported any more. It was not exported, so this host is still the one that used it last."""
    for pool in node.state["pools"].values():
        pool["imported"] = False
    for disk in [*node.state["devices"]]:
        if disk in node.state["devices"]:
            partitions.reread(node, disk)


def called(node: SimulatedNode, name: str) -> tuple[str, Pool] | None:
    """The guid of the imported pool of this name, and the pool."""
    _ask(node, "imported")
    return next(((guid, pool) for guid, pool in node.state["pools"].items() if is_called(pool, name)), None)


def is_called(pool: Pool, name: str) -> bool:
    """Tell whether this is the imported pool of a name."""
    return bool(pool["imported"] and pool["name"] == name)


def dataset(node: SimulatedNode, name: str, rid: str = "") -> dict[str, Any] | None:
    """The dataset of this name, in an imported pool.

    Before somebody has imported a pool, nobody knows what is in it: it is taken to have what is asked for. Which one
    that is, the record may know, in which the name of the resource (`rid`) is.
    """
    _ask(node, "imported")
    found = stacked.dataset(node.state, name)
    pool = stacked.pool_called(node.state, name.partition("/")[0])
    if found is None and pool is not None and not pool["known"]:
        guid = hole(f"{rid}.dataset") if rid else "1"
        supposed = new_dataset(guid, mountpoint="legacy")
        return {**supposed, "content": {**supposed["content"], "known": False}}
    return found


def _ask(node: SimulatedNode, subject: str) -> None:
    if not node.state["complete"]:
        node.ask(Question("zfs", subject))


def label_at(node: SimulatedNode, place: str) -> Content | None:
    """The label of a pool on a device or in a file; None where there is none."""
    device = storage(node, place)
    content = None if device is None else node.content(device)
    if content is None or content.get("type") != MEMBER:
        return None
    if content["uuid"] not in node.state["pools"]:
        _ask(node, place)
    return content


def living_label_at(node: SimulatedNode, place: str) -> Content | None:
    """The label of a pool that was not destroyed as long as the device was one of it."""
    label = label_at(node, place)
    return None if label is None or label["role"] == DESTROYED else label


def destroyed(node: SimulatedNode, guid: str) -> None:
    """Let a pool be destroyed. The labels that are there say so; those on devices that are away know nothing of it."""
    pool = node.state["pools"][guid]
    if not missing(node, guid):
        del node.state["pools"][guid]
        return
    for place in located(node, guid, devices(pool["vdevs"])).values():
        if (label := label_at(node, place)) is not None:
            label["role"] = DESTROYED
    pool["imported"] = False


def located(node: SimulatedNode, guid: str, places: Iterable[str]) -> dict[int, str]:
    """Where the devices of a pool are: their positions in it, each with the place where its label was found."""
    known = devices(node.state["pools"][guid]["vdevs"])
    found: dict[int, str] = {}
    for place in places:
        label = living_label_at(node, place)
        if label is not None and label["uuid"] == guid:
            position = known.index(place) if not label["role"] and place in known else int(label["role"] or 0)
            found.setdefault(position, place)
    for path in auxiliary(node.state["pools"][guid]["vdevs"]):
        # What is on a spare or a cache says of no pool that it is its.
        if storage(node, path) is not None:
            found.setdefault(known.index(path), path)
    return found


def auxiliary(words: list[str]) -> set[str]:
    """The devices of a pool that hold nothing of it: spares and caches."""
    return {path for group in groups(words) if group.part in {"spare", "cache"} for path in group.devices}


def everywhere(node: SimulatedNode) -> list[str]:
    """The places in which labels are looked for when none are named: the block devices, loop devices among them."""
    return sorted(node.present())


def inside(node: SimulatedNode, place: str) -> list[str]:
    """The places in which labels are looked for when a place is named: itself, or what is in a directory."""
    if storage(node, place) is not None:
        return [place]
    below = [f"{place}/{name}" for name in node.tree.children(place)]
    # A device whose name nobody knows yet is in the directory of devices as well.
    devices_there = [path for path in everywhere(node) if (path.rpartition("/")[0] or "/dev") == place]
    return sorted({*below, *devices_there}) or [place]


def missing(node: SimulatedNode, guid: str, places: Iterable[str] = ()) -> list[str]:
    """The devices of a pool that are not there, by their last known path; of an imported pool wherever they are."""
    known = devices(node.state["pools"][guid]["vdevs"])
    there = located(node, guid, (*places, *known))
    return [path for position, path in enumerate(known) if position not in there]


def health(pool: Pool, gone: Iterable[str]) -> str:
    """How a pool is whose devices are partly gone: `ONLINE`, `DEGRADED`, `UNAVAIL`; spares and caches do not count."""
    lost, worst = set(gone), "ONLINE"
    for group in groups(pool["vdevs"]):
        missed = len(lost.intersection(group.devices))
        if group.part in {"spare", "cache"} or not missed:
            continue
        worst = "DEGRADED" if missed <= _spared(group) and worst == "ONLINE" else worst
        if missed > _spared(group):
            return "UNAVAIL"
    return worst


def _spared(group: Group) -> int:
    spared = SPARED[group.kind]
    return len(group.devices) - 1 if spared < 0 else spared


def space(node: SimulatedNode, pool: Pool) -> int:
    """What fits into a pool, roughly: of each group what its kind leaves of the smallest device."""
    total = 0
    for group in groups(pool["vdevs"]):
        if group.part:
            continue
        sizes = [device["size"] for path in group.devices if (device := storage(node, path)) is not None]
        counted = 1 if group.kind == "mirror" else len(group.devices) - _spared(group)
        total += min(sizes, default=0) * counted
    return total * 3 // 4


def used(pool: Pool) -> int:
    """What is taken of a pool, what is kept free for its datasets included."""
    return used_below(pool, pool["name"])


def used_below(pool: Pool, name: str) -> int:
    """What a dataset takes with everything in it, what is kept free for it included."""
    inside = f"{name}/"
    at, held = pool["datasets"].get(name), 0
    if at is not None:
        held = max(at["used"], int(at["properties"].get("refreservation", "0")))
    children = [each for each in pool["datasets"] if each.startswith(inside) and "/" not in each.removeprefix(inside)]
    taken: int = held + sum(used_below(pool, child) for child in children)
    return max(taken, int(at["properties"].get("reservation", "0")) if at is not None else 0)


def available(pool: Pool, name: str, *, quota: bool = True) -> int:
    """What a dataset may still take: of the pool, of what is kept free for it, and of its own quota (unless not)."""
    if not pool["known"]:
        return SUPPOSED_BYTES
    left: int = pool["size"] - used(pool)
    found = pool["datasets"].get(name)
    if found is None:
        return max(0, left)
    left += max(0, int(found["properties"].get("refreservation", "0")) - found["used"])
    at = name
    while at:
        kept = pool["datasets"].get(at, {"properties": {}})["properties"]
        without = {**pool, "datasets": {**pool["datasets"]}}
        if at in pool["datasets"] and "reservation" in kept:
            properties = {key: value for key, value in kept.items() if key != "reservation"}
            without["datasets"][at] = {**pool["datasets"][at], "properties": properties}
            left += used_below(pool, at) - used_below(without, at)
        at = at.rpartition("/")[0]
    limit = int(found["properties"].get("refquota", "0"))
    return max(0, min(left, limit - found["used"]) if limit and quota else left)


def new_dataset(guid: str, **properties: str) -> dict[str, Any]:
    """A filesystem in a pool, with nothing in it."""
    content = signature("zfs", guid)
    return {"type": "filesystem", "properties": {"guid": guid, **properties}, "used": 24 * 1024, "content": content}


def inherited(pool: Pool, name: str, key: str) -> tuple[str, str]:
    """The value of a property that is inherited, and where it comes from: `local`, `inherited from tank`, `default`."""
    at = name
    while at:
        value = pool["datasets"][at]["properties"].get(key) if at in pool["datasets"] else None
        if value is not None:
            return value, "local" if at == name else f"inherited from {at}"
        at = at.rpartition("/")[0]
    return "", "default"


def mounts(node: SimulatedNode, name: str) -> list[dict[str, Any]]:
    """Where datasets of a pool are mounted."""
    return [
        mount
        for mount in node.state["mounts"]
        if mount["type"] == "zfs" and f"{mount['device']}/".startswith(f"{name}/")
    ]


def answered(node: SimulatedNode, command: Command, verbs: Mapping[str, Verb]) -> Completed:
    """Answer a command line of zpool or zfs by its verb; where there is none, say so in their words."""
    program, *words = command.argv
    if words in (["version"], ["--version"]):
        version = node.state["tools"]["zfsutils-linux"]
        return Completed(0, f"zfs-{version}\nzfs-kmod-{version}\n")
    if not words:
        return Completed(USAGE, "", f"missing command\nusage: {program} command args ...\n")
    verb = verbs.get(words[0])
    if verb is None:
        return Completed(USAGE, "", f"unrecognized command '{words[0]}'\nusage: {program} command args ...\n")
    try:
        return verb(node, command, words[1:])
    except Usage as error:
        wrong = error.args[0].partition("unrecognized option '-")[2][:1]
        said = f"invalid option '{wrong}'" if wrong else error.args[0]
        return Completed(USAGE, "", f"{said}\nusage:\n\t{words[0]} ...\n")
