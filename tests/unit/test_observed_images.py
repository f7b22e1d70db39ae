"""What a node that is looked at says of the images of its cluster."""

from typing import Any

from core.command import Command, Completed
from core.engine import asked
from core.observe import learn
from core.recollection import recall
from core.record import MadeThing
from core.state import NodeState, Question, load
from core.tools import rbd
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import service

TOOLS = {"ceph-common": "16.2.15", "rbd-nbd": "16.2.15"}
LOCK = {"id": "node2", "locker": "client.9", "address": "10.0.0.9:0/1", "tag": ""}
DB = {"id": "1001", "size": "64M", "features": ["layering"], "locks": [LOCK], "snapshots": ["monday"]}
QUESTION = Question("rbd", "-n client.web --keyring /etc/ceph/web rbd/db")


def real(**state: Any) -> SimulatedNode:
    """A node to look at."""
    images = {"rbd/db": {**DB, "watchers": ["10.0.0.9:0/77"]}}
    interfaces = {"eth0": {"addresses": ["10.0.0.5/24"]}}
    given = {"tools": TOOLS, "ceph": {"pools": ["rbd"]}, "images": images, "interfaces": interfaces, **state}
    return SimulatedNode(load(given))


def seen(of: SimulatedNode, *questions: Question, **state: Any) -> tuple[NodeState, list[Question]]:
    """What is known of it after these questions, and which of them have an answer."""
    interfaces = of.state["interfaces"]
    known = load({"complete": False, "tools": TOOLS, "interfaces": interfaces, **state})
    return known, asked(learn(known, questions), of)


def test_an_image_is_looked_at() -> None:
    """Its id, size, features, who locked it, who has it open; what it holds is seen where it is mapped."""
    state, answered = seen(real(), QUESTION)
    image = state["images"]["rbd/db"]
    assert answered == [QUESTION]
    assert (image["id"], image["size"], image["features"]) == ("1001", 64 * 1024**2, ["layering"])
    assert (image["locks"], image["watchers"], image["snapshots"]) == ([LOCK], ["10.0.0.9:0/77"], ["monday"])
    assert image["content"] == {"kind": "unseen"}
    assert state["ceph"]["pools"] == ["rbd"]


def test_an_image_that_is_not_there_is_an_answer() -> None:
    """Neither is a pool; a cluster that does not answer is none."""
    missing, nowhere = Question("rbd", "rbd/none"), Question("rbd", "ssd/db")
    state, answered = seen(real(), missing, nowhere)
    assert (answered, state["images"], state["ceph"]["pools"]) == ([missing, nowhere], {}, ["rbd"])
    state, answered = seen(real(ceph=None), missing)
    assert (answered, state["ceph"]) == ([], None)
    assert "couldn't connect to the cluster!" in state["unseen"][0]


def test_devices_are_told_which_image_they_are() -> None:
    """What was seen on the device is kept with the image."""
    of = real()
    for program in ("rbd", "rbd-nbd"):
        of.run(Command((program, "map", "rbd/db"), tool="rbd"))
    devices = {path: {"size": "64M", "content": {"kind": "residue"}} for path in ("/dev/rbd0", "/dev/nbd0")}
    state, answered = seen(of, QUESTION, Question("rbd", "mapped"), devices=devices)
    assert answered == [QUESTION, Question("rbd", "mapped")]
    assert {path: device["stacked"]["name"] for path, device in state["devices"].items()} == {
        "/dev/rbd0": "krbd",
        "/dev/nbd0": "rbd-nbd",
    }
    assert state["images"]["rbd/db"]["content"]["kind"] == "residue"
    assert state["images"]["rbd/db"]["watchers"] == ["10.0.0.9:0/77"]


def test_a_preview_asks() -> None:
    """What is asked of rbd and is not known is a question; an image is asked for as rbd was asked."""
    state = load({"complete": False, "tools": TOOLS, "devices": {"/dev/rbd0": {"size": "1M"}}})
    on = SimulatedNode(state)
    question = rbd.info(rbd.Client("client.web", "/etc/ceph/web"), "rbd/db")
    assert on.run(question._replace(verb="provision")).returncode == 2
    on.run(rbd.mapped(rbd.KRBD))
    assert on.questions == [QUESTION, Question("rbd", "mapped")]


def test_a_start_asks_about_every_image_in_one_round() -> None:
    """Rounds are few: an image that is still asked about is no reason to end a rehearsal, but for its creation."""
    state = load({"complete": False, "tools": TOOLS})
    on = SimulatedNode(state)
    for image in ("rbd/db", "rbd/log"):
        answer = on.run(rbd.info(rbd.Client(), image)._replace(verb="start"))
        assert rbd.parse_info(answer) is not None
    assert on.questions == [Question("rbd", "rbd/db"), Question("rbd", "rbd/log")]


def test_a_question_without_an_answer_is_no_missing_image() -> None:
    """A plan is not made on a cluster that is silent."""
    on = SimulatedNode(load({"complete": False, "tools": TOOLS}), hopeless=[Question("rbd", "rbd/db")])
    answer = on.run(rbd.info(rbd.Client(), "rbd/db"))
    assert not rbd.is_answer(answer)
    assert not rbd.lacks_pool(answer)


def test_what_was_made_on_an_unmapped_image_is_remembered() -> None:
    """The filesystem of the record; nothing, where the image was only created."""
    text = "[disk#0]\ntype = rados\nimages = rbd/db\n[fs#0]\ntype = ext4\ndev = /dev/rbd/rbd/db\nmnt = /srv/a\n"
    of, uuid = service(text), "11111111-2222-4333-8444-555555555555"
    of.record.made["disk#0.image.rbd/db"] = MadeThing("rbd image", "1001", "disk#0", "provision")
    state = seen(real(), QUESTION)[0]
    recall(state, of)
    assert state["images"]["rbd/db"]["content"] == {"kind": "zero"}
    of.record.made["fs#0.filesystem"] = MadeThing("filesystem", uuid, "fs#0", "provision")
    state = seen(real(), QUESTION)[0]
    recall(state, of)
    assert state["images"]["rbd/db"]["content"]["uuid"] == uuid


def test_what_is_mapped_is_not_remembered_but_looked_at() -> None:
    """The record supposes the worst of what nobody can see; a device can be seen."""
    of, on = service("[disk#0]\ntype = rados\nimages = rbd/db\n"), real()
    of.record.made["disk#0.image.rbd/db"] = MadeThing("rbd image", "1001", "disk#0", "provision")
    on.run(Command(("rbd", "map", "rbd/db"), tool="rbd"))
    devices = {"/dev/rbd0": {"size": "64M", "content": {"kind": "unseen"}}}
    state = seen(on, QUESTION, devices=devices)[0]
    recall(state, of)
    assert state["images"]["rbd/db"]["content"] == {"kind": "unseen"}


def test_answers_of_other_lists() -> None:
    """Images in a namespace and snapshots that are mapped are none of those that a service names."""
    rows = (
        '[{"id":"0","pool":"rbd","namespace":"","name":"db","snap":"-","device":"/dev/rbd0"},'
        '{"id":"1","pool":"rbd","namespace":"x","name":"db","snap":"-","device":"/dev/rbd1"},'
        '{"id":"2","pool":"rbd","namespace":"","name":"db","snap":"s","device":"/dev/rbd2"}]'
    )
    assert rbd.devices(rbd.KRBD, Completed(0, rows)) == {"/dev/rbd0": "rbd/db"}


def test_a_device_that_nobody_listed_is_passed_over() -> None:
    """An image that was mapped since the devices were looked at, and one that is known already, change nothing."""
    of = real()
    of.run(Command(("rbd", "map", "rbd/db"), tool="rbd"))
    state, _ = seen(of, Question("rbd", "mapped"))
    assert (state["devices"], state["images"]) == ({}, {})
    devices = {"/dev/rbd0": {"size": "64M", "content": {"kind": "unseen"}}}
    state, _ = seen(of, QUESTION, devices=devices)
    state["images"]["rbd/db"]["content"] = {"kind": "zero"}
    asked(learn(state, [Question("rbd", "mapped")]), of)
    assert state["images"]["rbd/db"]["content"] == {"kind": "zero"}
