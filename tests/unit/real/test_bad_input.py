"""What a tool, or who started us, may do to the real executor; and what reaches the operator then."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.command import Command, Completed, Note, Wait
from core.engine import Engine
from core.errors import CommandFailed
from core.state import load
from core.tools import btrfs, fuser, xfs
from executors.real.machine import Machine
from executors.simulated.node import SimulatedNode
from tests.conftest import REPOSITORY
from tests.unit.drivers.drive import service


class Silent:
    """Hears nothing."""

    def note(self, rid: str, note: Note) -> None:
        """Hear a note."""

    def wait(self, rid: str, wait: Wait) -> None:
        """Hear of a wait."""


def sh(script: str, **fields: object) -> Command:
    """A command that runs a shell script."""
    return Command(("sh", "-c", script), tool="sh")._replace(**fields)  # type: ignore[arg-type]  # any field


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """This machine, without any program."""
    monkeypatch.setattr("executors.real.machine.PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    return Machine()


@pytest.mark.parametrize(
    "command, package",
    [
        (btrfs.version(), "btrfs-progs"),
        (xfs.version(), "xfsprogs"),
        (fuser.users("/"), "psmisc"),
        (Command(("/opt/bin/docker", "info"), tool="docker"), "docker.io"),
    ],
)
def test_a_missing_tool_is_named_with_its_package(bare: Machine, command: Command, package: str) -> None:
    """The answer for a program that is not there says which Debian package has it."""
    program = command.argv[0]
    assert bare.run(command) == Completed(127, "", f"{program}: command not found; install {package}\n")


def test_the_operator_reads_which_package_to_install(bare: Machine) -> None:
    """A driver that meets it fails with words that end with what to do; in a preview as in a run."""
    of = service("[fs#1]\ntype = btrfs\ndev = /dev/sdb\nmnt = /srv/a\n")
    state = {"devices": {"/dev/sdb": {"size": "1G"}}, "files": {"/srv": "directory"}}
    simulated = SimulatedNode(load(state))
    del simulated.state["tools"]["btrfs-progs"]
    for node, what in ((bare, "install coreutils"), (simulated, "install btrfs-progs")):
        with pytest.raises(CommandFailed) as failure:
            Engine(of, node, Silent()).act("provision", of.resources())
        assert str(failure.value).endswith(what)


@pytest.mark.parametrize("tool", ["", "no_such_tool", "sh"])
def test_a_program_that_nobody_knows_is_only_missing(bare: Machine, tool: str) -> None:
    """Of a program of the user's nobody knows the package."""
    assert bare.run(Command(("backup",), tool=tool)) == Completed(127, "", "backup: command not found\n")


def test_a_program_that_is_there_may_answer_127() -> None:
    """An answer of 127 of a program that is there stays as it is."""
    answer = Machine().run(sh("echo no such thing >&2; exit 127", tool="btrfs"))
    assert answer == Completed(127, "", "no such thing\n")


def test_a_child_that_ignores_a_polite_end_is_killed(tmp_path: Path) -> None:
    """A question that takes too long ends with its whole process group, whatever each of them makes of SIGTERM."""
    stubborn, pids = tmp_path / "stubborn", tmp_path / "pids"
    stubborn.write_text(f"trap '' TERM\necho $$ >> {pids}\nexec 2>&1\nsleep 60\n")
    began = time.monotonic()
    answer = Machine(read_seconds_max=0.5).run(sh(f"sh {stubborn} & sh {stubborn} & echo begun; sleep 60"))
    assert answer == Completed(124, "begun\n", "sh: no answer within 0.5 seconds: ended\n")
    assert time.monotonic() - began < 10
    for pid in pids.read_text().split():
        assert _is_gone(int(pid)), pid


def test_a_stubborn_question_is_killed_itself() -> None:
    """The program that was asked may ignore SIGTERM, too."""
    began = time.monotonic()
    answer = Machine(read_seconds_max=0.2).run(sh("trap '' TERM; while :; do sleep 1; done"))
    assert answer.returncode == 124
    assert time.monotonic() - began < 10


def _is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_change_may_leave_a_process_that_keeps_its_output_open() -> None:
    """A change has ended when it has ended, shown live or not: what it left running is not waited for."""
    heard: list[str] = []
    for machine in (Machine(), Machine(live=heard.append)):
        began = time.monotonic()
        assert machine.run(sh("sleep 5 & echo done", kind="changes")) == Completed(0, "done\n")
        assert time.monotonic() - began < 4
    assert heard == ["done\n"]


def test_megabytes_are_shown_live_and_kept() -> None:
    """2 MB on standard error, characters of several bytes among them, come back whole and are shown whole."""
    heard: list[str] = []
    answer = Machine(live=heard.append).run(sh("yes 'plainte é' | head -c 2200000 >&2", kind="changes"))
    assert len(answer.stderr.encode()) == 2_200_000
    assert "".join(heard) == answer.stderr


def test_bytes_that_are_no_text_reach_the_operator_as_escapes() -> None:
    """A failure whose words are not UTF-8 is a failure with words."""
    answer = Machine().run(sh(r"printf 'Datei \344\366 fehlt\n' >&2; exit 1", kind="changes"))
    failure = failed(answer)
    assert str(failure) == r"mkfs.ext4 /dev/x: return code 1: Datei \xe4\xf6 fehlt"
    assert json.loads(json.dumps(str(failure)).encode()) == str(failure)


def test_megabytes_do_not_bury_the_reason() -> None:
    """Of 2 MB of complaints a failure repeats the end, where the reason is; all of them stay in its `stderr`."""
    answer = Machine().run(sh("yes complaint | head -c 2000000 >&2; echo no space left >&2; exit 1", kind="changes"))
    failure = failed(answer)
    assert len(failure.stderr) > 2_000_000
    assert str(failure).startswith("mkfs.ext4 /dev/x: return code 1: (")
    assert str(failure).endswith("no space left")
    assert len(str(failure)) < 2200


def failed(answer: Completed) -> CommandFailed:
    """What a driver meets when mkfs gives this answer."""
    return CommandFailed(("mkfs.ext4", "/dev/x"), answer.returncode, answer.stdout, answer.stderr)


CLOSED = """
import os
from core.command import Command
from executors.real.machine import Machine
heard = []
answers = [
    Machine(live=live).run(Command(("sh", "-c", "cat; echo out; echo err >&2; exit 3"), stdin="in\\n", kind="changes"))
    for live in (None, heard.append)
]
with open(os.environ["ANSWERS"], "w") as file:
    file.write(repr([tuple(answer) for answer in answers]))
"""


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_what_is_closed_at_our_start_does_not_matter(closed: tuple[int, ...], tmp_path: Path) -> None:
    """Started with standard descriptors closed, commands have input and outputs of their own all the same."""
    place = tmp_path / "answers"
    redirections = " ".join(f"{number}{'<' if not number else '>'}&-" for number in closed)
    subprocess.run(
        ("sh", "-c", f'exec "$0" -c "$1" {redirections}', sys.executable, CLOSED),
        cwd=REPOSITORY,
        env={**os.environ, "ANSWERS": str(place)},
        check=True,
    )
    assert place.read_text() == repr([(3, "in\nout\n", "err\n", "")] * 2)
