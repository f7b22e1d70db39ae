"""Images of a Ceph cluster, and filesystems on them."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.compare import same_world
from core.config.service import Service
from core.driver import Tie
from core.errors import CommandFailed, ConfigError, Failed, Refused
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot
from tests.unit.drivers.drive import Run, drive, service

DISK = "[disk#0]\ntype = rados\nimages = rbd/db\nsize = 500\n"
NBD = f"{DISK}map = rbd-nbd\n"
LOCKED = f"{DISK}lock = exclusive\n"
LINK = "/var/lib/opensvc/svc1/dev/disk.0.0"
THEIRS: dict[str, Any] = {"id": "1001", "size": "500M", "features": ["layering"]}


def node(**state: Any) -> SimulatedNode:
    """A client of a cluster with one pool."""
    tools = {"ceph-common": "16.2.15", "rbd-nbd": "16.2.15"}
    return SimulatedNode(load({"tools": tools, "ceph": {"pools": ["rbd"]}, **state}))


def run(of: Service, verb: str, on: SimulatedNode, rid: str = "disk#0") -> Run:
    """Run a verb of one resource."""
    return drive(of.resource(rid), verb, on)


def held(identity: str, tag: str = "") -> dict[str, Any]:
    """An image that is locked."""
    lock = {"id": identity, "locker": "client.9", "address": "10.0.0.9:0/1", "tag": tag}
    return {"rbd/db": {**THEIRS, "locks": [lock]}}


def test_an_image_is_created_and_mapped() -> None:
    """What is done, and in which words."""
    ran = run(service(DISK), "provision", node())
    assert [line for line in ran.lines if not line.startswith("mkdir")] == [
        "rbd create --size 500 rbd/db",
        "rbd map rbd/db",
        f"ln -sfn /dev/rbd/rbd/db {LINK}",
    ]
    assert ran.notes == ["provisioned", f"create static device name {LINK} -> /dev/rbd/rbd/db"]


def test_the_client_is_named_everywhere() -> None:
    """The client and its keyring are said to each program that asks the cluster; `client.` may be written or not."""
    text = f"{DISK}client_id = client.web\nkeyring = /etc/ceph/web\nimage_format = 2\n"
    lines = run(service(text), "provision", node()).lines
    assert "rbd -n client.web --keyring /etc/ceph/web create --size 500 rbd/db --image-format 2" in lines
    assert "rbd -n client.web --keyring /etc/ceph/web map rbd/db" in lines
    assert lines == run(service(text.replace("client.web", "web")), "provision", node()).lines


def test_rbd_nbd_maps_to_a_device_that_the_link_leads_to() -> None:
    """The device of rbd-nbd has a number that nobody knows beforehand."""
    of, on = service(NBD), node()
    assert f"ln -sfn /dev/nbd0 {LINK}" in run(of, "provision", on).lines
    run(of, "stop", on)
    on.run(Command(("rbd", "create", "--size", "1", "rbd/other"), tool="rbd"))
    on.run(Command(("rbd-nbd", "map", "rbd/other"), tool="rbd"))
    assert f"ln -sfn /dev/nbd1 {LINK}" in run(of, "start", on).lines


def test_a_link_that_a_power_loss_left_leads_elsewhere_afterwards() -> None:
    """After a reboot the number may be another image's."""
    of, on = service(NBD), node()
    run(of, "provision", on)
    reboot(on.state)
    on.run(Command(("rbd", "create", "--size", "1", "rbd/other"), tool="rbd"))
    on.run(Command(("rbd-nbd", "map", "rbd/other"), tool="rbd"))
    assert run(of, "start", on).lines == ["rbd-nbd map rbd/db", f"ln -sfn /dev/nbd1 {LINK}"]


@pytest.mark.parametrize("text", [DISK, NBD, LOCKED])
def test_a_second_provision_changes_nothing(text: str) -> None:
    """Where the image is mapped, nothing is run."""
    of, on = service(text), node()
    run(of, "provision", on)
    again = run(of, "provision", on)
    assert again.lines == []
    assert again.notes[0] == "rbd/db already provisioned"


@pytest.mark.parametrize("text", [DISK, NBD, LOCKED])
def test_unprovision_is_the_inverse(text: str) -> None:
    """Device, link and image are gone, the image by its identity."""
    of, on = service(text), node()
    before = copy(on.state)
    run(of, "provision", on)
    identity = on.state["images"]["rbd/db"]["id"]
    ran = run(of, "unprovision", on)
    assert [tuple(thing[:2]) for each in ran.changes for thing in each.destroys] == [("rbd image", identity)]
    assert same_world(before, on.state) == []
    assert of.record.is_empty


@pytest.mark.parametrize("text", [DISK, NBD])
def test_status(text: str) -> None:
    """Down, up, down again."""
    of, on = service(text), node()
    assert run(of, "status", on).value.state == "down"
    run(of, "provision", on)
    assert run(of, "status", on).value.state == "up"
    run(of, "stop", on)
    assert run(of, "status", on).value.state == "down"


def test_some_mapped_images_are_a_warning() -> None:
    """With one of two mapped the status is warn, and names the other."""
    of, on = service(DISK.replace("rbd/db", "rbd/db rbd/log")), node()
    run(of, "provision", on)
    on.run(Command(("rbd", "unmap", "/dev/rbd/rbd/log"), tool="rbd"))
    status = run(of, "status", on).value
    assert (status.state, [remark.text for remark in status.remarks]) == ("warn", ["unmapped: rbd/log"])


def test_a_lock_that_is_gone_is_a_warning() -> None:
    """An image that is mapped without the lock that the file asks for is not up."""
    of, on = service(LOCKED), node()
    run(of, "provision", on)
    assert run(of, "status", on).value.state == "up"
    on.state["images"]["rbd/db"]["locks"] = []
    assert [remark.text for remark in run(of, "status", on).value.remarks] == ["not locked: rbd/db"]


def test_an_image_of_somebody_else_is_refused() -> None:
    """An image that exists is not mapped by provision, unless it is adopted; unprovision keeps it."""
    of, on = service(DISK), node(images={"rbd/db": THEIRS})
    with pytest.raises(Refused, match="svcmgr -s svc1 provision --adopt disk#0"):
        run(of, "provision", on)
    of.adopt = frozenset(("disk#0",))
    run(of, "provision", on)
    of.adopt = frozenset()
    assert run(of, "provision", on).lines == []
    assert not any("rm rbd" in line for line in run(of, "unprovision", on).lines)
    assert "rbd/db" in on.state["images"]


def test_an_image_in_the_place_of_ours_is_refused() -> None:
    """An image of our name with another id is not the one that was made."""
    of, on = service(DISK), node()
    run(of, "provision", on)
    run(of, "stop", on)
    on.state["images"]["rbd/db"]["id"] = "bad"
    with pytest.raises(Refused, match=r"rbd/db is another image \(bad\).*--forget disk#0.image.rbd/db"):
        run(of, "provision", on)


def test_an_image_that_somebody_deleted_is_forgotten() -> None:
    """Unprovision goes on without it."""
    of, on = service(DISK), node()
    run(of, "provision", on)
    run(of, "stop", on)
    del on.state["images"]["rbd/db"]
    assert "rbd/db is gone already" in run(of, "unprovision", on).notes
    assert of.record.is_empty


def test_an_image_that_another_node_has_open_stays() -> None:
    """Unprovision waits for who may only have died, and then says who it is."""
    of, on = service(DISK), node()
    run(of, "provision", on)
    on.state["images"]["rbd/db"]["watchers"] = ["10.0.0.9:0/77"]
    with pytest.raises(Failed, match=r"rbd/db is in use by 10\.0\.0\.9:0/77"):
        run(of, "unprovision", on)


def test_an_image_that_another_node_has_locked_stays() -> None:
    """Unprovision names the locker."""
    of, on = service(DISK), node()
    run(of, "provision", on)
    on.state["images"]["rbd/db"]["locks"] = held("node2")["rbd/db"]["locks"]
    with pytest.raises(Refused, match=r"locked by node2 \(client.9, 10.0.0.9:0/1\)"):
        run(of, "unprovision", on)


def test_a_lock_of_another_node_is_never_broken() -> None:
    """Start names the locker and the command that would give its lock back."""
    with pytest.raises(
        Refused, match=r"locked by node2 \(client.9, 10.0.0.9:0/1\).*rbd lock remove rbd/db node2 client.9"
    ):
        run(service(LOCKED), "start", node(images=held("node2")))


def test_a_shared_lock_is_shared_by_who_knows_its_tag() -> None:
    """The tag is the name of the service where none is given."""
    shared = service(f"{DISK}lock = shared\n")
    ran = run(shared, "start", node(images=held("node2", "svc1")))
    assert ran.lines[0] == "rbd lock add rbd/db node1 --shared svc1"
    with pytest.raises(Refused, match="locked by node2"):
        run(shared, "start", node(images=held("node2", "another")))


def test_a_lock_of_this_node_is_kept_and_given_back() -> None:
    """A lock outlives a reboot; start finds it, stop removes it."""
    of, on = service(LOCKED), node()
    run(of, "provision", on)
    reboot(on.state)
    ran = run(of, "start", on)
    assert ran.lines == ["rbd map rbd/db"]
    assert "rbd/db is already locked" in ran.notes
    run(of, "stop", on)
    assert on.state["images"]["rbd/db"]["locks"] == []


def test_a_lock_needs_an_image_that_is_not_locked_by_its_clients() -> None:
    """With exclusive-lock, a lock of ours would block every write; the message has the command that helps."""
    on = node(images={"rbd/db": {**THEIRS, "features": ["layering", "exclusive-lock"]}})
    with pytest.raises(Failed, match="rbd feature disable rbd/db object-map fast-diff exclusive-lock"):
        run(service(LOCKED), "start", on)


def test_a_missing_pool_is_named() -> None:
    """No pool is a mistake of the file, or of the cluster."""
    with pytest.raises(Failed, match="the cluster has no pool ssd; `ceph osd pool create ssd` makes one"):
        run(service(DISK.replace("rbd/db", "ssd/db")), "provision", node())


def test_a_cluster_that_is_silent_is_no_missing_image() -> None:
    """Nothing is created where nobody answers, though the return code is the same."""
    with pytest.raises(CommandFailed, match="couldn't connect"):
        run(service(DISK), "provision", node(ceph=None))


def test_start_needs_the_image() -> None:
    """Only provision creates it."""
    with pytest.raises(Failed, match="there is no image rbd/db; provision creates it"):
        run(service(DISK), "start", node())


def test_a_missing_image_needs_a_size() -> None:
    """Nobody guesses how large it is to be."""
    with pytest.raises(ConfigError, match="nothing says how large"):
        run(service(DISK.replace("size = 500\n", "")), "provision", node())


def test_a_share_is_no_size() -> None:
    """An image is no part of a volume group."""
    with pytest.raises(ConfigError, match="an image has no size such as 10%FREE"):
        run(service(DISK.replace("500", "10%FREE")), "provision", node())


def test_growth() -> None:
    """A larger size makes image and device grow."""
    of, on = service(DISK), node()
    run(of, "provision", on)
    of.set("disk#0.size", "1g")
    ran = run(of, "provision", on)
    assert ran.lines == ["rbd resize --size 1024 rbd/db"]
    assert "rbd/db grows from 500M to 1G" in ran.notes
    assert on.state["devices"]["/dev/rbd0"]["size"] == 1024**3
    assert run(of, "provision", on).lines == []


def test_an_image_is_never_made_smaller() -> None:
    """A smaller size is an error of the file, with what to write."""
    of, on = service(DISK), node()
    run(of, "provision", on)
    of.set("disk#0.size", "100m")
    with pytest.raises(ConfigError, match="write size = 500m or more"):
        run(of, "provision", on)


@pytest.mark.parametrize("text", [DISK, NBD])
def test_an_image_in_use_is_not_unmapped(text: str) -> None:
    """Stop says where it is mounted: rbd-nbd would take it from under the filesystem."""
    of, on = service(text), node()
    run(of, "provision", on)
    device = on.tree.real(LINK)
    on.state["mounts"].append(
        {"device": device, "mount_point": "/mnt", "type": "ext4", "options": "rw", "subvolume": ""}
    )
    with pytest.raises(Failed, match=r"rbd/db is in use \(/mnt\)"):
        run(of, "stop", on)


def test_an_image_that_a_process_has_open_is_not_unmapped() -> None:
    """The kernel's refusal is told as what it is."""

    class Busy:
        """A node whose kernel lets nothing go."""

        def run(self, command: Command) -> Completed:
            """Answer as the node does, but for one command."""
            if command.argv[:2] == ("rbd", "unmap"):
                return Completed(16, "", "rbd: sysfs write failed\nrbd: unmap failed: (16) Device or resource busy\n")
            return on.run(command)

    of, on = service(DISK), node()
    run(of, "provision", on)
    with pytest.raises(Failed, match="rbd/db is in use: a process has /dev/rbd0 open"):
        drive(of.resource("disk#0"), "stop", Busy())


def test_features_that_the_kernel_lacks_are_found_by_a_preview() -> None:
    """The message is rbd's own, with its remedy; rbd-nbd knows every feature."""
    journal = {"rbd/db": {**THEIRS, "features": ["layering", "journaling"]}}
    with pytest.raises(CommandFailed, match="map failed"):
        run(service(DISK), "start", node(images=journal))
    assert run(service(NBD), "start", node(images=journal)).lines[0] == "rbd-nbd map rbd/db"


@pytest.mark.parametrize(
    "line, said",
    [
        ("images = db", "write POOL/IMAGE, such as rbd/db"),
        ("images = rbd/db@monday", "is no image"),
        ("images = a/b/c", "is no image"),
        ("images = rbd/db rbd/db", "rbd/db is named twice"),
        ("lock = private", "'private' is none of exclusive, shared"),
        ("map = fuse", "'fuse' is none of krbd, rbd-nbd"),
        ("image_format = 3", "'3' is none of 1, 2"),
        ("client_id = two words", "is no name"),
        ("size = 14 GG", "GG"),
        ("size = 0", "it is nothing"),
        ("size = -1G", "-1G"),
    ],
)
def test_what_a_file_may_not_say(line: str, said: str) -> None:
    """Each mistake is found before anything runs."""
    key = line.partition(" ")[0]
    kept = "".join(f"{each}\n" for each in DISK.splitlines() if not each.startswith(key))
    assert said in "\n".join(str(problem) for problem in service(f"{kept}{line}\n").problems())


def test_two_resources_may_not_share_an_image() -> None:
    """The second one is told where the first is."""
    of = service(f"{DISK}[disk#1]\ntype = rados\nimages = rbd/log rbd/db\nsize = 1g\n")
    with pytest.raises(ConfigError, match=r"rbd/db is an image of disk#0 already \(line 3\)"):
        run(of, "provision", node(), "disk#1")


def test_a_filesystem_names_it_by_any_of_its_names() -> None:
    """The order follows from the link, and from the path of krbd."""
    krbd, nbd = service(DISK).resource("disk#0"), service(NBD).resource("disk#0")
    assert list(krbd.driver.gives(krbd)) == [Tie("device", LINK), Tie("device", "/dev/rbd/rbd/db")]
    assert list(nbd.driver.gives(nbd)) == [Tie("device", LINK)]
    assert krbd.driver.backing(krbd) == {LINK: "rbd/db", "/dev/rbd/rbd/db": "rbd/db"}


def test_a_filesystem_does_not_go_with_an_image_that_was_only_adopted() -> None:
    """After a power loss, what was made on it is still there: unprovision says what starts the disk."""
    of, on = service(f"{NBD}[fs#0]\ntype = ext4\ndev = {LINK}\nmnt = /srv\n"), node(images={"rbd/db": THEIRS})
    of.adopt = frozenset(("disk#0",))
    run(of, "provision", on)
    on.state["files"]["/srv"] = {"kind": "directory", "mode": "0755", "docker": None}
    run(of, "provision", on, "fs#0")
    reboot(on.state)
    with pytest.raises(Failed, match="what was made on it cannot be deleted; svcmgr -s svc1 start --rid disk"):
        run(of, "unprovision", on, "fs#0")


def test_another_way_of_mapping_needs_a_stop() -> None:
    """An image that is mapped is not mapped a second time, in another way."""
    of, on = service(DISK), node()
    run(of, "provision", on)
    of.set("disk#0.map", "rbd-nbd")
    with pytest.raises(Refused, match=r"mapped as /dev/rbd/rbd/db, and map says rbd-nbd now.*stop --rid disk#0"):
        run(of, "start", on)


def test_an_image_that_the_file_does_not_name_any_more_goes_as_well() -> None:
    """Unprovision takes what it deletes from the record."""
    of, on = service(DISK), node()
    before = copy(on.state)
    run(of, "provision", on)
    of.set("disk#0.images", "rbd/other")
    ran = run(of, "unprovision", on)
    assert "rbd unmap /dev/rbd/rbd/db" in ran.lines
    assert before["images"] == on.state["images"]


def test_the_keyring_comes_first() -> None:
    """A keyring that lies in a filesystem of the service needs it."""
    disk = service(f"{DISK}keyring = /srv/keys/web\n").resource("disk#0")
    assert list(disk.driver.needs(disk)) == [Tie("path", "/srv/keys")]


def test_purpose() -> None:
    """What a plan says of it."""
    disk = service(DISK.replace("rbd/db", "rbd/db rbd/log")).resource("disk#0")
    links = f"{LINK} and {LINK[:-1]}1"
    assert disk.driver.purpose(disk) == f"the images rbd/db and rbd/log of 500M, mapped by krbd and linked as {links}"


def test_the_proofs_of_a_deletion() -> None:
    """An image is deleted only while its id is the recorded one, nobody has it open and it has no snapshots."""
    of, on = service(DISK), node()
    run(of, "provision", on)
    deletion = next(each for each in run(of, "unprovision", on).changes if "rm" in each.argv and each.destroys)
    asked = [" ".join(proof.ask.argv[1:3]) for proof in deletion.destroys[0].proofs]
    assert asked == ["info rbd/db", "status rbd/db", "snap ls"]
