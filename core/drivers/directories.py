"""Directories that were made for a service: removed when nothing is in them any more, and no others."""

from typing import TYPE_CHECKING

from core.command import Note, Steps
from core.driver import Holding
from core.tools import files, find, mount

if TYPE_CHECKING:
    from core.config.service import Resource


def held(resource: "Resource", path: str, *, itself: bool = False) -> Steps:
    """Return as `Holding` what is the service's by its name: directories from the one that is called like it on.

    itself: the directory at the path, too, whatever it is called: it is there to be mounted on. Who made any other one
    nobody knows, and what svcprov keeps of the service is in a directory of its own.
    """
    parts = path.split("/")
    first = parts.index(resource.service.name) if resource.service.name in parts else len(parts)
    paths = ["/".join(parts[: end + 1]) for end in range(first, len(parts))]
    paths += [path] if itself and path not in paths else []
    own = f"{resource.service.var}/{resource.service.name}"
    found: list[Holding] = []
    for each in paths:
        if each != own and not (yield files.is_directory(each)).returncode:
            found += [Holding(f"directory.{each}", "directory", each)]
    return found


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
