"""Generated lives of four disks: whatever lvm and mdadm are told, in whatever order, both sides end up alike."""

import os
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from core.command import Command, Executor
from core.tools import mdadm
from tests.fidelity.pairs import Pair, unordered, verdict
from tests.node_vm import VM
from tests.vm import test_fidelity_lvm as of_lvm
from tests.vm import test_fidelity_md as of_md
from tests.vm.pairs import DISKS, pair_of

EXAMPLES, STEPS = int(os.environ.get("SVCPROV_VM_SEQUENCES", "3")), 8
"""A small budget, some seconds each; SVCPROV_VM_SEQUENCES=100 for a longer search by hand."""
PAIRS_OF_DISKS = [DISKS[:2], DISKS[2:], (DISKS[1], DISKS[2])]


GROUPS, NAMES = ("data", "other"), ("root", "b")
DISK, GROUP, NAME, TWO = map(st.sampled_from, (DISKS, GROUPS, NAMES, PAIRS_OF_DISKS))
SIZE = st.sampled_from(("-L 100M", "-L 300M", "-l 100%FREE", "-L 2G"))


def state(node: Executor) -> Any:
    """All that either tool can change."""
    return of_lvm.state(node), of_md.state(node)


class Lives(RuleBasedStateMachine):
    """A VM and its twin, which hear the same."""

    vm: VM

    @initialize()
    def begin(self) -> None:
        """Go back to a node that has done nothing."""
        self.vm.restore()
        of_md.copies_slowly(self.vm)
        self.pair: Pair = pair_of(self.vm, state, of_md.CHANGING)

    def _does(self, line: str, tool: str = "lvm") -> None:
        note(line)
        read = verdict if tool == "mdadm" else unordered
        self.pair.run(Command(tuple(line.split()), kind="changes", tool=tool), read)

    @rule(disk=DISK, verb=st.sampled_from(("pvcreate", "pvremove")))
    def labels(self, disk: str, verb: str) -> None:
        """A physical volume comes or goes."""
        self._does(f"{verb} {disk}")

    @rule(group=GROUP, disk=DISK, verb=st.sampled_from(("vgcreate", "vgextend", "vgreduce", "vgremove")))
    def groups(self, group: str, disk: str, verb: str) -> None:
        """A group is made, changed, removed."""
        self._does(f"{verb} {group}" if verb == "vgremove" else f"{verb} {group} {disk}")

    @rule(group=GROUP, name=NAME, size=SIZE, verb=st.sampled_from(("lvcreate", "lvextend", "lvremove")))
    def volumes(self, group: str, name: str, size: str, verb: str) -> None:
        """A volume is made, grows, is removed."""
        if verb == "lvcreate":
            self._does(f"lvcreate --yes -n {name} {size} {group}")
        elif verb == "lvremove":
            self._does(f"lvremove --yes {group}/{name}")
        elif "%" not in size:
            self._does(f"lvextend {size} {group}/{name}")

    @rule(group=GROUP, wanted=st.sampled_from("yn"))
    def switches(self, group: str, wanted: str) -> None:
        """All volumes of a group are activated or deactivated."""
        self._does(f"vgchange -a {wanted} {group}")

    @rule(disks=TWO, level=st.sampled_from(("0", "1")))
    def arrays(self, disks: tuple[str, str], level: str) -> None:
        """An array is made; if there is one of its name or its members are in use it is refused."""
        shape = mdadm.Shape(level, 2)
        made = mdadm.create(of_md.ARRAY, "disk#1.array", of_md.OURS, shape, disks, disks[1])
        note(" ".join(made.argv))
        self.pair.run(made, verdict)

    @rule(disks=TWO)
    def assembles(self, disks: tuple[str, str]) -> None:
        """An array is assembled of these."""
        self._does(" ".join(mdadm.assemble(of_md.ARRAY, of_md.OURS, disks).argv), "mdadm")

    @rule(disk=DISK, verb=st.sampled_from(("--fail", "--remove", "--add")))
    def members(self, disk: str, verb: str) -> None:
        """A member fails, goes, comes."""
        self._does(f"mdadm {of_md.ARRAY} {verb} {disk}", "mdadm")

    @rule()
    def stops(self) -> None:
        """The array is stopped."""
        self._does(f"mdadm --stop {mdadm.link(of_md.OURS)}", "mdadm")

    @rule(disk=DISK)
    def forgets(self, disk: str) -> None:
        """A superblock is zeroed."""
        self._does(f"mdadm --zero-superblock {disk}", "mdadm")


def test_whatever_is_done_both_sides_are_alike(vm: VM) -> None:
    """After each step of any sequence, answers and states are the same on both sides."""

    class OnThis(Lives):
        """Of this VM."""

    OnThis.vm = vm
    run_state_machine_as_test(
        OnThis,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )
