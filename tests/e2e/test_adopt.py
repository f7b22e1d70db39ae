"""`svcmgr adopt` as a user types it."""

import json
import shlex
import shutil

import pytest

from core.compare import same_world
from core.state import loads
from svcprov.screen import Screen
from tests.e2e.bench import LOOP, Bench, Said

NAME = "web"


def _lost(bench: Bench, text: str = LOOP, name: str = NAME) -> None:
    """Have a service that runs, and of which nothing is remembered."""
    (bench.etc / f"{name}.conf").write_text(text, encoding="utf-8")
    said = bench.on(name, "provision")
    assert said.code == 0, said.err
    shutil.rmtree(bench.var / name)


def _pasted(bench: Bench, said: Said) -> Said:
    """Run the last line of what was said."""
    return bench.svcmgr(*shlex.split(said.err.strip().splitlines()[-1])[1:])


def test_an_adopted_service_is_one_of_ours(bench: Bench) -> None:
    """After it a plan has nothing to do, and unprovision leaves the node as it was before the service."""
    before = loads(bench.node.read_text(encoding="utf-8"))
    _lost(bench)
    said = bench.on(NAME, "adopt", "--yes")
    assert said.code == 0
    assert "adopt web: 3 things of 2 resources" in said.out
    assert "    file /srv/web.img  (disk#0.file)" in said.out
    assert "There is nothing to do." in bench.on(NAME, "plan").out
    words = ("--allow-destroy", "disk#0", "--allow-destroy", "fs#0")
    assert bench.on(NAME, "unprovision", "--yes", *words).code == 0
    assert same_world(before, loads(bench.node.read_text(encoding="utf-8"))) == []


def test_without_a_terminal_it_is_refused(bench: Bench) -> None:
    """What unprovision may delete afterwards is not recorded unasked; the line that allows it works as it is."""
    _lost(bench)
    said = bench.on(NAME, "adopt")
    assert said.code == 3
    assert "unprovision of web will delete what is recorded here" in said.err
    assert not (bench.var / NAME / "record.json").exists()
    assert _pasted(bench, said).code == 0
    assert (bench.var / NAME / "record.json").exists()


@pytest.mark.parametrize("answer, code", [("web", 0), ("yes", 3), ("", 3)])
def test_on_a_terminal_the_name_is_typed(answer: str, code: int, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the name of the service is a yes."""
    _lost(bench)
    monkeypatch.setattr(Screen, "can_ask", staticmethod(lambda: True))
    monkeypatch.setattr(Screen, "ask", lambda _screen, _question: answer)
    assert bench.on(NAME, "adopt").code == code
    assert (bench.var / NAME / "record.json").exists() is not bool(code)


def test_a_dry_run_only_tells(bench: Bench) -> None:
    """It names the same things, asks nothing and writes nothing."""
    _lost(bench)
    before = bench.files()
    said = bench.on(NAME, "adopt", "--dry-run")
    assert (said.code, "3 things of 2 resources" in said.out) == (0, True)
    assert bench.files() == before


def test_a_resource_that_is_not_up_is_named(bench: Bench) -> None:
    """Its reason is said, the exit code is 1, and what is up is adopted all the same."""
    _lost(bench)
    assert bench.on(NAME, "stop", "--rid", "fs#0").code == 0
    said = bench.on(NAME, "adopt", "--yes")
    assert said.code == 1
    assert "    not adopted: it is not up: provision would run mount" in said.out
    record = json.loads((bench.var / NAME / "record.json").read_text(encoding="utf-8"))
    assert set(record["made"]) == {"disk#0.file"}


def test_a_resource_can_be_selected(bench: Bench) -> None:
    """With --rid only that is looked for; a second adoption takes the rest, and a third finds nothing new."""
    _lost(bench)
    assert "fs#0" not in bench.on(NAME, "adopt", "--yes", "--rid", "disk#0").out
    assert "2 things of 1 resource" in bench.on(NAME, "adopt", "--yes").out
    said = bench.on(NAME, "adopt")
    assert said.code == 0
    assert "0 things of 0 resources" in said.out
    assert "(disk#0.file, recorded already)" in said.out


def test_what_is_recorded_for_another_service_is_refused(bench: Bench) -> None:
    """Whoever has it is named, and the line that adopts the rest works; the other record stays as it is."""
    _lost(bench)
    assert bench.on(NAME, "adopt", "--yes", "--rid", "disk#0").code == 0
    two = LOOP.replace("{svcname}", "web") + "[fs#1]\ntype = tmpfs\nmnt = /srv/db\n"
    (bench.etc / "db.conf").write_text(two, encoding="utf-8")
    assert bench.on("db", "provision", "--rid", "fs#1").code == 0
    shutil.rmtree(bench.var / "db")
    said = bench.on("db", "adopt", "--yes")
    assert said.code == 3
    assert "file /srv/web.img of disk#0 is recorded for web" in said.err
    assert not (bench.var / "db").exists()
    assert _pasted(bench, said).code == 0
    record = json.loads((bench.var / "db/record.json").read_text(encoding="utf-8"))
    assert set(record["made"]) == {"fs#0.directory./srv/web", "fs#0.filesystem", "fs#1.directory./srv/db"}


def test_a_service_of_another_node_has_nothing_here(bench: Bench) -> None:
    """A record whose journal is of another node says nothing of this one; one without a journal counts."""
    _lost(bench)
    other = bench.var / "other"
    other.mkdir()
    made = {"disk#0.file": {"kind": "file", "identity": "/srv/web.img", "rid": "disk#0", "action": "provision"}}
    (other / "record.json").write_text(json.dumps({"version": 1, "made": made, "keys": {}}), encoding="utf-8")
    assert bench.on(NAME, "adopt", "--dry-run").code == 3
    for node, code in ((str(bench.node), 3), ("elsewhere.json", 0), ("this machine", 0)):
        (other / "journal.jsonl").write_text(json.dumps({"action": "provision", "node": node}) + "\n", encoding="utf-8")
        assert bench.on(NAME, "adopt", "--dry-run").code == code


@pytest.mark.parametrize("line", ["", "no JSON", "[]", "{}", "\udcff"])
def test_a_journal_that_does_not_say_where_it_was_counts(line: str, bench: Bench) -> None:
    """Of a service whose journal tells nothing, what is recorded may be on this node."""
    _lost(bench)
    other = bench.var / "other"
    other.mkdir()
    made = {"disk#0.file": {"kind": "file", "identity": "/srv/web.img", "rid": "disk#0", "action": "provision"}}
    (other / "record.json").write_text(json.dumps({"version": 1, "made": made, "keys": {}}), encoding="utf-8")
    (other / "journal.jsonl").write_bytes(line.encode("utf-8", "surrogateescape"))
    assert bench.on(NAME, "adopt", "--dry-run").code == 3


@pytest.mark.parametrize("content", [b"\xff", b"{", None])
def test_a_record_that_cannot_be_read_is_not_passed_over(content: bytes | None, bench: Bench) -> None:
    """What another service has is not guessed at: exit 1, naming the file."""
    _lost(bench)
    (bench.var / "other").mkdir()
    record = bench.var / "other/record.json"
    if content is None:
        record.mkdir()
    else:
        record.write_bytes(content)
    (bench.var / "claims").write_text("no directory", encoding="utf-8")
    said = bench.on(NAME, "adopt", "--yes")
    assert (said.code, str(record) in said.err) == (1, True)


def test_an_unfinished_action_comes_first(bench: Bench) -> None:
    """What a killed action has made is its journal's to say; the refusal says how to go on."""
    _lost(bench, LOOP + "[fs#1]\ntype = tmpfs\nmnt = /srv/t\n")
    state = json.loads(bench.node.read_text(encoding="utf-8"))
    state["mounts"] = [mount for mount in state["mounts"] if mount["mount_point"] != "/srv/t"]
    state["files"]["/srv/t/mine"] = "text"
    bench.node.write_text(json.dumps(state), encoding="utf-8")
    assert bench.on(NAME, "provision", "--adopt", "disk#0,fs#0").code == 3
    journal = bench.var / NAME / "journal.jsonl"
    journal.parent.mkdir(exist_ok=True)
    journal.write_text(json.dumps({"action": "provision", "node": str(bench.node), "selection": [[], [], []]}) + "\n")
    said = bench.on(NAME, "adopt", "--yes")
    assert said.code == 3
    assert "provision of web is unfinished" in said.err
    assert said.err.strip().endswith(f"svcmgr -s web --node {bench.node} provision")


def test_a_dry_run_in_json_is_planned(bench: Bench) -> None:
    """Its summary says that nothing was done."""
    _lost(bench)
    summary = bench.on(NAME, "adopt", "--dry-run", "--format", "json").objects[-1]
    assert (summary["action"], summary["result"]) == ("adopt", "planned")


def test_json_has_an_object_for_each_resource(bench: Bench) -> None:
    """With what is new, what is known, and why nothing is recorded; last the summary."""
    _lost(bench)
    assert bench.on(NAME, "stop", "--rid", "fs#0").code == 0
    version, disk, fs, summary = bench.on(NAME, "adopt", "--yes", "--format", "json").objects
    assert version["type"] == "version"
    assert disk == {
        "type": "adopted",
        "rid": "disk#0",
        "new": [{"name": "disk#0.file", "kind": "file", "identity": "/srv/web.img"}],
        "known": [],
        "why": "",
    }
    assert (fs["rid"], fs["new"], fs["why"].partition(":")[0]) == ("fs#0", [], "it is not up")
    assert (summary["action"], summary["result"]) == ("adopt", "failed")


def test_an_adoption_is_in_the_history(bench: Bench) -> None:
    """Who recorded what is in `history`, like every action."""
    _lost(bench)
    assert bench.on(NAME, "adopt", "--yes").code == 0
    assert "adopt" in bench.on(NAME, "history").out


def test_var_that_cannot_be_read_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a look at the other records nothing is recorded."""
    _lost(bench)

    def denied(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("svcprov.recorded.os.listdir", denied)
    said = bench.on(NAME, "adopt", "--yes")
    assert said.code == 1
    assert "what is recorded for other services is not known" in said.err
