"""Power losses for real: the VM is killed in the middle of provisioning, booted again, and goes on."""

import os
import random

import pytest

from tests.fidelity import tried
from tests.node_vm.recipe import missing
from tests.vm.losses import provisions
from tests.vm.templates import TEMPLATES

LOSSES = int(os.environ.get("SVCPROV_POWER_LOSSES", "0"))
"""How often, for all templates together: it takes more than a minute each, so it is asked for by hand."""
SEED = int(os.environ.get("SVCPROV_VM_SEED", "0"))
"""Which moments."""


def moments(number: int) -> int:
    """How many of the losses are those of a template, by its number."""
    return LOSSES // len(TEMPLATES) + (number < LOSSES % len(TEMPLATES))


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_power_loss_in_the_middle(template: str) -> None:
    """Wherever it comes, `provision` goes on: the service is up, nothing was bought twice, data of before is there."""
    many = moments([*TEMPLATES].index(template))
    if not many:
        pytest.skip("asked for by SVCPROV_POWER_LOSSES: each takes more than a minute")
    if why := missing():
        pytest.skip(f"no node VM here: {why}")
    chosen = random.Random(f"{template} {SEED}")  # noqa: S311 - the same moments every time, as far as time is the same
    wrong = {}
    with provisions(template) as one:
        length = one.measured()
        print(f"\n{template}: {length:.1f} seconds undisturbed", flush=True)
        tally = {"moments": 0, "with the canary written": 0, "when it had ended": 0}
        for number in range(many):
            moment = one.lost(chosen.uniform(0, length))
            print(
                f"{template} {number}: after {moment.seconds:.1f} s, canary written: {moment.written}, "
                f"had ended: {moment.ended}; up again in {moment.recovery_seconds:.1f} s {moment.wrong or ''}",
                flush=True,
            )
            tally["moments"] += 1
            tally["with the canary written"] += moment.written
            tally["when it had ended"] += moment.ended
            if moment.wrong:
                wrong[moment.seconds] = moment.wrong
            elif not wrong:
                # One by one: whoever has no patience any more has tried what was tried.
                tried.keep("power losses", f"{template}, seed {SEED}", tally)
    assert wrong == {}
