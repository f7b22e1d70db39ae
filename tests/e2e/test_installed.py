"""The installed svcmgr: every exit code of the contract, and refusals whose last line can be pasted into a shell."""

import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, SERVICE, TEMPLATE, Bench, Said
from tests.e2e.real.installed import Installed, install
from tests.e2e.test_processes import DYING, run
from tests.unit.svcprov.test_listings import GREP, LS, printed

DISK = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/{svcname}\n"
LARGER = '{"rid": "disk#0", "size": "120M"}'
FOREIGN = {"type": "ext4", "uuid": "11111111-2222-4333-8444-555555555555", "files": {"/payroll.db": "salaries"}}
SECONDS_MAX = 30
IDLE_POLLS = 10
PASTES_MAX = 3
"""A line may lead to the next refusal: what is deleted has to be named, after it was said that it is to be deleted."""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, installed."""
    return install(tmp_path_factory.mktemp("installed") / "env")


class Shell:
    """A shell on the files of a bench, with the installed svcmgr on its path."""

    def __init__(self, bench: Bench, installed: Installed) -> None:
        self.bench = bench
        self.environment = {
            **os.environ,
            "OSVCETC": str(bench.etc),
            "OSVCVAR": str(bench.var),
            "PATH": f"{Path(installed.svcmgr).parent}:{os.environ['PATH']}",
        }

    def paste(self, line: str) -> Said:
        """Run a command line as a person does who pastes it."""
        ended = subprocess.run(
            ("sh", "-c", line),
            env=self.environment,
            cwd=self.bench.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return Said(ended.returncode, ended.stdout, ended.stderr)

    def web(self, words: str) -> Said:
        """Run svcmgr for the service `web` on the node of the bench."""
        return self.paste(f"svcmgr -s web --node {self.bench.node} {words}")

    def create(self, text: str = LOOP) -> None:
        """Create the service `web`."""
        path = self.bench.write(text)
        assert self.web(f"create --config {path}").code == 0

    def change(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the node, as somebody else does."""
        state = self.bench.state()
        change(state)
        self.bench.node.write_text(json.dumps(state), encoding="utf-8")

    def kill(self, at: int, words: str) -> None:
        """Run svcmgr, killed after its write number `at`."""
        killed = run(self.bench, "-c", DYING, str(at), "after", "-s", "web", "--node", str(self.bench.node), words)
        assert killed.returncode == 9, killed.stderr


@pytest.fixture
def shell(bench: Bench, installed: Installed) -> Shell:
    """A shell."""
    return Shell(bench, installed)


def _done(shell: Shell) -> Iterator[str]:
    shell.create()
    yield "provision"


def _failed(shell: Shell) -> Iterator[str]:
    shell.create()
    shell.change(lambda state: state["tools"].update({"e2fsprogs": None}))
    yield "provision"


def _pending(shell: Shell) -> Iterator[str]:
    shell.create()
    yield "plan --detailed-exitcode"


def _refused(shell: Shell) -> Iterator[str]:
    shell.bench.use("debian.json")
    shell.create(DISK)
    shell.change(lambda state: state["devices"]["/dev/sdb"].update(content=FOREIGN))
    yield "provision"


def _changed(shell: Shell) -> Iterator[str]:
    shell.create()
    assert shell.web("plan -o web.plan").code == 0
    conf = shell.bench.etc / "web.conf"
    conf.write_text(conf.read_text(encoding="utf-8").replace("100M", "120M"), encoding="utf-8")
    yield "apply web.plan"


def _held(shell: Shell) -> Iterator[str]:
    shell.create()
    (shell.bench.var / "web").mkdir(parents=True, exist_ok=True)
    with (shell.bench.var / "web/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield "provision"


def _invalid(shell: Shell) -> Iterator[str]:
    shell.create()
    yield "provision --rid disk#7"


CODES = {0: _done, 1: _failed, 2: _pending, 3: _refused, 4: _changed, 5: _held, 6: _invalid}


@pytest.mark.parametrize("code", CODES)
def test_the_exit_code_says_what_came_of_it(shell: Shell, code: int) -> None:
    """Each way in which an action can end has the exit code of the contract; the summary of JSON Lines agrees."""
    for words in CODES[code](shell):
        if code != 0:
            said = shell.web(f"{words} --format json")
            assert said.code == code, said
            results = {1: "failed", 2: "planned", 3: "refused", 4: "node changed", 5: "held", 6: "invalid"}
            assert said.objects[-1]["result"] == results[code]
        said = shell.web(words)
        assert said.code == code, said
        assert bool(said.err.strip()) is (code != 2)


def test_an_interruption_is_130(shell: Shell) -> None:
    """Ctrl-C while it waits for the lock of another action is 130, with what goes on."""
    shell.create()
    (shell.bench.var / "web").mkdir(parents=True, exist_ok=True)
    words = ("svcmgr", "-s", "web", "--node", str(shell.bench.node), "provision", "--waitlock", "60")
    with (shell.bench.var / "web/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(words, env=shell.environment, stderr=subprocess.PIPE, text=True) as process:
            until = monotonic() + SECONDS_MAX
            idle = 0
            while idle < IDLE_POLLS and monotonic() < until:
                idle = idle + 1 if _sleeps(process.pid) else 0
                sleep(0.03)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=SECONDS_MAX)
    assert (process.returncode, "goes on" in said, "Traceback" in said) == (130, True, False), said


def _sleeps(process: int) -> bool:
    """Tell whether a process has nothing to do: one that has come so far that it waits for a lock."""
    state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return state[0] == "S" and int(state[11]) > 0


def _foreign_disk(shell: Shell) -> str:
    return next(_refused(shell))


def _foreign_file(shell: Shell) -> str:
    shell.create()
    shell.change(lambda state: state["files"].update({"/srv/web.img": {"size": "100M", "content": FOREIGN}}))
    return "provision"


def _unnamed(shell: Shell) -> str:
    shell.create()
    assert shell.web("provision").code == 0
    return "unprovision"


def _owning(shell: Shell) -> str:
    shell.create()
    assert shell.web("provision").code == 0
    return "delete"


def _rolled_back_too_late(shell: Shell) -> str:
    shell.create()
    assert shell.web("provision").code == 0
    return "rollback"


def _otherwise_templated(shell: Shell) -> str:
    assert shell.paste(f"svcmgr -s web --node {shell.bench.node} create --config {TEMPLATE} --provision").code == 0
    conf = shell.bench.etc / "web.conf"
    volumes = shell.web("get --param disk#0.volumes").out.strip()
    conf.write_text(conf.read_text(encoding="utf-8").replace(volumes, "<size=16>"), encoding="utf-8")
    return "provision"


def _killed(verb: str, words: str) -> Callable[[Shell], str]:
    def scene(shell: Shell) -> str:
        shell.create()
        if verb == "unprovision":
            assert shell.web("provision").code == 0
            killed = ("unprovision", "--allow-destroy", "disk#0,fs#0")
            ended = run(shell.bench, "-c", DYING, "16", "after", "-s", "web", "--node", str(shell.bench.node), *killed)
            assert ended.returncode == 9, ended.stderr
        else:
            shell.kill(12, verb)
        return words

    return scene


def _used_plan(shell: Shell) -> str:
    shell.create()
    assert shell.web("plan -o web.plan").code == 0
    assert shell.web("apply web.plan").code == 0
    return "apply web.plan"


def _stale_plan(shell: Shell) -> str:
    return next(_changed(shell))


def _plan_that_destroys(shell: Shell) -> str:
    shell.create()
    assert shell.web("provision").code == 0
    assert shell.web("plan unprovision -o web.plan").code == 0
    return "apply web.plan"


REFUSALS: dict[str, Callable[[Shell], str]] = {
    "somebody's filesystem": _foreign_disk,
    "somebody's file": _foreign_file,
    "what is lost is not named": _unnamed,
    "a service that has things": _owning,
    "a rollback after the end": _rolled_back_too_late,
    "another text for what was allocated": _otherwise_templated,
    "stop of an unfinished provision": _killed("provision", "stop"),
    "start of an unfinished provision": _killed("provision", "start"),
    "part of an unfinished provision": _killed("provision", "provision --rid disk#0"),
    "delete of an unfinished provision": _killed("provision", "delete"),
    "update of an unfinished provision": _killed(
        "provision", """update --resource '{"rid": "disk#0", "size": "120M"}'"""
    ),
    "provision of an unfinished unprovision": _killed("unprovision", "provision"),
    "rollback of an unprovision that deleted": _killed("unprovision", "rollback --yes"),
    "a plan that was applied": _used_plan,
    "a plan that is stale": _stale_plan,
    "a plan that destroys": _plan_that_destroys,
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_the_last_line_of_a_refusal_can_be_pasted(shell: Shell, refusal: str) -> None:
    """Whoever pastes the last line of a refusal, and of what that leads to, gets where it said."""
    said = shell.web(REFUSALS[refusal](shell))
    assert said.code in {3, 4}, said
    for _ in range(PASTES_MAX):
        line = said.err.rstrip().splitlines()[-1]
        assert line.startswith("  svcmgr "), said.err
        said = shell.paste(line)
        if said.code == 0:
            return
    pytest.fail(f"{PASTES_MAX} lines were pasted, and the last one says: {said.err}")


def test_an_action_of_another_node_is_gone_on_with_there(shell: Shell, bench: Bench) -> None:
    """An unfinished action names its node in the line that goes on with it."""
    shell.create()
    shell.kill(12, "provision")
    other = bench.directory / "other.json"
    other.write_bytes(bench.node.read_bytes())
    said = shell.paste(f"svcmgr -s web --node {other} provision")
    assert (said.code, f"unfinished on the node {bench.node}" in said.err) == (3, True), said
    assert shell.paste(said.err.rstrip().splitlines()[-1]).code == 0
    assert shell.web("status --check").code == 0


def test_the_words_of_svcmgr_are_those_of_the_documentation(shell: Shell) -> None:
    """`SERVICE` is svcmgr for that service: its own link takes the same words."""
    assert shell.paste(f"svcmgr -s {SERVICE} --node {shell.bench.node} create --config {TEMPLATE}").code == 0
    said = shell.paste(f"{shell.bench.etc}/{SERVICE} --node {shell.bench.node} plan --format json")
    assert (said.code, said.objects[-1]["result"]) == (0, "planned")


def test_the_listings_are_installed(installed: Installed, tmp_path: Path) -> None:
    """The documentation's grep and ls, run where the package is installed, print what they print in the checkout."""
    words = (installed.nodemgr, "print", "listings")
    found = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    home = Path(found.stdout.splitlines()[0]).parents[3]
    assert (home / "svcmgr.py").is_file()
    for command in (GREP, LS):
        assert printed(command, home) == printed(command)


def test_a_template_brings_its_files_when_installed(bench: Bench, installed: Installed) -> None:
    """The file that a shipped template's trigger reads comes with the wheel, beside the template."""
    said = Shell(bench, installed).paste("svcmgr -s proxy create --template haproxy && svcmgr -s proxy validate config")
    assert said.code == 0, said.err
    shipped = (REPOSITORY / "fixtures/templates/haproxy.cfg").read_bytes()
    assert (bench.etc / "proxy.dir/haproxy.cfg").read_bytes() == shipped
