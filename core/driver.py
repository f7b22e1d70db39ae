"""What every driver has: keywords, relations to other resources, and five verbs.

A driver is one file, `core/drivers/GROUP/TYPE.py`, that ends with `driver = ...`; it is found by that name. Its verbs
are generators of effects (`core.command`): they may run on any node, real or simulated, and hold nothing.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from core.command import Steps
from core.status import Status

if TYPE_CHECKING:
    from core.config.keywords import Keyword
    from core.config.service import Resource
    from core.state import Content


class UnknownDriver(LookupError):
    """There is no such group of resources, or no driver of this type in it; `known` are the names that exist."""

    def __init__(self, group: str, type_: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(f"no driver {group}.{type_}")
        self.group, self.type, self.known = group, type_, known


class Tie(NamedTuple):
    """Something that one resource gives and another needs: an order between them, with its reason.

    kind: `device` and `container` match by equal names, `path` when the given path is at or above the needed one,
    `key` by the name of an option (`ip#1.ipname`) that a cascade writes.
    """

    kind: str
    name: str


class Holding(NamedTuple):
    """A thing that a running resource has, as the record would know it: `volume.0`, its kind and its identity."""

    name: str
    kind: str
    identity: str


class Driver:
    """The verbs of a kind of resource, doing nothing: drivers say what is different.

    keywords: what its section may hold, beside the common ones. service_keywords: what it reads of DEFAULT.
    unique: the keywords of which no two resources of a service may have the same value (of `words`: a common word), as
    long as their drivers have them from the same one: an array may have the name of a volume group.
    takes: the keyword that names devices which are nobody else's from then on ("" for none).
    expects: the keyword that names devices which are only looked at: others make them, or the node has them.
    verbs_do_nothing: it is declared, validated and shown in the status tree, but no action runs it (syncs).
    """

    keywords: "tuple[Keyword, ...]" = ()
    service_keywords: "tuple[Keyword, ...]" = ()
    unique: tuple[str, ...] = ()
    takes = ""
    expects = ""
    verbs_do_nothing = False

    def label(self, resource: "Resource") -> str:
        """Say what the resource is in a few words, for the status tree."""
        return resource.rid

    def purpose(self, resource: "Resource") -> str:
        """Say in a sentence what provisioning brings about, for the plan."""
        return self.label(resource)

    def set_name(self, resource: "Resource") -> str:
        """Name the set of resources that it is logged with (`container.docker`); the group, when all share one set."""
        return resource.group

    def gives(self, resource: "Resource") -> Iterable[Tie]:
        """Name what others may need of this resource."""
        del resource
        return ()

    def needs(self, resource: "Resource") -> Iterable[Tie]:
        """Name what this resource needs of others."""
        del resource
        return ()

    def claims(self, resource: "Resource") -> Iterable[tuple[str, str]]:
        """Name (keyword, thing) of what no other resource of the service may have, beside unique values."""
        del resource
        return ()

    def stores(self, resource: "Resource") -> Iterable[str]:
        """Name the directories that this resource fills by itself: what lies below is no user's data."""
        del resource
        return ()

    def backing(self, resource: "Resource") -> "dict[str, str]":
        """Name the volume or array behind each device that the resource gives, where there is one (`vol-464a8f87`)."""
        del resource
        return {}

    def left(self, resource: "Resource") -> "dict[str, Content]":
        """Say what the record knows to be on the devices of the resource, for when nobody can look at them."""
        del resource
        return {}

    def files(self, resource: "Resource") -> dict[str, int]:
        """Name the files that the resource makes devices of, each with the size that it is to have."""
        del resource
        return {}

    def recalled(self, resource: "Resource") -> "dict[str, dict[str, Any]]":
        """Say what all that it has `left` on devices says together, as a node's state has it, by table and identity."""
        del resource
        return {}

    def problems(self, resource: "Resource") -> Iterable[tuple[str, str]]:
        """Name (keyword, sentence) of what no keyword says alone: values that contradict each other."""
        del resource
        return ()

    def warnings(self, resource: "Resource") -> Iterable[tuple[str, str]]:
        """Name (keyword, sentence) of what is allowed but probably not meant."""
        del resource
        return ()

    def provision(self, resource: "Resource") -> Steps:
        """Make what is missing, then bring the resource up. Most resources need only be started."""
        yield from self.start(resource)

    def start(self, resource: "Resource") -> Steps:
        """Bring the resource up; do nothing where it is up."""
        del resource
        yield from ()

    def stop(self, resource: "Resource") -> Steps:
        """Bring the resource down; do nothing where it is down."""
        del resource
        yield from ()

    def unprovision(self, resource: "Resource") -> Steps:
        """The inverse of provision: delete what the record says this service made. Most need only be stopped."""
        yield from self.stop(resource)

    def holds(self, resource: "Resource") -> Steps:
        """Read, and return every `Holding` of a resource that is up: what provision would have made for it."""
        del resource
        yield from ()
        return []

    def status(self, resource: "Resource") -> Steps:
        """Read, and return a `Status`."""
        del resource
        yield from ()
        return Status("n/a")


UNTYPED = {"ip": "address", "sync": "rsync"}
"""The file name of the driver of a resource without `type`, where the group has one."""


def load(group: str, type_: str) -> Driver:
    """Find the driver of `[group#...]` with this `type` (may be empty). Raises UnknownDriver."""
    name = type_ or UNTYPED.get(group, "")
    if not (
        group.isascii() and group.isalpha() and group.islower() and name.isascii() and name.isalnum() and name.islower()
    ):
        raise UnknownDriver(group, type_)
    path = f"core.drivers.{group}.{name}"
    try:
        driver: Driver | None = getattr(import_module(path), "driver", None)
    except ModuleNotFoundError as error:
        if error.name is None or not path.startswith(error.name):
            raise
        raise UnknownDriver(group, type_) from None
    if driver is None:
        raise UnknownDriver(group, type_)
    return driver
