"""What a service file names, and the node of a state file does not have: devices, labels, groups, interfaces.

The node is asked as a driver would ask it, so that what is found here is what provisioning would fail at. A state that
is not complete may not know: then nothing is said.
"""

import re
from collections.abc import Iterator

from core.command import Command, Completed
from core.config.findings import Finding, key_of, placed, sound
from core.config.resource import Resource
from core.config.service import Service
from core.config.spelling import meant
from core.config.validation import problems
from core.driver import Tie
from core.errors import Problem
from core.state import NodeState, copy
from core.tools import blkid, files, find, lvm, mount, zpool
from executors.simulated.node import SimulatedNode

_TAG = re.compile(r"(LABEL|UUID)=(.+)")
_PATTERN = frozenset("*?[")


class _Node:
    """A node that is only asked. A question that it cannot answer is answered with None."""

    def __init__(self, state: NodeState) -> None:
        self._node = SimulatedNode(copy(state))
        self.interfaces: list[str] = list(state["interfaces"])
        self.devices: list[str] = list(state["devices"])

    def ask(self, command: Command) -> Completed | None:
        before = len(self._node.questions) + len(self._node.guesses)
        answer = self._node.run(command)
        return None if len(self._node.questions) + len(self._node.guesses) > before else answer

    def lacks(self, command: Command) -> bool:
        """Tell whether what a question is about is certainly not there."""
        answer = self.ask(command)
        return answer is not None and answer.returncode != 0

    def says_nothing(self, command: Command) -> bool:
        """Tell whether the answer to a question is certainly empty."""
        answer = self.ask(command)
        return answer is not None and not answer.stdout.strip()


def absent(service: Service, state: NodeState) -> list[Finding]:
    """Find what the service needs, no resource of it makes, and the node does not have."""
    node = _Node(state)
    found: list[Finding] = []
    for resource in sound(service, frozenset(problem.section for problem in problems(service))):
        found += (Finding("error", problem) for problem in _of_resource(service, resource, node))
        if resource.group == "fs":
            found += (Finding("warning", problem) for problem in _covered(service, resource, node))
    return placed(service, found)


def _of_resource(service: Service, resource: Resource, node: _Node) -> Iterator[Problem]:
    for tie in resource.driver.needs(resource):
        if tie.kind in {"device", "group"} and "«" not in tie.name and not service.givers(tie):
            said = _not_there(tie, node)
            if said:
                fix = "make it with a resource of the service, attach it, or correct the name"
                yield service.problem(resource.rid, key_of(resource, tie.name), said, fix)
    expected = resource.driver.expects
    for word in resource.words(expected) if expected else ():
        if not any(other is not resource for other in service.givers(Tie("device", word))):
            said = _not_there(Tie("device", word), node)
            if said:
                yield service.problem(resource.rid, expected, said, "attach it, or correct the name")
    interface = resource["ipdev"] if resource.group == "ip" else ""
    if interface and interface.partition(":")[0] not in node.interfaces:
        said = f"the node has no interface {interface!r}{meant(interface, node.interfaces)}"
        yield service.problem(resource.rid, "ipdev", said, f"interfaces are {', '.join(node.interfaces)}")


def _not_there(tie: Tie, node: _Node) -> str:
    """Say that something is not on the node; "" where it is, or where nobody knows."""
    if tie.kind == "group":
        return f"the node has no volume group {tie.name}" if node.says_nothing(lvm.group(tie.name)) else ""
    if _TAG.fullmatch(tie.name):
        return f"no device of the node has {tie.name}" if node.lacks(blkid.find(tie.name)) else ""
    if not tie.name.startswith("/"):
        pool = tie.name.partition("/")[0]
        return f"the node has no pool {pool}" if node.lacks(zpool.of_name(pool)) else ""
    if _PATTERN & set(tie.name):
        return f"nothing on the node matches {tie.name}" if node.says_nothing(find.matching(tie.name)) else ""
    if node.lacks(files.exists(tie.name)):
        return f"the node has no {tie.name}{meant(tie.name, node.devices)}"
    return ""


def _covered(service: Service, resource: Resource, node: _Node) -> Iterator[Problem]:
    """What a mount would hide: other mounts below its mount point, and files in it."""
    point = resource["mnt"].rstrip("/")
    answer = node.ask(mount.everything())
    mounted = [] if answer is None else mount.mounts(answer)
    own = {each["mnt"].rstrip("/") for each in service.resources() if each.group == "fs"}
    if any(each.mount_point == point for each in mounted):
        return  # it is mounted already, or it is refused with who is there
    for each in mounted:
        if each.mount_point.startswith(f"{point}/") and each.mount_point not in own:
            said = f"the mount would hide {each.mount_point}, where {each.device} is mounted on the node"
            yield service.problem(resource.rid, "mnt", said, "mount elsewhere, or unmount that first")
    answer = node.ask(find.file(point))
    inside = "" if answer is None or answer.returncode else answer.stdout.strip()
    if inside:
        said = f"the mount would hide {inside}, so it is refused"
        yield service.problem(resource.rid, "mnt", said, "move away what is in the directory, or mount elsewhere")
