"""What counts as an answer, before something is lost."""

import pytest

from core.command import Command, Completed, Thing
from core.config.document import Document
from core.config.service import Service
from core.errors import Refused
from core.plan import Plan, Step
from core.record import MadeThing, Record
from svcprov.arguments import parse
from svcprov.consent import ask
from svcprov.inventory import load_driver
from svcprov.invocation import Invocation
from svcprov.screen import Screen

CONF = "[disk#0]\ntype = loop\nfile = /srv/a\nsize = 1G\n"
MADE = {
    "disk#0.volume.0": MadeThing("volume", "vol-1", "disk#0", "provision"),
    "fs#0.filesystem": MadeThing("filesystem", "uuid-1", "fs#0", "provision"),
}


def asked(*words: str, verb: str = "unprovision", lost: tuple[Thing, ...] = (), steps: int = 1) -> None:
    """Ask for consent without a terminal."""
    argv = ("-s", "web", verb, *words)
    call = Invocation(argv, parse(argv), Screen("never"))
    service = Service("web", Document(CONF), "node1", Record(dict(MADE)), load_driver)
    service.allow_destroy = frozenset(call.options.allow_destroy or ())
    plan = Plan("web", verb, ("disk#0",))
    for number in range(1, steps + 1):
        command = Command(("rm", "/dev/x"), kind="changes", destroys=lost, rid="fs#1")
        plan.events.append(Step(number, command, Completed(0)))
    ask(call, verb, service, plan)


def test_nothing_is_asked_where_nothing_happens() -> None:
    """An unprovision without a step needs no consent."""
    asked(steps=0)


def test_unprovision_asks_although_nothing_is_lost() -> None:
    """Without a terminal unprovision wants --yes, and says so."""
    with pytest.raises(Refused, match=r"svcmgr -s web unprovision --yes$"):
        asked()
    asked("--yes")


def test_provision_is_not_asked_for() -> None:
    """Provision acts as documented when it destroys nothing."""
    asked(verb="provision")


def test_yes_never_covers_data() -> None:
    """--yes is no consent to what is lost."""
    with pytest.raises(Refused, match=r"destroys volume vol-1 \(fs#1\)"):
        asked("--yes", lost=(Thing("volume", "vol-1"),))


@pytest.mark.parametrize("name", ["vol-1", "disk#0", "/dev/x"])
def test_what_is_lost_can_be_named(name: str) -> None:
    """The identity, the resource that it was made for, and the device in the command are names of it."""
    asked("--allow-destroy", name, lost=(Thing("volume", "vol-1"),))


@pytest.mark.parametrize("name", ["fs#0", "fs#1", "vol-2"])
def test_a_resource_covers_only_what_was_made_for_it(name: str) -> None:
    """Another resource, also the one whose step it is, does not cover what was made for this one."""
    with pytest.raises(Refused):
        asked("--allow-destroy", name, lost=(Thing("volume", "vol-1"),))


def test_what_is_blank_is_not_lost() -> None:
    """What was proven blank needs no name."""
    asked("--yes", lost=(Thing("device", "/dev/y", blank=True),))


def test_a_refusal_ends_with_the_line_that_allows_it() -> None:
    """The line names resources where the record has them, identities elsewhere."""
    with pytest.raises(Refused, match=r": svcmgr -s web unprovision --allow-destroy fs#0 --allow-destroy xfs-2$"):
        asked(lost=(Thing("filesystem", "uuid-1"), Thing("filesystem", "xfs-2")))
