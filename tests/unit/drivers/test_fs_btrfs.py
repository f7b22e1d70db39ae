"""btrfs: one filesystem, a label, and a subvolume for each resource."""

from typing import Any

import pytest

from core.command import Check, Command
from core.compare import same_world
from core.config.service import Service
from core.driver import Tie
from core.errors import Refused
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

OLD = {"btrfs-progs": "3.12", "util-linux": "2.20.1"}
FS = "[fs#{0}]\ntype = btrfs\ndev = /dev/sdb\nmnt = /srv/{1}\nmnt_opt = defaults,subvol={1}\n"


def pair() -> Service:
    """A service with two subvolumes on one device."""
    return service(FS.format(1, "data") + FS.format(0, "docker"))


def node(content: Any = "zero", **state: Any) -> SimulatedNode:
    """A node with one disk, and the mount points."""
    device = {"size": "15G", "content": content}
    files = {"/srv/data": "directory", "/srv/docker": "directory"}
    return SimulatedNode(load({"devices": {"/dev/sdb": device}, "files": files, **state}))


def run(of: Service, verb: str, on: SimulatedNode, *rids: str) -> dict[str, Run]:
    """Run a verb of the resources, in the order of the file, or the reverse."""
    order = [resource.rid for resource in of.resources()][:: -1 if verb in {"stop", "unprovision"} else 1]
    return {rid: drive(of.resource(rid), verb, on) for rid in order if not rids or rid in rids}


def test_the_commands_are_those_of_the_transcript() -> None:
    """On a node of 2015 the commands that are logged are those of the specification, in its order and spelling."""
    on = node(tools=OLD, identifiers={"tmpdir": ["/tmp/tmpuVZnvv", "/tmp/tmpNPV_d8"]})
    ran = run(pair(), "provision", on)
    shown = {rid: [" ".join(each.argv) for each in done.changes if not each.quiet] for rid, done in ran.items()}
    assert shown == {
        "fs#1": [
            "mkfs.btrfs /dev/sdb",
            "mount -t btrfs -o subvolid=0 /dev/sdb /tmp/tmpuVZnvv",
            "btrfs filesystem label /tmp/tmpuVZnvv svc1.fs.1",
            "btrfs subvol create /tmp/tmpuVZnvv/data",
            "umount /tmp/tmpuVZnvv",
            "btrfs device scan",
            "mount -t btrfs -o defaults,subvol=data LABEL=svc1.fs.1 /srv/data",
        ],
        "fs#0": [
            "mount -t btrfs -o subvolid=0 /dev/sdb /tmp/tmpNPV_d8",
            "btrfs subvol create /tmp/tmpNPV_d8/docker",
            "umount /tmp/tmpNPV_d8",
            "btrfs device scan",
            "mount -t btrfs -o defaults,subvol=docker LABEL=svc1.fs.1 /srv/docker",
        ],
    }
    assert ran["fs#1"].notes == ["/dev/sdb is not formatted", "provisioned"]


def test_the_status_names_the_label() -> None:
    """A mounted subvolume is shown by the label of its filesystem."""
    of, on = pair(), node()
    run(of, "provision", on)
    labels = {rid: (done.value.state, done.value.label) for rid, done in run(of, "status", on).items()}
    assert labels == {"fs#1": ("up", "LABEL=svc1.fs.1@/srv/data"), "fs#0": ("up", "LABEL=svc1.fs.1@/srv/docker")}


@pytest.mark.parametrize("tools", [{}, OLD])
def test_the_last_one_out_zeroes_the_device(tools: dict[str, str]) -> None:
    """After unprovision of both the node is as it was, with the tools of either time."""
    of, on = pair(), node(tools=tools)
    before = copy(on.state)
    run(of, "provision", on)
    assert not any("zero" in line or "blkdiscard" in line for line in run(of, "unprovision", on, "fs#0")["fs#0"].lines)
    run(of, "unprovision", on, "fs#1")
    assert same_world(before, on.state) == []
    assert of.record.is_empty


def test_the_maker_may_go_first() -> None:
    """A filesystem that another resource still has a subvolume in stays, and goes with that one."""
    of, on = pair(), node()
    before = copy(on.state)
    run(of, "provision", on)
    run(of, "unprovision", on, "fs#1")
    assert run(of, "status", on, "fs#0")["fs#0"].value.state == "up"
    run(of, "unprovision", on, "fs#0")
    assert same_world(before, on.state) == []


def test_inner_subvolumes_go_with_the_outer_one() -> None:
    """A daemon may have made subvolumes inside ours; they are deleted first, and what is lost is typed."""
    of, on = pair(), node()
    run(of, "provision", on)
    on.content(on.state["devices"]["/dev/sdb"])["subvolumes"]["docker/layer"] = {}
    ran = run(of, "unprovision", on, "fs#0")["fs#0"]
    deleted = [each for each in ran.changes if each.argv[1:3] == ("subvol", "delete")]
    assert [each.argv[-1].split("/", 3)[-1] for each in deleted] == ["docker/layer", "docker"]
    assert all(each.destroys for each in deleted)


def test_a_labelled_filesystem_of_ours_needs_no_record() -> None:
    """On the other node of a cluster the record is elsewhere: the label says that it is ours."""
    on = node()
    run(pair(), "provision", on)
    on.state["mounts"].clear()
    assert not any(line.startswith("mkfs") for line in run(pair(), "provision", on)["fs#1"].lines)


def test_the_label_of_another_service_is_a_stranger() -> None:
    """A label that is not one of this service's is not ours."""
    on = node({"type": "btrfs", "uuid": "u", "label": "svc2.fs.1"})
    with pytest.raises(Refused, match=r"label svc2\.fs\.1"):
        run(pair(), "provision", on)


def test_a_foreign_label_is_kept() -> None:
    """An adopted filesystem keeps its label, and is mounted by its device."""
    of, on = pair(), node({"type": "btrfs", "uuid": "u", "label": "home", "subvolumes": {"data": {"/kept": "x"}}})
    of.adopt = frozenset(("fs#1", "fs#0"))
    lines = run(of, "provision", on)["fs#1"].lines
    assert lines[-1] == "mount -t btrfs -o defaults,subvol=data /dev/sdb /srv/data"
    run(of, "unprovision", on)
    content = on.content(on.state["devices"]["/dev/sdb"])
    assert (content["label"], list(content["subvolumes"])) == ("home", ["data"])


def test_without_a_subvolume_there_is_no_label() -> None:
    """Without subvol= the device is mounted by its own name, and nothing is made in it."""
    of = service("[fs#1]\ntype = btrfs\ndev = /dev/sdb\nmnt = /srv/data\n")
    lines = run(of, "provision", node())["fs#1"].lines
    assert [line.split()[0] for line in lines] == ["mkfs.btrfs", "btrfs", "mount"]
    assert lines[-1] == "mount -t btrfs /dev/sdb /srv/data"


def test_a_label_that_does_not_come_is_waited_for() -> None:
    """Each miss is a line; the waiting ends."""
    on = node()
    on.state["programs"]["findfs"] = {"returncode": 1, "stdout": "", "stderr": "findfs: unable to resolve 'LABEL=x'\n"}
    with pytest.raises(Exception, match="timeout waiting for label to become usable"):
        run(pair(), "provision", on)
    assert on.clock == 42


def test_undos_bring_their_own_mount() -> None:
    """The undo of a subvolume and of a format work on a node that has nothing mounted, and prove emptiness first."""
    of, on = pair(), node()
    before = copy(on.state)
    ran = run(of, "provision", on, "fs#1")["fs#1"]
    on.state["mounts"].clear()
    for change in reversed(ran.changes):
        if change.makes is not None and change.makes.kind in {"subvolume", "filesystem"}:
            for step in change.undo:
                command = step.ask if isinstance(step, Check) else step
                assert on.run(command).returncode == 0
    on.state["files"].pop("/tmp/gone", None)
    assert same_world(before, on.state) == []


def test_an_undo_proves_emptiness() -> None:
    """The undo of a format refuses when files are there, and says so."""
    of, on = pair(), node()
    ran = run(of, "provision", on, "fs#1")["fs#1"]
    (format_,) = (each for each in ran.changes if each.argv[0] == "mkfs.btrfs")
    checks = [step for step in format_.undo if isinstance(step, Check)]
    assert [check.otherwise for check in checks] == ["/dev/sdb holds data that its provisioning did not put there"]


def test_a_store_needs_no_proof() -> None:
    """Below the data directory of the docker daemon everything was put there by the daemon."""
    text = "[DEFAULT]\ndocker_data_dir = /srv/docker\n" + FS.format(0, "docker")
    of = service(text + "[container#0]\ntype = docker\nrun_image = ubuntu:14.10\n")
    ran = drive(of.resource("fs#0"), "provision", node())
    steps = [step for change in ran.changes for step in change.undo]
    assert steps
    assert all(isinstance(step, Command) for step in steps)


def test_its_label_can_be_named() -> None:
    """It gives the device LABEL=, so that a resource that names it comes later."""
    resource = pair().resource("fs#1")
    assert Tie("device", "LABEL=svc1.fs.1") in resource.driver.gives(resource)


def test_the_purpose_names_the_subvolume() -> None:
    """With `subvol=` it is a subvolume that is mounted, without it the filesystem."""
    whole = service(FS.format(1, "data").replace("defaults,subvol=data", "defaults"))
    assert [each.driver.purpose(each) for each in (pair().resource("fs#0"), whole.resource("fs#1"))] == [
        "subvolume docker of the btrfs on /dev/sdb, mounted on /srv/docker",
        "the btrfs filesystem on /dev/sdb, mounted on /srv/data",
    ]


def test_a_subvolume_that_nobody_recorded_is_ours_in_a_filesystem_of_ours() -> None:
    """A run was killed after it was created: what this service formatted holds only what it created itself."""
    of, on = pair(), node()
    run(of, "provision", on)
    run(of, "stop", on)
    recorded = of.record.made.pop("fs#1.subvolume")
    ran = run(of, "provision", on, "fs#1")["fs#1"]
    assert of.record.made["fs#1.subvolume"].identity == recorded.identity
    assert not any("subvol create" in line for line in ran.lines)


def test_a_subvolume_that_somebody_deleted_is_forgotten() -> None:
    """Unprovision does not fail on it, and what else is there goes as ever."""
    of, on = pair(), node()
    before = copy(on.state)
    run(of, "provision", on)
    run(of, "stop", on)
    del on.state["devices"]["/dev/sdb"]["content"]["subvolumes"]["data"]
    ran = run(of, "unprovision", on)
    assert not any(line.endswith("/data") and "subvol delete" in line for line in ran["fs#1"].lines)
    assert same_world(before, on.state) == []
    assert of.record.is_empty
