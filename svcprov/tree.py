"""What a service is: the status of each resource, and what they amount to. Nothing is written, anywhere."""

from typing import Any, NamedTuple

from core.command import Command, Completed, Executor
from core.config.resource import Resource
from core.config.service import Service
from core.engine import Engine
from core.errors import CommandFailed, Failed, Refused
from core.status import Remark, State, Status, merged, on_standby, overall
from executors.layers.log import Log
from svcprov.action import natural
from svcprov.listening import Listening


class Branch(NamedTuple):
    """The status of a resource. flags: Monitored, Disabled, Optional, Encapsulated; a dot for each that it is not."""

    rid: str
    flags: str
    state: State
    label: str
    remarks: tuple[Remark, ...]


class ServiceStatus(NamedTuple):
    """The status of a service: avail of its resources, overall with its accessories (syncs)."""

    service: str
    avail: State
    overall: State
    resources: tuple[Branch, ...]
    accessories: tuple[Branch, ...]

    def as_json(self) -> dict[str, Any]:
        """The object of `status --format json`."""
        return {
            "service": self.service,
            "avail": self.avail,
            "overall": self.overall,
            "resources": {
                branch.rid: {
                    "status": branch.state,
                    "label": branch.label,
                    "log": [f"{remark.level}: {remark.text}" for remark in branch.remarks],
                }
                for branch in (*self.resources, *self.accessories)
            },
        }


class _Asking:
    """A node that only answers questions: a status that changed anything would be a mistake of ours."""

    def __init__(self, node: Executor) -> None:
        self._node = node

    def run(self, command: Command) -> Completed:
        if command.kind != "reads":
            raise AssertionError(f"{command.rid}: status would run {' '.join(command.argv)}")
        return self._node.run(command)


def look(service: Service, node: Executor, listener: Listening) -> ServiceStatus:
    """Ask each resource of a service what it is. A resource that cannot be asked is `undef`, with the reason."""
    engine = Engine(service, Log(_Asking(node), listener), listener)
    resources: list[Branch] = []
    accessories: list[Branch] = []
    for resource in natural(service.resources()):
        branch = _branch(resource, engine)
        (accessories if resource.driver.verbs_do_nothing else resources).append(branch)
    avail = merged(branch.state for branch in resources)
    whole = overall(avail, (branch.state for branch in accessories))
    return ServiceStatus(service.name, avail, whole, tuple(resources), tuple(accessories))


def _branch(resource: Resource, engine: Engine) -> Branch:
    status = Status("n/a", (Remark("disabled", "info"),)) if resource.disabled else _asked(resource, engine)
    state = on_standby(status.state) if stands_by(resource) else status.state
    flags = "".join(
        letter if so else "."
        for letter, so in (
            ("M", resource.flag("monitor")),
            ("D", resource.disabled),
            ("O", resource.optional),
            ("E", "encap" in resource.tags),
        )
    )
    return Branch(resource.rid, flags, state, status.label or resource.driver.label(resource), status.remarks)


def _asked(resource: Resource, engine: Engine) -> Status:
    try:
        return engine.status(resource)
    except (CommandFailed, Failed, Refused) as error:
        return Status("undef", (Remark(str(error), "error"),))


def stands_by(resource: Resource) -> bool:
    """Tell whether `always_on` keeps the resource up on this node although the service may be down."""
    service, words = resource.service, [word.lower() for word in resource.words("always_on")]
    return (
        service.nodename in words
        or ("nodes" in words and service.nodename in service.nodes)
        or ("drpnodes" in words and service.nodename in service.drpnodes)
    )
