"""rbd and rbd-nbd on a real cluster and a real kernel, beside their simulated twins, compared one by one."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Command, Completed, Executor
from core.tools import rbd
from tests.fidelity.pairs import Pair, Read, fields, verdict, words
from tests.node_vm import VM

CHANGING = {
    # Lines of a log come when they come, in the middle of others, too.
    r"\d{4}-\d\d-\d\dT\S+ [0-9a-f]+ -1 [^\n]*\n*": "",
    # Progress is written over itself; how many steps there are is the image's affair.
    r"(\n|\r)*(Removing|Resizing) image: \d+% complete\.\.\.(?!done|failed)": "",
    r"(?m)^\s*\n": "",
    # Who took a lock.
    r"\bclient\.\d\d+": "client.N",
    r"\n$": "",
}
PACKAGES = {"rbd": "ceph-common", "rbd-nbd": "rbd-nbd"}
VERSIONS = dict.fromkeys(PACKAGES.values(), "16.2.15+ds-0+deb12u2")
NONE = rbd.Client()


class Sides:
    """A cluster and its twin."""

    def __init__(self, vm: VM) -> None:
        state = {
            "tools": dict.fromkeys(PACKAGES.values(), "16.2.15"),
            "ceph": {"pools": ["rbd"]},
            "interfaces": {"eth0": {"addresses": ["10.0.2.15/24"]}},
        }
        machine = vm.machine()
        self.shown = (Command(("rbd", "ls", "rbd", "--format", "json"), tool="rbd"),)
        self.pair = Pair(
            machine, state, changing=CHANGING, state=self.left, packages=PACKAGES, version=VERSIONS.__getitem__
        )

    def left(self, side: Executor) -> Any:
        """What there is, or what is mapped."""
        return [fields(side.run(question)) for question in self.shown]

    def says(self, line: str, read: Read = words) -> Completed:
        """Run a line on both sides."""
        argv = tuple(line.split())
        asks = {"info", "ls", "status", "showmapped", "list-mapped"} & {*argv[1:3]}
        return self.pair.run(Command(argv, kind="reads" if asks else "changes", tool="rbd"), read)


@pytest.fixture
def sides(vm: VM, request: pytest.FixtureRequest) -> Iterator[Sides]:
    """Both sides, with an empty pool; what the real one said is recorded where that is asked for."""
    both = Sides(vm)
    yield both
    both.pair.record(request.node.name)


def test_images_come_and_go(sides: Sides) -> None:
    """Created, looked at, grown, deleted; and each of it where it cannot be."""
    for line in ("rbd info rbd/a --format json", "rbd info ssd/a --format json", "rbd ls ssd --format json"):
        sides.says(line)
    sides.says("rbd create --size 64 rbd/a")
    sides.says("rbd create --size 64 rbd/a")
    sides.says("rbd create --size 64 rbd/b --image-format 2 --image-shared")
    for line in ("rbd create --size 64 ssd/a", "rbd create rbd/c", "rbd create --size 1 rbd/c --image-format 1"):
        sides.says(line)
    for line in ("rbd info rbd/a --format json", "rbd info rbd/b --format json", "rbd ls rbd --format json"):
        sides.says(line, fields)
    sides.says("rbd ls -l rbd --format json", fields)
    sides.says("rbd resize --size 80 rbd/a", verdict)
    for line in ("rbd resize --size 80 rbd/a", "rbd resize --size 64 rbd/a", "rbd resize --size 64 rbd/c"):
        sides.says(line)
    sides.says("rbd -n client.admin info rbd/a --format json", fields)
    sides.says("rbd snap ls rbd/a --format json", fields)
    sides.says("rbd rm rbd/a", verdict)
    sides.says("rbd rm rbd/a", verdict)


def test_locks(sides: Sides) -> None:
    """Exclusive and shared ones, and who comes second."""
    sides.says("rbd create --size 64 rbd/a --image-shared")
    sides.says("rbd lock ls rbd/a --format json", fields)
    sides.says("rbd lock add rbd/a node1")
    for line in ("rbd lock add rbd/a node1", "rbd lock add rbd/a node2", "rbd lock add rbd/a node2 --shared t"):
        sides.says(line)
    sides.says("rbd lock ls rbd/a --format json", fields)
    lockers = [
        rbd.parse_locks(side.run(rbd.locks(NONE, "rbd/a")))[0].locker for side in (sides.pair.real, sides.pair.node)
    ]
    unlock, twin = (rbd.unlock(NONE, "rbd/a", "node1", locker) for locker in lockers)
    sides.pair.run_each(unlock, twin)
    sides.says("rbd lock remove rbd/a node1 client.1")
    for name in ("node1", "node2"):
        sides.says(f"rbd lock add rbd/a {name} --shared t")
    sides.says("rbd lock add rbd/a node3 --shared u")
    sides.says("rbd lock ls rbd/a --format json", fields)
    sides.says("rbd lock add rbd/none node1")


def test_devices_of_the_kernel(sides: Sides) -> None:
    """Mapped, mapped twice, unmapped; what is not there."""
    sides.shown = (rbd.mapped(rbd.KRBD),)
    sides.says("rbd create --size 64 rbd/a --image-shared")
    sides.says("rbd showmapped --format json", fields)
    sides.says("rbd map rbd/a")
    sides.says("rbd showmapped --format json", fields)
    sides.says("rbd map rbd/a")
    sides.says("rbd unmap /dev/rbd/rbd/a")
    sides.says("rbd status rbd/a --format json", fields)
    sides.says("rbd rm rbd/a", verdict)
    sides.says("rbd resize --size 80 rbd/a", verdict)
    for line in ("rbd unmap /dev/rbd/rbd/b", "rbd map rbd/b", "rbd map ssd/b"):
        sides.says(line, verdict)


def test_devices_of_rbd_nbd(sides: Sides) -> None:
    """The same, by the number of its device."""
    sides.shown = (rbd.mapped(rbd.NBD),)
    sides.says("rbd create --size 64 rbd/a")
    sides.says("rbd-nbd list-mapped --format json", fields)
    sides.says("rbd-nbd map rbd/a")
    sides.says("rbd-nbd list-mapped --format json", fields)
    sides.says("rbd status rbd/a --format json", fields)
    sides.says("rbd rm rbd/a", verdict)
    sides.says("rbd-nbd unmap rbd/a")
    sides.says("rbd-nbd unmap rbd/a")
    sides.says("rbd-nbd list-mapped --format json", fields)
    sides.says("rbd-nbd map rbd/none", verdict)
