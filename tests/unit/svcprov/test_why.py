"""Which step is meant, and how the places of keys are told."""

import pytest

from core.errors import UsageError
from core.state import load
from executors.layers.faults import Crash
from svcprov.why import chosen
from tests.worlds import Point, World

LOOP = "[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 10M\n\n[fs#0]\ntype = ext4\ndev = /srv/a.img\nmnt = /srv/a\n"
TYPED = "svcmgr -s web plan"


def world() -> World:
    """A loop file with a filesystem."""
    return World(LOOP, load({"files": {"/srv": "directory"}}))


def test_a_step_is_named_by_number_or_by_what_it_makes() -> None:
    """A number, a name and a hole mean the same step."""
    plan = world().preview()
    number = next(step.number for step in plan.steps if step.command.argv[0] == "losetup")
    assert {chosen(plan, word, {}, TYPED) for word in (str(number), "disk#0.loop", "«disk#0.loop»")} == {number}


def test_what_an_interrupted_action_made_is_said_to_be_there() -> None:
    """A thing that was made before a crash is made by no step of the plan that goes on: its identity is told."""
    broken = world()
    with pytest.raises(Crash):
        broken.act("provision", Point(3, "before", "inside"))
    action = broken.action("provision")
    action.settle()
    plan = action.preview()
    with pytest.raises(UsageError, match=r"--why disk#0.loop: /dev/loop0 is there already, .*; `svcmgr -s web plan`"):
        chosen(plan, "disk#0.loop", action.bound, TYPED)


@pytest.mark.parametrize("word", ["0", "1000", "²", "1.5", "disk", "«»"])
def test_what_is_no_step_says_what_there_is(word: str) -> None:
    """An unknown step is an error that ends with a line to type."""
    with pytest.raises(UsageError, match=r"`svcmgr -s web plan( --why \S+)?`") as raised:
        chosen(world().preview(), word, {}, TYPED)
    assert raised.value.exit_code == 6
