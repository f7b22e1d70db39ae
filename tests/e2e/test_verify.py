"""`svcmgr verify`: its table, its formats, what it refuses, and single tries by their names."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, TEMPLATE, Bench
from tests.e2e.verified import CLOUD, SIZES, service


def test_a_sound_service(bench: Bench) -> None:
    """The table has every kind of try without a violation, and nothing was written anywhere."""
    service(bench, "web", LOOP)
    before = bench.files()
    said = bench.on("web", "verify")
    assert (said.code, said.err) == (0, "")
    assert re.search(r"^crash +\d{3} .* 0$", said.out, re.MULTILINE)
    assert said.out.splitlines()[-1].endswith(" tries, 0 violations")
    assert bench.files() == before
    assert not bench.var.exists()


def test_services_that_share_nothing(bench: Bench) -> None:
    """A service beside another one is tried in both orders, and both are left alone."""
    service(bench, "web", LOOP)
    service(bench, "other", LOOP)
    service(bench, "broken", "[fs#0]\n")
    said = bench.on("web", "verify", "--format", "json")
    beside = next(line for line in said.objects if line.get("kind") == "other services")
    assert (said.code, beside["tried"], beside["violations"]) == (0, 2, 0)


def test_examples_are_counted(bench: Bench) -> None:
    """`--examples` says how many variations are tried, the outermost ones first."""
    bench.use("debian.json")
    service(bench, "web", SIZES)
    tried = []
    for number in ("0", "1", "2"):
        lines = bench.on("web", "verify", "--examples", number, "--format", "json").objects
        tried.append(next((line["tried"] for line in lines if line.get("kind") == "values of [env]"), 0))
    assert tried[0] == 0
    assert 0 < tried[1] < tried[2]


def test_json_lines(bench: Bench) -> None:
    """JSON Lines: the version, a line for each kind and each violation, the summary; and nothing else."""
    service(bench, "web", CLOUD.replace("ip#1.ipname", "ip#2.ipname"))
    said = bench.on("web", "verify", "--format", "json")
    types = [line["type"] for line in said.objects]
    assert said.code == 1
    assert types[0] == "version"
    assert list(dict.fromkeys(types)) == ["version", "kind", "violation", "summary"]
    violation = next(line for line in said.objects if line["type"] == "violation")
    assert violation["script"].endswith(f"--point {violation['point']}")
    assert said.objects[-1]["result"] == "failed"
    assert said.objects[-1]["violations"] == sum(line["like"] for line in said.objects if line["type"] == "violation")


def test_junit(bench: Bench) -> None:
    """JUnit XML: a suite for each kind, and the failures with the script that shows them."""
    service(bench, "web", CLOUD.replace("ip#1.ipname", "ip#2.ipname"))
    said = bench.on("web", "verify", "--format", "junit")
    root = ET.fromstring(said.out.partition("\n")[2])  # noqa: S314 - our own
    suites = {suite.get("name"): suite for suite in root}
    assert said.code == 1
    assert int(suites["properties"].get("failures") or 0) > 0
    assert suites["crash"].get("failures") == "0"
    failures = list(suites["properties"].iter("failure"))
    assert all("--point plain:" in (failure.text or "") for failure in failures)
    assert all(failure.get("message") for failure in failures)


def test_an_invalid_service(bench: Bench) -> None:
    """A service that is not valid is refused with all that is wrong with it, before anything is tried."""
    service(bench, "web", LOOP.replace("size = 100M", "size = much\nsiz = 1"))
    said = bench.on("web", "verify")
    assert said.code == 6
    assert len(said.err.splitlines()) == 2
    assert said.out == ""


@pytest.mark.parametrize(
    "text,words,says",
    [
        (LOOP.replace("node12.nsx.lab.net", "elsewhere"), (), "none of the service's: elsewhere"),
        (LOOP, ("--examples", "-1"), "--examples takes a whole number from 0"),
        (LOOP, ("--examples", "1.5"), "--examples takes a whole number from 0"),
        (LOOP, ("--point", "nonsense"), "--point nonsense: there is no such try"),
        (LOOP, ("--point", "after:x:inside:kill:resume"), "there is no such try"),
        (LOOP, ("--point", "after:900:inside:kill:resume"), "there is no such try"),
        (LOOP, ("--point", "after:1:inside:kill:laugh"), "there is no such try"),
        (LOOP, ("--point", "beside:nobody:first"), "there is no such try"),
        (LOOP, ("--point", "somebody:sings:/srv"), "there is no such try"),
        (LOOP, ("--point", "renumbered:stop"), "there is no such try"),
        (LOOP, ("--point", "plain:beautiful"), "there is no such try"),
        (LOOP, ("--rid", "fs#7"), "has no resource 'fs#7'"),
        ("[env]\nsize.range = 9..1\nsize = 4\n[disk#0]\ntype = loop\nfile = /x\n", (), "is no range"),
    ],
)
def test_a_command_line_that_makes_no_sense(text: str, words: tuple[str, ...], says: str, bench: Bench) -> None:
    """It is exit 6, with what is wrong, and no table."""
    service(bench, "web", text)
    said = bench.on("web", "verify", *words)
    assert (said.code, said.out) == (6, "")
    assert says in said.err


POINTS = (
    "plain:again",
    "before:2:outside:kill:rollback",
    "after:3:inside:reboot:resume:before:1:disk",
    "lost:2:inside:reboot:unprovision",
    "fails:2:inside:rollback",
    "fails:5:questions:resume",
    "fails:2:always:resume",
    "stop:after:1:inside:reboot",
    "somebody:fills:/srv/web",
)


@pytest.mark.parametrize("point", POINTS)
def test_one_try_alone(point: str, bench: Bench) -> None:
    """Every manner of try can be asked for by its name."""
    service(bench, "web", LOOP)
    said = bench.on("web", "verify", "--point", point)
    assert (said.code, said.out.splitlines()[-1]) == (0, "1 tries, 0 violations")


def test_a_part_of_a_service(bench: Bench) -> None:
    """With --rid only the chosen resources are tried."""
    service(bench, "web", LOOP + "[fs#1]\ntype = ext4\ndev = /dev/xvda\nmnt = /srv/no\n")
    assert bench.on("web", "verify").code == 1
    assert bench.on("web", "verify", "--rid", "disk#0,fs#0").code == 0


def test_a_service_that_is_provisioned(bench: Bench) -> None:
    """What a service was given is taken back in memory first: it is tried as its author wrote it, and stays up."""
    bench.provisioned("web", CLOUD)
    before = bench.files()
    said = bench.on("web", "verify", "--format", "json")
    assert (said.code, said.objects[-1]["violations"]) == (0, 0)
    assert next(line["tried"] for line in said.objects if line.get("kind") == "crash") > 50
    assert bench.files() == before


def test_an_unfinished_action(bench: Bench) -> None:
    """While an action is unfinished nobody knows what the node has of a service: it is refused with what to type."""
    bench.provisioned("web")
    journal = bench.var / "web/journal.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-1]))
    said = bench.on("web", "verify")
    assert said.code == 3
    assert "rollback` finishes it" in said.err


def test_secrets_are_not_shown(bench: Bench) -> None:
    """A script for everybody's eyes has a stand-in for each declared secret, and shows the failure all the same."""
    service(bench, "web", SIZES.replace("size = 5G", "size = 15G\nword = hunter2\nword.secret = true", 1))
    bench.use("debian.json")
    said = bench.on("web", "verify", "--examples", "0")
    assert said.code == 1
    assert "hunter2" not in said.out


def test_an_interruption(bench: Bench) -> None:
    """Ctrl-C prints the table as far as it has come, and is exit 130."""
    service(bench, "web", TEMPLATE.read_text(encoding="utf-8"))
    words = ("-s", "web", "verify", "--node", str(bench.node), "--format", "json")
    program = (
        "import signal; from svcprov.verification import commands; from svcprov.svcmgr import run\n"
        "def interrupted(*given): signal.raise_signal(signal.SIGINT); yield\n"
        "from svcprov.verification import trying; trying.KINDS['crash again'] = interrupted; run()"
    )
    ended = subprocess.run(
        (sys.executable, "-c", program, *words), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 130, ended.stderr
    assert '"kind": "crash"' in ended.stdout
    assert '"kind": "answer lost"' not in ended.stdout
    assert '"result": "interrupted"' in ended.stdout.splitlines()[-1]
    assert signal.getsignal(signal.SIGINT) is not None


def test_progress_is_for_terminals(bench: Bench) -> None:
    """A terminal sees how far it has come, on one line that is gone at the end; a pipe sees nothing of it."""
    service(bench, "web", LOOP)
    words = ("-s", "web", "verify", "--node", str(bench.node))
    main, side = os.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    command = (sys.executable, "-m", "svcprov.svcmgr", *words)
    ended = subprocess.run(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=side, text=True, check=False
    )
    os.close(side)
    shown = everything_of(main)
    assert ended.returncode == 0
    assert re.search(r"\r\x1b\[Kverify: \d+ of about \d+ tries: .*; \d+ s left", shown)
    assert shown.endswith("\r\x1b[K")
    assert "\n" not in shown
    assert "about" not in ended.stdout


def everything_of(terminal: int) -> str:
    """What a terminal was sent, to the end: it hands out parts, and an error once its other side is closed."""
    parts = []
    with open(terminal, "rb", buffering=0) as screen, contextlib.suppress(OSError):
        while part := screen.read(4096):
            parts.append(part)
    return b"".join(parts).decode()


def test_what_triggers_read_is_there_in_memory(bench: Bench) -> None:
    """A service whose trigger reads a file beside the service file is tried with it, and so is a neighbour."""
    for name in ("proxy", "web"):
        assert bench.on(name, "create", "--template", "haproxy").code == 0
    said = bench.on("proxy", "verify", "--examples", "0", "--point", "plain:up")
    assert said.code == 0, said.out + said.err
    (bench.etc / "proxy.dir/haproxy.cfg").unlink()
    assert bench.on("proxy", "verify", "--examples", "0", "--point", "plain:up").code == 6
