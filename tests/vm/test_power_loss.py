"""Power losses for real: the VM is killed in the middle of provisioning, booted again, and goes on."""

import os
import random
import time
from subprocess import DEVNULL, Popen

import pytest

from tests.node_vm.recipe import missing
from tests.vm.instance import Node, opened
from tests.vm.test_templates import CANARY, NAME, TEMPLATES, created, is_up

LOSSES = int(os.environ.get("SVCPROV_POWER_LOSSES", "0"))
"""How often: it takes minutes each, so it is asked for by hand."""
SECONDS_MAX = float(os.environ.get("SVCPROV_POWER_LOSS_SECONDS", "40"))
"""How long provisioning is about to take in the guest; after that, the power is lost when it has ended."""


def provisioning(node: Node) -> Popen[bytes]:
    """Begin to provision, in a session of its own."""
    words = " ".join(f"{name}='{value}'" for name, value in node.environment.items())
    line = f"env {words} svcmgr -s {NAME} provision >/root/provision.log 2>&1"
    return Popen((*node.vm.ssh, line), stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)


@pytest.mark.parametrize("number", range(LOSSES))
def test_a_power_loss_in_the_middle(number: int) -> None:
    """Wherever it comes, `provision` goes on: the service is up, nothing was bought twice, data of before is there."""
    if why := missing():
        pytest.skip(f"no node VM here: {why}")
    chosen = random.Random(number)  # noqa: S311 - the same moments every time
    template = sorted(TEMPLATES)[(number + 1) % len(TEMPLATES)]
    with opened() as node:
        volumes = node.instance.volumes()
        text = created(node, template)
        bought = text.count("<size=")
        with provisioning(node) as process:
            time.sleep(chosen.uniform(0, SECONDS_MAX))
            node.hypervisor.power_loss()
            process.kill()
        node.addressed()
        ended = node.svcmgr(NAME, "provision")
        assert ended.code == 0, (template, number, ended.err)
        assert is_up(node), (template, number, node.svcmgr(NAME, "status"))
        assert len(node.instance.volumes()) - len(volumes) == bought, (template, number)
        node.vm.shell(f"echo salaries >{CANARY}; sync")
        node.hypervisor.power_loss()
        node.addressed()
        ended = node.svcmgr(NAME, "provision")
        assert (ended.code, is_up(node)) == (0, True), (template, number, ended.err)
        assert node.vm.did("cat", CANARY) == "salaries\n"
        assert len(node.instance.volumes()) - len(volumes) == bought, (template, number)
