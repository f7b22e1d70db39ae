"""Pools of ZFS: what is made, what is used, what is refused, what is left."""

from typing import Any

import pytest

from core.command import Command
from core.compare import same_world
from core.config.service import Service
from core.driver import Tie
from core.driver import load as driver_of
from core.drivers import vdevs
from core.errors import CommandFailed, ConfigError, Failed, Refused
from core.record import MadeThing, Record
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot
from tests.unit.drivers.drive import Run, drive, service

TOOLS = {"zfsutils-linux": "2.1.11"}
MIRROR = "[disk#0]\ntype = zpool\nname = tank\nvdev = mirror /dev/sdb /dev/sdc\n"
SPARED = "[disk#0]\ntype = zpool\nname = tank\nvdev = mirror /dev/sdb /dev/sdc spare /dev/sdd cache /dev/sde\n"


def node(**state: Any) -> SimulatedNode:
    """A node with four blank disks."""
    devices = {f"/dev/sd{letter}": "1G" for letter in "bcde"}
    return SimulatedNode(load({"tools": TOOLS, "devices": devices, "files": {"/srv": "directory"}, **state}))


def run(of: Service, verb: str, on: SimulatedNode) -> Run:
    """Run a verb of the pool."""
    return drive(of.resource("disk#0"), verb, on)


def zpool(on: SimulatedNode, *words: str) -> str:
    """Run zpool by hand; it has to succeed."""
    answer = on.run(Command(("zpool", *words), kind="changes", tool="zpool"))
    assert answer.returncode == 0, answer
    return answer.stdout


def test_a_pool_is_made_of_blank_disks_and_a_second_provision_changes_nothing() -> None:
    """No force, no cache file, nothing mounted; the comment says whose it is."""
    on, of = node(), service(MIRROR)
    ran = run(of, "provision", on)
    assert ran.lines == [
        "zpool create -m legacy -o cachefile=none -o comment=svc1.disk.0 tank mirror /dev/sdb /dev/sdc"
    ]
    assert run(of, "status", on).value.state == "up"
    assert run(of, "provision", on).lines == []


@pytest.mark.parametrize("text", [MIRROR, SPARED], ids=["mirror", "with a spare and a cache"])
def test_unprovision_leaves_blank_disks(text: str) -> None:
    """Also of spares and caches, on which no probe finds anything, and whatever was in between."""
    on, of = node(), service(text)
    before = copy(on.state)
    run(of, "provision", on)
    run(of, "stop", on)
    run(of, "unprovision", on)
    assert same_world(before, on.state) == []
    assert not of.record.made
    assert run(of, "unprovision", on).lines == []


def test_stop_exports_and_start_imports_by_guid() -> None:
    """From its own devices, mounting nothing, and after a reboot likewise."""
    on, of = node(), service(MIRROR)
    run(of, "provision", on)
    guid = of.record.made["disk#0.pool"].identity
    assert run(of, "stop", on).lines == ["zpool export tank"]
    assert run(of, "stop", on).lines == []
    assert run(of, "status", on).value.state == "down"
    line = f"zpool import -N -o cachefile=none -d /dev/sdb1 -d /dev/sdc1 {guid}"
    assert run(of, "start", on).lines == [line]
    reboot(on.state)
    assert run(of, "status", on).value.state == "down"
    assert run(of, "start", on).lines == [line]


def test_a_pool_of_somebody_else_is_refused_unless_it_is_adopted() -> None:
    """Imported or not, by name and guid."""
    for command in ((), ("export", "tank")):
        on, of = node(), service(MIRROR)
        zpool(on, "create", "tank", "mirror", "/dev/sdb", "/dev/sdc")
        if command:
            zpool(on, *command)
        with pytest.raises(Refused, match=r"the pool tank is not recorded as this service's: guid \d+") as refused:
            run(of, "provision", on)
        assert refused.value.remedies[0].line == "svcmgr -s svc1 provision --adopt disk#0"
        of.adopt = frozenset(("disk#0",))
        run(of, "provision", on)
        assert run(of, "status", on).value.state == "up"
        run(of, "unprovision", on)
        assert len(on.state["pools"]) == 1


def test_the_label_of_another_pool_is_refused_with_its_name() -> None:
    """A disk that is in a pool of another name is no blank disk, imported or not."""
    for command in ((), ("export", "other")):
        on = node()
        zpool(on, "create", "other", "/dev/sdc")
        if command:
            zpool(on, *command)
        with pytest.raises(Refused, match=r"/dev/sdc has the label of the pool other, guid \d+"):
            run(service(MIRROR), "provision", on)


def test_a_disk_that_holds_something_is_refused() -> None:
    """A filesystem, or bytes nobody knows."""
    for content in ({"type": "ext4", "uuid": "5a1d0c5e-8c1e-4f6a-9d41-2a7b8c9d0e1f"}, "residue"):
        on = node(devices={"/dev/sdb": {"size": "1G", "content": content}, "/dev/sdc": "1G"})
        with pytest.raises(Refused, match="/dev/sdb is not blank"):
            run(service(MIRROR), "provision", on)


def test_what_is_not_there_or_too_small_is_found_before_anything_runs() -> None:
    """Named, with what to do."""
    with pytest.raises(Failed, match="device does not exist /dev/sdc; attach it, or correct vdev"):
        run(service(MIRROR), "provision", node(devices={"/dev/sdb": "1G"}))
    with pytest.raises(Failed, match=r"/dev/sdb has 64M, and a pool needs 76M of each device"):
        run(service(MIRROR), "provision", node(devices={"/dev/sdb": "64M", "/dev/sdc": "1G"}))
    file = MIRROR.replace("mirror /dev/sdb /dev/sdc", "/srv/a")
    with pytest.raises(Failed, match=r"/srv/a is a file without a loop device"):
        run(service(file), "provision", node(files={"/srv/a": {"size": 2**30}}))
    with pytest.raises(ConfigError, match="nothing says what to make it of"):
        run(service("[disk#0]\ntype = zpool\nname = tank\n"), "provision", node())


@pytest.mark.parametrize(
    "vdev, said",
    [
        ("sdb", "neither an absolute path nor one of mirror"),
        ("mirror /dev/sdb", "mirror needs 2 devices at least, and has 1"),
        ("raidz3 /dev/sdb /dev/sdc /dev/sdd", "raidz3 needs 4 devices"),
        ("mirror /dev/sdb /dev/sdb", "/dev/sdb is named twice"),
        ("spare /dev/sdb", "it holds no data"),
        ("/dev/sdb spare", None),
        ("/dev/sdb cache mirror /dev/sdc /dev/sdd", "cache devices cannot be a mirror"),
        ("/dev/sdb log raidz /dev/sdc /dev/sdd", "log devices cannot be a raidz"),
        ("/dev/sda mirror /dev/sdb /dev/sdc", "its groups are not alike"),
        ("mirror /dev/sdb /dev/sdc mirror /dev/sdd /dev/sde log mirror /dev/sdf /dev/sdg cache /dev/sdh", None),
        ("raidz2 /dev/sdb /dev/sdc /dev/sdd", None),
    ],
)
def test_words_that_make_no_pool(vdev: str, said: str | None) -> None:
    """Found in the file, before any node is asked."""
    complaint = vdevs.complaint(vdev)
    assert complaint is None if said is None else said in (complaint or "")


@pytest.mark.parametrize("name", ["mirror", "raidz2", "log", "c0t0", "1tank", "tank/data", "ta nk", "spare1"])
def test_names_that_zpool_refuses(name: str) -> None:
    """Words of its own, and what looks like a disk."""
    assert vdevs.name_complaint(name)
    assert vdevs.name_complaint("tank-1.a:b") is None


def test_a_pool_that_another_node_used_last_is_not_taken_from_it() -> None:
    """No -f: the refusal says how, for who is certain."""
    on, of = node(), service(MIRROR)
    run(of, "provision", on)
    reboot(on.state)
    next(iter(on.state["pools"].values()))["host"] = "node9"
    with pytest.raises(Refused, match="tank was last used by another node") as refused:
        run(of, "start", on)
    assert refused.value.remedies[0].line.startswith("zpool import -f ")


def test_a_sick_pool_is_a_warning_and_a_dead_one_is_down() -> None:
    """With the device that is gone."""
    on, of = node(), service(MIRROR)
    run(of, "provision", on)
    del on.state["devices"]["/dev/sdc1"]
    found = run(of, "status", on).value
    assert (found.state, [remark.text for remark in found.remarks]) == (
        "warn",
        ["tank is DEGRADED", "/dev/sdc1 UNAVAIL"],
    )
    run(of, "stop", on)
    run(of, "start", on)
    del on.state["devices"]["/dev/sdb1"]
    assert run(of, "status", on).value.state == "down"


def test_a_pool_that_lost_its_disks_cannot_be_imported() -> None:
    """The words of zpool, or that nothing is found."""
    on, of = node(), service(MIRROR)
    run(of, "provision", on)
    run(of, "stop", on)
    for disk in ("/dev/sdb", "/dev/sdc"):
        del on.state["devices"][disk], on.state["devices"][f"{disk}1"], on.state["devices"][f"{disk}9"]
    with pytest.raises(CommandFailed, match="no such pool available"):
        run(of, "start", on)
    with pytest.raises(
        Failed, match=r"no device of the pool .* is there that could be erased: /dev/sdb /dev/sdc; attach one"
    ):
        run(of, "unprovision", on)
    with pytest.raises(Failed, match="no pool tank is found; provision makes it"):
        run(service("[disk#0]\ntype = zpool\nname = tank\n"), "start", node())


def test_what_is_mounted_or_was_made_by_others_keeps_the_pool() -> None:
    """Zpool would unmount and destroy it without a word."""
    on, of = node(files={"/mnt": "directory"}), service(MIRROR)
    run(of, "provision", on)
    on.run(Command(("zfs", "create", "tank/x"), kind="changes", tool="zfs"))
    with pytest.raises(Refused, match="tank/x in the pool tank was not made for this service"):
        run(of, "unprovision", on)
    mounted = on.run(Command(("mount", "-t", "zfs", "tank/x", "/mnt"), kind="changes", tool="mount"))
    assert mounted.returncode == 0
    for verb in ("stop", "unprovision"):
        with pytest.raises(Failed, match="tank is busy: tank/x is mounted on /mnt; umount /mnt"):
            run(of, verb, on)


def test_a_killed_run_s_pool_is_recognised_by_its_comment() -> None:
    """Imported still, or after a reboot; a name that no comment can hold is cut."""
    for name in ("svc1", "a-service-with-a-very-long.example.com"):
        for boots in (False, True):
            on, of = node(), service(MIRROR, name)
            run(of, "provision", on)
            if boots:
                reboot(on.state)
            of.record = Record()
            run(of, "provision", on)
            assert of.record.made["disk#0.pool"].identity == next(iter(on.state["pools"]))
            assert run(of, "status", on).value.state == "up"


def test_another_pool_of_the_name_is_not_ours() -> None:
    """It is neither used nor stopped nor destroyed."""
    on, of = node(), service(MIRROR)
    run(of, "provision", on)
    made = of.record.made["disk#0.pool"]
    of.record.made["disk#0.pool"] = made._replace(identity="42")
    assert run(of, "status", on).value.state == "warn"
    assert run(of, "stop", on).lines == []
    with pytest.raises(Refused, match="another pool is called tank"):
        run(of, "start", on)
    with pytest.raises(Refused, match="not recorded"):
        run(of, "provision", on)


def test_ties_say_what_comes_first() -> None:
    """The devices and the trees of files before it, the pool for who names it."""
    disk = service("[disk#0]\ntype = zpool\nname = tank\nvdev = /srv/a\n").resource("disk#0")
    driver = driver_of("disk", "zpool")
    assert list(driver.gives(disk)) == [Tie("device", "tank")]
    assert list(driver.needs(disk)) == [Tie("device", "/srv/a"), Tie("path", "/srv")]
    assert driver.purpose(disk) == "the pool tank of /srv/a"


def test_what_the_record_knows_of_a_pool() -> None:
    """Of files that nobody can look at the record knows the labels, and what pool they say; a spare has none."""
    files = "".join(f"[disk#{at}]\ntype = loop\nfile = /srv/{at}.img\nsize = 100M\n" for at in (1, 2, 3))
    pool = "[disk#0]\ntype = zpool\nname = tank\nvdev = mirror /srv/1.img /srv/2.img spare /srv/3.img\n"
    on, of = node(), service(pool + files)
    disk = of.resource("disk#0")
    assert (disk.driver.left(disk), disk.driver.recalled(disk)) == ({}, {})
    for at in (1, 2, 3):
        drive(of.resource(f"disk#{at}"), "provision", on)
    run(of, "provision", on)
    left = disk.driver.left(disk)
    kept = ("type", "uuid", "label", "member_of", "role", "mountable")
    assert [[left[path][key] for key in kept] for path in ("/srv/1.img", "/srv/2.img")] == [
        [on.state["files"][path]["content"][key] for key in kept] for path in ("/srv/1.img", "/srv/2.img")
    ]
    assert left["/srv/3.img"]["kind"] == "residue"
    ((guid, known),) = disk.driver.recalled(disk)["pools"].items()
    made = on.state["pools"][guid]
    assert [known[key] for key in ("name", "vdevs", "properties")] == [
        made[key] for key in ("name", "vdevs", "properties")
    ]
    assert (known["imported"], known["known"]) == (False, False)


def test_what_the_record_knows_of_a_pool_on_volumes() -> None:
    """Of volumes that are attached nowhere it knows that they have the partitions of zpool, with the labels in them."""
    volumes = "[disk#1]\ntype = amazon\nvolumes = vol-1a vol-2b\n"
    words = " ".join(f"{{var}}/{{svcname}}/dev/disk.1.{at}" for at in (0, 1))
    of = service(f"[disk#0]\ntype = zpool\nname = tank\nvdev = mirror {words}\n{volumes}")
    of.record.made["disk#0.pool"] = MadeThing("pool", "42", "disk#0", "provision")
    disk = of.resource("disk#0")
    left = list(disk.driver.left(disk).values())
    assert [(each["type"], each["mountable"]) for each in left] == [("gpt", False)] * 2
    inside = [each["partitions"]["1"]["content"] for each in left]
    assert [(each["type"], each["uuid"], each["role"]) for each in inside] == [("zfs_member", "42", at) for at in "01"]


def test_a_pool_goes_with_the_filesystem_that_its_file_lies_in() -> None:
    """Whatever is zeroed below it, with the label in a file of it."""
    label = {"type": "zfs_member", "uuid": "42", "member_of": "42", "mountable": False}
    inner = {"/a.img": {"size": "100M", "content": label}}
    content = {"type": "ext4", "uuid": "11111111-2222-4333-8444-555555555555", "files": inner}
    pool = {"name": "tank", "vdevs": ["/srv/a.img"]}
    on = node(devices={"/dev/sdb": {"size": "1G", "content": content}}, pools={"42": pool})
    assert on.run(Command(("blkdiscard", "-z", "/dev/sdb"), kind="changes", tool="blkdiscard")).returncode == 0
    assert on.state["devices"]["/dev/sdb"]["content"] == {"kind": "zero"}
    assert on.run(Command(("zpool", "import", "-d", "/dev/sdb"), tool="zpool")).stdout == ""
