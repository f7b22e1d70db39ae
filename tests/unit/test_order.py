"""The natural order: relations with reasons."""

import sys
from collections.abc import Iterable

import pytest

from core.config.document import Document
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.config.service import Service
from core.driver import Driver, Tie
from core.errors import ConfigError
from core.order import Relation, order, relations
from core.record import Record


class Declared(Driver):
    """A driver whose ties are written in the service file: `gives = device:/dev/x path:/srv`."""

    keywords = tuple(Keyword(name, "") for name in ("gives", "needs", "mnt", "dev", "size"))

    def gives(self, resource: Resource) -> Iterable[Tie]:
        """What the file says."""
        return [Tie(*word.split(":")) for word in resource.words("gives")]

    def needs(self, resource: Resource) -> Iterable[Tie]:
        """What the file says."""
        return [Tie(*word.split(":")) for word in resource.words("needs")]


DECLARED = Declared()


def service(text: str) -> Service:
    """A service of declared ties."""
    return Service("svc1", Document(text, "svc1.conf"), "node1", Record(), lambda _group, _type: DECLARED)


def rids(text: str) -> list[str]:
    """The order of the resources of a file."""
    return [resource.rid for resource in order(service(text).resources())]


def before(text: str, one: str, other: str) -> bool:
    """Whether a resource comes before another, however the file is written."""
    sections = ["[" + part for part in text.split("[") if part]
    orders = [rids("".join(sections)), rids("".join(reversed(sections)))]
    assert orders[0] == orders[1]
    return orders[0].index(one) < orders[0].index(other)


@pytest.mark.parametrize(
    "one, other",
    [("ip#9", "disk#0"), ("disk#9", "fs#0"), ("fs#9", "share#0"), ("share#9", "container#0"), ("container#9", "app#0")],
)
def test_groups(one: str, other: str) -> None:
    """Addresses come before disks, disks before filesystems, then shares, containers and applications."""
    assert before(f"[{one}]\n[{other}]\n", one, other)


def test_a_group_that_nobody_knows_is_last() -> None:
    """What is in no natural group comes after all that is."""
    assert before("[task#0]\n[app#0]\n", "app#0", "task#0")


@pytest.mark.parametrize(
    "one, other", [("disk#2", "disk#10"), ("disk#10", "disk#a"), ("disk#a", "disk#b"), ("disk#01", "disk#1")]
)
def test_numbers(one: str, other: str) -> None:
    """2 comes before 10, and numbers before words."""
    assert before(f"[{one}]\n[{other}]\n", one, other)


def test_filesystems_go_by_mount_point() -> None:
    """A filesystem is mounted before those below it and those that sort after it, as in the transcript."""
    text = "[fs#0]\nmnt = /srv/x/docker\n[fs#1]\nmnt = /srv/x/data\n[fs#2]\nmnt = /srv/x\n"
    assert before(text, "fs#2", "fs#1")
    assert before(text, "fs#1", "fs#0")


def test_subsets_go_by_name() -> None:
    """Resources without a subset come first, then the subsets by name."""
    text = "[disk#0]\nsubset = b\n[disk#1]\nsubset = a\n[disk#2]\n"
    assert rids(text) == ["disk#2", "disk#1", "disk#0"]


def test_a_device_comes_before_its_user() -> None:
    """Who gives a device precedes who needs it, though the numbers say otherwise."""
    assert before("[disk#1]\nneeds = device:/dev/x\n[disk#2]\ngives = device:/dev/x\n", "disk#2", "disk#1")


def test_all_devices_come_before_their_user() -> None:
    """An array comes after every one of its members."""
    text = "[disk#0]\nneeds = device:/a device:/b\n[disk#1]\ngives = device:/a\n[disk#2]\ngives = device:/b\n"
    assert rids(text) == ["disk#1", "disk#2", "disk#0"]


def test_a_loop_file_inside_a_filesystem_beats_its_group() -> None:
    """A disk whose file is in a filesystem of the service comes after that filesystem."""
    text = "[disk#0]\nneeds = path:/srv/x/images/a.img\n[fs#0]\ngives = path:/srv/x\nmnt = /srv/x\n"
    assert before(text, "fs#0", "disk#0")


def test_only_the_nearest_path_counts() -> None:
    """A path is needed of who gives the nearest at or above it, which has its own needs."""
    mounts = "[fs#0]\ngives = path:/srv/\n[fs#1]\ngives = path:/srv/x\nneeds = path:/srv/x\n"
    text = f"{mounts}[container#0]\nneeds = path:/srv/x/d\n"
    assert {relation[:2] for relation in relations(service(text).resources())} == {
        ("fs#0", "fs#1"),
        ("fs#1", "container#0"),
    }


def test_a_path_is_not_a_prefix_of_its_letters() -> None:
    """/srv/xy is not below /srv/x, and the root is above everything."""
    text = "[disk#0]\nneeds = path:/srv/xy\n[fs#0]\ngives = path:/srv/x\n"
    assert before(text, "disk#0", "fs#0")
    assert before(text.replace("path:/srv/x\n", "path:/\n"), "fs#0", "disk#0")


def test_the_writer_of_a_key_comes_before_its_owner() -> None:
    """A resource whose keyword another one fills in comes after it, scope or not."""
    assert before("[ip#0]\n[ip#1]\ngives = key:ip#0.size@node1.example.com\n", "ip#1", "ip#0")


def test_a_reference_is_a_relation() -> None:
    """Who is referred to comes first, also through [env] and [DEFAULT]."""
    assert before("[disk#0]\ndev = {disk#1.size}\n[disk#1]\nsize = 1\n", "disk#1", "disk#0")
    text = "[DEFAULT]\nvg = {env.vg}\n[env]\nvg = {disk#1.size}\n[disk#0]\ndev = /dev/{vg}\n[disk#1]\nsize = 1\n"
    assert before(text, "disk#1", "disk#0")


def test_braces_that_are_no_reference() -> None:
    """Text in braces that refers to nothing, and references in a circle of [env], relate nothing."""
    circle = "[env]\na = {env.b}\nb = {env.a}\n"
    text = circle + "[disk#0]\ndev = ${disk#1.size} {{disk#1.size}} {env.a} {svcname} {no.thing}\n[disk#1]\n"
    assert relations(service(text).resources()) == []


def test_a_reference_to_a_later_group_orders_nothing_where_it_cannot() -> None:
    """A size that is copied from a filesystem does not ask for that filesystem to be mounted before its own disk."""
    text = "[disk#0]\ngives = device:/a\nsize = {fs#0.size}\n[fs#0]\nneeds = device:/a\nsize = 5g\n"
    assert before(text, "disk#0", "fs#0")


def test_a_reference_within_a_group_gives_way_to_a_need() -> None:
    """A filesystem may copy the size of one that is mounted below it."""
    text = "[fs#0]\ngives = path:/srv\nsize = {fs#1.size}\n[fs#1]\nneeds = path:/srv/x\nsize = 5g\n"
    assert before(text, "fs#0", "fs#1")


def test_a_circle_is_an_error_of_the_file() -> None:
    """Needs in a circle are refused before anything runs, with the path, the reasons and the line."""
    text = "[disk#0]\n[disk#1]\nneeds = device:/b\ngives = device:/a\n[fs#0]\nneeds = device:/a\ngives = device:/b\n"
    with pytest.raises(ConfigError) as raised:
        rids(text + "[fs#1]\nneeds = device:/b\n")
    (problem,) = raised.value.problems
    assert (problem.path, problem.line, problem.section) == ("svc1.conf", 2, "disk#1")
    assert "disk#1 -> fs#0 -> disk#1" in problem.text
    assert "disk#1 needs device /b, fs#0 gives /b" in problem.text


def test_references_in_a_circle_are_an_error() -> None:
    """Two resources of a group that refer to each other are refused: neither can be first."""
    with pytest.raises(ConfigError, match="refers to"):
        rids("[disk#0]\ndev = {disk#1.size}\nsize = 1\n[disk#1]\ndev = {disk#0.size}\nsize = 1\n")


def test_nothing_waits_for_itself() -> None:
    """A resource that needs what it gives, or refers to itself, is related to nobody."""
    text = "[disk#0]\ngives = device:/a key:disk#0.dev\nneeds = device:/a\ndev = {disk#0.size}\nsize = 1\n"
    assert relations(service(text).resources()) == []


def test_relations_say_why() -> None:
    """Each pair is related once, with the strongest reason."""
    text = "[disk#0]\ngives = device:/a\nsize = 1\n[fs#0]\nneeds = device:/a\nsize = {disk#0.size}\n"
    assert relations(service(text).resources()) == [
        Relation("disk#0", "fs#0", "fs#0 needs device /a, disk#0 gives /a"),
    ]


def test_only_chosen_resources_count() -> None:
    """A relation to a resource that was not selected orders nothing."""
    chosen = service(
        "[fs#0]\ndev = {disk#0.size}\nneeds = device:/a\n[disk#0]\ngives = device:/a key:fs#0.dev\nsize = 1\n"
    )
    assert order([chosen.resource("fs#0")]) == [chosen.resource("fs#0")]
    assert relations([chosen.resource("disk#0")]) == []


def test_no_resources() -> None:
    """Nothing in, nothing out."""
    assert order([]) == []


def test_ten_thousand_resources_are_ordered_in_linear_time() -> None:
    """Ten times as many resources take about ten times as many calls, in chains of devices as well."""

    def calls(count: int) -> int:
        text = "".join(
            f"[disk#{n}]\ngives = device:/dev/{n}\nneeds = device:/dev/{n + 1}\nsize = {{disk#{n + 1}.dev}}\ndev = d\n"
            for n in range(count)
        )
        chosen = service(f"{text}[disk#{count}]\ndev = d\n").resources()
        counted = 0

        def count_call(_frame: object, event: str, _argument: object) -> None:
            nonlocal counted
            counted += event in {"call", "c_call"}

        sys.setprofile(count_call)
        try:
            first = order(chosen)[0].rid
        finally:
            sys.setprofile(None)
        assert first == f"disk#{count}"
        return counted

    assert calls(10_000) < 12 * calls(1000)


@pytest.mark.parametrize(
    "dev,env",
    [
        ("{{env.under}.gives}", ""),
        ("{{env.under}.{env.what}}", ""),
        ("{env.way}", "way = {{env.under}.gives}\n"),
        ("{disk#{env.number}.gives}", ""),
    ],
)
def test_a_reference_that_another_chooses(dev: str, env: str) -> None:
    """What a reference leads to comes first, also where another value chooses which one it is."""
    env += "under = disk#7\nwhat = gives\nnumber = 7\n"
    made = service(f"[disk#1]\ndev = {dev}\n[disk#7]\ngives =\n[disk#3]\ndev = {{{{.Name}}}}\n[env]\n{env}")
    found = [each for each in relations(made.resources()) if each.reference]
    assert [(each.before, each.after) for each in found] == [("disk#7", "disk#1")]


def test_a_choice_that_leads_nowhere_relates_nothing() -> None:
    """A reference that cannot be resolved is the business of validation."""
    made = service("[disk#1]\ndev = {{env.under}.gives}\n[disk#7]\ngives =\n[env]\nunder = disk#9\n")
    assert [each for each in relations(made.resources()) if each.reference] == []
