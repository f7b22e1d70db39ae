"""The fixture of tests that need a node VM; a conftest imports it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.node_vm.disks import Disk
from tests.node_vm.recipe import DEFAULT, Recipe, Unavailable, missing
from tests.node_vm.vm import VM

DISKS = (Disk(512),) * 4
"""The disks of a VM for which a test wishes nothing else: every list of disks has a snapshot of its own."""
Shared = Callable[[tuple[Disk, ...], Recipe], VM]


@pytest.fixture(scope="session")
def shared_vm() -> Iterator[Shared]:
    """Tells the VM of these disks and this recipe, one for all tests of this process; skips where there can be none."""
    made: dict[tuple[tuple[Disk, ...], Recipe], VM] = {}
    with ExitStack() as stack:

        def shared(disks: tuple[Disk, ...], recipe: Recipe) -> VM:
            if why := missing():
                pytest.skip(f"no node VM here: {why}")
            if (disks, recipe) not in made:
                try:
                    vm = VM(disks, recipe=recipe)
                except Unavailable as error:
                    pytest.skip(f"no node VM here: {error}")
                stack.callback(vm.close)
                made[disks, recipe] = vm
            return made[disks, recipe]

        yield shared


@pytest.fixture
def vm(request: pytest.FixtureRequest, shared_vm: Shared) -> VM:
    """A VM that has done nothing yet, with DISKS.

    Others: `@pytest.mark.parametrize("vm", [(Disk(64),)], indirect=True)`, or with a recipe: `[((Disk(64),), ZFS)]`.
    """
    match getattr(request, "param", DISKS):
        case (tuple() as disks, Recipe() as recipe) if not isinstance(disks, Disk):
            found = shared_vm(disks, recipe)
        case disks:
            found = shared_vm(disks, DEFAULT)
    found.restore()
    return found
