"""The transcript of the specification: the same commands, notes and order, on a node with the tools of its time."""

import re
import shutil
from itertools import combinations

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import SERVICE, TEMPLATE, Bench
from tests.e2e.stand_in import StandIn
from tests.e2e.transcript import differences, entries

TRANSCRIPT = REPOSITORY / "fixtures/templates/testec2docker.transcript"
EXPECTED = TRANSCRIPT.read_text(encoding="utf-8")
LINES = entries(EXPECTED)


def test_the_transcript_comes_out(bench: Bench) -> None:
    """Every command and note line of the transcript is logged, in its order and spelling, below one header line."""
    bench.use("ec2-2015.json")
    shutil.copyfile(TEMPLATE, bench.directory / "testec2docker.template")
    with StandIn().running() as collector:
        (bench.etc / "node.conf").write_text(f"[node]\ndbopensvc = {collector.url}\nuuid = secret\n")
        said = bench.on(SERVICE, "--config", str(bench.directory / "testec2docker.template"), "--provision", "create")
    assert said.code == 0, said.err
    header, log = said.err.split("\n", 1)
    pushed = said.out.replace(str(bench.etc), "/etc/opensvc").replace(str(bench.var), "/var/lib/opensvc")
    assert re.fullmatch(rf"SIMULATED ec2\.json: provision {SERVICE}: \d+ commands, 7 resources, 0 destructive", header)
    assert differences(EXPECTED, log + pushed) == []
    assert [service["svc_name"] for service in collector.services] == [repr(SERVICE)]
    assert collector.auth == [["secret", "node12.nsx.lab.net"]]


def test_the_comparison_notices_any_two_lines_that_are_swapped() -> None:
    """The comparison depends on the order of every two lines that differ."""
    unnoticed = []
    for one, other in combinations(range(len(LINES)), 2):
        if LINES[one] == LINES[other]:
            continue
        swapped = LINES[:]
        swapped[one], swapped[other] = LINES[other], LINES[one]
        if not differences(EXPECTED, "\n".join(f"{line}\nblock" if block else line for line, block in swapped)):
            unnoticed.append((LINES[one], LINES[other]))
    assert unnoticed == []


@pytest.mark.parametrize("position", range(len(LINES)))
def test_the_comparison_notices_a_line_that_is_missing(position: int) -> None:
    """The comparison depends on every line."""
    left = LINES[:position] + LINES[position + 1 :]
    assert differences(EXPECTED, "\n".join(f"{line}\nblock" if block else line for line, block in left))


def test_the_comparison_takes_the_transcript_for_itself() -> None:
    """The transcript is as the transcript has it, whatever its blocks say."""
    shown = "\n".join(f"{line}\nanything" if block else line for line, block in LINES)
    assert differences(EXPECTED, shown) == []


def test_the_template_is_the_specifications() -> None:
    """The shipped template is the text of the specification: the file that a reader compares it with."""
    text = TEMPLATE.read_text(encoding="utf-8")
    assert text.startswith("[DEFAULT]\nservice_type = TST\nnodes = node12.nsx.lab.net\n")
    assert "#eip = <allocate>\n" in text
    assert "\n\n\n[sync#0]\n" in text
