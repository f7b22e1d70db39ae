"""Arrays as they are observed, from what mdadm 4.2 answered (fixtures/captured/mdadm-4.2)."""

from core.command import Command, Completed
from core.engine import asked
from core.observe import learn
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
        self._said["readlink -f /dev/md/svc.disk.0"] = Completed(0, "/dev/md127\n")

    def _answer(self, path: str, *puts: str) -> Completed:
        said = self._said[f"mdadm --examine {path}"].stdout
        for old, new in zip(puts[::2], puts[1::2], strict=True):
            said = said.replace(old, new)
        return Completed(0, said)

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
