"""The square commutes on a real kernel: what a plan predicted of the VM is what the run left there."""

import os
from collections import Counter

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.node_vm import VM
from tests.square import RealWorld
from tests.vm.stacks import FOREIGN, Case, cases

SERVICES = int(os.environ.get("SVCPROV_VM_SERVICES", "10"))
"""Each has three stacks or so, and takes half a minute: more of them are tried by hand."""
STACKS_MIN = 25
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("SVCPROV_FULL") else (Phase.generate,)
"""An example takes half a minute, so making a failing one smaller takes long: the file is printed as it is."""


def world(vm: VM, text: str, name: str = "web") -> RealWorld:
    """A service on the guest."""
    return RealWorld(text, name, vm.machine(), "/srv", vm.did("uname", "-n").strip())


def canaries(vm: VM, case: Case) -> list[str]:
    """What the disks of others hold, to the byte."""
    return [vm.did("sha256sum", path) for path, what in case.foreign if what != "an array"]


def test_generated_stacks_become_what_their_plans_predict(vm: VM) -> None:
    """Whatever is stacked on disks, arrays, groups and files, the plans predict it; foreign disks stay as they are."""
    seen: Counter[str] = Counter()

    @settings(
        max_examples=SERVICES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES,
        database=None,
    )  # fmt: skip
    @given(case=cases(), back=st.booleans())
    def each(case: Case, back: bool) -> None:  # noqa: FBT001 - drawn
        vm.restore()
        for path, what in case.foreign:
            vm.shell(FOREIGN[what].replace("DISK", path))
        vm.shell("udevadm settle; sync")
        there, before = world(vm, case.file), canaries(vm, case)
        for verb in ("provision", "unprovision") if back else ("provision",):
            _, found = there.act(verb)
            assert (verb, found) == (verb, []), case.file
        assert canaries(vm, case) == before, case.file
        assert there.record.is_empty is back
        seen["stacks"] += case.stacks
        seen["services"] += 1

    each()
    print(f"{seen['stacks']} stacks in {seen['services']} services")
    assert seen["stacks"] >= STACKS_MIN or "SVCPROV_VM_SERVICES" in os.environ
