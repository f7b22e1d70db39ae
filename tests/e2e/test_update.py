"""`update --resource` and `delete --rid`: a service that exists gets other resources, or loses some."""

import json
import shlex
from pathlib import Path

import pytest

from core.command import Command, Completed
from core.compare import same_world
from core.state import loads
from svcprov.files import ServiceFiles
from svcprov.node_file import NodeFile, SavedNode
from tests.e2e.bench import LOOP, Bench

COMMENTED = LOOP.replace("[fs#0]\ntype = ext4", "# ours\n\n# where it is used\n[fs#0]\ntype: ext4")
MORE = '{"rtype": "disk", "type": "loop", "file": "/srv/more.img", "size": "10M"}'


def conf(bench: Bench, name: str = "web") -> str:
    """The service file."""
    return (bench.etc / f"{name}.conf").read_text(encoding="utf-8")


def unlocked(bench: Bench) -> dict[str, bytes]:
    """Every file but those of locks."""
    return {name: data for name, data in bench.files().items() if not name.endswith("lock")}


def line_of(said: str, purpose: str) -> list[str]:
    """The words of the line that a refusal proposes for a purpose."""
    lines = said.splitlines()
    return shlex.split(lines[lines.index(f"{purpose}:") + 1])[1:]


def test_what_changes_is_shown(bench: Bench) -> None:
    """An update prints its difference, and changes the lines of its keys and no others."""
    bench.on("web", "create", "--config", bench.write(COMMENTED))
    said = bench.on("web", "update", "--resource", '{"rid": "disk#0", "size": "50M"}')
    assert conf(bench) == COMMENTED.replace("100M", "50M")
    assert {"-size = 100M", "+size = 50M"} <= set(said.out.splitlines())
    assert "# where it is used" not in [line[1:] for line in said.out.splitlines() if line[0] in "+-"]


def test_a_dry_run_shows_the_same_and_writes_nothing(bench: Bench) -> None:
    """With --dry-run the difference is printed, and that is all."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    before = bench.files()
    shown = bench.on("web", "update", "--dry-run", "--resource", MORE)
    assert bench.files() == before
    assert shown.out == bench.on("web", "update", "--resource", MORE).out
    assert shown.out


def test_json_lines_stay_alone_on_standard_output(bench: Bench) -> None:
    """With --format json the difference goes to standard error."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    said = bench.on("web", "update", "--format", "json", "--provision", "--resource", MORE)
    assert said.code == 0, said.err
    assert said.objects[-1]["result"] == "done"
    assert "+[disk#1]" in said.err.splitlines()


def test_a_secret_of_an_update_is_shown_nowhere(bench: Bench) -> None:
    """Neither the old nor the new value of a declared secret is in the difference."""
    text = f"{LOOP}\n[env]\npassword = hunter2\npassword.secret = true\n"
    bench.on("web", "create", "--config", bench.write(text))
    said = bench.on("web", "update", "--resource", '{"rtype": "env", "password": "correct horse"}')
    assert said.code == 0, said.err
    assert "hunter2" not in said.out + said.err
    assert "correct horse" not in said.out + said.err
    assert "password = correct horse" in conf(bench)


def test_the_whole_is_checked_before_anything_is_written(bench: Bench) -> None:
    """An update that leaves the file wrong somewhere is exit 6 with the place, and the file is as it was."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    before = bench.files()
    for definition, sentence in (
        ('{"rid": "disk#0", "fiel": "/srv/x.img"}', "did you mean 'file'?"),
        ('{"rtype": "ip", "ipname": "10.0.0.9"}', "the keyword 'ipdev' is missing"),
        ('{"rid": "fs#0", "dev": "{disk#7.file}"}', "disk#7"),
        ('{"rtype": "disk", "type": "loop", "file": "/srv/web.img", "size": "1M"}', "already the file of disk#0"),
    ):
        said = bench.on("web", "update", "--resource", definition)
        assert (said.code, bench.files()) == (6, before)
        assert sentence in said.err
        assert "web.conf" in said.err


def test_what_a_definition_adds_to_env_can_be_given(bench: Bench) -> None:
    """An option of [env] that comes with `--resource` is one that `--env` knows, at create as at update."""
    sized = '{"rtype": "env", "size": "1M", "more": "2M"}'
    created = bench.on("web", "create", "--config", bench.write(LOOP), "--resource", sized, "--env", "size=3M")
    assert created.code == 0, created.err
    updated = bench.on("web", "update", "--resource", '{"rtype": "env", "last": "4M"}', "--env", "last=5M")
    assert updated.code == 0, updated.err
    assert conf(bench) == f"{LOOP}\n[env]\nsize = 3M\nmore = 2M\nlast = 5M\n"


def test_a_file_of_definitions(bench: Bench) -> None:
    """`--resource @FILE` does what its objects do one by one."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    path = bench.write(f"[{MORE}, {json.dumps({'rid': 'disk#0', 'size': '50M'})}]", "more.json")
    said = bench.on("web", "update", "--resource", f"@{path}")
    assert said.code == 0, said.err
    tail = "\n[disk#1]\ntype = loop\nfile = /srv/more.img\nsize = 10M\n"
    assert conf(bench) == LOOP.replace("100M", "50M") + tail


def test_only_what_is_new_is_provisioned(bench: Bench) -> None:
    """`update --provision` on a service that is up runs commands of the new resource, and of no other."""
    bench.provisioned("web")
    said = bench.on("web", "update", "--format", "json", "--provision", "--resource", MORE)
    assert {line["rid"] for line in said.objects if line["type"] == "command"} == {"disk#1"}
    assert ": 0 commands" in bench.on("web", "provision").err
    assert bench.on("web", "status", "--check").code == 0


def test_what_no_action_acts_on_is_only_written(bench: Bench) -> None:
    """A subset or a sync is nothing to provision: `update --provision` writes it, and acts on what comes with it."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    subset = '{"rid": "subset#disk:a", "parallel": true}'
    said = bench.on("web", "update", "--provision", "--resource", subset)
    assert said.code == 0, said.err
    assert "[subset#disk:a]\nparallel = true\n" in conf(bench)
    both = bench.on(
        "web", "update", "--provision", "--resource", MORE, "--resource", '{"rid": "subset#disk:b", "parallel": 0}'
    )
    assert both.code == 0, both.err
    assert "/srv/more.img" in bench.state()["files"]
    assert "/srv/web.img" not in bench.state()["files"]


def test_a_failed_update_goes_on_with_what_it_was_given(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that goes on names the resources of the update, and acts on no others."""
    run = SavedNode.run

    def failing(node: SavedNode, command: Command) -> Completed:
        return Completed(1, "", "losetup: no\n") if command.argv[:2] == ("losetup", "-f") else run(node, command)

    bench.on("web", "create", "--config", bench.write(LOOP))
    monkeypatch.setattr(SavedNode, "run", failing)
    failed = bench.on("web", "update", "--provision", "--resource", MORE)
    monkeypatch.setattr(SavedNode, "run", run)
    assert failed.code == 1
    (line,) = [each for each in failed.err.splitlines() if each.startswith("to go on:")]
    words = shlex.split(line.removeprefix("to go on:"))
    assert words[-3:] == ["provision", "--rid", "disk#1"]
    assert bench.svcmgr(*words[1:]).code == 0
    assert "/srv/more.img" in bench.state()["files"]
    assert "/srv/web.img" not in bench.state()["files"]


def test_another_type_is_refused_while_something_is_recorded(bench: Bench) -> None:
    """What one driver made no other would delete: it has to be taken back first, by the line that is said."""
    bench.provisioned("web")
    before = conf(bench)
    changed = json.dumps({"rid": "fs#0", "type": "xfs"})
    said = bench.on("web", "update", "--resource", changed)
    assert (said.code, conf(bench)) == (3, before)
    assert "fs#0 was of another type (ext4) when this was made for it" in said.err
    line = line_of(said.err, "to take that back before it becomes another")
    assert bench.svcmgr(*line, "--allow-destroy", "fs#0").code == 0
    assert bench.on("web", "update", "--resource", changed).code == 0


def test_a_resource_that_has_nothing_goes(bench: Bench) -> None:
    """`delete --rid` takes the section with its comment, shows that, and leaves every other line."""
    bench.on("web", "create", "--config", bench.write(COMMENTED))
    said = bench.on("web", "delete", "--rid", "fs#0", "--yes")
    assert said.code == 0, said.err
    assert conf(bench) == COMMENTED[: COMMENTED.index("\n# where it is used")]
    assert "-[fs#0]" in said.err.splitlines()
    assert bench.on("web", "delete", "--rid", "disk#0", "--yes").code == 6


def test_deleting_is_the_inverse_of_updating(bench: Bench) -> None:
    """A resource that was added and deleted again leaves the bytes that were there before."""
    bench.on("web", "create", "--config", bench.write(COMMENTED))
    bench.on("web", "update", "--resource", MORE)
    assert bench.on("web", "delete", "--rid", "disk#1", "--yes").code == 0
    assert conf(bench) == COMMENTED


def test_what_others_stand_on_stays(bench: Bench) -> None:
    """A resource that another one needs is exit 6, naming that and why; the line deletes both."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    bench.on("web", "update", "--resource", MORE)
    before = bench.files()
    said = bench.on("web", "delete", "--rid", "disk#0", "--yes")
    assert (said.code, bench.files()) == (6, before)
    assert "disk#0 cannot go while fs#0 stays: fs#0 needs device /srv/web.img, disk#0 gives" in said.err
    line = line_of(said.err, "to delete them, too")
    assert bench.svcmgr(*line, "--yes").code == 0
    assert "[disk#0]" not in conf(bench)
    assert "[fs#0]" not in conf(bench)


def test_what_a_resource_writes_into_stays(bench: Bench) -> None:
    """The target of a cascade is needed by who writes it: it would come to be again."""
    text = (
        "[DEFAULT]\nnodes = node12.nsx.lab.net\n\n[ip#0]\ntype = amazon\nipname = <allocate>\nipdev = eth0\n"
        "cascade_allocation = ip#1.ipname\n\n[ip#1]\nipdev = eth0\nipname =\n"
    )
    bench.on("web", "create", "--config", bench.write(text))
    said = bench.on("web", "delete", "--rid", "ip#1", "--yes")
    assert said.code == 6
    assert "ip#1 cannot go while ip#0 stays: ip#0 writes ip#1.ipname" in said.err


def test_a_reference_from_elsewhere_keeps_a_resource(bench: Bench) -> None:
    """What `[env]` refers to is missed when it goes: exit 6 with the line that would be wrong."""
    bench.on("web", "create", "--config", bench.write(f"{LOOP}\n[env]\nwhere = {{fs#0.mnt}}/x\n"))
    said = bench.on("web", "delete", "--rid", "fs#0", "--yes")
    assert said.code == 6
    assert "env.where" in said.err


def test_what_was_made_is_not_forgotten(bench: Bench) -> None:
    """While the record has something for a resource, its deletion is exit 3, with both ways out."""
    bench.provisioned("web")
    before = unlocked(bench)
    said = bench.on("web", "delete", "--rid", "fs#0", "--yes")
    assert (said.code, unlocked(bench)) == (3, before)
    assert "web still has what was made for fs#0: " in said.err
    assert line_of(said.err, "to leave it there")[-1] == "--keep-resources"
    assert line_of(said.err, "to delete it, too")[-1] == "--unprovision"


def test_what_was_made_goes_first_when_asked(bench: Bench) -> None:
    """`delete --rid --unprovision` deletes what was made for the resources, then their sections, and nothing else."""
    bench.provisioned("web")
    without = loads(bench.node.read_text())
    bench.on("web", "update", "--provision", "--resource", MORE)
    before = unlocked(bench)
    refused = bench.on("web", "delete", "--rid", "disk#1", "--unprovision", "--yes")
    assert (refused.code, unlocked(bench)) == (3, before)
    said = bench.svcmgr(*line_of(refused.err, "to allow it"))
    assert said.code == 0, said.err
    assert conf(bench) == LOOP
    assert same_world(without, loads(bench.node.read_text())) == []
    assert ": 0 commands" in bench.on("web", "provision").err


def test_a_group_goes_together(bench: Bench) -> None:
    """A group's name stands for all of its resources, and what depends on them can go with them."""
    bench.provisioned("web")
    bench.on("web", "update", "--resource", '{"rtype": "ip", "ipname": "10.0.0.99", "ipdev": "eth0"}')
    words = ("--rid", "disk", "--rid", "fs", "--unprovision", "--allow-destroy", "disk#0,fs#0")
    said = bench.on("web", "delete", *words)
    assert said.code == 0, said.err
    assert bench.state()["files"].get("/srv/web.img") is None
    assert [line for line in conf(bench).splitlines() if line.startswith("[")] == ["[DEFAULT]", "[ip#0]"]


def test_what_was_made_can_be_kept(bench: Bench) -> None:
    """With --keep-resources the section goes, the things and their record stay, and the service works on."""
    bench.provisioned("web")
    bench.on("web", "update", "--provision", "--resource", MORE)
    said = bench.on("web", "delete", "--rid", "disk#1", "--keep-resources", "--yes")
    assert said.code == 0, said.err
    assert "/srv/more.img" in bench.state()["files"]
    for verb in ("provision", "stop", "start", "status"):
        assert bench.on("web", verb).code == 0
    again = bench.on("web", "update", "--provision", "--resource", MORE)
    assert again.code == 0, again.err
    assert ": 0 commands" in again.err


def test_an_allocated_value_of_a_kept_resource_asks_for_nothing(bench: Bench) -> None:
    """A cascade into a section that has left the file keeps no later action from running; back again, it is mended."""
    volume = '{"rtype": "disk", "type": "amazon", "volumes": "<size=5>"}'
    bench.provisioned("web")
    assert bench.on("web", "update", "--provision", "--resource", volume).code == 0
    assert bench.on("web", "delete", "--rid", "disk#1", "--keep-resources", "--yes").code == 0
    assert bench.on("web", "provision").code == 0
    again = bench.on("web", "update", "--provision", "--resource", volume)
    assert again.code == 0, again.err
    assert "mended" in again.err
    assert "create-volume" not in again.err


def test_a_dry_run_of_a_deletion_shows_both(bench: Bench) -> None:
    """What would be deleted and what leaves the file is shown; nothing is touched."""
    bench.provisioned("web")
    bench.on("web", "update", "--provision", "--resource", MORE)
    before = bench.files()
    said = bench.on("web", "delete", "--rid", "disk#1", "--unprovision", "--dry-run")
    assert said.code == 0, said.err
    assert bench.files() == before
    assert "rm /srv/more.img" in said.out
    assert "-[disk#1]" in said.out.splitlines()


def test_without_a_terminal_a_deletion_needs_a_yes(bench: Bench) -> None:
    """As the deletion of a service, that of a resource is asked about."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    said = bench.on("web", "delete", "--rid", "fs#0")
    assert (said.code, conf(bench)) == (3, LOOP)
    assert bench.svcmgr(*line_of(said.err, "to do it unasked")).code == 0


@pytest.mark.parametrize(
    "words,sentence",
    [
        (("--rid", "fs#7"), "web has no resource 'fs#7'"),
        (("--rid", "DEFAULT"), "DEFAULT is no resource; `unset` takes its options out"),
        (("--rid", "disk,fs"), "these are all resources of web; `delete` without --rid deletes the service"),
        (("--tags", "a"), "--tags and --subsets mean nothing to it"),
        (("--rid", "fs#0", "--unprovision", "--keep-resources"), "contradict each other"),
    ],
)
def test_what_cannot_be_deleted_is_named(bench: Bench, words: tuple[str, ...], sentence: str) -> None:
    """A selection that makes no sense is exit 6, and nothing is touched."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    said = bench.on("web", "delete", *words, "--yes")
    assert (said.code, conf(bench)) == (6, LOOP)
    assert sentence in said.err


def test_a_section_that_nobody_understands_can_be_deleted(bench: Bench) -> None:
    """A resource of a driver that does not exist is no reason to edit the file by hand."""
    (bench.etc / "web.conf").write_text(f"{LOOP}\n[disk#9]\ntype = drbd\n")
    assert bench.on("web", "delete", "--rid", "disk#9", "--yes").code == 0
    assert conf(bench) == LOOP


def test_an_interrupted_action_is_finished_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While an action is unfinished nobody knows what was made: the deletion says how to go on."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    save = NodeFile.save
    monkeypatch.setattr(NodeFile, "save", _interrupt)
    bench.on("web", "provision")
    monkeypatch.setattr(NodeFile, "save", save)
    said = bench.on("web", "delete", "--rid", "fs#0", "--yes")
    assert (said.code, conf(bench)) == (3, LOOP)
    assert line_of(said.err, "to go on with it")[-1] == "provision"
    assert line_of(said.err, "to undo it")[-1] == "rollback"


def _interrupt(_node: object) -> None:
    raise KeyboardInterrupt


def test_a_file_that_somebody_else_changed_is_not_overwritten(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes between reading and writing makes the update fail, not the other one's words."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    lock = ServiceFiles.lock

    def meanwhile(files: ServiceFiles, action: str, wait_seconds: float = 0) -> object:
        Path(files.conf).write_text(LOOP.replace("100M", "70M"))
        return lock(files, action, wait_seconds)

    monkeypatch.setattr(ServiceFiles, "lock", meanwhile)
    said = bench.on("web", "update", "--resource", MORE)
    assert (said.code, conf(bench)) == (1, LOOP.replace("100M", "70M"))
    assert "was changed by somebody else meanwhile" in said.err
