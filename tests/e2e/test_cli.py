"""Command lines from beginning to end, on simulated nodes."""

import re
import shlex
from itertools import count
from typing import Any

import pytest

from core.compare import same_world
from core.state import loads
from svcprov.node_file import NodeFile
from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, SERVICE, TEMPLATE, Bench

TEMPLATES = REPOSITORY / "fixtures/templates"


def allowed(said: str) -> list[str]:
    """The words of the line that a refusal ends with."""
    return shlex.split(said.strip().splitlines()[-1], comments=False)[1:]


def test_a_dry_run_writes_nothing(bench: Bench) -> None:
    """`create --provision --dry-run` touches neither service files, nor records, nor the node-state file."""
    before = bench.files()
    said = bench.on(SERVICE, "create", "--config", str(TEMPLATE), "--provision", "--dry-run")
    assert said.code == 0
    assert bench.files() == before
    assert not bench.var.exists()


def test_a_plan_ends_with_the_line_that_does_it(bench: Bench) -> None:
    """The last line of a dry run is a command line that provisions."""
    said = bench.on(SERVICE, "create", "--config", str(TEMPLATE), "--provision", "--dry-run")
    line = said.out.splitlines()[-1].removeprefix("To do it: ")
    assert bench.svcmgr(*shlex.split(line)[1:]).code == 0


def test_a_plan_names_what_is_not_known_yet(bench: Bench) -> None:
    """A value that nobody knows yet is shown as a hole, with the step that makes it."""
    said = bench.on(SERVICE, "create", "--config", str(TEMPLATE), "--provision", "--dry-run")
    assert "ip#1.ipname = «ip#0.address»" in said.out
    assert "«ip#0.address»           ip#0: step 1" in said.out


def test_what_runs_is_what_the_plan_showed(bench: Bench) -> None:
    """The commands of a run have the numbers of the plan, and all of them run."""
    made = ("create", "--config", str(TEMPLATE), "--provision", "--format", "json")
    planned = bench.on(SERVICE, *made, "--dry-run").objects
    done = bench.on(SERVICE, *made).objects

    def steps(objects: list[dict[str, object]]) -> list[tuple[object, object]]:
        return [(line["step"], line["type"]) for line in objects if "step" in line]

    assert steps(done) == steps(planned)
    assert planned[-1]["result"], done[-1]["result"] == ("planned", "done")


def test_a_second_provision_changes_nothing(bench: Bench) -> None:
    """Provisioning what is provisioned runs no command, and leaves service file and record as they are."""
    bench.provisioned(SERVICE, TEMPLATE.read_text())
    kept = (bench.etc / f"{SERVICE}.conf", bench.var / SERVICE / "record.json")
    before = [path.read_bytes() for path in kept]
    said = bench.on(SERVICE, "provision")
    assert said.code == 0
    assert ": 0 commands, 7 resources, 0 destructive" in said.err
    assert [path.read_bytes() for path in kept] == before


def test_the_service_is_up_after_provisioning(bench: Bench) -> None:
    """After provision, availstatus is up."""
    bench.provisioned(SERVICE, TEMPLATE.read_text())
    said = bench.on(SERVICE, "print", "status", "--check")
    assert said.code == 0
    assert said.out.splitlines()[:3] == [SERVICE, "overall                   warn", "|- avail                  up"]


def test_a_status_that_is_not_up_is_told_by_check(bench: Bench) -> None:
    """`status` exits 0 when it could be determined, `status --check` 2 when the service is not up."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    assert [bench.on("web", "status").code, bench.on("web", "status", "--check").code] == [0, 2]


def test_status_writes_nothing(bench: Bench) -> None:
    """Asking for the status changes no file."""
    bench.provisioned("web")
    before = bench.files()
    bench.on("web", "status")
    assert bench.files() == before


def test_unprovision_is_refused_until_what_is_lost_is_named(bench: Bench) -> None:
    """Without a terminal, unprovision is exit 3, names what is lost, and ends with the line that allows it."""
    bench.provisioned("web")
    before = bench.files()
    said = bench.on("web", "unprovision", "--yes")
    after = {name: data for name, data in bench.files().items() if not name.endswith("lock")}
    assert said.code == 3
    assert after == {name: data for name, data in before.items() if not name.endswith("lock")}
    assert bench.svcmgr(*allowed(said.err)).code == 0


def test_unprovision_gives_back_node_and_file(bench: Bench) -> None:
    """After unprovision the service file has its own words again, and the node is as it was."""
    before = loads(bench.node.read_text())
    bench.provisioned(SERVICE, TEMPLATE.read_text())
    said = bench.svcmgr(*allowed(bench.on(SERVICE, "unprovision").err))
    assert said.code == 0, said.err
    assert (bench.etc / f"{SERVICE}.conf").read_bytes() == TEMPLATE.read_bytes()
    assert same_world(before, loads(bench.node.read_text())) == []


def test_create_leaves_what_the_agent_left(bench: Bench) -> None:
    """A created service has its file (0640), its directory and its two links."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    conf = bench.etc / "web.conf"
    assert (conf.read_text(), oct(conf.stat().st_mode & 0o777)) == (LOOP, "0o640")
    assert (bench.etc / "web.dir").is_dir()
    assert str((bench.etc / "web.d").readlink()) == "web.dir"
    assert (bench.etc / "web").readlink().name == "svcmgr"


def test_create_of_the_own_file_uses_it_in_place(bench: Bench) -> None:
    """`--config` naming the service's own file needs no --force, and changes nothing in it."""
    bench.etc.joinpath("web.conf").write_text(LOOP)
    said = bench.on("web", "create", "--config", str(bench.etc / "web.conf"))
    assert (said.code, bench.etc.joinpath("web.conf").read_text()) == (0, LOOP)


def test_create_does_not_overwrite(bench: Bench) -> None:
    """Another existing service file is refused without --force, which keeps it beside and shows the difference."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    other = bench.write(LOOP.replace("100M", "200M"))
    refused = bench.on("web", "create", "--config", other)
    assert (refused.code, bench.etc.joinpath("web.conf").read_text()) == (6, LOOP)
    forced = bench.on("web", "create", "--config", other, "--force")
    assert forced.code == 0
    assert bench.etc.joinpath("web.conf.bak").read_text() == LOOP
    assert {"-size = 100M", "+size = 200M"} <= set(forced.err.splitlines())


def test_interrupted_anywhere_it_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provision that is interrupted before any of its saves is 130, and the same command line ends what it began."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    start, conf = bench.node.read_bytes(), bench.etc.joinpath("web.conf").read_bytes()
    save = NodeFile.save
    assert bench.on("web", "provision").code == 0
    whole = anonymous(bench)
    for at in count(1):
        bench.node.write_bytes(start)
        bench.etc.joinpath("web.conf").write_bytes(conf)
        for path in (bench.var / "web").iterdir():
            path.unlink()
        saves = count(1)

        def interrupted(node: NodeFile, saves: "count[int]" = saves, at: int = at) -> None:
            if next(saves) == at:
                raise KeyboardInterrupt
            save(node)

        monkeypatch.setattr(NodeFile, "save", interrupted)
        first = bench.on("web", "provision")
        monkeypatch.setattr(NodeFile, "save", save)
        if first.code == 0:
            assert at > 5
            return
        assert first.code == 130
        assert f"svcmgr -s web --node {bench.node} provision" in first.err
        again = bench.on("web", "provision")
        assert again.code == 0, again.err
        assert same_world(whole, anonymous(bench)) == []


def anonymous(bench: Bench) -> dict[str, Any]:
    """The node, with every uuid that was made up called the same."""
    return loads(re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid", bench.node.read_text()))


def test_a_failed_provision_is_taken_back_by_rollback(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a failed provision did stays, its last lines say how to go on or back, and rollback leaves nothing."""
    before = loads(bench.node.read_text())
    bench.on("web", "create", "--config", bench.write(LOOP))
    fail_on(monkeypatch, "mount")
    failed = bench.on("web", "provision")
    assert failed.code == 1
    assert f"to undo it: svcmgr -s web --node {bench.node} rollback" in failed.err
    assert bench.on("web", "rollback").code == 3
    undone = bench.on("web", "rollback", "--yes")
    assert undone.code == 0, undone.err
    assert same_world(before, loads(bench.node.read_text())) == []
    assert bench.on("web", "rollback", "--yes").code == 3


def test_a_failed_start_is_taken_back_by_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed start undoes what it did, unless it is told not to."""
    bench.provisioned("web")
    bench.on("web", "stop")
    before = loads(bench.node.read_text())
    fail_on(monkeypatch, "mount")
    failed = bench.on("web", "start")
    assert (failed.code, same_world(before, loads(bench.node.read_text()))) == (1, [])
    assert bench.on("web", "start", "--no-rollback").code == 1
    assert same_world(before, loads(bench.node.read_text())) != []


def fail_on(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Have a program fail that is given the mount point, from now on; previews do not know."""
    from core.command import Command, Completed
    from svcprov.node_file import SavedNode

    run = SavedNode.run

    def failing(self: SavedNode, command: Command) -> Completed:
        return (
            Completed(32, "", f"{program}: no\n")
            if (command.argv[0], command.argv[-1]) == (program, "/srv/web")
            else run(self, command)
        )

    monkeypatch.setattr(SavedNode, "run", failing)


def test_update_adds_and_changes_resources(bench: Bench) -> None:
    """`update --resource` takes the first free number, and leaves the rest of the file as it is."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    added = '{"rtype": "disk", "type": "loop", "file": "/srv/more.img", "size": "10M"}'
    changed = '{"rid": "disk#0", "size": "50M"}'
    said = bench.on("web", "update", "--resource", added, "--resource", changed)
    assert said.code == 0, said.err
    tail = "\n[disk#1]\ntype = loop\nfile = /srv/more.img\nsize = 10M\n"
    assert bench.etc.joinpath("web.conf").read_text() == LOOP.replace("100M", "50M") + tail


def test_update_provisions_what_it_touched(bench: Bench) -> None:
    """`update --provision` acts on the resources that it names, and on no other."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    added = '{"rtype": "disk", "type": "loop", "file": "/srv/more.img", "size": "10M"}'
    said = bench.on("web", "update", "--provision", "--resource", added)
    assert said.code == 0, said.err
    assert "/srv/more.img" in bench.state()["files"]
    assert "/srv/web.img" not in bench.state()["files"]


def test_update_is_refused_while_a_provision_is_unfinished(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unfinished provision works with the file as it is; update says what to type."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    fail_on(monkeypatch, "mount")
    bench.on("web", "provision")
    said = bench.on("web", "update", "--resource", '{"rid": "disk#0", "size": "50M"}')
    assert said.code == 3
    assert f"svcmgr -s web --node {bench.node} provision" in said.err


def test_delete_keeps_nothing_behind_unless_asked(bench: Bench) -> None:
    """Deleting is refused while something was made for the service; --unprovision takes it back first."""
    bench.provisioned("web")
    assert bench.on("web", "delete", "--yes").code == 3
    said = bench.on("web", "delete", "--unprovision")
    assert said.code == 3
    assert bench.svcmgr(*allowed(said.err)).code == 0
    assert [name for name in bench.files() if name.startswith(("etc", "var"))] == []


def test_delete_can_leave_the_resources(bench: Bench) -> None:
    """--keep-resources removes the service file, and remembers what is the service's."""
    bench.provisioned("web")
    assert bench.on("web", "delete", "--keep-resources", "--yes").code == 0
    assert not list(bench.etc.iterdir())
    assert "/srv/web.img" in bench.state()["files"]
    said = bench.on("web", "create", "--config", bench.write(LOOP), "--provision")
    assert ": 0 commands" in said.err, said.err


def test_docker_speaks_to_the_services_own_daemon(bench: Bench) -> None:
    """`svcmgr docker ps` lists the service's containers."""
    bench.provisioned(SERVICE, TEMPLATE.read_text())
    said = bench.on(SERVICE, "docker", "ps")
    assert said.code == 0, said.err
    assert f"{SERVICE}.container.0" in said.out
    assert bench.on(SERVICE, "docker", "nonsense").code != 0


def test_the_demo_shows_everything_and_touches_nothing(bench: Bench) -> None:
    """`svcmgr demo` plans, provisions, shows, provisions again and unprovisions, in a place of its own."""
    before = bench.files()
    said = bench.svcmgr("demo")
    assert said.code == 0, said.err
    assert bench.files() == before
    shown = [line.split()[-1] for line in said.out.splitlines() if line.startswith("$ svcmgr")]
    assert shown[:5] == ["create", "create", "status", "provision", "unprovision"]


def test_a_templates_name_is_enough(bench: Bench) -> None:
    """`--template NAME` takes the template that comes with svcprov."""
    said = bench.on(SERVICE, "create", "--template", "testec2docker")
    assert (said.code, bench.etc.joinpath(f"{SERVICE}.conf").read_bytes()) == (0, TEMPLATE.read_bytes())


def test_a_service_is_called_by_its_link(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link in OSVCETC is svcmgr for its service."""
    import sys

    from svcprov.svcmgr import main

    bench.on("web", "create", "--config", bench.write(LOOP))
    monkeypatch.setattr(sys, "argv", [str(bench.etc / "web"), "get", "--param", "disk#0.size"])
    assert main() == 0


def test_a_selection_takes_only_its_resources(bench: Bench) -> None:
    """`--rid disk` acts on disks, and on nothing else; a selection that matches nothing is an error."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    assert bench.on("web", "provision", "--rid", "disk").code == 0
    assert bench.state()["mounts"] == [each for each in bench.state()["mounts"] if each["mount_point"] == "/"]
    assert bench.on("web", "provision", "--tags", "nobody").code == 1
