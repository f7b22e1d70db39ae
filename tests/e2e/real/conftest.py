"""The installed svcmgr, and a lab for each test."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import docker_lab
from tests.e2e.real.installed import Installed, install
from tests.e2e.real.lab import Lab, inside_of, opened
from tests.e2e.real.services import NETWORK

PACKAGES = {
    "unshare": "util-linux",
    "ip": "iproute2",
    "ifconfig": "net-tools",
    "ping": "iputils-ping",
    "arping": "iputils-arping",
    "mkfs.btrfs": "btrfs-progs",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
}
"""The programs that every service of these tests needs, each with the Debian package that has it."""

CANARY = "nobody has to touch this"


@pytest.fixture(scope="session")
def installed() -> Iterator[Installed]:
    """The wheel, installed; removed after the last test."""
    if os.geteuid():
        pytest.skip("real disks and addresses: only root may make them")
    missing = sorted({package for program, package in PACKAGES.items() if shutil.which(program) is None})
    if missing:
        pytest.skip(f"real disks and addresses: not installed: {' '.join(missing)}")
    directory = Path(tempfile.mkdtemp(prefix="svc-", dir="/tmp"))
    directory.chmod(0o755)
    try:
        yield install(directory / "env")
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def lab(installed: Installed) -> Iterator[Lab]:
    """A lab of the test's own."""
    with opened(installed) as lab:
        yield lab


@pytest.fixture(scope="session")
def with_docker() -> docker_lab.Lab:
    """Namespaces with the daemon of a node, a registry, and the network of a lab."""
    shared = docker_lab.shared()
    if shared.run("ip", "link", "show", "eth0").returncode:
        shared.did("sh", "-c", NETWORK)
    return shared


@pytest.fixture
def docked(with_docker: docker_lab.Lab, installed: Installed) -> Iterator[Lab]:
    """A lab on a node that has a docker daemon of its own already."""
    with inside_of(with_docker, installed) as lab:
        yield lab


@pytest.fixture
def canary(lab: Lab) -> Callable[[], bool]:
    """A file on a filesystem of somebody else's, below the directories that services use; tells whether it is whole."""
    lab.done("truncate", "--size=8M", f"{lab.directory}/foreign.img")
    lab.done("mkfs.ext4", "-q", f"{lab.directory}/foreign.img")
    lab.done("mkdir", f"{lab.directory}/foreign")
    lab.done("mount", "-o", "loop", f"{lab.directory}/foreign.img", f"{lab.directory}/foreign")
    file = lab.path(f"{lab.directory}/foreign/canary")
    file.write_text(CANARY, encoding="utf-8")
    return lambda: file.read_text(encoding="utf-8") == CANARY
