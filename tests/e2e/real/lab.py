"""A piece of this machine to itself: namespaces, a directory, a network with a neighbour; and what is in it.

Everything runs in a mount, a network and a process namespace that end with the test, whatever the test left there. Loop
devices and control groups belong to the whole machine: those of the lab are told by its directory and its name.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple

from tests import docker_lab
from tests.e2e.real.installed import Installed
from tests.e2e.real.services import NETWORK

# The first process of a process namespace inherits whoever loses its parent: ignoring SIGCHLD buries them.
INIT = "trap '' CHLD; echo ready; exec sleep infinity"
SET_UP = """
set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock
mkdir /run/cgroup
mount --rbind /sys/fs/cgroup /run/cgroup
mount -t sysfs sysfs /sys
mount --move /run/cgroup /sys/fs/cgroup
rmdir /run/cgroup
ip link set lo up
"""
"""A /run and a /sys of the lab's own."""

DEFAULT_VAR = """
set -e
mkdir -p /run/libraries/upper /run/libraries/work
options=lowerdir=/var/lib,upperdir=/run/libraries/upper,workdir=/run/libraries/work
test -d /var/lib/opensvc || mount -t overlay -o $options overlay /var/lib
mkdir -p /var/lib/opensvc
"""
"""A /var/lib/opensvc that the machine itself does not have."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
COMMAND_SECONDS_MAX = 240
END_SECONDS_MAX = 10
POLL_SECONDS = 0.05
SETTLE_SECONDS_MAX = 2
CGROUPS = Path("/sys/fs/cgroup")
OURS = {"etc", "var", "given"}
"""What a lab keeps for svcprov and for the test: everything else in it is the doing of a service."""
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


class Ended(NamedTuple):
    """What a program came to."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def commands(self) -> list[dict[str, Any]]:
        """The changing commands of a plan or a run, as JSON Lines have them."""
        return [each for each in self.objects if each["type"] == "command" and each["kind"] == "changes"]


class Inventory(NamedTuple):
    """What is there in a lab: what a service that is gone must not have left behind."""

    loops: list[str]
    mounts: list[str]
    addresses: dict[str, list[str]]
    processes: list[str]
    files: dict[str, str]
    cgroups: list[str]


class Lab:
    """A lab. Make one with `opened`, or with `inside_of` in namespaces that are there.

    init: the first process in its namespaces. prefix: the words that put a program into them.
    """

    def __init__(self, directory: Path, installed: Installed, init: int, prefix: tuple[str, ...] = ()) -> None:
        self.directory, self._installed, self._init = directory, installed, init
        self._prefix = prefix or ("nsenter", f"--target={init}", "--mount", "--net", "--pid", "--")
        self.name = directory.name.lower()
        """A name that no other service on this machine has; devices are searched by the labels that are made of it."""
        self.root = Path(f"/proc/{init}/root")
        """The root of the lab's own mounts, as seen from outside."""
        self._mounts_at_first = mounts(init)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name.startswith("AWS_")},
            "OSVCETC": f"{directory}/etc",
            "OSVCVAR": f"{directory}/var",
            "HOME": str(directory),
            "LANG": "C.UTF-8",
            "PATH": PATH,
        }

    @property
    def python_program(self) -> str:
        """The Python of the installed svcprov."""
        return self._installed.python

    @property
    def conf(self) -> Path:
        """The service file."""
        return self.directory / f"etc/{self.name}.conf"

    def inside(self, *argv: str) -> tuple[str, ...]:
        """The words that run a program in the lab."""
        return (*self._prefix, *argv)

    def use_default_var(self) -> None:
        """Have svcprov's files where they usually are, and where they always are on a simulated node."""
        self.done("sh", "-c", DEFAULT_VAR)
        del self.environment["OSVCVAR"]

    def start(self, *argv: str, **more: Any) -> subprocess.Popen[str]:
        """Start a program in the lab, with pipes to all that it says."""
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(self.inside(*argv), env=self.environment, text=True, cwd="/", **{**pipes, **more})

    def signal(self, process: subprocess.Popen[str], number: signal.Signals) -> None:
        """Send a signal to a program that was started: to itself, not to what brought it into the lab."""
        os.kill(child(process.pid), number)

    def run(self, *argv: str) -> Ended:
        """Run a program in the lab, to its end."""
        with self.start(*argv) as process:
            out, err = process.communicate(timeout=COMMAND_SECONDS_MAX)
        return Ended(process.returncode, out, err)

    def done(self, *argv: str) -> str:
        """Run a program that has to succeed, and return what it said."""
        ended = self.run(*argv)
        assert ended.code == 0, (argv, ended)
        return ended.out

    def words(self, *words: str, service: str = "") -> tuple[str, ...]:
        """The words of svcmgr for the lab's service, or another one in the lab."""
        return (self._installed.svcmgr, "-s", service or self.name, *words)

    def svcmgr(self, *words: str) -> Ended:
        """Run svcmgr for the lab's service."""
        return self.run(*self.words(*words))

    def did(self, *words: str) -> Ended:
        """Run svcmgr for the lab's service, which has to succeed."""
        ended = self.svcmgr(*words)
        assert ended.code == 0, (words, ended)
        return ended

    def nodemgr(self, *words: str) -> Ended:
        """Run nodemgr."""
        return self.run(self._installed.nodemgr, *words)

    def python(self, text: str, *words: str) -> Ended:
        """Run Python that sees the installed svcprov, and not the checkout."""
        return self.run(self._installed.python, "-c", text, *words)

    def changed(self, text: str, *words: str) -> Ended:
        """Run svcmgr for the lab's service with something patched beforehand."""
        return self.python(
            f"{text}\nimport sys\nfrom svcprov.svcmgr import main\nsys.exit(main())", "-s", self.name, *words
        )

    def write(self, text: str, name: str = "service") -> str:
        """Write a file that is no part of the inventory, return its path; `LAB` in it is the lab's directory."""
        path = self.directory / "given" / name
        path.write_text(text.replace("LAB", str(self.directory)), encoding="utf-8")
        return str(path)

    def script(self, name: str, *lines: str) -> str:
        """Write a shell script, and return its path."""
        path = self.write("\n".join(("#!/bin/sh", *lines, "")), name)
        Path(path).chmod(0o755)
        return path

    def created(self, text: str, *more: str) -> Ended:
        """Create the service of this text; with `--provision`, it has to come up."""
        ended = self.svcmgr("create", "--config", self.write(text), *more)
        assert ended.code == 0, ended.err
        return ended

    def unprovision(self, *words: str) -> Ended:
        """Unprovision the service, which may lose whatever was made for it."""
        rids = re.findall(r"^\[(\w+#\w+)\]$", self.conf.read_text(encoding="utf-8"), re.MULTILINE)
        return self.svcmgr("unprovision", "--allow-destroy", ",".join(rids), *words)

    def is_up(self) -> bool:
        """Tell whether the service is up. It has to be known."""
        ended = self.svcmgr("status", "--check")
        assert ended.code in {0, 2}, ended
        return ended.code == 0

    def path(self, path: str) -> Path:
        """A path of the lab's, with its mounts, as it is reached from outside."""
        return self.root / path.lstrip("/")

    def inventory(self) -> Inventory:
        """What is in the lab now, except svcprov's own memory of it: journals are kept."""
        return Inventory(
            [file for _, file in attached(self.directory)],
            # Of those that were the machine's before, one may go: the directory that it is on was removed outside.
            sorted(anonymous(at) for number, at in mounts(self._init).items() if number not in self._mounts_at_first),
            self.addresses(),
            self.processes(),
            self.files(),
            cgroups(self.name),
        )

    def loops(self) -> list[str]:
        """The loop devices of the lab's files."""
        return [device for device, _ in attached(self.directory)]

    def since(self, before: Inventory) -> list[str]:
        """What has come (`+`) and gone (`-`) since an inventory."""
        until, changes = monotonic() + SETTLE_SECONDS_MAX, self._since(before)
        # A process that has just been started may not have become yet what it is going to be.
        while any(" processes " in each for each in changes) and monotonic() < until:
            sleep(POLL_SECONDS)
            changes = self._since(before)
        return changes

    def _since(self, before: Inventory) -> list[str]:
        now, changes = self.inventory(), list[str]()
        for name, then, there in zip(before._fields, before, now, strict=True):
            lines = Counter(_lines(then)), Counter(_lines(there))
            changes += [f"- {name} {line}" for line in (lines[0] - lines[1]).elements()]
            changes += [f"+ {name} {line}" for line in (lines[1] - lines[0]).elements()]
        return changes

    def addresses(self) -> dict[str, list[str]]:
        """The interfaces of the lab, with their addresses."""
        listed = json.loads(self.done("ip", "-json", "addr"))
        return {
            anonymous(each["ifname"]): [held["local"] for held in each["addr_info"] if held["family"] == "inet"]
            for each in listed
        }

    def processes(self) -> list[str]:
        """The command lines of the processes of the lab."""
        return sorted(anonymous(words) for _, words in self.running())

    def running(self) -> Iterator[tuple[str, str]]:
        """The processes of the lab: their numbers in it, and their command lines."""
        for each in self.path("/proc").iterdir():
            # One may end while it is looked at.
            with suppress(FileNotFoundError, ProcessLookupError):
                if each.name.isdigit() and (words := (each / "cmdline").read_bytes()):
                    yield each.name, words.replace(b"\0", b" ").decode().strip()

    def files(self) -> dict[str, str]:
        """The files and directories of the lab, each with its kind, mode and size.

        Of the directories of a docker daemon, its contents are its own affair: they go with it, or it does not go.
        """
        found = {}
        dockers = self.path(f"/run/opensvc/{self.name}"), self.path(f"{self.directory}/srv/docker")
        tops = [str(path) for path in self.directory.iterdir() if path.name not in OURS]
        for top in filter(lambda each: self.path(each).exists(), (*tops, "/run/opensvc")):
            for path in (self.path(top), *self.path(top).rglob("*")):
                if any(path.is_relative_to(place) for place in dockers) and path not in dockers:
                    continue
                state = path.lstat()
                size = 0 if path.is_dir() else state.st_size
                found[f"/{path.relative_to(self.root)}"] = f"{state.st_mode:o} {size}"
        return found

    def rules(self) -> list[str]:
        """The rules of the lab's packet filter, without what they have counted."""
        text = self.done("iptables-save")
        return [re.sub(r"\[\d+:\d+\]", "", line) for line in text.splitlines() if not line.startswith("#")]


def _lines(part: object) -> list[str]:
    """A part of an inventory, one thing on each line."""
    if isinstance(part, Mapping):
        return [f"{name}: {each}" for name, each in part.items()]
    return list(part) if isinstance(part, Collection) else []


def anonymous(text: str) -> str:
    """A text in which all containers have the same identity, namespace and interface."""
    return re.sub(r"[0-9a-f]{64}|(?<=/netns/)[0-9a-f]{12}|(?<=^veth)[0-9a-f]{7}$", "*", text)


def child(process: int) -> int:
    """The only child of a process."""
    return int(Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8"))


def attached(directory: Path) -> list[tuple[str, str]]:
    """The loop devices of a lab's files, each with its file."""
    listed = subprocess.run(
        ("losetup", "--list", "--noheadings", "--raw", "--output", "NAME,BACK-FILE"),
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = [line.partition(" ") for line in listed.stdout.splitlines()]
    # Once the mount that a file lies in is gone, its path begins there: the name of the lab is in it all the same.
    return sorted((device, file) for device, _, file in pairs if directory.name in file)


def cgroups(name: str) -> list[str]:
    """The control groups of a service, the inner ones last."""
    return sorted(str(path) for tops in ("", "*/") for path in CGROUPS.glob(f"{tops}{name}/**/"))


def mounts(process: int | str) -> dict[str, str]:
    """The mounts that a process sees: their numbers, and where they are."""
    text = Path(f"/proc/{process}/mountinfo").read_text(encoding="utf-8")
    return {line.split()[0]: line.split()[4] for line in text.splitlines()}


@contextmanager
def opened(installed: Installed) -> Iterator[Lab]:
    """Open a lab, and close it with all that a test left there."""
    directory = _directory()
    own = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")
    # However the tests end, the lab ends with them: the kernel sees to it.
    words = ("setpriv", "--pdeathsig=KILL", "unshare", *own, "sh", "-c", INIT)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        init = child(holder.pid)
        lab = Lab(directory, installed, init)
        try:
            lab.done("sh", "-c", SET_UP + NETWORK)
            yield lab
        finally:
            # The first process of a process namespace takes all others with it, and `unshare` waits for that.
            os.kill(init, signal.SIGKILL)
            holder.wait()
            _close(lab)


@contextmanager
def inside_of(namespaces: docker_lab.Namespaces, installed: Installed) -> Iterator[Lab]:
    """Open a lab in namespaces that others share, one after the other; what is left of it there is taken away, too."""
    init = int(namespaces.prefix[namespaces.prefix.index("--target") + 1])
    lab = Lab(_directory(), installed, init, namespaces.prefix)
    before, links = set(lab.running()), lab.addresses().keys()
    try:
        yield lab
    finally:
        for process, _ in set(lab.running()) - before:
            lab.run("kill", "-KILL", process)
        lab.run("ip", "addr", "flush", "dev", "eth0", "label", "eth0:*")
        for link in lab.addresses().keys() - links:
            lab.run("ip", "link", "delete", "dev", link)
        for point in reversed([point for point in mounts(init).values() if str(lab.directory) in point]):
            lab.run("umount", "--lazy", point)
        _close(lab)


def _directory() -> Path:
    """A directory for a lab. Its name is short: sockets below it have 107 characters at most."""
    directory = Path(tempfile.mkdtemp(prefix="sv", dir="/tmp"))
    directory.chmod(0o755)
    for name in OURS:
        (directory / name).mkdir()
    return directory


def _close(lab: Lab) -> None:
    """Take away what is not in the namespaces. Raises AssertionError when something stays."""
    until = monotonic() + END_SECONDS_MAX
    # A device that is in use goes with its last user, and who was in a namespace is gone a moment before its mounts.
    while (devices := attached(lab.directory)) and monotonic() < until:
        for device, _ in devices:
            subprocess.run(("losetup", "--detach", device), check=False, capture_output=True)
        sleep(POLL_SECONDS)
    for path in reversed(cgroups(lab.name)):
        Path(path).rmdir()
    shutil.rmtree(lab.directory)
    stays = [point for point in mounts("self").values() if str(lab.directory) in point]
    assert (attached(lab.directory), cgroups(lab.name), stays) == ([], [], [])
