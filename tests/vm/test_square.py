"""The square commutes on a real kernel: what a plan predicted of the VM is what the run left there."""

import os
from collections import Counter
from random import Random

import pytest

from tests.fidelity import tried
from tests.node_vm import VM, Disk
from tests.square import RealWorld
from tests.vm.stacks import DISKS, FOREIGN, KINDS, MEBIBYTES, Case, case, flip

SERVICES = int(os.environ.get("SVCPROV_VM_SERVICES", "10"))
"""Each has six stacks or so: more of them are tried by hand."""
SEED = os.environ.get("SVCPROV_VM_SEED", "732")
"""Which services: others by hand. Those of this one have something of every kind."""
STACKS_MIN = 60
SLOWLY = "echo 1000 >/proc/sys/dev/raid/speed_limit_max"
"""Nobody asks whether a new array has been synchronised, and it takes what the processor has."""
TALLY = ("services", "stacks", "piles", "taken away again")
BACK = 1 / 4
"""How many of them are taken away again."""


def canaries(vm: VM, case: Case) -> list[str]:
    """What the disks of others hold, to the byte."""
    return [vm.digest(path) for path, what in case.foreign if what != "an array"]


def table(seen: Counter[str]) -> str:
    """How many of what there were."""
    return "\n".join(f"{count:6} {what}" for what, count in sorted(seen.items()))


@pytest.mark.parametrize("vm", [(Disk(MEBIBYTES),) * len(DISKS)], indirect=True, ids=["disks"])
def test_generated_stacks_become_what_their_plans_predict(vm: VM) -> None:
    """Whatever is stacked on disks, arrays, groups and files, the plans predict it; foreign disks stay as they are."""
    seen: Counter[str] = Counter()
    # One for all of them: it remembers the versions of the tools.
    node, hostname = vm.machine(), vm.did("uname", "-n").strip()
    for number in range(SERVICES):
        # Each has dice of its own, so that one that fails can be tried again alone.
        dice = Random(f"{SEED} {number}")  # noqa: S311 - the same services every time
        one = case(dice)
        there = RealWorld(one.file, "web", node, "/srv", hostname)
        _commutes(vm, there, one, seen, back=flip(dice, BACK))
        print(f"seed {SEED}: {seen['stacks']} stacks in {number + 1} services", flush=True)
        # One by one: whoever has no patience any more has tried what was tried.
        tried.keep("the square", f"seed {SEED}", {what: seen[what] for what in TALLY})
    print(table(seen))
    if "SVCPROV_VM_SERVICES" not in os.environ:
        assert seen.keys() >= KINDS
        assert seen["stacks"] >= STACKS_MIN


def _commutes(vm: VM, there: RealWorld, one: Case, seen: Counter[str], *, back: bool) -> None:
    vm.restore()
    for path, what in one.foreign:
        vm.shell(FOREIGN[what].replace("DISK", path))
    vm.shell(f"{SLOWLY}; udevadm settle")
    before = canaries(vm, one)
    for verb in ("provision", "unprovision") if back else ("provision",):
        _, found = there.act(verb)
        assert (verb, found) == (verb, []), one.file
    assert canaries(vm, one) == before, one.file
    assert there.record.is_empty is back
    seen.update(one.kinds)
    seen.update({"services": 1, "stacks": one.stacks, "piles": one.piles, "taken away again": int(back)})
    seen[f"services of up to {one.layers} layers"] += 1
