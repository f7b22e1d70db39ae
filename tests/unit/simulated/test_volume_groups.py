"""Volume groups on a simulated node: where they are seen, however that was remembered."""

from typing import Any

from core.command import Command, Completed
from core.state import load
from executors.simulated.node import SimulatedNode

DISKS = ("/dev/sdb", "/dev/sdc", "/dev/sdd")


def node(*, complete: bool = True) -> SimulatedNode:
    """A node with three blank disks."""
    state: dict[str, Any] = {"devices": dict.fromkeys(DISKS, "1G"), "tools": {"lvm2": "2.03.16"}}
    return SimulatedNode(load({**state, "complete": complete}))


def run(on: SimulatedNode, line: str) -> Completed:
    """Run a line of words as a shell would."""
    return on.run(Command(tuple(line.split()), tool="lvm"))


def table(on: SimulatedNode, line: str) -> list[str]:
    """The lines of a report."""
    answer = run(on, line)
    assert answer.returncode == 0, answer.stderr
    return [row.strip() for row in answer.stdout.splitlines()]


def grouped() -> SimulatedNode:
    """A node with a group on two disks, with a volume on the second."""
    on = node()
    for line in ("vgcreate data /dev/sdb /dev/sdc", "lvcreate -n a -L 1000M data", "lvcreate -n b -L 100M data"):
        assert run(on, line).returncode == 0
    return on


def test_a_complete_node_leaves_no_question() -> None:
    """Of a node that is known as a whole nothing is asked, so that it is planned for once; of another, everything."""
    whole, partly = node(), node(complete=False)
    for each in (whole, partly):
        run(each, "vgs --noheadings -o vg_name")
    assert not whole.questions
    assert [str(question) for question in partly.questions if question.kind == "lvm"] == ["lvm everything"]


def test_a_physical_volume_is_found_on_the_disk_that_it_moved_to() -> None:
    """A disk that comes back under another name brings its label with it, and the group is whole."""
    on = grouped()
    assert table(on, "vgs --noheadings -o vg_missing_pv_count") == ["0"]
    on.state["devices"]["/dev/sdz"] = on.state["devices"].pop("/dev/sdc")
    assert "/dev/sdz" in table(on, "pvs --noheadings -o pv_name --select vg_name=data")
    assert run(on, "vgs --noheadings -o vg_name").stderr == ""


def test_a_disk_that_is_gone_is_missed() -> None:
    """As soon as a device is away or overwritten, every report says so, though it was seen a moment ago."""
    on = grouped()
    assert run(on, "lvs --noheadings -o lv_name").stderr == ""
    kept = on.state["devices"].pop("/dev/sdc")
    assert "is missing PV" in run(on, "lvs --noheadings -o lv_name").stderr
    on.state["devices"]["/dev/sdc"] = kept
    assert run(on, "lvs --noheadings -o lv_name").stderr == ""
    kept["content"] = {"kind": "zero"}
    assert "is missing PV" in run(on, "lvs --noheadings -o lv_name").stderr
    assert table(on, "pvs --noheadings -o pv_name --select pv_missing=missing") == ["[unknown]"]


def test_a_volume_on_a_disk_that_is_gone_is_partial() -> None:
    """The health of a volume tells of a device that it has extents on and that is away, and of no other device."""
    on = grouped()
    assert table(on, "lvs --noheadings --separator ; -o lv_name,lv_health_status") == ["a;", "b;"]
    del on.state["devices"]["/dev/sdc"]
    assert table(on, "lvs --noheadings --separator ; -o lv_name,lv_health_status") == ["a;", "b;partial"]


def test_a_physical_volume_in_a_file_is_missed_with_the_file() -> None:
    """A loop device shows the label of its file; another file in its place has none."""
    on = node()
    on.state["files"] |= load({"files": {"/a.img": {"kind": "file", "size": "1G", "content": {"kind": "zero"}}}})[
        "files"
    ]
    on.run(Command(("losetup", "-f", "--show", "/a.img"), tool="losetup"))
    assert run(on, "vgcreate data /dev/loop0").returncode == 0
    assert run(on, "vgs --noheadings -o vg_name").stderr == ""
    on.state["files"]["/a.img"] = {**on.state["files"]["/a.img"], "content": {"kind": "zero"}}
    assert table(on, "vgs --noheadings -o vg_name") == []


def test_a_volume_that_is_activated_anew_has_its_new_device() -> None:
    """Switched off, a volume has no device; switched on after another one, it has another."""
    on = grouped()
    for line in ("vgchange -a n data", "lvchange -a y data/b", "lvchange -a y data/a"):
        assert run(on, line).returncode == 0
    active = {on.state["devices"][f"/dev/dm-{number}"]["stacked"]["name"]: number for number in (0, 1)}
    assert active == {"b": 0, "a": 1}
    assert table(on, "lvs --noheadings -o lv_name --select lv_active=active") == ["a", "b"]
    assert run(on, "lvchange -a n data/b").returncode == 0
    assert table(on, "lvs --noheadings -o lv_name --select lv_active=active") == ["a"]


def test_a_selection_by_group_shows_no_other() -> None:
    """Volumes of one name in two groups are told apart."""
    on = grouped()
    for line in ("vgcreate more /dev/sdd", "lvcreate -n a -L 8M more"):
        assert run(on, line).returncode == 0
    assert table(
        on, "lvs --noheadings --separator ; --units b --nosuffix -o vg_name,lv_size --select vg_name=more"
    ) == [f"more;{8 << 20}"]
    assert table(on, "lvs --noheadings --separator ; -o vg_name,lv_name --select vg_name!=more") == ["data;a", "data;b"]


def test_extents_begin_with_a_stripe_of_the_array() -> None:
    """Recorded of lvm 2.03.16: three disks of 384 MiB, striped by 64 KiB, are 286 extents and not 287."""
    on = SimulatedNode(load({"devices": dict.fromkeys(DISKS, "384M"), "tools": {"lvm2": "2.03.16", "mdadm": "4.2"}}))
    line = "mdadm --create /dev/md/a --run --level=raid0 --raid-devices=3 --chunk=64 /dev/sdb /dev/sdc /dev/sdd"
    made = on.run(Command(tuple(line.split()), tool="mdadm"))
    assert made.returncode == 0, made.stderr
    assert run(on, "vgcreate data /dev/md/a").returncode == 0
    assert table(on, "vgs --noheadings -o vg_extent_count") == ["286"]
