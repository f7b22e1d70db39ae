"""`restart`: a stop and a start that are one action."""

from core.compare import same_world
from core.state import loads
from tests.e2e.bench import LOOP, Bench


def test_a_restart_is_shown_as_what_it_runs(bench: Bench) -> None:
    """The commands that --dry-run shows, start included, are those that run, under the same numbers."""
    bench.provisioned("web")
    before = bench.files()
    shown = bench.on("web", "restart", "--dry-run", "--format", "json")
    assert (shown.code, bench.files()) == (0, before)
    run = bench.on("web", "restart", "--format", "json")
    planned, done = (
        [(line["step"], line["verb"]) for line in said.objects if line["type"] == "command"] for said in (shown, run)
    )
    assert {verb for _, verb in planned} == {"stop", "start"}
    assert planned == done


def test_a_restart_has_one_summary(bench: Bench) -> None:
    """Only the last line of a restart is a summary, and it counts both halves."""
    bench.provisioned("web")
    said = bench.on("web", "restart", "--format", "json")
    summaries = [line for line in said.objects if line["type"] == "summary"]
    assert summaries == said.objects[-1:]
    commands = sum(line["type"] == "command" for line in said.objects)
    assert (summaries[0]["action"], summaries[0]["commands"]) == ("restart", commands)


def test_a_restart_to_come_is_a_change(bench: Bench) -> None:
    """With --detailed-exitcode a dry run of it exits 2, and the line that it ends with restarts."""
    bench.provisioned("web")
    said = bench.on("web", "restart", "--dry-run", "--detailed-exitcode")
    assert said.code == 2
    assert said.out.splitlines()[-1] == f"To do it: svcmgr -s web --node {bench.node} restart"


def test_a_restart_leaves_the_node_as_it_was(bench: Bench) -> None:
    """What was up is up again, and nothing else changed."""
    bench.provisioned("web", LOOP)
    before = loads(bench.node.read_text())
    assert bench.on("web", "restart").code == 0
    assert same_world(loads(bench.node.read_text()), before) == []
