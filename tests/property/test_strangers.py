"""What belongs to somebody else, in the place where a service wants to make something."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn as Draw

from core.errors import SvcprovError
from core.state import dumps, loads
from core.state import load as load_state
from tests.outcomes import lost, outcome
from tests.property.generated import worlds
from tests.property.many import MANY
from tests.worlds import World

PAYROLL: dict[str, object] = {"type": "ext4", "uuid": "11111111-2222-4333-8444-555555555555", "label": "payroll"}
HELD: dict[str, dict[str, object]] = {
    "a filesystem": PAYROLL,
    "a filesystem of the same type": {**PAYROLL, "type": "btrfs", "subvolumes": {"data": {"/payroll": "1492 lines"}}},
    "bytes without a signature": {"kind": "residue"},
    "what cannot be read": {"kind": "unknown"},
}


@st.composite
def occupied(draw: Draw) -> World:
    """A world in which something of somebody else is where the service wants to make something."""
    world = draw(worlds())
    state = world.first_state
    service = world.service
    places = [
        ("device", each["dev"])
        for each in service.resources()
        if each.group == "fs" and each["dev"] in state["devices"]
    ]
    places += [("file", each["file"]) for each in service.resources() if each.type == "loop"]
    places += [("address", each["ipname"]) for each in service.resources() if each.group == "ip" and not each.type]
    inner = [place for place in places if not any(_lies_in(place[1], each["mnt"]) for each in service.resources())]
    assume(inner)
    kind, name = draw(st.sampled_from([place for place in inner if place[1] != "localhost"] or [("", "")]))
    assume(kind)
    if kind == "device":
        state["devices"][name]["content"] = _content(HELD[draw(st.sampled_from(sorted(HELD)))])
    elif kind == "file":
        held = loads(dumps(load_state({"files": {name: {"text": "1492 lines", "size": "1M", "allocated": 4096}}})))
        state["files"] |= {path: entry for path, entry in held["files"].items() if path not in state["files"]}
    else:
        state["neighbours"].append(name)
    # An optional resource may be left out, and what it would have met with it.
    return World(re.sub(r"(optional\W+)true", r"\1false", world.first_file), state, world.name)


def _lies_in(path: str, mount_point: str) -> bool:
    return bool(mount_point) and path.startswith(f"{mount_point}/")


def _content(value: dict[str, object]) -> dict[str, object]:
    content: dict[str, object] = load_state({"devices": {"/dev/x": {"size": 1, "content": value}}})["devices"][
        "/dev/x"
    ]["content"]
    return content


@given(occupied())
@MANY
def test_what_belongs_to_others_is_refused_before_anything_is_done(world: World) -> None:
    """A device, file or address of somebody else stops a provision in its preview: nothing at all has changed."""
    before = outcome(world)
    with pytest.raises(SvcprovError):
        world.act("provision")
    assert lost(world.first_state, world.state) == []
    assert outcome(world) == before


@given(occupied())
@MANY
def test_after_a_refusal_unprovision_takes_nothing(world: World) -> None:
    """Unprovision of a service that was refused finds nothing of its own, and deletes nothing."""
    with pytest.raises(SvcprovError):
        world.act("provision")
    world.act("unprovision")
    assert lost(world.first_state, world.state) == []
