"""JSON Lines, as the contract of the command line has them."""

import json
from typing import Any

import pytest

from tests.e2e.bench import LOOP, SERVICE, TEMPLATE, Bench

KEYS = {
    "version": ["type", "format", "svcprov"],
    "command": [
        "type",
        "step",
        "rid",
        "verb",
        "argv",
        "stdin",
        "kind",
        "makes",
        "check",
        "destroys",
        "undo",
        "quiet",
        "conditional",
    ],
    "cascade": ["type", "step", "rid", "key", "value"],
    "note": ["type", "rid", "level", "text"],
    "wait": ["type", "rid", "for", "seconds_max"],
    "summary": ["type", "action", "commands", "destructive", "resources", "changed", "result", "resumable"],
}
RUN = ["returncode", "stdout", "stderr", "seconds"]


def lines(bench: Bench, *words: str) -> list[dict[str, Any]]:
    """The objects of a plan of the first template."""
    made = ("create", "--config", str(TEMPLATE), "--provision", "--format", "json", *words)
    return bench.on(SERVICE, *made).objects


def test_every_object_has_its_keys(bench: Bench) -> None:
    """Each object of a plan has the keys of its type, in their order; the version is first, the summary last."""
    objects = lines(bench, "--dry-run")
    assert [list(line) for line in objects] == [KEYS[line["type"]] for line in objects]
    assert (objects[0]["type"], objects[-1]["type"]) == ("version", "summary")
    assert {line["type"] for line in objects} == set(KEYS)


def test_a_run_has_answers(bench: Bench) -> None:
    """Each command of a run has its return code, its outputs and its time beside the keys of a plan."""
    commands = [line for line in lines(bench) if line["type"] == "command"]
    assert {tuple(line) for line in commands} == {(*KEYS["command"], *RUN)}
    assert {line["returncode"] for line in commands} == {0}


def test_steps_are_counted_without_questions(bench: Bench) -> None:
    """Steps number changes, announcements and cascades, the same with and without --reads."""
    objects, more = lines(bench, "--dry-run"), lines(bench, "--dry-run", "--reads")
    steps = [line["step"] for line in objects if "step" in line]
    assert steps == list(range(1, len(steps) + 1))
    assert [line["step"] for line in more if line.get("step")] == steps
    assert {line["kind"] for line in objects if line["type"] == "command"} == {"changes", "announces"}
    assert {line["step"] for line in more if line.get("kind") == "reads"} == {0}
    # What svcmgr asks itself is no question to the node.
    assert not any(line["argv"][0] == "svcmgr" for line in more if line["type"] == "command")


def test_the_summary_counts(bench: Bench) -> None:
    """The summary counts what the lines before it are."""
    objects = lines(bench, "--dry-run")
    summary = objects[-1]
    assert summary["commands"] == sum(line["type"] == "command" for line in objects)
    assert summary["resources"] == 7
    assert (summary["result"], summary["destructive"], summary["resumable"]) == ("planned", 0, False)


def test_nothing_else_is_on_standard_output(bench: Bench) -> None:
    """In a run, standard output is JSON Lines only, and standard error has no log."""
    said = bench.on("web", "create", "--config", bench.write(LOOP), "--provision", "--format", "json")
    assert [json.loads(line)["type"] for line in said.out.splitlines()][-1] == "summary"
    assert said.err == ""


@pytest.mark.parametrize("changes,code", [(True, 2), (False, 0)])
def test_a_detailed_exit_code_tells_changes(bench: Bench, *, changes: bool, code: int) -> None:
    """With --detailed-exitcode a plan is 2 when something would change, else 0."""
    bench.on("web", "create", "--config", bench.write(LOOP), *(() if changes else ("--provision",)))
    assert bench.on("web", "plan", "--detailed-exitcode").code == code
    assert bench.on("web", "provision", "--dry-run", "--detailed-exitcode").code == code
    assert bench.on("web", "plan").code == 0


def test_a_status_is_one_object(bench: Bench) -> None:
    """`status --format json` prints one object with avail, overall and every resource."""
    bench.provisioned(SERVICE, TEMPLATE.read_text())
    status = json.loads(bench.on(SERVICE, "status", "--format", "json").out)
    assert {name: status[name] for name in ("service", "avail", "overall")} == {
        "service": SERVICE,
        "avail": "up",
        "overall": "warn",
    }
    assert status["resources"]["sync#1"] == {
        "status": "warn",
        "label": f"btrfs of {SERVICE}.fs.0:data to drpnodes",
        "log": ["warn: btrfs state file not found"],
    }


def test_a_refusal_ends_with_a_summary(bench: Bench) -> None:
    """What was refused says so in the last line, and how much it would have destroyed."""
    bench.provisioned("web")
    said = bench.on("web", "unprovision", "--format", "json")
    assert (said.code, said.objects[-1]["result"]) == (3, "refused")
    assert said.objects[-1]["destructive"] > 0
