"""Record what a real node answers to who looks at it: `python -m tests.fidelity.observed`, as root.

It writes fixtures/captured/debian-12/observed: what the questions of `core.observe` were answered in a scene that is
built in namespaces of its own, word for word. The unit tests observe the scene from these records.
"""

import json
import os
import re
import subprocess
import sys
from typing import Any

from core.command import Command, Completed, Executor
from core.engine import asked
from core.observe import begin, containers, learn
from core.state import NodeState, Question, load
from core.tools import docker
from executors.real.machine import Machine
from tests import docker_lab
from tests.conftest import REPOSITORY

RECORDS = REPOSITORY / "fixtures/captured/debian-12/observed"

MACHINE = """
set -eu
ip link set lo up
ip link add eth0 type veth peer name eth1
ip link set eth0 up
ip addr add 10.0.0.5/24 dev eth0
ip addr add 10.0.0.6/24 dev eth0 label eth0:web
ip link add br0 type bridge
ip link add veth0 type veth peer name veth1
ip link set veth0 master br0
mount -t tmpfs tmpfs /srv
cd /srv
truncate -s 200M disk.img
truncate -s 64M gone.img
truncate -s 16M second.img
disk=$(losetup -f --show disk.img)
gone=$(losetup -f --show gone.img)
second=$(losetup -f --show second.img)
echo "$disk" "$gone" "$second" > loops
rm gone.img
mkfs.btrfs -q -U 11111111-2222-4333-8444-555555555555 "$disk"
mkdir data full full/one hollow hollow/inner plain
mount "$disk" data
btrfs -q subvolume create data/web
mkdir -p data/web/htdocs/old
btrfs -q subvolume create data/web/htdocs/old/2015
btrfs -q subvolume create data/web/htdocs/old/2015/may
echo hello > data/file
ln -s ../data/file plain/link
mkfifo plain/pipe
echo 700 > plain/pid
echo text > full/one/deep
ln -s "$disk" disk
"""
CLEAN = "umount /srv/data 2>/dev/null; losetup -d $(cat /srv/loops)"


FOREIGN = re.compile(r'^(?!.*TARGET="/(proc|dev|sys|srv|srv/data)?" ).*\n', re.MULTILINE)
"""The mounts of the machine that records, which are nobody's business."""
DAEMON = Question("docker", containers.SYSTEM)


class Recorder:
    """A node, and everything that it answered."""

    def __init__(self, node: Executor) -> None:
        self._node = node
        self.answers: list[dict[str, Any]] = []

    def run(self, command: Command) -> Completed:
        """Ask, and keep the answer."""
        answer = self._node.run(command)
        self.answers.append(
            {
                "argv": [*command.argv],
                "returncode": answer.returncode,
                "stdout": FOREIGN.sub("", answer.stdout) if command.argv[0] == "findmnt" else answer.stdout,
                "stderr": answer.stderr,
            }
        )
        return answer


class Recorded:
    """A node that answers as the recorded one did; a question that was never asked is a mistake."""

    def __init__(self, record: str) -> None:
        steps = json.loads((RECORDS / f"{record}.json").read_text(encoding="utf-8"))
        self._said = {
            tuple(step["argv"]): Completed(step["returncode"], step["stdout"], step["stderr"]) for step in steps
        }

    def run(self, command: Command) -> Completed:
        """Answer from the record."""
        return self._said[command.argv]


def look_at_machine(node: Executor) -> NodeState:
    """Look at the scene MACHINE, mounted and unmounted."""
    state: NodeState = asked(begin("node1"), node)
    disk = next(path for path, each in state["devices"].items() if each["file"] == "/srv/disk.img")
    for questions in (
        [Question("path", "/srv/plain/link"), Question("path", "/srv/plain/pipe"), Question("path", "/srv/none")],
        [Question("below", "/srv/full"), Question("below", "/srv/hollow")],
        [Question("path", "/srv/plain/pid"), Question("text", "/srv/plain/pid"), Question("text", "/srv/none")],
        [Question("content", disk)],
        [Question("program", name) for name in ("sh", "no-such-program", "/bin/sh", "/srv/plain/pid")],
    ):
        asked(learn(state, questions), node)
    return state


def look_at_disk(node: Executor, disk: str) -> NodeState:
    """Look at a disk that is mounted nowhere."""
    state: NodeState = asked(begin("node1"), node)
    asked(learn(state, [Question("content", disk)]), node)
    return state


def look_at_daemon(node: Executor) -> NodeState:
    """Look at the docker daemon of a node."""
    state = load({"complete": False})
    asked(learn(state, [DAEMON]), node)
    return state


def record_daemon() -> Recorder:
    """A daemon with a container that runs, one that has ended, and an image that nobody uses."""
    lab = docker_lab.shared()
    client = docker.Client("docker", (20, 10), "")
    lab.did("docker", "pull", "-q", lab.image)
    words = (
        "--name=web",
        "-l",
        "tier=front",
        "-p",
        "8080:80",
        "-p",
        "127.0.0.1:8443:443/udp",
        "--restart=always",
        "-t",
    )
    lab.did("docker", "run", "-d", "-i", *words, lab.image, "sleep", "600")
    lab.did("docker", "run", "--name=once", "--cgroup-parent=/svc1", lab.image, "true")
    recorder = Recorder(lab.machine())
    look_at_daemon(recorder)
    lab.did("docker", "rm", "-f", "web", "once")
    place = lab.did(*docker.data_root(client).argv).strip().rpartition("/")[0]
    text = json.dumps(recorder.answers, ensure_ascii=False).replace(place, "/tmp/lab")
    recorder.answers = json.loads(text)
    return recorder


def record_machine() -> tuple[Recorder, Recorder]:
    """The scene MACHINE, and its disk when it is not mounted any more."""
    others = subprocess.run(("losetup", "-a"), check=True, capture_output=True, text=True).stdout
    if others:
        sys.exit(f"loop devices of somebody else would be in the record; wait for them:\n{others}")
    subprocess.run(("sh", "-c", MACHINE), check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    mounted, unmounted = Recorder(Machine()), Recorder(Machine())
    try:
        state = look_at_machine(mounted)
        disk = next(path for path, each in state["devices"].items() if each["file"] == "/srv/disk.img")
        subprocess.run(("umount", "/srv/data"), check=True)
        look_at_disk(unmounted, disk)
    finally:
        subprocess.run(("sh", "-c", CLEAN), check=True)
    return mounted, unmounted


def write(name: str, recorder: Recorder) -> None:
    """Write a record."""
    RECORDS.mkdir(parents=True, exist_ok=True)
    text = json.dumps(recorder.answers, indent=1, ensure_ascii=False)
    (RECORDS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Build the scenes, in namespaces of their own, and write the records."""
    if "--inside" in sys.argv:
        mounted, unmounted = record_machine()
        write("machine", mounted)
        write("disk", unmounted)
        return
    program = (sys.executable, "-m", "tests.fidelity.observed", "--inside")
    subprocess.run(("unshare", "-m", "-n", *program), check=True, cwd=REPOSITORY)
    write("daemon", record_daemon())


if __name__ == "__main__":
    main()
