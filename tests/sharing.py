"""Which tests share a process when pytest has several: `--dist loadscope` asks here.

Loop devices and labels are the machine's, so what is tried on this machine is tried one after the other; so is what one
file does with its VM. Marks of `xdist_group` would say the same, but xdist 3.8 does not hear them from pytest 9.
"""

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

THIS_MACHINE = "tests/e2e/real/"
APART = ("tests/vm/test_templates.py", "tests/vm/test_square.py")
"""Files whose tests have a VM each, and take minutes."""


def scope(nodeid: str) -> str:
    """The name of what a test belongs to."""
    if nodeid.startswith(THIS_MACHINE):
        return THIS_MACHINE
    return nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0]


def place(nodeid: str) -> int:
    """When its turn is: what takes longest comes first, so that no process has to wait for it at the end."""
    return 0 if nodeid.startswith(THIS_MACHINE) else 1 if nodeid.startswith(APART) else 2


class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """Gives all tests of a scope to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)
