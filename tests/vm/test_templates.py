"""The documentation's second and third templates, provisioned in the VM by the svcmgr that runs there."""

import re

import pytest

from tests.node_vm.recipe import missing
from tests.vm.instance import Node, opened
from tests.vm.templates import CANARY, NAME, TEMPLATES, created, is_up, rids


def blank(node: Node) -> list[str]:
    """What is on the disks that were plugged in; nothing for bare ones."""
    return [
        line
        for line in node.vm.shell("lsblk -nlo NAME,FSTYPE,TYPE | grep nvme || true").splitlines()
        if line.split()[1:] != ["disk"]
    ]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_lives_in_the_vm(template: str) -> None:
    """Provisioned on volumes that arrive when they are attached; up after a power loss, and gone without a trace."""
    if why := missing():
        pytest.skip(f"no node VM here: {why}")
    with opened() as node:
        volumes = node.instance.volumes()
        text = created(node, template)
        planned = node.done(NAME, "plan").out
        places = [planned.find(f"  {program} ") for program in TEMPLATES[template]]
        assert places == sorted(places), planned
        assert places[0] > 0, planned
        node.done(NAME, "provision")
        assert is_up(node), node.svcmgr(NAME, "status")
        again = node.done(NAME, "provision", "--format", "json")
        assert again.commands == [], again.commands
        node.vm.shell(f"echo salaries >{CANARY}; sync")
        node.done(NAME, "stop")
        assert not is_up(node)
        node.hypervisor.power_loss()
        node.addressed()
        node.done(NAME, "start")
        assert is_up(node), node.svcmgr(NAME, "status")
        assert node.vm.did("cat", CANARY) == "salaries\n"
        ended = node.svcmgr(NAME, "unprovision", "--allow-destroy", ",".join(rids(text)))
        assert ended.code == 0, ended.err
        assert node.instance.volumes() == volumes
        assert node.vm.did("cat", f"/etc/opensvc/{NAME}.conf") == text
        assert blank(node) == []
        assert re.search(r"LV|raid", node.vm.shell("lsblk -o TYPE")) is None
