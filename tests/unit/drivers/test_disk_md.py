"""Arrays: what is refused, what a killed run left, disks that were replaced."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.config.service import Service
from core.errors import ConfigError, Failed, Refused
from core.record import MadeThing
from core.state import load
from core.tools import mdadm
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

UUID = "0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9"
PATH = "/dev/md/svc1.disk.0"
MIRROR = "[disk#0]\ntype = md\ndevs = /dev/sdb /dev/sdc\nlevel = 1\n"


def node(**state: Any) -> SimulatedNode:
    """A node with four blank disks."""
    disks = {f"/dev/sd{letter}": "1G" for letter in "bcde"}
    return SimulatedNode(load({"devices": {**disks, **state.pop("devices", {})}, **state}))


def run(of: Service, verb: str, on: SimulatedNode) -> Run:
    """Run a verb of the array."""
    return drive(of.resource("disk#0"), verb, on)


def does(on: SimulatedNode, line: str) -> Completed:
    """Let somebody else run mdadm."""
    return on.run(Command(tuple(line.split()), tool="mdadm"))


def problems(text: str, name: str = "svc1") -> str:
    """What is wrong with a service file."""
    return "\n".join(map(str, service(text, name).problems()))


@pytest.mark.parametrize(
    "options, said",
    [
        ("devs = /dev/sdb /dev/sdc\nlevel = 1\nspares = 2", "disk#0.spares: 2 of 2 devices are spares"),
        ("devs = /dev/sdb /dev/sdc\nlevel = 1\nspares = -1", "disk#0.spares: -1 is less than nothing"),
        ("devs = /dev/sdb /dev/sdc /dev/sdd\nlevel = 0\nspares = 1", "disk#0.spares: level 0 cannot do without"),
        ("devs = /dev/sdb /dev/sdc\nlevel = 7", "disk#0.level: '7' is no level of mdadm; write one of linear, 0, 1"),
        ("devs = /dev/sdb /dev/sdc\nlevel = raid2", "disk#0.level: 'raid2' is no level"),
        ("devs = /dev/sdb /dev/sdc", "disk#0.level: an array is made at a level; write level = 1"),
        ("devs = /dev/sdb\nlevel = 1", "disk#0.devs: level 1 takes 2 devices at least, and 1 are named; name more"),
        ("devs = /dev/sdb /dev/sdc /dev/sdd\nlevel = 6", "disk#0.devs: level 6 takes 4 devices at least"),
        ("level = 1", "disk#0.devs: neither uuid nor devs says which array it is"),
        ("devs = sdb /dev/sdc\nlevel = 1", "disk#0.devs: 'sdb' is not an absolute path"),
        ("devs = /dev/sdb /dev/sdb\nlevel = 1", "disk#0.devs: /dev/sdb is named twice"),
        ("devs = /dev/sdb /dev/sdc\nlevel = 5\nchunk = 6k", "disk#0.chunk: '6k' is not a multiple of 4k"),
        ("devs = /dev/sdb /dev/sdc\nlevel = 5\nchunk = 12k", "disk#0.chunk: 12k is no power of two"),
        ("devs = /dev/sdb /dev/sdc\nlevel = 5\nchunk = 10%FREE", "disk#0.chunk: '10%FREE' is a share"),
        ("uuid = 12", "disk#0.uuid: '12' is no uuid of an array"),
        ("devs = /dev/sdb /dev/sdc\nlevel = 1\nname = a/b", "disk#0.name: 'a/b' cannot be the name of an array"),
        (
            "devs = /dev/sdb /dev/sdc\nlevel = 1\nname = " + "n" * 32,
            "has 32 characters, and the name of an array has 31",
        ),
    ],
)
def test_what_mdadm_would_not_make_is_an_error_of_the_file(options: str, said: str) -> None:
    """Each is found before anything runs, with its key and the likely fix."""
    assert said in problems(f"[disk#0]\ntype = md\n{options}\n")


def test_a_name_that_mdadm_cannot_hold_names_its_remedy() -> None:
    """A long service name is too much for the superblock; a reference to its short form is not."""
    said = problems(MIRROR, "service-with-a-long-name.example.com")
    assert "has 43 characters, and the name of an array has 31 at most" in said
    assert "name = {short_svcname}.md0" in said
    assert problems(f"{MIRROR}name = {{short_svcname}}.md0\n", "service-with-a-long-name.example.com") == ""


def test_level_one_has_no_chunks() -> None:
    """`chunk` is ignored there, since mdadm refuses it, and validation says so."""
    of = service(f"{MIRROR}chunk = 1m\n")
    assert "level 1 has no chunks: it is ignored" in "\n".join(map(str, of.warnings()))
    assert not any("--chunk" in line for line in run(of, "provision", node()).lines)


def test_the_array_is_made_with_a_uuid_of_ours_and_written_back() -> None:
    """It is assembled, recorded, and what the file says."""
    of, on = service(MIRROR), node()
    assert run(of, "provision", on).notes == ["provisioned", f"md {of.text('disk#0.uuid')} is already assembled"]
    assert of.record.made["disk#0.array"].identity == of.text("disk#0.uuid")
    assert on.device(PATH) is not None


@pytest.mark.parametrize("path", ["/dev/disk/by-id/wwn-1", "/dev/sdb"])
def test_the_same_disk_by_another_name(path: str) -> None:
    """Two names of one disk are an error of `devs`."""
    on = node(files={"/dev/disk/by-id/wwn-1": {"kind": "link", "target": "../../sdb"}})
    other = {"/dev/sdb": "/dev/disk/by-id/wwn-1"}.get(path, "/dev/sdb")
    with pytest.raises(ConfigError, match=r"disk#0\.devs: .* are the same disk; name each disk once"):
        run(service(MIRROR.replace("/dev/sdb /dev/sdc", f"{path} {other}")), "provision", on)


def test_a_member_that_is_missing() -> None:
    """Nothing is made with fewer devices than the file names."""
    with pytest.raises(Failed, match="no block device /dev/sdx; attach it, or correct devs"):
        run(service(MIRROR.replace("sdc", "sdx")), "provision", node())


def test_a_pattern_that_matches_nothing() -> None:
    """It is an error of `devs`, when the node is known."""
    with pytest.raises(ConfigError, match=r"/dev/disk/x\* matches nothing"):
        run(service(MIRROR.replace("/dev/sdb /dev/sdc", "/dev/disk/x*")), "provision", node())


def test_a_member_that_is_mounted() -> None:
    """A device in use is no member, whoever uses it."""
    mounts = [{"device": "/dev/sdc", "mount_point": "/mnt", "type": "ext4"}]
    devices = {"/dev/sdc": {"size": "1G", "content": {"type": "ext4", "uuid": "u"}}}
    with pytest.raises(Refused, match=r"/dev/sdc is in use \(/mnt\)"):
        run(service(MIRROR), "provision", node(devices=devices, mounts=mounts))


def test_the_parent_of_partitions() -> None:
    """A disk with a partition table is not blank."""
    devices = {"/dev/sdc": {"size": "1G", "content": {"type": "gpt", "mountable": False}, "holders": ["/dev/sdc1"]}}
    with pytest.raises(Refused, match=r"/dev/sdc is not blank: it holds .* gpt"):
        run(service(MIRROR), "provision", node(devices={**devices, "/dev/sdc1": "1G"}))


def test_a_member_of_another_array() -> None:
    """The refusal names the array, also when it is stopped, and the remedy names the device."""
    on = node()
    does(on, f"mdadm --create /dev/md/other --run --level=1 --raid-devices=2 --uuid={UUID} /dev/sdc /dev/sdd")
    does(on, "mdadm --stop /dev/md/other")
    with pytest.raises(Refused, match=rf"/dev/sdc is a member of the array node1:other \({UUID}\)") as refusal:
        run(service(MIRROR), "provision", on)
    assert refusal.value.remedies[0].line.endswith("--allow-destroy /dev/sdc")


def test_two_services_naming_one_disk() -> None:
    """The second finds it in use."""
    on = node()
    run(service(MIRROR), "provision", on)
    with pytest.raises(Refused, match=r"is a member of the array any:svc1.disk.0"):
        run(service(MIRROR, "svc2"), "provision", on)


def test_a_name_that_another_array_has() -> None:
    """It is not taken from it."""
    on = node()
    does(on, f"mdadm --create {PATH} --run --level=1 --raid-devices=2 --uuid={UUID} /dev/sdd /dev/sde")
    with pytest.raises(Refused, match=f"{PATH} is the array {UUID}, which is not recorded"):
        run(service(MIRROR), "provision", on)


def test_what_a_killed_run_made_is_recognised() -> None:
    """An array with the uuid that this run was going to choose is its own; nothing is made twice."""
    on = node(identifiers={"array": [UUID]})
    does(on, f"mdadm --create {PATH} --run --level=1 --raid-devices=2 --uuid={UUID} /dev/sdb /dev/sdc")
    of = service(MIRROR)
    assert not any("--create" in line for line in run(of, "provision", on).lines)
    assert of.record.made["disk#0.array"].identity == UUID


def test_an_array_that_was_half_made_is_made_again() -> None:
    """Power failed between the first and the last superblock: the first is erased, since it is ours."""
    on = node(identifiers={"array": [UUID]})
    does(on, f"mdadm --create {PATH} --run --level=1 --raid-devices=2 --uuid={UUID} /dev/sdb /dev/sdc")
    does(on, f"mdadm --stop {PATH}")
    does(on, "mdadm --zero-superblock /dev/sdc")
    of = service(MIRROR)
    lines = run(of, "provision", on).lines
    assert lines[0].startswith("mdadm --examine --export /dev/sdb")
    assert any("--create" in line for line in lines)
    assert of.record.made["disk#0.array"].identity == UUID


def test_the_text_of_another_array_is_refused() -> None:
    """The array that was made is never left for one that the file names since."""
    of = service(f"{MIRROR}uuid = {UUID}\n")
    of.record.made["disk#0.array"] = MadeThing("array", UUID[::-1].replace("9", "1"), "disk#0", "provision")
    with pytest.raises(Refused, match=r"but the array .* was made for it"):
        run(of, "provision", node())


def test_an_empty_uuid_takes_the_recorded_one() -> None:
    """A file that was put back by its author gets the uuid again, and nothing is made."""
    of, on = service(MIRROR + "uuid =\n"), node()
    run(of, "provision", on)
    made = of.text("disk#0.uuid")
    of.set("disk#0.uuid", "")
    ran = run(of, "provision", on)
    assert ran.notes[0] == f"uuid is empty again, for which the array {made} was made"
    assert (of.text("disk#0.uuid"), ran.lines) == (made, [])


def test_start_needs_an_array() -> None:
    """Nothing is made by a start."""
    with pytest.raises(Failed, match="no array was made yet; provision the service first"):
        run(service(MIRROR), "start", node())


def test_start_finds_no_member() -> None:
    """Devices that are members of nothing of ours are not assembled."""
    with pytest.raises(Failed, match=f"none of /dev/sdb /dev/sdc is a member of the array {UUID}"):
        run(service(f"{MIRROR}uuid = {UUID}\n"), "start", node())


def test_a_replaced_disk_is_added() -> None:
    """A blank disk in the place of a member is made one by provision, after start went without it."""
    of, on = service(MIRROR), node()
    run(of, "provision", on)
    run(of, "stop", on)
    does(on, "mdadm --zero-superblock /dev/sdc")
    assert run(of, "start", on).notes == ["/dev/sdc is no member: the array is started without it"]
    assert run(of, "status", on).value.state == "warn"
    ran = run(of, "provision", on)
    assert ran.lines == [f"mdadm {mdadm.link(of.text('disk#0.uuid') or '')} --add /dev/sdc"]
    status = run(of, "status", on).value
    assert status.state == "up"
    assert [remark.text for remark in status.remarks] == ["degraded", "recovering (0% complete)"]
    on.state["clock"] += 3600
    assert run(of, "status", on).value.remarks == ()
    assert run(of, "provision", on).lines == []


def test_a_faulty_member_is_told() -> None:
    """An array that lost a member is up for its users and warns its operator."""
    of, on = service(MIRROR), node()
    run(of, "provision", on)
    does(on, f"mdadm {PATH} --fail /dev/sdb")
    status = run(of, "status", on).value
    assert (status.state, [remark.text for remark in status.remarks][:2]) == (
        "warn",
        ["degraded", "/dev/sdb is faulty"],
    )


def test_a_busy_array_is_not_stopped() -> None:
    """Who uses it is said; nobody is killed."""
    of, on = service(MIRROR), node()
    run(of, "provision", on)
    on.state["mounts"].append(
        {"device": "/dev/md127", "mount_point": "/mnt", "type": "ext4", "options": "rw", "subvolume": ""}
    )
    with pytest.raises(Failed, match=f"{PATH} is busy, /mnt"):
        run(of, "stop", on)


def test_an_array_in_use_under_another_name_stays() -> None:
    """It gets its own name only when nobody uses it."""
    on = node(hostname="node1")
    does(on, f"mdadm --create /dev/md/z --run --level=1 --raid-devices=2 --uuid={UUID} /dev/sdb /dev/sdc")
    on.state["mounts"].append(
        {"device": "/dev/md127", "mount_point": "/mnt", "type": "ext4", "options": "rw", "subvolume": ""}
    )
    with pytest.raises(Failed, match=r"is assembled as /dev/md/z, and in use \(/mnt\)"):
        run(service(f"{MIRROR}uuid = {UUID}\n"), "start", on)


def test_what_was_erased_by_others_is_forgotten() -> None:
    """Nothing is left to be erased, and the record says so."""
    of, on = service(MIRROR), node()
    run(of, "provision", on)
    run(of, "stop", on)
    does(on, "mdadm --zero-superblock /dev/sdb /dev/sdc")
    assert any("is gone already" in note for note in run(of, "unprovision", on).notes)
    assert of.record.made == {}
