"""Directories that were made for a service: removed when nothing is in them any more, and no others."""

from typing import TYPE_CHECKING

from core.command import Note, Steps
from core.driver import Holding
from core.tools import files, find, mount

if TYPE_CHECKING:
    from core.config.service import Resource, Service


def held(resource: "Resource", path: str, *, itself: bool = False) -> Steps:
    """Return as `Holding` what is the service's: directories from the one that is called like it on, with nothing else.

    itself: the directory at the path, too, whatever it is called: it is there to be mounted on. Who made any other one
    nobody knows, and what svcprov keeps of the service is in a directory of its own.
    """
    parts, service = path.split("/"), resource.service
    first = parts.index(service.name) if service.name in parts else len(parts)
    paths = ["/".join(parts[: end + 1]) for end in range(first, len(parts))]
    found: list[Holding] = []
    for each in dict.fromkeys((*paths, *((path,) if itself else ()))):
        point = itself and each == path
        if (yield files.is_directory(each)).returncode or not (point or (yield from _has_only_ours(service, each))):
            continue
        found += [Holding(f"directory.{each}", "directory", each)]
    return found


def _has_only_ours(service: "Service", directory: str) -> Steps:
    """Tell whether everything in a directory leads to what the service has: else it is not there for the service."""
    own = f"{service.var}/{service.name}"
    if f"{directory}/".startswith(f"{own}/"):
        return directory != own
    resources = service.resources()
    given = [tie.name for each in resources for tie in each.driver.gives(each) if tie.kind == "path"]
    given += [file for each in resources for file in each.driver.files(each)]
    ways: set[str] = set()
    for path in given:
        while path and path not in ways:
            ways.add(path)
            path = path.rpartition("/")[0]  # noqa: PLW2901 - up to what another one has in common with it
    return ways.issuperset((yield find.matching(f"{directory}/*")).stdout.splitlines())


def remove_made(resource: "Resource", path: str) -> Steps:
    """Remove the recorded directories of a resource, and those at or above a path, as far as they are empty.

    Whichever resource made a directory, the last to leave it removes it. One that something is mounted on, or that
    holds something, stays, and stays in the record.
    """
    made = resource.service.record.made
    recorded = {
        thing.identity: name
        for name, thing in made.items()
        if thing.kind == "directory" and (thing.rid == resource.rid or f"{path}/".startswith(f"{thing.identity}/"))
    }
    for directory in sorted(recorded, reverse=True):
        unmakes = (recorded[directory],)
        if (yield files.is_directory(directory)).returncode:
            yield files.forget(directory, unmakes)
        elif not (yield mount.at(directory)).returncode:
            continue
        elif inside := (yield find.entry(directory)).stdout.strip():
            if directory == path:
                yield Note(f"{directory} stays: it holds {inside}", "warning")
        else:
            yield files.remove_directory(directory, unmakes)
