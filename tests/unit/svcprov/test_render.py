"""A plan as people read it: what stands beside each resource."""

import json
import re

from core.state import load
from svcprov.render import PlanText
from svcprov.screen import Screen
from tests.conftest import REPOSITORY
from tests.worlds import World

TEMPLATE = (REPOSITORY / "fixtures/templates/testec2docker.template").read_text(encoding="utf-8")
EC2 = (REPOSITORY / "fixtures/nodes/ec2.json").read_text(encoding="utf-8")


def titles(world: World, verb: str = "provision") -> dict[str, str]:
    """The titles of a plan's parts, by rid or section; of a part that goes on later, its first."""
    lines = PlanText(world.preview(verb), Screen("never")).lines("SIMULATED", "svcmgr")
    shown: dict[str, str] = {}
    for line in lines:
        if found := re.fullmatch(r"(\S+#\S+|DEFAULT)  (.+)", line):
            shown.setdefault(found[1], found[2])
    return shown


def of_the_documentation() -> World:
    """The first service of the documentation, on its node."""
    return World(TEMPLATE, load(json.loads(EC2)))


def test_a_plan_shows_the_address_that_a_cascade_puts_there() -> None:
    """Where the file has a placeholder, the plan shows what will be there when its turn comes."""
    shown = titles(of_the_documentation())
    assert shown["ip#1"] == "address «ip#0.address» up on eth0"
    assert shown["disk#0"].startswith("an EBS volume of 15G created from <size=15>, ")


def test_a_plan_of_what_is_there_names_it() -> None:
    """Once it was allocated, the purpose is told with what was allocated."""
    world = of_the_documentation()
    world.act("provision")
    shown = titles(world)
    assert (shown["ip#1"], shown["disk#0"].partition(",")[0]) == (
        f"address {world.service.value('ip#0.ipname')} up on eth0",
        f"the EBS volume {world.service.value('disk#0.volumes')}",
    )


def test_a_file_that_was_put_back_is_shown_mended() -> None:
    """Where the template replaced the file, the purpose is told with what is mended."""
    world = of_the_documentation()
    world.act("provision")
    address = world.service.value("ip#0.ipname")
    world.disk.file = TEMPLATE
    shown = titles(world)
    assert (shown["ip#0"].partition(" of ")[0], shown["ip#1"]) == (
        f"the private address {address}",
        f"address {address} up on eth0",
    )


def test_other_verbs_show_what_a_resource_is() -> None:
    """What provisioning would bring about is no news to who stops the service."""
    world = of_the_documentation()
    world.act("provision")
    assert titles(world, "stop")["ip#1"] == f"{world.service.value('ip#0.ipname')}@eth0"


def test_triggers_of_sections_have_a_title() -> None:
    """DEFAULT and subsets are no resources, and their triggers are shown all the same."""
    file = "[DEFAULT]\npre_provision = /bin/true\n[subset#fs:a]\npost_provision = /bin/true\n"
    file += "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/x\nsubset = a\n"
    shown = titles(World(file, load({"devices": {"/dev/sdb": "1G"}, "files": {"/srv": "directory"}})))
    assert list(shown.items()) == [
        ("DEFAULT", "triggers"),
        ("fs#0", "the ext4 filesystem on /dev/sdb, mounted on /srv/x"),
        ("subset#fs:a", "triggers"),
    ]


def test_resources_stand_in_their_order() -> None:
    """A resource that has nothing to do stands where its turn comes, not behind those that have."""
    world = of_the_documentation()
    world.act("provision")
    plan = world.preview("provision")
    lines = list(PlanText(plan, Screen("never")).lines("SIMULATED", "svcmgr"))
    assert [found[1] for line in lines if (found := re.match(r"(\S+#\S+)  ", line))] == list(plan.order)
