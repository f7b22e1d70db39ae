"""What is tried: a service, what else is on its node, and what came of each try."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from core.command import Note
from core.plan import Plan
from core.state import NodeState
from svcprov.action import EVERYTHING, Selection
from svcprov.verification.crashes import Ends, ends
from svcprov.verification.world import World


class Case(NamedTuple):
    """A service called `name`, and the other services of its node, by their names; all files are as written.

    state: the node before any of them was provisioned. adopt: what the operator named with `--adopt`.
    selection: the resources that are tried. beside: the texts of the files beside each service file, by their names.
    """

    name: str
    files: dict[str, str]
    state: NodeState
    adopt: tuple[str, ...] = ()
    selection: Selection = EVERYTHING
    beside: Mapping[str, Mapping[str, str]] = MappingProxyType({})

    @property
    def file(self) -> str:
        """The file of the service that is tried."""
        return self.files[self.name]

    def world(self, name: str, state: NodeState) -> World:
        """A world of one of the services, on the node as it is now."""
        texts = self.beside.get(name, {})
        if name != self.name:
            return World(self.files[name], state, name, beside=texts)
        return World(self.file, state, name, adopt=self.adopt, selection=self.selection, beside=texts)

    def with_file(self, text: str) -> "Case":
        """The same case with another file."""
        return self._replace(files={**self.files, self.name: text})


AS_UNDISTURBED = "as undisturbed"
AS_NONE = "as none"
REFUSED = "refused"
FAILED = "failed"
OUTCOMES = (AS_UNDISTURBED, AS_NONE, REFUSED, FAILED)
"""Where a try may end: two worlds, or an error with everybody's data intact, which refuses or is what had to be."""


class Verdict(NamedTuple):
    """One try: what was tried (`code` names it on a command line), where it ended, and what is wrong with that."""

    code: str
    outcome: str
    what: tuple[str, ...] = ()


class Subject:
    """A case at work: its untouched world, and what every try is compared with, each computed once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.world = case.world(case.name, case.state)
        self._ends: dict[bool, Ends] = {}

    def ends(self, *, reboot: bool = False) -> Ends:
        """The two worlds that a try may end in. Raises what an undisturbed provision raises."""
        if reboot not in self._ends:
            self._ends[reboot] = ends(self.world, reboot=reboot)
        return self._ends[reboot]

    @cached_property
    def plan(self) -> Plan:
        """What an undisturbed provision would run."""
        return self.world.preview()

    @property
    def changes(self) -> int:
        """How many changes an undisturbed provision makes."""
        return self.ends().whole.faults["inside"].changes

    @property
    def notes(self) -> list[tuple[str, Note]]:
        """What is said in an undisturbed provision."""
        return self.ends().whole.heard.notes
