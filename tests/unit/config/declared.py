"""Drivers that declare keywords and do nothing, and a service made of a text with them."""

from collections.abc import Iterable

from core.config.document import Document
from core.config.keywords import Keyword
from core.config.service import Resource, Service
from core.driver import Driver, UnknownDriver
from core.record import Record


def _volumes(value: str) -> str | None:
    return f"format error: {value}" if "-" in value else None


class _Disk(Driver):
    keywords = (
        Keyword("file", "The file.", "path"),
        Keyword("name", "The name.", default="{svcname}"),
        Keyword("size", "The size.", "size", unit="M", default="10M"),
        Keyword("volumes", "The volumes.", "words", syntax=_volumes),
        Keyword("level", "The level.", "integer"),
    )
    service_keywords = (Keyword("disk_pool", "Where disks come from."),)

    def warnings(self, resource: Resource) -> Iterable[tuple[str, str]]:
        if resource["name"] == "odd":
            yield "name", "an odd name"


class _Filesystem(Driver):
    keywords = (
        Keyword("dev", "The device.", "device", required=True),
        Keyword("mnt", "The mount point.", "mountpoint", required=True),
        Keyword("mnt_opt", "Its options.", default=""),
    )
    unique = ("mnt",)


class _Address(Driver):
    keywords = (
        Keyword("ipname", "The address.", required=True),
        Keyword("ipdev", "The interface.", required=True),
    )


KNOWN: dict[str, tuple[Driver, tuple[str, ...]]] = {
    "disk": (_Disk(), ("loop", "lvm")),
    "fs": (_Filesystem(), ("btrfs", "ext4")),
    "ip": (_Address(), ("", "amazon")),
    "container": (Driver(), ("docker",)),
}


def load(group: str, type_: str) -> Driver:
    """Find a driver as the real look-up does."""
    driver, types = KNOWN.get(group, (None, ()))
    if driver is None or type_ not in types:
        raise UnknownDriver(group, type_, types)
    return driver


def service(text: str, *, node: str = "n1", name: str = "web.example.com", var: str = "/var/lib/opensvc") -> Service:
    """Make a service of the text of its file."""
    return Service(name, Document(text, "web.conf"), node, Record(), load, var)


def told(text: str) -> list[str]:
    """Return the problems of a file, as users read them."""
    return [str(problem) for problem in service(text).problems()]
