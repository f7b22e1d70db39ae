"""`svcmgr verify`: what it says of sound services, what it finds of authors' mistakes, and how it shows them."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, TEMPLATE, Bench

DISK = """\
[DEFAULT]
app = NSX

[disk#0]
type = loop
file = /srv/{svcname}.img
size = 100M

[fs#0]
type = ext4
dev = /dev/sdb
mnt = /srv/{svcname}

[ip#0]
ipname = 192.0.2.150
ipdev = eth0
"""
OTHER = {
    "the disk": "[fs#0]\ntype = xfs\ndev = /dev/sdb\nmnt = /srv/other\n",
    "the address": "[ip#0]\nipname = 192.0.2.150\nipdev = eth0\n",
    "the mount point": "[fs#1]\ntype = ext4\ndev = /dev/sdc\nmnt = /srv/web\n",
    "the file": "[disk#3]\ntype = loop\nfile = /srv/web.img\nsize = 50M\n",
}
"""Services that are right in themselves, and take what DISK takes, too."""
CLOUD = """\
[ip#0]
type = amazon
ipname = <allocate>
ipdev = eth0
cascade_allocation = ip#1.ipname

[ip#1]
ipname = localhost
ipdev = eth0

[disk#0]
type = loop
file = /srv/{svcname}.img
size = 100M
"""
SUBVOLUME = """\
[disk#0]
type = loop
file = /srv/{svcname}.img
size = 500M

[fs#0]
type = btrfs
dev = {disk#0.file}
mnt = /srv/{svcname}
mnt_opt = defaults,subvol=data
"""
SIZES = """\
[env]
size = 5G
size.candidates = 1G 5G 12G
owner = nobody

[disk#0]
type = loop
file = /srv/a.img
size = {env.size}

[disk#1]
type = loop
file = /srv/b.img
size = {env.size}

[fs#0]
type = ext4
dev = /srv/a.img
mnt = /srv/a
"""


@pytest.fixture
def paste(tmp_path: Path) -> Path:
    """A folder with `svcmgr` in it, for a shell that somebody pastes into."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "svcmgr"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} -m svcprov.svcmgr "$@"\n')
    program.chmod(0o755)
    return folder


def scripts(said: str) -> list[str]:
    """The scripts that a text shows failures with."""
    return re.findall(r"^cd \"\$\(mktemp -d\)\".*?^svcmgr [^\n]*--point [^\n]*$", said, re.DOTALL | re.MULTILINE)


def pasted(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a shell."""
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "TMPDIR": str(folder)}
    return subprocess.run(("sh", "-c", script), env=environment, capture_output=True, text=True, check=False)


def complaint(said: str) -> str:
    """The first thing that a text complains of."""
    return said.partition("\nto see it:")[0].rpartition("\n\n")[2].splitlines()[1].strip()


def service(bench: Bench, name: str, text: str) -> None:
    """Have a service, as its author wrote it."""
    (bench.etc / f"{name}.conf").write_text(text, encoding="utf-8")


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


@pytest.mark.parametrize("shared", OTHER)
def test_two_services_that_take_the_same(shared: str, bench: Bench, paste: Path) -> None:
    """A second service on the same disk (address, mount point, file) is found, and shown with as little as it takes."""
    bench.use("debian.json")
    service(bench, "web", DISK)
    service(bench, "other", OTHER[shared])
    said = bench.on("web", "verify")
    assert said.code == 1
    assert "other services: beside:other:" in said.out
    script = scripts(said.out)[0]
    assert "app = NSX" not in script
    # One resource of each is what it takes.
    assert len(re.findall(r"^\[", script, re.MULTILINE)) == 2
    shown = pasted(script, paste)
    assert shown.returncode == 1, shown
    assert complaint(shown.stdout) == complaint(said.out)


def test_services_that_share_nothing(bench: Bench) -> None:
    """A service beside another one is tried in both orders, and both are left alone."""
    service(bench, "web", LOOP)
    service(bench, "other", LOOP)
    service(bench, "broken", "[fs#0]\n")
    said = bench.on("web", "verify", "--format", "json")
    beside = next(line for line in said.objects if line.get("kind") == "other services")
    assert (said.code, beside["tried"], beside["violations"]) == (0, 2, 0)


@pytest.mark.parametrize(
    "wrong,says",
    [
        ("cascade_allocation = ip#2.ipname", "ip#0 tells ip#2.ipname what was allocated, and there is no ip#2"),
        ("cascade_allocation = ip#1.netmask", "after provision the service file is not valid"),
        ("cascade_allocation = ip#1.ipnam", "unknown keyword 'ipnam'"),
        ("", "ip#1 is localhost after provision, an address that every node has"),
    ],
)
def test_a_cascade_to_the_wrong_key(wrong: str, says: str, bench: Bench, paste: Path) -> None:
    """An address that does not arrive where it is used is found, and shown without the rest of the service."""
    service(bench, "web", CLOUD.replace("cascade_allocation = ip#1.ipname", wrong))
    said = bench.on("web", "verify", "--examples", "0")
    assert said.code == 1
    assert says in said.out
    assert "[disk#0]" not in scripts(said.out)[0]
    shown = [pasted(script, paste) for script in scripts(said.out)]
    assert {each.returncode for each in shown} == {1}
    assert any(says in each.stdout for each in shown)


def test_the_right_cascade(bench: Bench) -> None:
    """The same service with the right key has no violation."""
    service(bench, "web", CLOUD)
    assert bench.on("web", "verify").code == 0


def test_a_size_that_fits_only_once(bench: Bench, paste: Path) -> None:
    """Two files of a size that the service may have do not fit on the disk together; each one alone does."""
    bench.use("debian.json")
    service(bench, "web", SIZES)
    assert bench.on("web", "verify", "--examples", "0").code == 0
    said = bench.on("web", "verify")
    assert said.code == 1
    assert "values of [env]: plain:room" in said.out
    script = scripts(said.out)[0]
    assert "size = 12G" in script
    assert "[fs#0]" not in script
    assert "owner" not in script
    shown = pasted(script, paste)
    assert shown.returncode == 1
    assert "24G do not fit on /dev/sda1, which has 19G" in shown.stdout


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


def test_a_plan_that_is_refused(bench: Bench, paste: Path) -> None:
    """A service that cannot be provisioned here at all is a failure, too: its refusal is shown with its cause."""
    service(bench, "web", LOOP.replace("dev = {disk#0.file}", "dev = /dev/xvda"))
    said = bench.on("web", "verify")
    assert said.code == 1
    assert "properties: plain:provision" in said.out
    shown = pasted(scripts(said.out)[0], paste)
    assert shown.returncode == 1
    assert complaint(shown.stdout) == complaint(said.out)


@pytest.mark.parametrize(
    "bug,kinds",
    [
        ("journal.Journal.__init__ = unsynced", {"crash"}),
        ("journal.Journal._undo = lambda *given: None", {"crash", "properties"}),
        ("journal.Journal._decide = lambda self, entry: self._answered(entry, 'gone')", {"crash"}),
        ("journal.Journal.close_brackets = lambda self: None", {"crash"}),
    ],
    ids=["a journal that is not synced", "no undo", "what was in flight counts as not done", "brackets stay open"],
)
def test_a_mistake_of_the_tool(bug: str, kinds: set[str], bench: Bench) -> None:
    """A bug that only a crash shows is found, by a crash."""
    service(bench, "web", SUBVOLUME)
    program = (
        "from executors.layers import journal\n"
        "init = journal.Journal.__init__\n"
        "def unsynced(self, inner, record, write=None, save_record=None):\n"
        "    init(self, inner, record, write and (lambda line, sync=True: write(line, sync=False)), save_record)\n"
        f"{bug}\n"
        "from svcprov.svcmgr import run; run()"
    )
    words = ("-s", "web", "verify", "--node", str(bench.node), "--format", "json")
    ended = subprocess.run(
        (sys.executable, "-c", program, *words), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1, ended.stderr
    found = set(re.findall(r'"type": "violation", "kind": "([^"]*)"', ended.stdout))
    assert kinds <= found


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


def test_a_service_that_was_provisioned_elsewhere(bench: Bench) -> None:
    """A neighbour that was given things stays where it is; what it has is not for anybody else."""
    bench.provisioned("other", LOOP.replace("/srv/{svcname}.img", "/srv/web.img"))
    service(bench, "web", LOOP)
    said = bench.on("web", "verify")
    assert said.code == 1
    assert "beside:other" in said.out


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
    shown = os.read(main, 100_000).decode()
    os.close(main)
    assert ended.returncode == 0
    assert re.search(r"\r\x1b\[Kverify: \d+ of about \d+ tries: .*; \d+ s left", shown)
    assert shown.endswith("\r\x1b[K")
    assert "\n" not in shown
    assert "about" not in ended.stdout
