"""What was done to a service, and what is still going on with it, as the command line says it."""

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.command import Command, Completed
from svcprov.lock import Lock
from svcprov.node_file import SavedNode
from tests.e2e.bench import LOOP, Bench, Said
from tests.e2e.test_processes import DYING, KILLED, run

SECRET = "correct-horse-battery"


def actions(bench: Bench) -> list[dict[str, Any]]:
    """The actions of the service, as JSON."""
    said = bench.svcmgr("-s", "web", "history", "--format", "json")
    assert said.code == 0, said.err
    version, *found, summary = said.objects
    assert (version["type"], summary["type"], summary["result"]) == ("version", "summary", "done")
    return found


def brief(bench: Bench) -> list[tuple[str, str]]:
    """The actions of the service, and how each ended."""
    return [(each["action"], each["result"]) for each in actions(bench)]


def break_mkfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a node on which making a filesystem fails, as nobody could foresee."""
    sound = SavedNode.run

    def broken(node: SavedNode, command: Command) -> Completed:
        return Completed(1, "", "no\n") if command.argv[0] == "mkfs.ext4" else sound(node, command)

    monkeypatch.setattr(SavedNode, "run", broken)


def killed(bench: Bench, at: int, *words: str) -> None:
    """Kill an action before its write number `at`."""
    ended = run(bench, "-c", DYING, str(at), "before", "-s", "web", "--node", str(bench.node), *words)
    assert ended.returncode == KILLED, ended.stderr


def pasted(bench: Bench, line: str) -> Said:
    """Run a command line that was shown."""
    program, *words = shlex.split(line)
    assert program == "svcmgr"
    return bench.svcmgr(*words)


def unfinished(bench: Bench) -> dict[str, Any] | None:
    """What the status says is unfinished."""
    said = bench.on("web", "status", "--format", "json")
    assert said.code == 0, said.err
    found: dict[str, Any] | None = json.loads(said.out)["unfinished"]
    return found


def allowing(bench: Bench) -> None:
    """Take back all that was made."""
    assert bench.on("web", "unprovision", "--allow-destroy", "disk#0,fs#0").code == 0


@contextmanager
def sudo(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be somebody who took the rights of root."""
    with monkeypatch.context() as patch:
        patch.setenv("SUDO_USER", name)
        yield


def test_every_verb_leaves_its_action(bench: Bench) -> None:
    """What makes, changes or moves a service is listed; what only looks is not."""
    bench.provisioned("web")
    for words in (("status",), ("plan",), ("provision", "--dry-run"), ("get", "--param", "disk#0.size")):
        bench.on("web", *words)
    for words in (("stop",), ("start",), ("restart",), ("provision",)):
        assert bench.on("web", *words).code == 0
    assert bench.on("web", "set", "--param", "DEFAULT.comment", "--value", "x").code == 0
    assert bench.on("web", "unset", "--param", "DEFAULT.comment").code == 0
    assert bench.on("web", "update", "--resource", '{"rid": "disk#0", "size": "100M"}').code == 0
    allowing(bench)
    names = ["create: provision", "stop", "start", "restart: stop", "restart: start", "provision", "set", "unset"]
    assert brief(bench) == [(name, "done") for name in (*names, "update", "unprovision")]
    assert [each["changes"] > 0 for each in actions(bench)] == [name != "provision" for name in (*names, "", "")]


def test_an_action_says_who_and_where(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list has the account, who is behind it, the node, and the line that was typed."""
    with sudo("ann", monkeypatch):
        bench.provisioned("web")
    (entry,) = actions(bench)
    assert (entry["sudo_user"], entry["node"]) == ("ann", str(bench.node))
    assert entry["argv"][:5] == ["svcmgr", "-s", "web", "--node", str(bench.node)]
    heading, row = bench.svcmgr("-s", "web", "history").out.splitlines()
    assert heading.split()[:5] == ["BEGUN", "ENDED", "WHO", "ACTION", "NODE"]
    assert f"ann as {entry['user']}" in row
    assert row.endswith(f"create --config {bench.directory}/service.template --provision")


def test_what_was_refused_was_not_done(bench: Bench) -> None:
    """A refusal, a mistake in the line and a held service change nothing, and are no actions of the service."""
    bench.provisioned("web")
    assert bench.on("web", "unprovision").code == 3
    assert bench.on("web", "set", "--param", "disk#0.size", "--value", "much").code == 6
    lock = Lock(f"{bench.var}/web/lock", "web", "stop")
    lock.take()
    assert bench.on("web", "provision").code == 5
    lock.release()
    assert brief(bench) == [("create: provision", "done")]


def test_a_failure_is_told_with_its_exit_code(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """How an action failed, and what failed, is in the list; a failed start says that it was rolled back."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    break_mkfs(monkeypatch)
    assert bench.on("web", "provision").code == 1
    assert bench.on("web", "provision", "--rollback").code == 1
    *_, failed, undone = actions(bench)
    assert (failed["result"], failed["exit_code"]) == ("failed", 1)
    assert "mkfs.ext4" in failed["error"]
    assert (undone["result"], undone["exit_code"]) == ("rolled back", 1)
    assert "failed (1)" in bench.svcmgr("-s", "web", "history").out


def test_a_killed_action_is_told(bench: Bench) -> None:
    """An action that was killed is listed as that, and so it stays when the next one went on with it."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    killed(bench, 12, "provision")
    assert brief(bench)[1:] == [("provision", "killed")]
    assert bench.on("web", "provision").code == 0
    assert brief(bench)[1:] == [("provision", "killed"), ("provision", "done")]


@pytest.mark.parametrize("where", ["set", "env"])
def test_no_secret_gets_into_the_history(bench: Bench, where: str) -> None:
    """A secret that was typed is not kept: neither the one before nor the one after."""
    text = f"{LOOP}\n[env]\npassword.secret = true\npassword = {SECRET}\n"
    if where == "env":
        made = ("create", "--config", bench.write(text.replace(SECRET, "x")), "--env", f"password={SECRET}-2")
        assert bench.on("web", *made).code == 0
    else:
        assert bench.on("web", "create", "--config", bench.write(text)).code == 0
        assert bench.on("web", "set", "--param", "env.password", "--value", f"{SECRET}-2").code == 0
    assert "«secret:env.password»" in bench.svcmgr("-s", "web", "history").out
    assert SECRET.encode() not in (bench.var / "web/history.jsonl").read_bytes()


@pytest.mark.parametrize("odd", ["directory", "link"])
def test_without_a_history_an_action_goes_on(bench: Bench, odd: str) -> None:
    """A history that cannot be written is one warning, and no reason to stop."""
    assert bench.on("web", "create", "--config", bench.write(LOOP)).code == 0
    path = bench.var / "web/history.jsonl"
    path.unlink()
    path.mkdir() if odd == "directory" else path.symlink_to("/dev/full")
    said = bench.on("web", "provision")
    assert said.code == 0, said.err
    assert said.err.count("the history lacks this action") == 1
    assert bench.on("web", "set", "--param", "DEFAULT.comment", "--value", "x").code == 0


def test_a_torn_history_is_said_and_read(bench: Bench) -> None:
    """A line that a crash cut short is one warning; the others are listed, and programs get them, too."""
    bench.provisioned("web")
    with (bench.var / "web/history.jsonl").open("a") as file:
        file.write('{"begins": "1", "ti')
    said = bench.svcmgr("-s", "web", "history")
    assert (said.code, len(said.out.splitlines())) == (0, 2)
    assert "the last line was cut short by a crash" in said.err
    assert [each["type"] for each in actions(bench)] == ["action", "note"]


def test_a_service_that_never_was_has_no_history(bench: Bench) -> None:
    """A mistyped name is an error with the line that makes a service."""
    said = bench.svcmgr("-s", "wbe", "history")
    assert said.code == 6
    assert "there is no service wbe" in said.err
    assert not bench.var.exists()


def test_a_deleted_service_leaves_no_history(bench: Bench) -> None:
    """`delete` takes the history with it, and `--keep-resources` leaves it beside the record."""
    bench.provisioned("web")
    assert bench.on("web", "delete", "--keep-resources", "--yes").code == 0
    assert brief(bench) == [("create: provision", "done"), ("delete", "done")]
    bench.provisioned("web")
    allowing(bench)
    assert bench.on("web", "delete", "--yes").code == 0
    assert not (bench.var / "web").exists()


def test_a_refused_create_leaves_nothing(bench: Bench) -> None:
    """Of a service that did not come to be, nothing is left to be listed."""
    (bench.etc / "web.conf").mkdir()
    (bench.etc / "web.conf/x").write_text("")
    assert bench.on("web", "create", "--config", bench.write(LOOP), "--force").code != 0
    assert not (bench.var / "web").exists()


def test_a_service_at_rest_has_nothing_unfinished(bench: Bench) -> None:
    """The key is always there for programs; people read nothing of it."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    assert unfinished(bench) is None
    assert bench.on("web", "provision").code == 0
    assert unfinished(bench) is None
    assert "unfinished" not in bench.on("web", "print", "status").out


@pytest.mark.parametrize("way", ["goes_on", "undoes"])
def test_the_lines_of_an_unfinished_provision_work(bench: Bench, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status says who began what, how far it is, and two lines: pasted, one ends it and one takes it back."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    with sudo("ann", monkeypatch):
        killed(bench, 14, "provision")
    found = unfinished(bench)
    assert found is not None
    assert (found["action"], found["running"], found["node"]) == ("provision", False, "")
    assert found["by"].startswith("ann as ")
    assert 0 < found["done"] < found["of"]
    text = bench.on("web", "status").out.splitlines()[-1]
    assert text.startswith(f"provision is unfinished since {found['since']} ({found['done']} of {found['of']} changes")
    assert text.endswith(f"`{found['goes_on']}` goes on, `{found['undoes']}` undoes it")
    assert pasted(bench, f"{found[way]} --yes").code == 0
    assert unfinished(bench) is None
    assert bench.on("web", "status", "--check").code == (0 if way == "goes_on" else 2)


def test_a_part_goes_on_as_a_part(bench: Bench) -> None:
    """An action on some resources goes on with those."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    killed(bench, 8, "provision", "--rid", "disk#0")
    found = unfinished(bench)
    assert found is not None
    assert found["goes_on"].endswith(" provision --rid disk#0")
    assert pasted(bench, found["goes_on"]).code == 0
    assert unfinished(bench) is None


def test_an_unfinished_rollback_has_one_way(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback that was killed is finished by a rollback."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    break_mkfs(monkeypatch)
    assert bench.on("web", "provision").code == 1
    killed(bench, 7, "rollback", "--yes")
    found = unfinished(bench)
    assert found is not None
    assert (found["action"], found["undoes"]) == ("the rollback of provision", "")
    assert pasted(bench, f"{found['goes_on']} --yes").code == 0
    assert unfinished(bench) is None


@pytest.mark.parametrize("verb", ["stop", "start"])
def test_an_unfinished_stop_or_start_can_go_both_ways(bench: Bench, verb: str) -> None:
    """What was stopped or started by half goes on, or back."""
    bench.provisioned("web")
    if verb == "start":
        assert bench.on("web", "stop").code == 0
    killed(bench, 4, verb)
    found = unfinished(bench)
    assert found is not None
    assert [shlex.split(found[way])[-1] for way in ("goes_on", "undoes")] == [verb, "rollback"]
    assert pasted(bench, f"{found['undoes']} --yes").code == 0
    assert bench.on("web", "status", "--check").code == (0 if verb == "stop" else 2)


def test_what_an_unprovision_deleted_does_not_come_back(bench: Bench) -> None:
    """As long as nothing is lost an unprovision can be taken back; afterwards it can only be finished."""
    bench.provisioned("web")
    ways: set[bool] = set()
    found: dict[str, Any] = {}
    for at in (4, 20):
        killed(bench, at, "unprovision", "--allow-destroy", "disk#0,fs#0")
        found = unfinished(bench) or {}
        assert found["goes_on"].endswith(" unprovision")
        ways.add(bool(found["undoes"]))
    assert ways == {True, False}
    assert pasted(bench, f"{found['goes_on']} --allow-destroy disk#0,fs#0").code == 0


def test_an_action_elsewhere_is_told_with_its_node(bench: Bench) -> None:
    """What is unfinished on another node is said so, with lines for that node."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    killed(bench, 12, "provision")
    other = bench.directory / "other.json"
    other.write_bytes(bench.node.read_bytes())
    said = bench.svcmgr("-s", "web", "--node", str(other), "status", "--format", "json")
    found = json.loads(said.out)["unfinished"]
    assert found["node"] == str(bench.node)
    assert pasted(bench, found["goes_on"]).code == 0


@pytest.mark.parametrize(
    "text,sentence",
    [
        ('{"action": "provision"}\n{"intent": 0, "comm', "the last line was cut short by a crash"),
        ('{"action": "provision"}\n{"intent": 5}\n', "an intent without its command"),
        ('{"action": "provision"}\n{"of": 1}\n{"of": 2}\n', "not a journal of this version"),
        (
            '{"action": "provision"}\n{"intent": 0, "command": {"tool": 7}, "before": []}\n',
            "not a journal of this version",
        ),
        ("nonsense\n{}\n", "this is no line of a journal"),
    ],
)
def test_a_damaged_journal_is_a_remark_of_the_status(bench: Bench, text: str, sentence: str) -> None:
    """The tree is shown all the same, and on standard error what is wrong with the journal."""
    bench.provisioned("web")
    (bench.var / "web/journal.jsonl").write_text(text)
    said = bench.on("web", "status", "--format", "json")
    assert (said.code, json.loads(said.out)["avail"]) == (0, "up")
    assert sentence in said.err


def test_an_action_that_runs_is_told_as_running(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody holds the service, the status says who does what since when, and nothing to type."""
    bench.provisioned("web")
    with sudo("ann", monkeypatch):
        Lock(f"{bench.var}/web/lock", "web", "stop").take()
    found = unfinished(bench)
    assert found is not None
    assert (found["action"], found["running"], found["pid"]) == ("stop", True, os.getpid())
    assert (found["goes_on"], found["undoes"]) == ("", "")
    assert "stop is running since 20" in bench.on("web", "status").out.splitlines()[-1]


def test_the_events_of_an_action_are_in_the_log(bench: Bench) -> None:
    """On this machine an action leaves its beginning and its end in the log, without its secrets."""
    path = bench.write(f"{LOOP.replace('nodes = node12.nsx.lab.net', '')}[env]\npassword.secret = true\npassword = x\n")
    made = ("create", "--config", path, "--env", f"password={SECRET}")
    program = "import sys; from svcprov.svcmgr import main; sys.exit(main())"
    ended = run(bench, "-c", program, "-s", "web", *made)
    assert ended.returncode == 0, ended.stderr
    log = bench.var / "log/web.log"
    begin, end = (json.loads(line) for line in log.read_text().splitlines())
    assert (begin["service"], begin["action"], begin["event"]) == ("web", "create", "begin")
    assert begin["message"].endswith("--env password=«secret:env.password»")
    assert (end["event"], end["result"], end["changes"]) == ("end", "done", "1")
    assert SECRET not in log.read_text()


def test_what_happens_to_a_simulated_node_is_no_event_of_the_system(bench: Bench) -> None:
    """A node that is a file has no place in the logs of this machine."""
    bench.provisioned("web")
    assert not (bench.var / "log").exists()


def test_looking_at_a_history_loads_nothing_slow(bench: Bench) -> None:
    """A table needs no library."""
    program = "import sys; from svcprov.svcmgr import main; main(); print(*sys.modules, file=sys.stderr)"
    bench.provisioned("web")
    loaded = set(run(bench, "-c", program, "-s", "web", "history").stderr.split())
    assert not loaded & {"rich", "socket", "asyncio", "pathlib", "inspect", "core.engine"}
