"""Which tools are installed, in which version, and whether a program is there at all."""

import re
from typing import NamedTuple

from core.command import Command, Steps
from core.observe.reads import anyhow
from core.state import NodeState
from core.tools import systemd_run


class Probe(NamedTuple):
    """How the version of a package is asked, and what its answer begins the version with."""

    argv: tuple[str, ...]
    tool: str
    before: str = ""


PROBES = {
    "awscli": Probe(("aws", "--version"), "aws", "aws-cli/"),
    "botocore": Probe(("aws", "--version"), "aws", "botocore/"),
    "btrfs-progs": Probe(("mkfs.btrfs", "--version"), "btrfs", " v"),
    "ceph-common": Probe(("rbd", "--version"), "rbd", "ceph version "),
    "coreutils": Probe(("mkdir", "--version"), "files", "coreutils) "),
    "curl": Probe(("curl", "--version"), "curl", "curl "),
    "diffutils": Probe(("cmp", "--version"), "cmp", "diffutils) "),
    "docker-cli": Probe(("docker", "--version"), "docker", "version "),
    "docker.io": Probe(("dockerd", "--version"), "docker", "version "),
    "dpkg": Probe(("start-stop-daemon", "--version"), "start_stop_daemon", "daemon "),
    "e2fsprogs": Probe(("e2fsck", "-V"), "ext", "e2fsck "),
    "findutils": Probe(("find", "--version"), "find", "findutils) "),
    "iproute2": Probe(("ip", "-V"), "ip", "iproute2-"),
    "iputils-arping": Probe(("arping", "-V"), "arping", "arping from iputils "),
    "iputils-ping": Probe(("ping", "-V"), "ping", "ping from iputils "),
    "libc-bin": Probe(("getent", "--version"), "getent", ") "),
    "lvm2": Probe(("lvm", "version"), "lvm", "LVM version:     "),
    "mdadm": Probe(("mdadm", "--version"), "mdadm", "mdadm - v"),
    "mount": Probe(("mount", "--version"), "mount", "util-linux "),
    "net-tools": Probe(("ifconfig", "--version"), "ifconfig", "net-tools "),
    "psmisc": Probe(("fuser", "-V"), "fuser", "PSmisc) "),
    "rbd-nbd": Probe(("rbd-nbd", "--version"), "rbd", "ceph version "),
    "systemd": Probe(("systemctl", "--version"), "systemd_run", "systemd "),
    "udev": Probe(("udevadm", "--version"), "udevadm"),
    "util-linux": Probe(("blkid", "--version"), "blkid", "util-linux "),
    "xfsprogs": Probe(("mkfs.xfs", "-V"), "xfs", "version "),
    "zfsutils-linux": Probe(("zfs", "version"), "zfs", "zfs-"),
}
"""The packages that bring what drivers run, by the name that a node state has for them."""

NOT_FOUND = 127


def tools(state: NodeState, subjects: list[str]) -> Steps:
    """Ask tools for their versions; one that is not there is known not to be. Of some nobody knows how to ask."""
    answered = []
    for package in subjects:
        probe = PROBES.get(package)
        if probe is None:
            continue
        # Installed, but not what runs this node (in a container, say), systemd is as good as absent.
        if package != "systemd" or systemd_run.is_at_work((yield anyhow(systemd_run.state()))):
            answer = yield _version_of(probe)
            version = _version(answer.stdout + answer.stderr, probe.before)
            if version:
                state["tools"][package] = version
        answered.append(package)
    return answered


def ahead(subjects: list[str]) -> list[Command]:
    """The questions of `tools` that depend on no answer."""
    return [_version_of(PROBES[package]) for package in subjects if package in PROBES and package != "systemd"]


def _version_of(probe: Probe) -> Command:
    return anyhow(Command(probe.argv, tool=probe.tool))


def _version(text: str, before: str) -> str:
    """The version that follows `before` in what a tool said; "" when it said none."""
    found = re.search(re.escape(before) + r"([0-9][0-9.]*[0-9]|[0-9])", text)
    return found[1] if found else ""


def programs(state: NodeState, subjects: list[str]) -> Steps:
    """See whether programs of the user's are there. What they will do cannot be seen: they are taken to go well."""
    for program in subjects:
        ask = ("test", "-x", program) if "/" in program else ("which", program)
        answer = yield anyhow(Command(ask, tool="files"))
        if answer.returncode == 0:
            state["programs"][program] = {"returncode": 0, "stdout": "", "stderr": ""}
    return subjects
