"""Somebody else, between the plan and its run: who formats a disk, takes an address, uses a path or a name."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from core.compare import same_world
from core.errors import SvcprovError
from core.holes import unify
from core.state import NodeState, copy, load
from core.tree import Tree
from executors.simulated.containers.daemon import store
from executors.simulated.node import SimulatedNode
from svcprov.verification.case import AS_UNDISTURBED, FAILED, REFUSED, Subject, Verdict
from svcprov.verification.outcomes import lost
from svcprov.verification.world import World

PREFIX = "somebody"
DATA = {
    "type": "ext4",
    "uuid": "11111111-2222-4333-8444-555555555555",
    "label": "payroll",
    "files": {"/ledger": "1492"},
}
DISK = "/dev/sdpayroll"
VOLUME = "vol-0fedcba9876543210"
REFUSALS = {3, 4}


def tries(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Each thing that somebody may do to what the plan is about to use."""
    del every
    for act, name in _deeds(subject):
        yield _met(subject, act, name)


def replayed(subject: Subject, words: Sequence[str]) -> Verdict:
    """The try that a code names. Raises ValueError for words that name none."""
    _, act, *name = words
    if act not in ACTS or not name:
        raise ValueError(":".join(words))
    return _met(subject, act, ":".join(name))


def alike(subject: Subject, words: Sequence[str]) -> Iterator[Verdict]:
    """The same deed, where another service has use for it."""
    _, act, *name = words
    if (act, ":".join(name)) in _deeds(subject):
        yield replayed(subject, words)


def _deeds(subject: Subject) -> list[tuple[str, str]]:
    state, service = subject.case.state, subject.world.service
    argvs = [step.command.argv for step in subject.plan.steps]
    words = {word for argv in argvs for word in argv}
    tree = Tree(state)
    blank = [path for path, each in state["devices"].items() if each["content"]["kind"] == "zero"]
    deeds = [("formats", path) for path in blank if path in words and not _users(state, path)]
    if state["ec2"] is not None:
        volumes = state["ec2"]["volumes"]
        blank = [name for name, each in volumes.items() if each["content"]["kind"] == "zero" and not each["attachment"]]
        deeds += [("formats", name) for name in blank if name in words]
    made = [
        makes.identity for step in subject.plan.steps if (makes := step.command.makes) and makes.identity[:1] == "/"
    ]
    deeds += [("writes", path) for path in made if not tree.exists(path)]
    points = [each["mnt"] for each in service.resources() if each["mnt"]]
    deeds += [(act, path) for path in points for act in ("mounts", "fills")]
    held = {each["address"].partition("/")[0] for face in state["interfaces"].values() for each in face["addresses"]}
    addresses = [each["ipname"] for each in service.resources() if each.group == "ip"]
    deeds += [("answers", each) for each in addresses if each[:1].isdigit() and each not in held]
    deeds += [("attaches", device) for device in _after(argvs, "--device") if device.startswith("/dev/")]
    deeds += [("loops", "/dev/loop0")] if any(argv[0] == "losetup" for argv in argvs) else []
    if state["docker"]:
        deeds += [("runs", name) for name in _after(argvs, "--name")]
    return list(dict.fromkeys(deeds))


def _users(state: NodeState, path: str) -> list[str]:
    return SimulatedNode(state).users(path)


def _after(argvs: Sequence[tuple[str, ...]], option: str) -> list[str]:
    """The words after an option, or after it and `=`."""
    pairs = [pair for argv in argvs for pair in pairwise(argv)]
    joined = [word.removeprefix(f"{option}=") for argv in argvs for word in argv if word.startswith(f"{option}=")]
    return [word for name, word in pairs if name == option] + joined


def _met(subject: Subject, act: str, name: str) -> Verdict:
    """What comes of running a plan on a node where somebody has done something since."""
    code = f"{PREFIX}:{act}:{name}"
    world = subject.world.fork()
    ACTS[act](world.state, name)
    before = world.fork()
    found: list[str] = []
    outcome = AS_UNDISTURBED
    try:
        world.act("provision", plan=subject.plan)
    except SvcprovError as error:
        outcome = REFUSED if error.exit_code in REFUSALS else FAILED
        found += _unplanned(subject, world)
        found += _taken_back(world, before)
    return Verdict(code, outcome, (*found, *(f"lost: {fact}" for fact in lost(before.state, world.state))))


def _unplanned(subject: Subject, world: World) -> list[str]:
    """What a run that was stopped did beside a part of its plan."""
    planned = subject.plan.commands
    kinds = {makes.name: makes.kind for command in planned if (makes := command.makes) is not None}
    bound: dict[str, str] = {}
    found, place = [], 0
    for command in world.heard.changes:
        if command.temporary or command.kind != "changes":
            continue
        for position in range(place, len(planned)):
            added = unify(planned[position].argv, command.argv, bound, kinds)
            if added is not None:
                bound, place = bound | added, position + 1
                break
        else:
            found.append(f"not in the plan, and run: {' '.join(command.argv)}")
    return found


def _taken_back(world: World, before: World) -> list[str]:
    if not world.is_unfinished:
        return same_world(before.state, world.state)
    try:
        world.rollback()
    except SvcprovError as error:
        return [] if error.exit_code in REFUSALS else [f"rollback failed: {type(error).__name__}: {error}"]
    return same_world(before.state, world.state)


def _content() -> dict[str, Any]:
    content: dict[str, Any] = load({"devices": {DISK: {"size": "5G", "content": DATA}}})["devices"][DISK]["content"]
    return content


def _formats(state: NodeState, name: str) -> None:
    """Somebody's filesystem is on a device, or on a volume."""
    holder = state["devices"].get(name) or state["ec2"]["volumes"][name]
    Tree(state).holder(holder)["content"] = _content()


def _mounts(state: NodeState, path: str) -> None:
    """Somebody's filesystem is mounted where ours would be."""
    _directories(state, path)
    state["devices"][DISK] = load({"devices": {DISK: {"size": "5G", "content": DATA}}})["devices"][DISK]
    state["mounts"].append(load({"mounts": [{"device": DISK, "mount_point": path, "type": "ext4"}]})["mounts"][0])


def _writes(state: NodeState, path: str) -> None:
    """Somebody's file is where something of ours would be made."""
    _directories(state, path.rpartition("/")[0])
    Tree(state).put(path, load({"files": {path: "somebody's"}})["files"][path])


def _fills(state: NodeState, path: str) -> None:
    """Somebody's file is in the directory that ours would be mounted on."""
    _writes(state, f"{path}/letter")


def _directories(state: NodeState, path: str) -> None:
    tree = Tree(state)
    for end in (*(at for at, letter in enumerate(path) if letter == "/" and at), len(path)):
        if end and not tree.exists(path[:end]):
            tree.put(path[:end], load({"files": {"/x": "directory"}})["files"]["/x"])


def _answers(state: NodeState, address: str) -> None:
    """Somebody has the address."""
    state["neighbours"].append(address)
    if state["ec2"] is not None:
        state["ec2"]["others"].append(address)


def _attaches(state: NodeState, device: str) -> None:
    """Somebody's volume is attached under the name that ours would get."""
    cloud = state["ec2"]
    path = {"sd": device, "xvd": device.replace("/dev/sd", "/dev/xvd")}.get(cloud["disks"], f"/dev/nvme{9}n1")
    attachment = {"instance": cloud["instance"], "device": device}
    volume = {"size": "5G", "zone": cloud["zone"], "state": "in-use", "attachment": attachment, "content": DATA}
    whole = load({"ec2": {"instance": cloud["instance"], "volumes": {VOLUME: volume}}})
    cloud["volumes"][VOLUME] = whole["ec2"]["volumes"][VOLUME]
    serial = VOLUME.replace("-", "") if cloud["disks"] == "nvme" else ""
    state["devices"][path] = load({"devices": {path: {"size": "5G", "volume": VOLUME, "serial": serial}}})["devices"][
        path
    ]


def _loops(state: NodeState, device: str) -> None:
    """Somebody's file has the first loop device."""
    _writes(state, "/payroll.img")
    state["devices"][device] = load({"devices": {device: {"size": "1M", "file": "/payroll.img"}}})["devices"][device]


def _runs(state: NodeState, name: str) -> None:
    """Somebody's container has the name, with a daemon that is there."""
    node = SimulatedNode(state)
    for daemon in state["docker"].values():
        entry = {"kind": "directory", "docker": {"containers": {"f" * 64: {"name": name, "image": "somebody:latest"}}}}
        containers = load({"files": {"/x": entry}})["files"]["/x"]["docker"]["containers"]
        store(node, daemon["data_root"])["containers"] |= copy(containers)


ACTS: dict[str, Callable[[NodeState, str], None]] = {
    "formats": _formats,
    "mounts": _mounts,
    "writes": _writes,
    "fills": _fills,
    "answers": _answers,
    "attaches": _attaches,
    "loops": _loops,
    "runs": _runs,
}
