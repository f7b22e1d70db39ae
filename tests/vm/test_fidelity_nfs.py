"""Mounts of NFS in the VM and on its twin: what is shown of them, and what the client refuses."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Executor
from core.tools import mount
from tests.fidelity.pairs import Pair, mounted
from tests.node_vm import VM
from tests.vm.nfs import EXPORTED, SERVER, serve
from tests.vm.pairs import PACKAGES, TOOLS, typed

EXPORT = f"{SERVER}:{EXPORTED}"
VERSIONS = {**TOOLS, "nfs-common": "2.6.2"}


def state(node: Executor) -> Any:
    """What is mounted where, of which version of the protocol."""
    found = [each for point in ("/mnt/a", "/mnt/b") for each in mount.mounts(node.run(mount.at(point)))]
    return [(each.device, each.mount_point, each.type) for each in found]


@pytest.fixture
def pair(vm: VM, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The VM, which serves itself, and its twin, whose server exports the same directory."""
    serve(vm)
    vm.shell("mkdir -p /mnt/a /mnt/b; touch /mnt/file")
    given = {
        "hostname": "node1",
        "tools": VERSIONS,
        "files": {"/mnt/a": "directory", "/mnt/b": "directory", "/mnt/file": ""},
        "trees": {EXPORT: {}},
    }
    both = Pair(vm.machine(), given, changing={}, state=state, packages=PACKAGES, version=VERSIONS.__getitem__)
    yield both
    both.record(request.node.name)


def test_exports_are_mounted(pair: Pair) -> None:
    """In either version of the protocol, by either name of its type, with options; twice, elsewhere, and gone again."""
    for type_, options in (
        ("nfs", "vers=3"),
        ("nfs", "vers=3,ro,nosuid,soft"),
        ("nfs", ""),
        ("nfs4", "noatime,noexec"),
    ):
        pair.run(mount.mount(type_, options, EXPORT, "/mnt/a"))
        pair.run(mount.at("/mnt/a"), mounted)
        pair.run(mount.is_mounted(EXPORT, "/mnt/a").ask)
        pair.run(mount.mount(type_, options, EXPORT, "/mnt/a"))
        pair.run(mount.umount("/mnt/a"))
    pair.run(mount.umount("/mnt/a"))


def test_exports_that_are_not_mounted(pair: Pair) -> None:
    """No export of that name, no directory to mount it on, an option that nobody knows, no export at all."""
    for line in (
        f"mount -t nfs -o vers=3 {SERVER}:/export/secret /mnt/a",
        f"mount -t nfs -o vers=3 {SERVER}:/export/nothing /mnt/a",
        f"mount -t nfs {SERVER}:/export/secret /mnt/a",
        f"mount -t nfs4 {SERVER}:/export/nothing /mnt/a",
        f"mount -t nfs {EXPORT} /mnt/nothing",
        f"mount -t nfs4 {EXPORT} /mnt/nothing",
        f"mount -t nfs {EXPORT} /mnt/file",
        f"mount -t nfs -o bogus {EXPORT} /mnt/a",
        f"mount -t nfs4 -o bogus {EXPORT} /mnt/a",
        "mount -t nfs nowhere /mnt/a",
        "mount -t nfs4 nowhere /mnt/a",
    ):
        typed(pair, line)
    pair.run(mount.umount("/mnt/a"))
    typed(pair, f"mount -t nfs4 -o vers=3 {EXPORT} /mnt/a")
    pair.run(mount.at("/mnt/a"), mounted)
