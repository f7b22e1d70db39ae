"""`plan -o` and `apply`: exactly what was saved runs, once, or nothing does and it is said why."""

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.saved_plan import sealed
from tests.e2e.bench import LOOP, SERVICE, TEMPLATE, Bench, Said
from tests.e2e.test_processes import DYING, KILLED, run

DISK = """\
[fs#0]
type = ext4
dev = /dev/sdb
mnt = /srv/{svcname}
"""
FOREIGN = {"type": "ext4", "uuid": "11111111-2222-4333-8444-555555555555", "files": {"/payroll.db": "salaries"}}


def created(bench: Bench, text: str = LOOP) -> None:
    """Create the service `web`."""
    said = bench.on("web", "create", "--config", bench.write(text))
    assert said.code == 0, said.err


def saved(bench: Bench, *words: str) -> str:
    """Save a plan for `web`; return its path."""
    path = str(bench.directory / "web.plan")
    said = bench.on("web", "plan", *words, "-o", path)
    assert said.code == 0, said.err
    return path


def content(path: str) -> dict[str, Any]:
    """What a plan's file holds."""
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def pasted(bench: Bench, said: Said) -> Said:
    """Run the command line that a refusal ends with."""
    line = said.err.rstrip().splitlines()[-1].strip()
    assert line.startswith("svcmgr "), said.err
    return bench.svcmgr(*shlex.split(line)[1:])


def put_on_disk(bench: Bench, device: str = "/dev/sdb") -> None:
    """Let somebody format a disk."""
    state = bench.state()
    state["devices"][device]["content"] = FOREIGN
    bench.node.write_text(json.dumps(state))


def test_the_line_that_a_plan_ends_with_applies_it(bench: Bench) -> None:
    """A saved plan says how to run it; that line runs the commands of the plan, and no others."""
    bench.on(SERVICE, "create", "--config", str(TEMPLATE))
    said = bench.on(SERVICE, "plan", "-o", str(bench.directory / "x.plan"))
    line = said.out.rstrip().splitlines()[-1].removeprefix("To do it: svcmgr ")
    applied = bench.svcmgr(*shlex.split(line), "--format", "json")
    assert applied.code == 0, applied.err
    steps = [event for event in content(f"{bench.directory}/x.plan")["events"] if "step" in event]
    ran = [each for each in applied.objects if each["type"] in {"command", "cascade"}]
    assert [each["step"] for each in ran] == [step["step"] for step in steps]
    assert bench.on(SERVICE, "status", "--check").code == 0


def test_holes_are_told_when_they_are_filled(bench: Bench) -> None:
    """The log of an applied plan says what each of its holes became."""
    bench.on(SERVICE, "create", "--config", str(TEMPLATE))
    bench.on(SERVICE, "plan", "-o", str(bench.directory / "x.plan"))
    said = bench.on(SERVICE, "apply", str(bench.directory / "x.plan"))
    volume = next(each for each in bench.state()["ec2"]["volumes"] if f"«disk#0.volume.0» became {each}" in said.err)
    assert volume.startswith("vol-")


def test_a_plan_is_applied_once(bench: Bench) -> None:
    """The second apply is refused, also after other actions, and says how to see what is left to do."""
    created(bench)
    path = saved(bench)
    assert bench.on("web", "apply", path).code == 0
    for words in ((), ("stop",), ("unprovision", "--allow-destroy", "disk#0,fs#0")):
        if words:
            assert bench.on("web", *words).code == 0
        before = bench.node.read_bytes()
        said = bench.on("web", "apply", path)
        assert (said.code, "was applied before" in said.err, bench.node.read_bytes()) == (3, True, before), said.err
        assert pasted(bench, said).code == 0


def test_a_dry_run_uses_no_plan_up(bench: Bench) -> None:
    """`apply --dry-run` shows what would run, changes nothing, and the plan can be applied afterwards."""
    created(bench)
    path = saved(bench)
    before = bench.files()
    shown = bench.on("web", "apply", path, "--dry-run")
    assert (shown.code, "mkfs.ext4" in shown.out, bench.files()) == (0, True, before)
    assert bench.on("web", "apply", path).code == 0


def test_the_service_need_not_be_named(bench: Bench) -> None:
    """A plan knows its service."""
    created(bench)
    path = saved(bench)
    assert bench.svcmgr("--node", str(bench.node), "apply", path).code == 0


def _cut(path: str) -> None:
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: len(data) // 2])


def _edited(path: str) -> None:
    text = Path(path).read_text(encoding="utf-8")
    Path(path).write_text(text.replace("100M", "101M"), encoding="utf-8")


def _resealed(change: Callable[[dict[str, Any]], object]) -> Callable[[str], None]:
    def changed(path: str) -> None:
        whole = content(path)
        change(whole)
        Path(path).write_text(sealed(whole), encoding="utf-8")

    return changed


def _steps(whole: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in whole["events"] if "step" in event]


def _needs_a_hole(whole: dict[str, Any]) -> None:
    _steps(whole)[0]["command"]["argv"].append("«nobody»")


def _is_huge(path: str) -> None:
    os.truncate(path, 100 * 1024 * 1024)


BAD_PLANS: dict[str, tuple[Callable[[str], object], str]] = {
    "truncated": (_cut, "this is not JSON, or not all of it"),
    "edited": (_edited, "it is not as it was written"),
    "empty": (lambda path: Path(path).write_text(""), "this is not JSON"),
    "no JSON": (lambda path: Path(path).write_text("[fs#0]\n"), "this is not JSON"),
    "deep": (lambda path: Path(path).write_text("[" * 200_000), "this is not JSON"),
    "no plan": (lambda path: Path(path).write_text("{}"), "this is no saved plan"),
    "a list": (lambda path: Path(path).write_text("[1]"), "this is no saved plan"),
    "no text": (lambda path: Path(path).write_bytes(b"\xff\xfe"), "byte 0 is not UTF-8"),
    "100 MB": (_is_huge, "at most 67108864 (64 MiB)"),
    "another version": (_resealed(lambda whole: whole.update(version=2)), "a plan of version 2"),
    "another service": (_resealed(lambda whole: whole.update(service="db")), "a plan of db, not of web"),
    "another node": (_resealed(lambda whole: whole.update(hostname="far")), "for the node far"),
    "a real node": (_resealed(lambda whole: whole.update(simulated=False)), "--node is a simulated one"),
    "a hole nobody makes": (_resealed(_needs_a_hole), "step 1 needs «nobody»"),
    "an id that is a path": (_resealed(lambda whole: whole.update(id="../../x")), "its id is"),
    "no such verb": (_resealed(lambda whole: whole.update(verb="format")), "'format' is none of"),
    "no events": (_resealed(lambda whole: whole.pop("events")), "'events'"),
    "a step twice": (_resealed(lambda whole: whole["events"].append(_steps(whole)[0])), "not numbered from 1"),
    "no command": (_resealed(lambda whole: _steps(whole)[0].update(command=7)), "is no command"),
    "a word of no text": (_resealed(lambda whole: _steps(whole)[0]["command"].update(argv=["rm", 7])), "no command"),
    "made up of nothing": (_resealed(lambda whole: whole.update(made_up={"a": 1})), "1 is no text"),
}


@pytest.mark.parametrize("case", BAD_PLANS)
def test_a_bad_plan_is_exit_6_and_touches_nothing(bench: Bench, case: str) -> None:
    """A plan that is not what `plan -o` wrote for this service and node is exit 6 with the reason, before anything."""
    created(bench)
    path = saved(bench)
    change, sentence = BAD_PLANS[case]
    change(path)
    before = bench.files()
    said = bench.on("web", "apply", path)
    assert (said.code, sentence in said.err, "Traceback" in said.err) == (6, True, False), said.err
    assert bench.files() == before


def test_a_plan_cut_anywhere_is_refused(bench: Bench) -> None:
    """However much of a plan is left, it is not run, and there is no traceback."""
    created(bench)
    path = saved(bench)
    data = Path(path).read_bytes()
    before = bench.node.read_bytes()
    for length in range(0, len(data) - 2, 331):
        Path(path).write_bytes(data[:length])
        assert bench.on("web", "apply", path).code == 6, length
    assert bench.node.read_bytes() == before


def test_data_that_came_after_the_plan_stops_it(bench: Bench) -> None:
    """A disk that somebody formatted since is exit 3 or 4, with what is there now; nothing is changed."""
    bench.use("debian.json")
    created(bench, DISK)
    path = saved(bench)
    put_on_disk(bench)
    before = bench.files()
    said = bench.on("web", "apply", path)
    assert (said.code, "11111111-2222-4333-8444-555555555555" in said.err) == (3, True), said.err
    after = {name: data for name, data in bench.files().items() if not name.endswith("/lock")}
    assert after == {name: data for name, data in before.items() if not name.endswith("/lock")}
    again = pasted(bench, said)
    assert (again.code, "DESTROYS" in again.out) == (0, True), again.err
    assert bench.on("web", "apply", path).code == 0


def test_a_stale_plan_says_which_answer_has_changed(bench: Bench) -> None:
    """A mount point that is there by now makes another plan: exit 4, the question with both answers, how to go on."""
    created(bench)
    path = saved(bench)
    before = bench.node.read_bytes()
    assert bench.on("db", "create", "--config", bench.write(LOOP.replace("100M", "50M"))).code == 0
    state = bench.state()
    state["files"]["/srv/web.img"] = {"size": "100M"}
    bench.node.write_text(json.dumps(state))
    said = bench.on("web", "apply", path)
    assert said.code in {3, 4}, said.err
    bench.node.write_bytes(before)
    conf = bench.etc / "web.conf"
    conf.write_text(conf.read_text().replace("100M", "120M"))
    said = bench.on("web", "apply", path)
    assert (said.code, bench.node.read_bytes()) == (4, before), said.err
    assert "expected: disk#0: truncate -s 104857600" in said.err
    assert "actual:   disk#0: truncate -s 125829120" in said.err
    assert "changed:  disk#0.size of the service file: '100M' then, '120M' now" in said.err
    assert pasted(bench, said).code == 0
    assert bench.on("web", "apply", path).code == 0


def test_an_answer_that_has_changed_is_named(bench: Bench) -> None:
    """An address that is there since the plan was made is in the reason, with the question that found it."""
    bench.on(SERVICE, "create", "--config", str(TEMPLATE))
    path = str(bench.directory / "x.plan")
    bench.on(SERVICE, "plan", "-o", path)
    state = bench.state()
    aliases = state["interfaces"]["eth0"]["addresses"]
    aliases.append({**aliases[-1], "address": "10.0.0.99", "label": "eth0:3"})
    bench.node.write_text(json.dumps(state))
    before = bench.node.read_bytes()
    said = bench.on(SERVICE, "apply", path)
    assert (said.code, bench.node.read_bytes()) == (4, before), said.err
    assert "expected: ip#1: ifconfig eth0:3" in said.err
    assert "actual:   ip#1: ifconfig eth0:4" in said.err
    assert "changed:  ip#1: `ip addr` says now: inet 10.0.0.99 " in said.err
    assert "changed:  ip#0" not in said.err


def test_a_step_that_is_not_needed_any_more_makes_a_plan_stale(bench: Bench) -> None:
    """A plan is run whole, or not at all: not even its beginning, when its end is not asked for any more."""
    created(bench)
    path = saved(bench)
    conf = bench.etc / "web.conf"
    conf.write_text(conf.read_text(encoding="utf-8").partition("[fs#0]")[0], encoding="utf-8")
    before = bench.node.read_bytes()
    said = bench.on("web", "apply", path)
    assert (said.code, bench.node.read_bytes()) == (4, before), said.err
    assert "expected: fs#0: " in said.err
    assert "actual:   nothing more" in said.err


def test_a_comment_makes_no_plan_stale(bench: Bench) -> None:
    """What changes no command changes nothing about a plan."""
    created(bench)
    path = saved(bench)
    conf = bench.etc / "web.conf"
    conf.write_text(f"# reviewed\n{conf.read_text()}")
    assert bench.on("web", "apply", path).code == 0


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("way", ["apply", "provision", "rollback"])
def test_a_plan_that_was_killed_is_gone_on_with(bench: Bench, how: str, way: str) -> None:
    """Killed anywhere, the same apply goes on to the end; provision does, too; rollback leaves the plan used up."""
    created(bench)
    path = saved(bench)
    start, conf = bench.node.read_bytes(), (bench.etc / "web.conf").read_bytes()
    finished = 0
    for at in range(1 + (how == "after") + 2 * (way == "rollback"), 100, 4):
        bench.node.write_bytes(start)
        (bench.etc / "web.conf").write_bytes(conf)
        shutil.rmtree(bench.var / "web", ignore_errors=True)
        killed = run(bench, "-c", DYING, str(at), how, "-s", "web", "--node", str(bench.node), "apply", path)
        if killed.returncode == 0:
            break
        assert killed.returncode == KILLED, killed.stderr
        words = {"apply": ("apply", path), "provision": ("provision",), "rollback": ("rollback", "--yes")}[way]
        said = bench.on("web", *words)
        if said.code == 3 and ("came to its end" in said.err or "applied before" in said.err):
            # Killed after the last line of the journal, or (rollback) before the first.
            finished += 1
            continue
        assert said.code == 0, said.err
        assert bench.on("web", "status", "--check").code == (2 if way == "rollback" else 0)
        # Killed before it was begun with, the plan is not used up, but it does not fit any more either.
        assert bench.on("web", "apply", path).code in {3, 4}
    else:
        pytest.fail("it was killed at each of a hundred writes")
    assert finished <= 2


def test_a_plan_that_knows_nothing_of_an_unfinished_action_waits(bench: Bench) -> None:
    """A plan made before an action that was killed is refused while that is unfinished; one made after goes on."""
    created(bench)
    path = saved(bench)
    killed = run(bench, "-c", DYING, "9", "after", "-s", "web", "--node", str(bench.node), "provision")
    assert killed.returncode == KILLED
    said = bench.on("web", "apply", path)
    assert (said.code, "provision of web is unfinished, and this plan knows nothing" in said.err) == (3, True), said.err
    resuming = saved(bench)
    assert bench.on("web", "apply", resuming).code == 0
    assert bench.on("web", "status", "--check").code == 0


def test_a_secret_is_in_no_plan(bench: Bench) -> None:
    """A declared secret stands in a plan as a hole, and the plan applies with its value, also a changed one."""
    text = LOOP.replace("type = ext4", "type = ext4\nmkfs_opt = -L {env.word}")
    created(bench, f"{text}\n[env]\nword = hunter7\nword.secret = true\n")
    path = saved(bench)
    held = Path(path).read_text(encoding="utf-8")
    assert ("hunter7" in held, "«secret:env.word»" in held) == (False, True)
    said = bench.on("web", "apply", path)
    assert (said.code, "hunter7" in said.err + said.out) == (0, False), said.err
    assert "hunter7" in bench.node.read_text(encoding="utf-8")


def test_what_may_be_destroyed_is_part_of_the_plan(bench: Bench) -> None:
    """A plan that destroys needs to have been allowed when it was made; it is refused with the line that allows it."""
    bench.provisioned("web")
    path = saved(bench, "unprovision")
    said = bench.on("web", "apply", path)
    assert (said.code, "unprovision of web destroys" in said.err) == (3, True), said.err
    assert pasted(bench, said).code == 0
    applied = bench.on("web", "apply", path)
    assert applied.code == 0, applied.err
    assert "/srv/web.img" not in bench.state()["files"]


def test_a_selection_is_part_of_the_plan(bench: Bench) -> None:
    """A plan of some resources applies to those, and is made again with the same selection."""
    created(bench)
    path = saved(bench, "--rid", "disk#0")
    conf = bench.etc / "web.conf"
    conf.write_text(conf.read_text().replace("100M", "120M"))
    said = bench.on("web", "apply", path)
    assert said.code == 4
    assert pasted(bench, said).code == 0
    assert bench.on("web", "apply", path).code == 0
    assert [mount["mount_point"] for mount in bench.state()["mounts"]] == ["/"]


@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_plan_overwrites_no_other_file(bench: Bench, format_: str) -> None:
    """`-o` replaces an older plan, and refuses to replace anything else."""
    created(bench)
    path = saved(bench)
    first = content(path)["id"]
    assert bench.on("web", "plan", "-o", path, "--format", format_).code == 0
    assert content(path)["id"] != first
    conf = bench.etc / "web.conf"
    before = conf.read_bytes()
    said = bench.on("web", "plan", "-o", str(conf), "--format", format_)
    assert (said.code, "is no saved plan" in said.err, conf.read_bytes()) == (6, True, before)


def test_two_plans_of_one_thing_differ_in_their_names_only(bench: Bench) -> None:
    """Plans are made to be compared: lines differ only where the plans do."""
    created(bench)
    one, other = content(saved(bench)), content(saved(bench))
    assert {name for name in one if one[name] != other[name]} <= {"id", "made_at", "digest"}


def test_a_plan_of_nothing_is_applied_too(bench: Bench) -> None:
    """A plan without steps applies, does nothing, and is used up."""
    bench.provisioned("web")
    path = saved(bench)
    before = bench.node.read_bytes()
    assert bench.on("web", "apply", path).code == 0
    assert (bench.node.read_bytes(), bench.on("web", "apply", path).code) == (before, 3)


def test_delete_forgets_the_plans(bench: Bench) -> None:
    """Nothing of a deleted service stays behind, used plans included."""
    created(bench)
    assert bench.on("web", "apply", saved(bench)).code == 0
    assert bench.on("web", "delete", "--unprovision", "--allow-destroy", "disk#0,fs#0").code == 0
    assert not list(bench.var.rglob("plans"))
