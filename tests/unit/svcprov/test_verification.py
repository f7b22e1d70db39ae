"""What `verify` is made of: the search for less, comparison, names of tries, scripts, reports."""

import json
import subprocess
from pathlib import Path

import pytest

from core.command import Command
from core.errors import UsageError
from core.state import NodeState, load, loads
from svcprov.verification import commands, devices, intruders, kills, neighbours, properties, variations, verbs
from svcprov.verification.case import AS_NONE, FAILED, Case, Subject, Verdict
from svcprov.verification.disk import Disk, Point
from svcprov.verification.outcomes import alike, differences, lost, outcome, same_end
from svcprov.verification.progress import Progress
from svcprov.verification.report import Report, way_of, xml_text
from svcprov.verification.script import pasteable, short
from svcprov.verification.shrinking import manner, minimal, shrunk
from svcprov.verification.trying import KINDS, Tried, expected, replayed, tries
from svcprov.verification.world import World
from tests.conftest import REPOSITORY

LOOP = "[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 100M\n"
EBS = "[disk#0]\ntype = amazon\nvolumes = <size=1>\n"


def node(name: str) -> NodeState:
    """A named node of the fixtures."""
    return loads((REPOSITORY / f"fixtures/nodes/{name}.json").read_text(encoding="utf-8"))


def case(text: str = LOOP, name: str = "debian", **others: str) -> Case:
    """A service, and others beside it."""
    return Case("web", {"web": text, **others}, node(name))


@pytest.mark.parametrize("wanted", [{3}, {0, 9}, {1, 2, 3, 4}, set(), set(range(10))])
def test_the_search_for_less_ends_with_what_it_takes(wanted: set[int]) -> None:
    """As few items are left as hold, and every one of them is needed."""
    assert set(minimal(list(range(10)), lambda kept: wanted <= set(kept))) == wanted


def test_a_shrunk_case_fails_in_the_same_way() -> None:
    """What is left of service and node still fails, and nothing else is in it."""
    text = (
        "# mine\n[DEFAULT]\napp = NSX\n\n" + LOOP.replace("100M", "30G") + "[fs#0]\ntype=ext4\ndev=/dev/sdb\nmnt=/m\n"
    )
    found = next(verdict for verdict in properties.tries(Subject(case(text))) if verdict.what)
    least = shrunk(case(text), found)
    assert least.case.file == "[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 30G\n"
    assert list(least.case.state["devices"]) == ["/dev/sda1"]
    assert manner(least.verdict) == manner(found)
    assert replayed(Subject(least.case), least.verdict.code) == least.verdict


def test_a_case_that_fails_no_more_is_not_shrunk() -> None:
    """When nothing smaller fails, the case stays what it is."""
    claimed = Verdict("plain:up", FAILED, ("what nobody has seen",))
    assert shrunk(case(), claimed) == (case(), claimed)


def test_every_code_names_its_try() -> None:
    """Each try of every kind can be asked for by its code, and comes to the same."""
    text = EBS + LOOP.replace("disk#0", "disk#1") + "[fs#0]\ntype = ext4\ndev = /srv/a.img\nmnt = /srv/a\n"
    subject = Subject(case(text, "ec2-nitro", other=LOOP.replace("a.img", "b.img")))
    for kind, each in KINDS.items():
        tried = list(each(subject, 1))
        assert tried, kind
        for verdict in tried[:: max(1, len(tried) // 12)]:
            again = replayed(subject, verdict.code)
            assert again == verdict, kind
            assert verdict.what == ()


@pytest.mark.parametrize("code", ["", "x", "after", "after:1", "plain", "beside:a:first", "stop:after:1:inside:laugh"])
def test_a_code_of_nothing(code: str) -> None:
    """It is the command line's mistake."""
    with pytest.raises(UsageError):
        replayed(Subject(case()), code)


def test_how_many_tries_there_will_be() -> None:
    """The estimate is near what comes."""
    tried = sum(1 for _ in tries(case(), 3))
    assert 0.7 * tried < expected(case(), 3) < 1.6 * tried
    assert expected(case(LOOP.replace("100M", "10%FREE")), 3) == len(properties.PROPERTIES)


def test_variations_are_always_the_same() -> None:
    """Each value alone, the outermost first, then those of one rank together; as many as asked for."""
    text = "[env]\na = 2\na.range = 1..3\nb = x\nb.candidates = y z\n" + LOOP
    services = [Subject(each).world.service for each in variations.cases(case(text), 7)]
    chosen = [(service.value("env.a"), service.value("env.b")) for service in services]
    assert chosen == [("1", "x"), ("2", "y"), ("3", "x"), ("2", "z"), ("1", "y"), ("3", "z")]
    assert len(list(variations.cases(case(text), 2))) == 2
    assert list(variations.cases(case(LOOP), 7)) == []


def test_a_variation_that_is_not_valid() -> None:
    """A value that [env] allows and the service does not is a failure."""
    text = "[env]\na = 1M\na.candidates = much\n" + LOOP.replace("100M", "{env.a}")
    wrong = [each for each in tries(case(text), 1) if each.verdict.what]
    assert [each.kind for each in wrong] == ["values of [env]"]
    assert "disk#0.size" in wrong[0].verdict.what[0]


def test_a_failing_neighbour_is_no_failure_of_this_one() -> None:
    """A service that cannot be provisioned alone is not tried beside another."""
    broken = "[fs#0]\ntype = ext4\ndev = /dev/nowhere\nmnt = /srv/x\n"
    assert list(neighbours.tries(Subject(case(LOOP, other=broken)))) == []


def test_a_world_is_compared_up_to_what_was_made() -> None:
    """Other identifiers are the same end; something more or less is another one."""
    one, other = (World(EBS, node("ec2")) for _ in range(2))
    other.state["seed"] = "ff"
    for world in (one, other):
        world.act("provision")
    assert one.disk.file != other.disk.file
    assert same_end(one, other)
    assert differences(outcome(one), outcome(other)) == []
    other.state["neighbours"].append("10.0.0.7")
    assert not same_end(one, other)


@pytest.mark.parametrize(
    "one,other,so",
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1, "clock": 1}, {"a": 1, "clock": 2}, True),
        ({"a": [{"clock": 1}]}, {"a": [{"clock": 2}]}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {"b": 1}, False),
        ([1], [1, 2], False),
        ({"a": [1]}, {"a": {}}, False),
    ],
)
def test_alike(one: object, other: object, so: bool) -> None:  # noqa: FBT001
    """Values are equal but for the fields that are passing."""
    assert alike(one, other, {"clock"}) is so


def test_what_is_not_renamed() -> None:
    """An identifier that the user wrote is not one that was made up: it is itself, or the ends differ."""
    volume = "vol-0aaaaaaaaaaaaaaa1"
    state = node("ec2")
    state["ec2"]["volumes"][volume] = load({"ec2": {"instance": "i", "volumes": {volume: {"size": "4G"}}}})["ec2"][
        "volumes"
    ][volume]
    text = EBS.replace("<size=1>", volume)
    one, other = World(text, state), World(text, state)
    other.state["ec2"]["volumes"]["vol-0bbbbbbbbbbbbbbb2"] = other.state["ec2"]["volumes"].pop(volume)
    assert not same_end(one, other)


def test_a_disk_loses_what_nobody_waited_for() -> None:
    """A power failure leaves the synced lines, commands as they were."""
    disk = Disk("")
    disk.journal_begins({"action": "provision"})
    disk.journal_line({"intent": 0, "command": Command(("true",)), "before": ["«»"]})
    disk.journal_line({"of": 0, "state": "done", "made": ""}, sync=False)
    assert disk.journal_lines()[1]["command"] == Command(("true",))
    json.loads(disk.journal[1])
    disk.lose_power()
    assert len(disk.journal_lines()) == 2


def test_plans_are_remembered_for_equal_worlds_only() -> None:
    """A fork that did nothing has the same plan; one whose node has changed has another."""
    world = World(LOOP, node("debian"))
    first = world.plans.of(world.action("provision"), world)
    same, other = world.fork(), world.fork()
    other.state["files"]["/srv/a"] = other.state["files"]["/srv"]
    assert same.plans.of(same.action("provision"), same) is first
    assert other.plans.of(other.action("provision"), other) is not first


def test_a_persisting_failure_is_of_one_command() -> None:
    """What fails for ever fails in the same words; everything else goes on."""
    subject = Subject(case())
    verdict = commands.persisted(subject, 1, "resume")
    assert (verdict.outcome, verdict.what) == (FAILED, ())


def test_never_is_survived() -> None:
    """A device that never comes fails the action, and is taken back with the rest when it does."""
    subject = Subject(case(EBS, "ec2"))
    found = {verdict.code: verdict for verdict in devices.late(subject)}
    assert found[f"late:device:{devices.NEVER_SECONDS}:rollback"].what == ()
    assert found["late:device:58:resume"].outcome == "as undisturbed"
    assert found["late:device:62:rollback"].outcome == AS_NONE


def test_somebody_comes_to_what_is_there_to_come_to() -> None:
    """Blank disks that are used are formatted, paths written to, addresses taken."""
    text = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/x\n[ip#0]\nipname = 192.0.2.99\nipdev = eth0\n"
    codes = [verdict.code for verdict in intruders.tries(Subject(case(text)))]
    assert "somebody:formats:/dev/sdb" in codes
    assert "somebody:formats:/dev/sdc" not in codes
    assert "somebody:answers:192.0.2.99" in codes
    assert "somebody:mounts:/srv/x" in codes


def test_a_file_with_its_own_ends() -> None:
    """A service file that has the usual end of a document in it is still pasted whole."""
    script = pasteable(case("[env]\nx = 1\nEND\n"), "--point", "plain:up")
    assert "<<'END1'\n[env]\nx = 1\nEND\nEND1\n" in script
    assert script.endswith("svcmgr -s web verify --node node.json --point plain:up")


@pytest.mark.parametrize("name", ["debian", "ec2", "ec2-2015", "ec2-nitro"])
def test_a_short_node_is_the_node(name: str) -> None:
    """What is left out of a node file is what reading it fills in."""
    assert loads(short(node(name))) == node(name)


def test_failures_of_one_manner_are_one() -> None:
    """A report shows the first of those that fail alike, and how many there were."""
    report = Report("web", "SIMULATED x")
    for number in (1, 2):
        verdict = Verdict(f"after:{number}:inside:kill:resume", AS_NONE, (f"lost: {number}",))
        report.hear(Tried("crash", case(), verdict))
    report.hear(Tried("crash", case(), Verdict("after:3:inside:kill:resume", AS_NONE)))
    assert (report.tried, report.failed, [failure.like for failure in report.failures]) == (3, 2, [2])
    assert "crash: after:1:inside:kill:resume (and 1 more like it)" in list(report.text())
    assert 'tests="1" failures="1"' in report.junit()


def test_ways_and_texts() -> None:
    """A way is a code without its numbers; XML gets no character that it cannot hold."""
    assert way_of("after:7:inside:reboot:rollback") == "after:inside:reboot:rollback"
    assert xml_text("a\x00b\n") == "a\N{REPLACEMENT CHARACTER}b\n"


def test_time_left() -> None:
    """The time left is that of the tries that are left, at the speed so far."""
    progress = Progress(100)
    for _ in range(25):
        progress.step("crash")
    assert progress.line("crash", 10) == "verify: 25 of about 100 tries: crash; 30 s left"


def test_kills_say_where() -> None:
    """The code of a kill has its place, what came between, how it was gone on with, and the second place."""
    code = kills.code(Point(7, "after", "inside"), "rollback", reboot=True, again=Point(2, "before", "disk"))
    assert code == "after:7:inside:reboot:rollback:before:2:disk"
    assert next(verdict.code for verdict in verbs.tries(Subject(case()))) == "stop:before:1:disk:kill"


def test_a_loop_device_that_comes_back_under_another_name() -> None:
    """A rollback that was killed when it had attached it again detaches it, although the journal has its old name."""
    there = {"size": "1G", "content": {"type": "xfs"}, "file": "/theirs"}
    files = {"/theirs": {"size": "1G"}, "/srv": "directory"}
    state = load({"hostname": "x", "devices": {"/dev/loop0": there}, "files": files})
    subject = Subject(Case("web", {"web": LOOP}, state))
    points = [verdict for verdict in kills.pairs(subject, "rollback", reboot=True) if verdict.what]
    assert points == []


def test_what_was_made_inside_a_filesystem_is_found_again() -> None:
    """After a reboot a format in flight is looked for where it is, though nothing is mounted there yet."""
    state = node("debian")
    # Its mkfs takes no uuid, so what it made is known only from a look at it.
    state["tools"]["btrfs-progs"] = "3.12"
    outer = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/web\n"
    inner = "[fs#1]\ntype = btrfs\ndev = /srv/web/a.img\nmnt = /srv/inner\n"
    text = f"{outer}{LOOP.replace('/srv/a.img', '/srv/web/a.img').replace('100M', '400M')}{inner}"
    assert [verdict for verdict in kills.once(Subject(Case("web", {"web": text}, state))) if verdict.what] == []


def test_a_container_of_somebody_beside_ours() -> None:
    """In a store that is shared a new container takes nothing from anybody; one that is gone was somebody's."""
    theirs = {"name": "theirs", "image": "x"}
    kept = {"kind": "directory", "docker": {"containers": {"a": theirs}}}
    more = {"kind": "directory", "docker": {"containers": {"a": theirs, "b": {"name": "ours", "image": "x"}}}}
    before, after = (load({"files": {"/var/lib/docker": each}}) for each in (kept, more))
    assert lost(before, after) == []
    assert [fact.partition(" {")[0] for fact in lost(after, before)] == ["containers of /var/lib/docker: b:"]


def test_a_script_brings_the_files_that_triggers_read(tmp_path: Path) -> None:
    """What is beside a service file is written where the service looks for it, and has every line it had."""
    text = "listen *:80\nEND\n"
    one = case()._replace(beside={"web": {"web.cfg": text}, "other": {}})
    script = pasteable(one, "--point", "plain:up").replace('cd "$(mktemp -d)"', f"cd {tmp_path}")
    written, _, line = script.rpartition("\n")
    assert line.startswith("svcmgr -s web verify")
    assert subprocess.run(("sh", "-c", written), check=False).returncode == 0
    assert (tmp_path / "etc/web.dir/web.cfg").read_text(encoding="utf-8") == text
    assert not (tmp_path / "etc/other.dir").exists()
