"""Arrays as they are observed, from what mdadm 4.2 answered (fixtures/captured/mdadm-4.2)."""

from typing import Any

from core.command import Command, Completed
from core.engine import asked
from core.observe import learn
from core.stacked import INACTIVE
from core.state import NodeState, Question, load
from core.tools import mdadm
from executors.simulated.node import SimulatedNode
from tests.unit.simulated.test_mdadm import record

UUID = "0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9"


class Recorded:
    """A node that answers as the recorded one did, the last time that it was asked."""

    def __init__(self) -> None:
        self._said: dict[str, Completed] = {}
        for line, said, code in record("mirror"):
            self._said[line] = Completed(code, said)
        self._said["mdadm --examine /dev/vdc"] = self._answer(
            "/dev/vdb", "25e3ed3e", "35e3ed3e", "device 0", "device 1"
        )
        self._said["mdadm --detail /dev/md127"] = self._said["mdadm --detail /dev/md/svc.disk.0"]
        self._said["mdadm --detail --scan"] = Completed(
            0, f"ARRAY /dev/md/svc.disk.0 name=any:svc.disk.0 UUID={UUID}\n"
        )
        self._said["blockdev --getsize64 /dev/vdb"] = Completed(0, "536870912\n")
        self._said["readlink -f /dev/md/svc.disk.0"] = Completed(0, "/dev/md127\n")

    def _answer(self, path: str, *puts: str) -> Completed:
        said = self._said[f"mdadm --examine {path}"].stdout
        for old, new in zip(puts[::2], puts[1::2], strict=True):
            said = said.replace(old, new)
        return Completed(0, said)

    def change(self, line: str, *puts: str) -> None:
        """Put other words into the answer to a line."""
        said = self._said[line].stdout
        for old, new in zip(puts[::2], puts[1::2], strict=True):
            assert old in said, f"{line}: {old}"
            said = said.replace(old, new)
        self._said[line] = Completed(0, said)

    def sectors(self, path: str) -> int:
        """How many sectors of a member are for data."""
        said = mdadm.parse_superblock(self._said[f"mdadm --examine {path}"])
        return int(said["Avail Dev Size"].split()[0])

    def run(self, command: Command) -> Completed:
        """Answer from the record; whatever it does not have is not there."""
        return self._said.get(" ".join(command.argv), Completed(1))


def observed() -> NodeState:
    """A node with an array of two disks and a spare, looked at."""
    unseen = {"size": "512M", "content": {"kind": "unseen"}}
    devices = {f"/dev/vd{letter}": unseen for letter in "bcd"} | {"/dev/md127": {**unseen, "size": 535822336}}
    state = load({"complete": False, "devices": devices, "tools": {"mdadm": "4.2"}})
    asked(learn(state, [Question("md", "arrays")]), Recorded())
    return state


def test_an_array_is_what_its_superblocks_say() -> None:
    """Level, name, members with their slots, and the device that it is assembled as."""
    state = observed()
    array = state["arrays"][UUID]
    assert (array["level"], array["devices"], array["name"], array["size"]) == ("raid1", 2, "any:svc.disk.0", 535822336)
    assert sorted(array["members"].values()) == ["0", "1", "spare"]
    assert state["devices"]["/dev/md127"]["stacked"] == {"kind": "array", "of": UUID, "name": ""}
    assert state["devices"]["/dev/vdb"]["holders"] == ["/dev/md127"]
    assert array["sync"] == "resync"


def test_the_simulated_mdadm_knows_what_was_observed() -> None:
    """On a state that was observed, the array is assembled under its own name."""
    node = SimulatedNode(observed())
    (found,) = mdadm.parse_arrays(node.run(mdadm.arrays()))
    assert found == mdadm.Found("/dev/md/svc.disk.0", UUID, started=True)
    assert not node.run(mdadm.detail(mdadm.link(UUID))).returncode


DETAIL = "mdadm --detail /dev/md127"


def learned(node: Recorded, **more: Any) -> NodeState:
    """A node with these answers, looked at."""
    unseen = {"size": "512M", "content": {"kind": "unseen"}}
    devices = {f"/dev/vd{letter}": unseen for letter in "bcd"} | {"/dev/md127": {**unseen, "size": 535822336}}
    state = load({"complete": False, "devices": {**devices, **more}, "tools": {"mdadm": "4.2"}})
    asked(learn(state, [Question("md", "arrays")]), node)
    return state


def role_of(state: NodeState, path: str) -> str:
    """What the array says of a member."""
    found: str = state["arrays"][UUID]["members"][state["devices"][path]["content"]["role"]]
    return found


def test_a_member_that_failed_is_known_as_faulty() -> None:
    """Its superblock still says that it is active: only the kernel knows better."""
    node = Recorded()
    node.change(DETAIL, "active sync   /dev/vdc", "faulty   /dev/vdc", "clean, resyncing", "clean, degraded")
    state = learned(node)
    assert (role_of(state, "/dev/vdb"), role_of(state, "/dev/vdc")) == ("0", "faulty")
    assert state["arrays"][UUID]["sync"] == "idle"


def test_a_member_that_is_copied_to_is_known() -> None:
    """A plan made meanwhile must not take the array as whole."""
    node = Recorded()
    node.change(DETAIL, "active sync   /dev/vdc", "spare rebuilding   /dev/vdc", "resyncing", "degraded, recovering")
    state = learned(node)
    array = state["arrays"][UUID]
    assert (array["sync"], array["copied_to"], role_of(state, "/dev/vdc")) == ("recover", "1", "1")


def test_an_array_that_was_not_started_is_there_as_such() -> None:
    """The kernel has its members, and no links lead to it."""
    node = Recorded()
    node.change("mdadm --detail --scan", "ARRAY", "INACTIVE-ARRAY")
    state = learned(node)
    assert state["devices"]["/dev/md127"]["stacked"] == {"kind": "array", "of": UUID, "name": INACTIVE}
    assert not any(path.startswith("/dev/disk/by-id") for path in state["files"])


def test_an_array_without_a_link_of_its_own_is_called_as_the_kernel_does() -> None:
    """Only the links that udev made by uuid and by name lead to it."""
    node = Recorded()
    node.change("mdadm --detail --scan", "/dev/md/svc.disk.0", "/dev/md127")
    links = [path for path, entry in learned(node)["files"].items() if entry["kind"] == "link"]
    assert sorted(links) == ["/dev/disk/by-id/md-name-any:svc.disk.0", mdadm.link(UUID)]


def test_an_array_whose_members_nobody_sees_is_left_alone() -> None:
    """Members in a container's view, or on disks that are hidden: what is not known is not made up."""
    node = Recorded()
    node.change("mdadm --examine --scan --verbose", "devices=/dev/vdd,/dev/vdc,/dev/vdb", "devices=/dev/vdx")
    state = learned(node)
    assert (state["arrays"], state["devices"]["/dev/md127"]["stacked"]) == ({}, None)


def test_a_line_of_mdadm_that_names_no_array_is_left_out() -> None:
    """Configuration that mdadm repeats is no array."""
    node = Recorded()
    node.change("mdadm --detail --scan", "ARRAY", "MAILADDR root\nARRAY none\nARRAY")
    assert mdadm.parse_arrays(node.run(mdadm.arrays())) == [mdadm.Found("/dev/md/svc.disk.0", UUID, started=True)]
    assert UUID in learned(node)["arrays"]


def test_a_member_of_which_the_superblock_is_gone_is_none() -> None:
    """Between two questions somebody may have erased it."""
    node = Recorded()
    node.change("mdadm --examine /dev/vdd", UUID, "")
    state = learned(node)
    assert state["devices"]["/dev/vdd"]["content"] == {"kind": "unseen"}
    assert sorted(state["arrays"][UUID]["members"].values()) == ["0", "1"]


def test_a_member_the_kernel_names_and_nobody_sees_is_passed_over() -> None:
    """A device that lsblk did not list holds nothing that is known."""
    node = Recorded()
    node.change(DETAIL, "/dev/vdc", "/dev/vdx")
    state = learned(node)
    assert state["devices"]["/dev/vdc"]["holders"] == []
    assert state["devices"]["/dev/vdb"]["holders"] == ["/dev/md127"]


def test_a_holder_is_named_once() -> None:
    """The list of block devices has told of it already."""
    vdb = {"size": "512M", "content": {"kind": "unseen"}, "holders": ["/dev/md127"]}
    state = learned(Recorded(), **{"/dev/vdb": vdb})
    assert state["devices"]["/dev/vdb"]["holders"] == ["/dev/md127"]


def test_an_array_that_is_looked_at_again_keeps_what_it_holds() -> None:
    """Its device stands for the array from the first look on."""
    state, node = learned(Recorded()), Recorded()
    state["arrays"][UUID]["content"] = {"kind": "zero"}
    asked(learn(state, [Question("md", "arrays")]), node)
    assert state["arrays"][UUID]["content"] == {"kind": "zero"}


def test_a_striped_array_is_as_long_as_its_members() -> None:
    """Its superblocks do not say how long it is: each adds what it has, once."""
    node = Recorded()
    for path in ("/dev/vdb", "/dev/vdc"):
        node.change(f"mdadm --examine {path}", "raid1", "raid0", "     Array Size", "     Other Size")
    node.change("mdadm --examine --scan --verbose", "/dev/vdd,", "")
    node.change("mdadm --detail --scan", "ARRAY", "MAILADDR")
    state = learned(node)
    assert state["arrays"][UUID]["size"] == 2 * node.sectors("/dev/vdb") * 512
    asked(learn(state, [Question("md", "arrays")]), node)
    assert state["arrays"][UUID]["size"] == 2 * node.sectors("/dev/vdb") * 512


def test_a_disk_that_turns_out_as_a_member_is_read_as_one() -> None:
    """Who asks what is on a disk hears of its array with it."""
    node = Recorded()
    state = load({"complete": False, "devices": {"/dev/vdb": {"size": "512M", "content": {"kind": "unseen"}}}})
    asked(learn(state, [Question("content", "/dev/vdb")]), node)
    content = state["devices"]["/dev/vdb"]["content"]
    assert (content["type"], content["member_of"]) == ("linux_raid_member", UUID)
    assert state["arrays"][UUID]["level"] == "raid1"
