"""A machine as it is observed, from what Debian 12 answered (fixtures/captured/debian-12/observed)."""

from functools import cache

import pytest

from core.command import Command, Completed, Executor
from core.engine import asked
from core.observe import begin, learn
from core.state import NodeState, Question, copy, load
from core.tools import btrfs, find
from core.tree import Tree
from executors.simulated.node import SimulatedNode
from tests.fidelity import observed

DISK = "/srv/disk.img"


@cache
def machine() -> NodeState:
    """The machine with its loop devices, interfaces and files; nobody writes into it."""
    return observed.look_at_machine(observed.Recorded("machine"))


def loop_of(state: NodeState, file: str) -> str:
    """The loop device of a file."""
    found: str = next(path for path, each in state["devices"].items() if each["file"] == file)
    return found


def without(node: Executor, program: str, stderr: str) -> Executor:
    """The node, on which one program ends with 1 and these words."""

    class Without:
        def run(self, command: Command) -> Completed:
            return Completed(1, "", stderr) if command.argv[0] == program else node.run(command)

    return Without()


def test_interfaces_have_the_addresses_that_somebody_configured() -> None:
    """With labels; what the kernel gives by itself, and a port of a bridge, are left out."""
    found = machine()["interfaces"]
    assert found["eth0"]["addresses"] == [
        {"address": "10.0.0.5/24", "label": ""},
        {"address": "10.0.0.6/24", "label": "eth0:web"},
    ]
    assert (found["eth0"]["up"], found["eth0"]["virtual"], found["lo"]["virtual"]) == (True, True, False)
    assert (found["br0"]["up"], found["br0"]["mtu"]) == (False, 1500)
    assert "veth0" not in found
    assert not any("fe80" in each["address"] for every in found.values() for each in every["addresses"])


def test_loop_devices_have_their_files() -> None:
    """But not one whose file was deleted: its name could be another file's by now. Without medium is no device."""
    state = machine()
    loop = loop_of(state, DISK)
    assert state["devices"][loop]["size"] == 200 * 1024**2
    assert [each["file"] for path, each in state["devices"].items() if path.startswith("/dev/loop")] == [
        DISK,
        "",
        "/srv/second.img",
    ]
    assert "/dev/zram0" not in state["devices"]
    assert {"device": loop, "mount_point": "/srv/data", "type": "btrfs"}.items() <= state["mounts"][-1].items()


def test_files_are_what_find_says() -> None:
    """Directories, links and the rest; of what is not there it is known that it is not."""
    tree = Tree(machine())
    assert tree.link("/srv/plain/link") == {"kind": "link", "target": "../data/file"}
    pipe = tree.entry("/srv/plain/pipe")
    assert pipe is not None
    assert (pipe["kind"], pipe["mode"], pipe["size"]) == ("file", "0644", 0)
    assert tree.entry("/srv/none") is None
    assert "path /srv/none" in machine()["known"]


def test_below_a_directory_one_file_is_enough() -> None:
    """Where there is a file its directory is listed, and the file is known; where there is none, all of it is."""
    state = machine()
    tree = Tree(state)
    assert tree.entry("/srv/full/one/deep") is not None
    assert {"below /srv/full", "below /srv/hollow", "below /srv/hollow/inner"} <= {*state["known"]}
    assert "below /srv/full/one" not in state["known"]
    assert SimulatedNode(copy(state)).run(find.file("/srv/full")).stdout == "/srv/full/one/deep\n"


def test_what_a_small_file_says_is_kept_with_it() -> None:
    """What cannot be read is said, and stays unknown."""
    state = machine()
    entry = Tree(state).entry("/srv/plain/pid")
    assert entry is not None
    assert entry["text"] == "700\n"
    assert "text /srv/none" not in state["known"]
    assert "what /srv/none says: cat: /srv/none: No such file or directory" in state["unseen"]


def test_subvolumes_are_the_same_mounted_and_unmounted() -> None:
    """As the kernel lists them, and as they are read from the trees on the device, also from inside directories."""
    state = machine()
    loop = loop_of(state, DISK)
    unmounted = observed.look_at_disk(observed.Recorded("disk"), loop)
    held = Tree(unmounted).holder(unmounted["devices"][loop])["content"]
    assert held["subvolumes"] == {"web": {}, "web/htdocs/old/2015": {}, "web/htdocs/old/2015/may": {}}
    assert held["subvolumes"] == Tree(state).holder(state["devices"][loop])["content"]["subvolumes"]
    assert (held["type"], held["mountable"], held["tail"]) == ("btrfs", True, False)


@pytest.mark.parametrize(
    "program, what, lost",
    [
        ("ip", "network interfaces", "interfaces"),
        ("lsblk", "block devices", "devices"),
        ("findmnt", "mounts", "mounts"),
    ],
)
def test_what_cannot_be_seen_is_said(program: str, what: str, lost: str) -> None:
    """A table that a tool does not give is empty, and the state names it with the tool's words."""

    class Empty:
        """A node that has nothing."""

        def run(self, command: Command) -> Completed:
            """Answer with nothing."""
            return Completed(0, "[]" if command.argv[0] == "ip" else "")

    state = asked(begin("node1"), without(Empty(), program, "first\nmust be root\n"))
    assert state["unseen"] == [f"{what}: must be root"]
    assert not state[lost]


def test_files_that_may_not_be_seen_stay_unknown() -> None:
    """What find names as denied is no answer; what it does not name is."""
    denied = "find: \u2018/root/x\u2019: Permission denied\n"
    state = load({"complete": False})
    node = without(SimulatedNode(load({})), "find", denied)
    questions = [Question("path", "/root/x"), Question("path", "/srv"), Question("below", "/root")]
    assert asked(learn(state, questions), node) == [Question("path", "/srv")]
    assert state["unseen"] == [
        "some files: find: \u2018/root/x\u2019: Permission denied",
        "what /root holds: find: \u2018/root/x\u2019: Permission denied",
    ]


def test_a_link_that_is_known_is_not_written_over() -> None:
    """What a device is called by (a link of udev's) stays what it was when its path is asked for."""
    link_there = ("/dev/mapper/vg-lv", "l", "777", "7", "0", "../dm-9")
    facts = "\0".join((*link_there, "/dev/sdx", "b", "660", "0", "0", "", ""))

    class Listed:
        """A node that lists two things."""

        def run(self, command: Command) -> Completed:
            """Answer find."""
            return Completed(0, facts)

    link = {"kind": "link", "target": "../dm-0"}
    state = load({"complete": False, "files": {"/dev/mapper": "directory", "/dev/mapper/vg-lv": link}})
    asked(learn(state, [Question("path", "/dev/mapper/vg-lv"), Question("path", "/dev/sdx")]), Listed())
    assert Tree(state).link("/dev/mapper/vg-lv") == link
    assert Tree(state).entry("/dev/sdx") is None


@pytest.mark.parametrize(
    "code, words, is_known",
    [(0, "", True), (1, "", True), (2, "ping: socket: Operation not permitted\n", False)],
)
def test_who_cannot_be_asked_is_unknown(code: int, words: str, is_known: bool) -> None:  # noqa: FBT001
    """An address that answers, or is silent, is an answer; a ping that may not be sent is none."""
    state = load({"complete": False})

    class Pinging:
        """A node whose ping ends so."""

        def run(self, command: Command) -> Completed:
            """Answer ping."""
            return Completed(code, "", words)

    question = Question("ping", "10.0.0.9")
    assert asked(learn(state, [question]), Pinging()) == ([question] if is_known else [])
    assert state["neighbours"] == (["10.0.0.9"] if code == 0 else [])
    assert state["unseen"] == ([] if is_known else [f"whether 10.0.0.9 answers: {words.strip()}"])


def test_names_are_looked_up() -> None:
    """A name that nobody knows is known not to be one."""
    state = load({"complete": False, "names": {}})
    questions = [Question("name", each) for each in ("db", "nowhere")]
    assert asked(learn(state, questions), SimulatedNode(load({"names": {"db": "10.0.0.7"}}))) == questions
    assert state["names"] == {"db": "10.0.0.7", "nowhere": ""}


def test_programs_of_the_user_are_found_as_the_shell_finds_them() -> None:
    """By name on the path, or where they are named; what is not there, or may not be run, is none."""
    assert [*machine()["programs"]] == ["sh", "/bin/sh"]
    names = ("sh", "no-such-program", "/bin/sh", "/srv/plain/pid")
    assert {f"program {name}" for name in names} <= {*machine()["known"]}


def test_a_system_that_is_not_run_by_systemd_has_none() -> None:
    """Installed in a container, it starts nothing: no version is noted, and the question is answered."""
    state = load({"complete": False, "tools": {}})
    question = Question("tool", "systemd")
    offline = without(SimulatedNode(load({})), "systemctl", "")
    assert asked(learn(state, [question]), offline) == [question]
    assert "systemd" not in state["tools"]


def test_of_an_unknown_directory_no_subvolume_is_told() -> None:
    """Nor of what is inside a subvolume that nobody can name: a path is whole, or it is not told."""
    node = observed.Recorded("disk")
    answer = node.run(btrfs.roots(loop_of(machine(), DISK)))
    assert btrfs.in_directories(answer) == {"256"}
    assert btrfs.roots_paths(answer, {}) == ["web"]
