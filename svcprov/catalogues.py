"""Templates by name: those that come with svcprov, and those of the collector, where one is configured.

A catalogue is the one thing to write for another place that has templates; `catalogues` says which there are.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from core.errors import UsageError
from svcprov import inventory
from svcprov.files import etc, read_bytes


class Template(NamedTuple):
    """A template that was found. shown: its name for messages. path: where it is on this machine, "" elsewhere."""

    data: bytes
    shown: str
    path: str = ""


class Catalogue(Protocol):
    """A place that has templates."""

    @property
    def where(self) -> str:
        """Where it looks, for an error that says where a template was looked for."""
        ...

    def find(self, name: str) -> Template | None:
        """The template of this name, or id; None when there is none. Raises Failed when that cannot be told."""
        ...

    def names(self) -> tuple[str, ...]:
        """The names that are known without asking anybody: one of them may have been meant."""
        ...


class Shipped:
    """The templates that come with svcprov."""

    @property
    def where(self) -> str:
        """Where they are."""
        return f"{inventory.fixtures()}/templates"

    def find(self, name: str) -> Template | None:
        """The one of this name."""
        path = inventory.templates().get(name)
        return None if path is None else Template(read_bytes(path), path, path)

    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(inventory.templates())


def catalogues() -> Iterator[Catalogue]:
    """Every place that has templates, in the order in which they are asked.

    Raises UsageError for a node.conf that cannot be read, when it is the collector's turn.
    """
    yield Shipped()
    from svcprov.collector import configured

    if (collector := configured()) is not None:
        from svcprov.collector_templates import CollectorTemplates

        yield CollectorTemplates(collector)


def find(name: str) -> Template:
    """Find a template by its name. Raises UsageError that says where was looked, Failed where that went wrong."""
    places: list[Catalogue] = []
    for place in catalogues():
        if (found := place.find(name)) is not None:
            return found
        places.append(place)
    from core.config.spelling import meant

    known = tuple(each for place in places for each in place.names())
    looked = [f"no file {os.path.abspath(name)}", *(f"none in {place.where}" for place in places)]
    if len(places) == 1:
        looked.append(f"and no collector is configured ([node] dbopensvc in {etc()}/node.conf)")
    raise UsageError(f"there is no template {name!r}{meant(name, known)} ({', '.join(looked)})")
