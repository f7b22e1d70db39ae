"""A docker laboratory: namespaces of their own, in them the docker daemon of a node, and a registry with an image.

    lab = docker_lab.shared()                  # one for each process of the tests; skips where there can be none
    lab.run("docker", "info")                  # a process inside; returns a CompletedProcess
    lab.machine().run(docker.pull(...))        # an executor inside
    lab.prefix                                 # the words that put any program inside (`svcmgr`, too)
    lab.image                                  # 127.0.0.1:5000/busybox:1, in the registry and in no daemon
    with lab.private("svc1") as client: ...    # a second daemon, with the words of core.tools.docker.daemon_words

As where systemd is, mounts are shared inside (where they are not, dockerd mounts its directory over itself). Inside
there are another network, process tree, mount table and /run, and control groups below one of their own. So
the node's daemon answers at /var/run/docker.sock, and neither the sockets nor the firewall rules of this machine are
touched. Everything ends when the laboratory does, and when this process dies: the first process inside reads a pipe
from it. Files lie in a temporary directory, which is visible at the same path inside and outside.
"""

import atexit
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from core.command import Command
from core.tools import docker
from executors.real.machine import PATH, Machine

GROUPS = Path("/sys/fs/cgroup")
CONTROLLERS = ("blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids", "systemd")
NEEDED = {
    "dockerd": "docker.io",
    "docker-registry": "docker-registry",
    "busybox": "busybox-static",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "iptables": "iptables",
    "docker-init": "docker.io",
}
READY_SECONDS_MAX = 30
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": PATH, "HOME": "/root"}

SET_UP = """
set -e
mount -t proc proc /proc
mount --make-rshared /
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for controller in $CONTROLLERS; do
    mkdir /sys/fs/cgroup/$controller
    case $controller in systemd) options=none,name=systemd ;; *) options=$controller ;; esac
    mount -t cgroup -o $options cgroup /sys/fs/cgroup/$controller
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/lock /run/netns
ip link set lo up
echo ready
# What loses its parent becomes a child of this process, which has to take note of its end.
exec docker-init -- cat
"""

REGISTRY = """
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: %s/registry}}
http: {addr: "127.0.0.1:5000"}
"""


def missing() -> str:
    """Say why no laboratory can be made on this machine; empty when one can."""
    if os.geteuid() != 0:
        return "docker runs as root only"
    found = os.pathsep.join((PATH, os.environ.get("PATH", "")))
    for program, package in NEEDED.items():
        if shutil.which(program, path=found) is None:
            return f"{program} is not installed (apt-get install {package})"
    absent = [name for name in CONTROLLERS if not (GROUPS / name / "cgroup.procs").exists()]
    return f"control groups of version 1 are not mounted: {', '.join(absent)}" if absent else ""


class Namespaces:
    """Namespaces of every kind but user, held by a process that ends when its standard input does."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._groups = f"lab-{directory.name}"
        self._started: list[subprocess.Popen[bytes]] = []
        for controller in CONTROLLERS:
            self._make_group(GROUPS / controller / self._groups)
        self._holder = subprocess.Popen(
            (
                *("unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--propagation", "private"),
                *("--fork", "--kill-child", "sh", "-c", SET_UP),
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**ENVIRONMENT, "CONTROLLERS": " ".join(CONTROLLERS)},
            cwd="/",
            preexec_fn=self._join_groups,  # noqa: PLW1509 - no thread of ours runs yet
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"ready\n"
        holder = self._holder.pid
        first = Path(f"/proc/{holder}/task/{holder}/children").read_text(encoding="ascii").split()[0]
        self.prefix: tuple[str, ...] = (
            *("nsenter", "--target", first, "--net", "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--wd=/", "--"),
        )

    @staticmethod
    def _make_group(group: Path) -> None:
        group.mkdir()
        for name in ("cpuset.mems", "cpuset.cpus"):
            if (group / name).exists():
                (group / name).write_text((group.parent / name).read_text(encoding="ascii"), encoding="ascii")

    def _join_groups(self) -> None:
        for controller in CONTROLLERS:
            (GROUPS / controller / self._groups / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

    def run(self, *argv: str, stdin: str | bytes = b"") -> subprocess.CompletedProcess[str]:
        """Run a program inside, to its end."""
        text = stdin if isinstance(stdin, bytes) else stdin.encode()
        ended = subprocess.run(
            (*self.prefix, *argv), input=text, capture_output=True, check=False, env=ENVIRONMENT, cwd="/"
        )
        return subprocess.CompletedProcess(argv, ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def did(self, *argv: str, stdin: str | bytes = b"") -> str:
        """Run a program inside that has to succeed; return what it printed."""
        ended = self.run(*argv, stdin=stdin)
        assert ended.returncode == 0, (argv, ended.stdout, ended.stderr)
        return ended.stdout

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        """Start a program inside that goes on; its words are in `PROGRAM.log`."""
        log = self.directory / f"{argv[0].rpartition('/')[2]}.log"
        with log.open("ab") as into:
            started = subprocess.Popen(
                (*self.prefix, *argv), stdin=subprocess.DEVNULL, stdout=into, stderr=into, env=ENVIRONMENT, cwd="/"
            )
        self._started.append(started)
        return started

    def machine(self) -> Machine:
        """An executor whose children are inside."""
        return Machine(prefix=self.prefix, environment=ENVIRONMENT, logs=str(self.directory))

    def close(self) -> None:
        """End every process inside, and remove the control groups."""
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()
        for started in self._started:
            started.wait()
        for controller in CONTROLLERS:
            for group, _, _ in os.walk(GROUPS / controller / self._groups, topdown=False):
                _remove_group(Path(group))


def _remove_group(group: Path) -> None:
    """Remove a control group: it is busy for a moment after its last process has ended."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while group.exists() and time.monotonic() < deadline:
        with suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.01)


class Lab(Namespaces):
    """The namespaces, with the node's docker daemon in them (no images, no containers), and a registry."""

    image = "127.0.0.1:5000/busybox:1"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        (directory / "registry.yml").write_text(REGISTRY % directory, encoding="utf-8")
        self.start("docker-registry", "serve", str(directory / "registry.yml"))
        self.start("dockerd", "--data-root", str(directory / "system"))
        self.wait_for("docker", "version")
        self.did("docker", "import", "--change", 'CMD ["sh"]', "-", self.image, stdin=_filesystem())
        self.wait_for("docker", "push", "-q", self.image)
        self.did("docker", "rmi", self.image)

    def wait_for(self, *argv: str) -> None:
        """Run a program inside until it succeeds."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while (ended := self.run(*argv)).returncode:
            assert time.monotonic() < deadline, (argv, ended.stderr, self.logs())
            time.sleep(0.05)

    def logs(self) -> str:
        """The last of what the daemons said."""
        return "".join(path.read_text(encoding="utf-8")[-2000:] for path in sorted(self.directory.glob("*.log")))

    @contextmanager
    def private(self, name: str) -> Iterator[docker.Client]:
        """A second daemon beside the node's, started as a service's own is, with its directories below `NAME`."""
        here = self.directory / name
        here.mkdir()
        said = self.machine().run(docker.version("docker"))
        client = docker.Client("docker", docker.parse_version(said), f"{here}/docker.sock")
        program = docker.Program("dockerd", docker.parse_version(self.machine().run(docker.version("dockerd"))))
        bridge = f"lab-{name}"
        given = docker.Daemon(f"{here}/data", f"{here}/docker.pid", f"/run/{name}", bridge, ())
        self.did("ip", "link", "add", "name", bridge, "type", "bridge")
        daemon = self.start(*docker.daemon_words(client, program, given))
        try:
            self.wait_for(*client.words, "version")
            yield client
        finally:
            self.machine().run(Command(("start-stop-daemon", "--stop", "--pidfile", given.pidfile, "--retry", "30")))
            daemon.wait()
            self.did("ip", "link", "delete", "dev", bridge)


def _filesystem() -> bytes:
    """A root filesystem with busybox and its applets, as a tar archive."""
    program = shutil.which("busybox", path=PATH)
    assert program is not None
    applets = subprocess.run((program, "--list"), capture_output=True, text=True, check=True).stdout.split()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.add(program, "bin/busybox")
        for name in ("tmp", "etc", "proc", "sys", "dev"):
            directory = tarfile.TarInfo(name)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(directory)
        for applet in applets:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            if applet != "busybox":
                archive.addfile(link)
    return written.getvalue()


@contextmanager
def lab() -> Iterator[Lab]:
    """A laboratory of one's own."""
    directory = Path(tempfile.mkdtemp(prefix="docker-", dir="/tmp"))
    made = None
    try:
        made = Lab(directory)
        yield made
    finally:
        if made is not None:
            made.close()
        shutil.rmtree(directory, ignore_errors=True)


@cache
def _shared() -> Lab:
    opened = lab()
    made = opened.__enter__()
    atexit.register(opened.__exit__, None, None, None)
    return made


def shared() -> Lab:
    """The laboratory that the tests of this process share. Skips the test where there can be none."""
    if why := missing():
        import pytest  # the benchmarks, which have none, use what is above

        pytest.skip(f"no docker laboratory here: {why}")
    return _shared()


if __name__ == "__main__":
    with lab() as one:
        sys.exit(subprocess.call((*one.prefix, "bash"), env=ENVIRONMENT, cwd="/"))
