"""Devices that come late, never, or under another name."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from core.errors import SvcprovError, WaitedTooLong
from core.state import NodeState, copy
from core.tools import lsblk
from executors.simulated.node import SimulatedNode
from svcprov.verification import properties
from svcprov.verification.case import AS_NONE, AS_UNDISTURBED, FAILED, Subject, Verdict
from svcprov.verification.crashes import THEN, Ends, Then, do, none, violations, whole
from svcprov.verification.world import World

NEVER_SECONDS = 10_000_000
LONG_SECONDS = 1000
PATIENCE = 3
"""How often an action that waited too long is gone on with before what it waits for comes after all."""
LATE, NAMED, RENUMBERED = "late", "named", "renumbered"
NAMES = ("xvd", "sd", "nvme")
"""How the kernel of an instance calls its volumes."""


class _Consulted(dict[str, int]):
    """Latencies that remember which of them a node asked for."""

    def __init__(self, latencies: dict[str, int]) -> None:
        super().__init__(latencies)
        self.names: list[str] = []

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self.names:
            self.names.append(name)
        return super().get(name, default)


def late(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """What takes time takes as long as it may, a little longer, and for ever."""
    del every
    for name in _names(subject):
        deadline = _deadline(subject, name)
        times = (NEVER_SECONDS,) if deadline is None else (max(0, deadline - 2), deadline + 2, NEVER_SECONDS)
        for seconds in times:
            for then in THEN:
                yield _waited(subject, name, seconds, then, may_fail=deadline is None or seconds > deadline)


def other_names(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """The kernel calls the volumes otherwise: on another kind of instance, or after the power came back."""
    del every
    cloud = subject.case.state["ec2"]
    for name in NAMES if cloud is not None else ():
        if name != cloud["disks"] and _can_be(subject, _renamed(subject.case.state, name)):
            yield _under(subject, name)
    if cloud is not None and cloud["disks"] == "nvme" and _volumes(subject.ends().whole.state):
        for verb in ("start", "unprovision"):
            yield _renumbered(subject, verb)


def _names(subject: Subject) -> list[str]:
    world = subject.world.fork()
    consulted = world.state["latencies"] = _Consulted(world.state["latencies"])
    world.act("provision", plan=subject.plan)
    return consulted.names


def _deadline(subject: Subject, name: str) -> int | None:
    """How long a provision waits for something; None where it does not wait, or does not say how long."""
    world = _slow(subject.world, name, NEVER_SECONDS)
    try:
        world.act("provision", plan=subject.plan)
    except WaitedTooLong as error:
        said = re.search(r"\((\d+) seconds\)", str(error))
        return None if said is None else int(said[1])
    except SvcprovError:
        return None
    return None


def _slow(world: World, name: str, seconds: int) -> World:
    other = world.fork()
    other.state["latencies"][name] = seconds
    return other


def _waited(subject: Subject, name: str, seconds: int, then: Then, *, may_fail: bool) -> Verdict:
    world, end = _slow(subject.world, name, seconds), _slow_ends(subject, name, seconds)
    code = f"{LATE}:{name}:{seconds}:{then}"
    try:
        world.act("provision", plan=subject.plan)
    except SvcprovError as error:
        if not may_fail:
            return Verdict(code, FAILED, (f"provision failed: {type(error).__name__}: {error}",))
    else:
        return Verdict(code, AS_UNDISTURBED, tuple(whole(world, end)))
    waited_again = False
    for _ in range(PATIENCE):
        attempt = world.fork()
        try:
            do(attempt, then)
        except SvcprovError:
            waited_again, world = True, attempt
            continue
        world = attempt
        break
    else:
        # It comes after all, as late as it is.
        world.state["clock"] += NEVER_SECONDS
        world.state["latencies"][name] = 0
        end = _slow_ends(subject, name, 0)
        found = violations(world, then, end)
        return Verdict(code, FAILED, tuple(found))
    found = whole(world, end) if then == "resume" else none(world, end)
    outcome = FAILED if waited_again else AS_UNDISTURBED if then == "resume" else AS_NONE
    return Verdict(code, outcome, tuple(found))


def _slow_ends(subject: Subject, name: str, seconds: int) -> Ends:
    end = subject.ends()
    return Ends(_slow(end.none, name, seconds), _slow(end.whole, name, seconds))


def _under(subject: Subject, name: str) -> Verdict:
    other = Subject(subject.case._replace(state=_renamed(subject.case.state, name)))
    what = [line for verdict in properties.tries(other) for line in verdict.what]
    return Verdict(f"{NAMED}:{name}", AS_UNDISTURBED, tuple(what))


def _can_be(subject: Subject, state: NodeState) -> bool:
    """Tell whether the node may be one of this kind: its tools know such names, and the file writes out none."""
    gone = set(subject.case.state["devices"]) - set(state["devices"])
    knows = SimulatedNode(copy(state)).run(lsblk.serials()).returncode == 0
    return (knows or state["ec2"]["disks"] != "nvme") and not any(path in subject.case.file for path in gone)


def _volumes(state: NodeState) -> list[str]:
    """The devices of volumes that are not the node's own disk, in order."""
    roots = {mount["device"] for mount in state["mounts"] if mount["mount_point"] == "/"}
    return [path for path, device in state["devices"].items() if device["volume"] and path not in roots]


def _renamed(state: NodeState, name: str) -> NodeState:
    """The node on an instance of another kind."""
    other = copy(state)
    other["ec2"]["disks"] = name
    paths = {}
    for number, (path, device) in enumerate(state["devices"].items()):
        if device["volume"]:
            letter = "abcdefghijklmnopqrstuvwxyz"[number % 26]
            paths[path] = f"/dev/nvme{number}n1" if name == "nvme" else f"/dev/{name}{letter}"
    _rename(other, paths)
    for entry in other["files"].values():
        # Links that an earlier life of a service has left.
        if entry["kind"] == "link" and name != "nvme":
            entry["target"] = re.sub(r"^/dev/(?:xvd|sd)(?=[a-z]+$)", f"/dev/{name}", entry["target"])
    for device in other["devices"].values():
        if device["volume"]:
            device["serial"] = device["volume"].replace("-", "") if name == "nvme" else ""
    return other


def _rename(state: NodeState, paths: dict[str, str]) -> None:
    state["devices"] = {paths.get(path, path): device for path, device in state["devices"].items()}
    for device in state["devices"].values():
        device["holders"] = [paths.get(path, path) for path in device["holders"]]
    for mount in state["mounts"]:
        mount["device"] = paths.get(mount["device"], mount["device"])


def _renumbered(subject: Subject, verb: str) -> Verdict:
    """Lose the power of a provisioned service; the kernel counts its disks in another order when it is back."""
    end = subject.ends(reboot=True)
    world = subject.ends().whole.fork()
    world.reboot()
    found = _volumes(world.state)
    numbers = [*found[1:], f"/dev/nvme{len(world.state['devices']) + 1}n1"]
    _rename(world.state, dict(zip(found, reversed(numbers), strict=True)))
    code = f"{RENUMBERED}:{verb}"
    try:
        world.act(verb)
    except SvcprovError as error:
        return Verdict(code, FAILED, (f"{verb} failed: {type(error).__name__}: {error}",))
    if verb == "unprovision":
        return Verdict(code, AS_NONE, tuple(none(world, end)))
    states = world.status()
    down = [
        f"{rid} is {state} after start" for rid, state in states.items() if state != subject.ends().whole.status()[rid]
    ]
    return Verdict(code, AS_UNDISTURBED, tuple(down))


def replayed(subject: Subject, words: Sequence[str]) -> Verdict:
    """The try that a code names. Raises ValueError for words that name none."""
    match words:
        case (str(what), str(name), seconds, then) if what == LATE and then in THEN:
            chosen: Then = next(each for each in THEN if each == then)
            deadline = _deadline(subject, name)
            return _waited(subject, name, int(seconds), chosen, may_fail=deadline is None or int(seconds) > deadline)
        case (str(what), name) if what == NAMED and name in NAMES and subject.case.state["ec2"] is not None:
            return _under(subject, name)
        case (str(what), verb) if what == RENUMBERED and verb in {"start", "unprovision"}:
            return _renumbered(subject, verb)
        case _:
            raise ValueError(":".join(words))


def alike(subject: Subject, words: Sequence[str]) -> Iterator[Verdict]:
    """The same try with another service."""
    yield replayed(subject, words)
