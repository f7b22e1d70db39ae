"""The real executor: what a child gets, what comes back, what ends it and what does not."""

import os
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.command import Command, Completed
from core.holes import is_of_kind
from executors import missing
from executors.real import processes
from executors.real.machine import PATH, Machine
from executors.real.tools import docker


def sh(script: str, **fields: object) -> Command:
    """A command that runs a shell script."""
    return Command(("sh", "-c", script), tool="sh")._replace(**fields)  # type: ignore[arg-type]  # any field


@pytest.fixture
def machine() -> Machine:
    """This machine, for a process whose environment has a few things."""
    return Machine(environment={"AWS_PROFILE": "mine", "HOME": "/root", "LANG": "tlh", "DOCKER_HOST": "unix:///x"})


def test_an_answer_has_code_and_both_outputs(machine: Machine) -> None:
    """Return code, stdout and stderr come back as they are."""
    assert machine.run(sh("echo out; echo err >&2; exit 3")) == Completed(3, "out\n", "err\n")


def test_children_have_surroundings_of_ours(machine: Machine) -> None:
    """Locale, PATH, directory and umask are fixed; credentials pass; nothing else of the caller's environment does."""
    said = machine.run(sh("env | grep -v -e ^PWD -e ^_ -e ^SHLVL | sort; pwd; umask")).stdout.splitlines()
    assert said == ["AWS_PROFILE=mine", "HOME=/root", "LC_ALL=C.UTF-8", f"PATH={PATH}", "/", "0077"]


def test_what_is_public_may_be_reached_by_others(machine: Machine, tmp_path: Path) -> None:
    """A public command makes a directory that everybody may enter, any other one for its owner only."""
    for name, public in (("ours", False), ("everybodys", True)):
        machine.run(Command(("mkdir", str(tmp_path / name)), kind="changes", public=public))
    modes = [oct((tmp_path / name).stat().st_mode & 0o777) for name in ("ours", "everybodys")]
    assert modes == ["0o700", "0o755"]


def test_input_is_what_was_given_or_nothing(machine: Machine) -> None:
    """A child reads the text that it was given, else the end of its input at once."""
    assert machine.run(sh("cat", stdin="é\n" * 100_000)).stdout == "é\n" * 100_000
    assert machine.run(sh("cat")) == Completed(0)


def test_a_child_has_a_process_group_of_its_own(machine: Machine) -> None:
    """Ctrl-C at our terminal reaches us, and no child."""
    said = machine.run(sh("ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat")).stdout
    assert int(said) != os.getpgrp()


def test_what_is_no_utf8_is_shown(machine: Machine) -> None:
    """Bytes that are no text come back as escapes; guillemets cannot be taken for a hole."""
    assert machine.run(sh(r"printf '\377\302\253x\302\273'")).stdout == "\\xff\\xabx\\xbb"


def test_megabytes_on_standard_error_come_back(machine: Machine) -> None:
    """However much a tool says, it neither blocks nor loses anything."""
    answer = machine.run(sh("yes complaint | head -c 2000000 >&2; echo done", kind="changes"))
    assert (answer.stdout, len(answer.stderr)) == ("done\n", 2_000_000)


def test_a_missing_program_is_an_answer(machine: Machine, tmp_path: Path) -> None:
    """A program that is not there is 127, one that cannot be executed is 126, as in a shell."""
    (tmp_path / "plain").write_text("no program")
    assert machine.run(Command(("no-such-program",))) == Completed(127, "", "no-such-program: command not found\n")
    assert machine.run(Command((str(tmp_path / "plain"),))).returncode == 126


def test_a_question_has_a_time_limit_and_a_change_has_none() -> None:
    """A read that takes too long is ended with its children and answers 124; a change takes the time it takes."""
    machine = Machine(read_seconds_max=0.2)
    began = time.monotonic()
    asked = machine.run(sh("sleep 60 & sleep 60"))
    assert (asked.returncode, asked.stderr) == (124, "sh: no answer within 0.2 seconds: ended\n")
    assert time.monotonic() - began < 10
    assert machine.run(sh("sleep 0.5; echo done", kind="changes")) == Completed(0, "done\n")


def test_output_is_shown_live_and_kept() -> None:
    """What a change says is heard while it runs, and comes back whole all the same."""
    heard: list[str] = []
    answer = Machine(live=heard.append).run(sh("echo one; sleep 0.3; echo two >&2", kind="changes"))
    assert (heard, answer) == (["one\n", "two\n"], Completed(0, "one\n", "two\n"))


def test_no_command_begins_once_somebody_wants_an_end() -> None:
    """What is interrupted is never a command, but the moment before the next one."""
    machine = Machine(interrupted=lambda: True)
    with pytest.raises(KeyboardInterrupt):
        machine.run(Command(("true",)))


def test_a_daemon_outlives_its_start_and_one_that_fails_says_why(tmp_path: Path) -> None:
    """A daemon is started when it still runs after a moment; its output is in its log; a failure is an answer."""
    machine = Machine(logs=str(tmp_path / "log"))
    assert machine.run(sh("echo up; sleep 1.5", kind="changes", background=True)) == Completed(0)
    assert (tmp_path / "log/sh.log").read_text() == "up\n"
    failed = machine.run(sh("echo 'unknown flag' >&2; exit 1", kind="changes", background=True))
    assert failed == Completed(1, "", "unknown flag\n")


def test_a_daemon_that_is_ended_is_no_process_any_more(machine: Machine, tmp_path: Path) -> None:
    """start-stop-daemon, which waits until there is no such process, sees the end of a child of ours."""
    pidfile = tmp_path / "pid"
    machine.run(sh(f"echo $$ > {pidfile}; exec sleep 100", kind="changes", background=True))
    words = ("start-stop-daemon", "--stop", "--pidfile", str(pidfile), "--name", "sleep", "--retry", "TERM/5")
    assert machine.run(Command(words, kind="changes")).returncode == 0


@pytest.mark.parametrize("kind", ["token", "uuid", "tmpdir"])
def test_what_is_made_up_is_of_its_kind(machine: Machine, kind: str) -> None:
    """Values that we make up have the form of their kind, and differ each time."""
    first, second = (machine.run(Command(("fresh", kind, "x"), tool="engine")).stdout for _ in range(2))
    assert is_of_kind(first, kind)
    assert first != second


def test_time_passes(machine: Machine) -> None:
    """A sleep of the engine takes real time."""
    began = time.monotonic()
    machine.run(Command(("sleep", "0.2"), tool="engine"))
    assert time.monotonic() - began >= 0.2


def test_a_version_is_asked_once(tmp_path: Path) -> None:
    """A preview and its run ask the same program only once; after a program of the user's it is asked again."""
    asked = tmp_path / "asked"
    program = tmp_path / "ip"
    program.write_text(f"#!/bin/sh\necho asked >>{asked}\necho ip utility, iproute2-6.1.0\n")
    program.chmod(0o755)
    machine = Machine(prefix=("env", f"PATH={tmp_path}:/usr/bin:/bin"))
    question = Command(("ip", "-V"), tool="ip")
    assert machine.run(question) == machine.run(question)
    assert asked.read_text() == "asked\n"
    machine.run(Command(("true",), kind="changes", tool="trigger"))
    machine.run(question)
    assert asked.read_text() == "asked\n" * 2


def test_what_is_asked_ahead_is_asked_once(tmp_path: Path) -> None:
    """Questions that run side by side are answered as one by one, and not asked again."""
    questions = [sh(f"echo {number} | tee -a {tmp_path}/{number}") for number in range(6)]
    machine = Machine()
    machine.ask_ahead(questions)
    assert [machine.run(question).stdout for question in questions] == [f"{number}\n" for number in range(6)]
    assert [(tmp_path / str(number)).read_text() for number in range(6)] == [f"{number}\n" for number in range(6)]
    machine.run(questions[0])
    assert (tmp_path / "0").read_text() == "0\n" * 2


@pytest.mark.parametrize("answer, is_ready", [(b"HTTP/1.0 200 OK\r\n\r\nOK", True), (b"", False)])
def test_a_daemon_is_ready_once_it_answers(tmp_path: Path, answer: bytes, is_ready: bool) -> None:  # noqa: FBT001
    """A daemon that listens may still give up; one that answers is watched no longer."""
    path = str(tmp_path / "docker.sock")
    command = Command(("dockerd", "-H", f"unix://{path}"), kind="changes", background=True, tool="docker")
    assert not docker.is_ready(command)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def serve() -> None:
            end, _ = listening.accept()
            with end:
                end.recv(64)
                end.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert docker.is_ready(command) is is_ready
        thread.join()


def test_a_daemon_that_is_ready_is_watched_no_longer() -> None:
    """The watch ends before its time."""
    around = processes.Surroundings({"PATH": PATH})
    began = time.monotonic()
    assert processes.start(("sleep", "1"), around, None, lambda: True) == Completed(0)
    assert time.monotonic() - began < processes.GRACE_SECONDS


class Recorder:
    """A machine elsewhere that runs nothing and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[object, ...]] = []

    def run(
        self,
        argv: tuple[str, ...],
        given: str | None,
        environment: Mapping[str, str],
        *,
        public: bool,
        seconds_max: float | None,
        live: processes.Live | None,
    ) -> Completed:
        """Answer that the program is missing."""
        self.given.append((argv, given, dict(environment), public, seconds_max, live is not None))
        return missing.answer(argv[0])

    def start(self, argv: tuple[str, ...], environment: Mapping[str, str], log: str | None) -> Completed:
        """Take note of a daemon."""
        self.given.append((argv, dict(environment), log))
        return Completed(0)


def test_processes_may_run_elsewhere() -> None:
    """Another machine gets argv, input, environment and limits; nothing is answered here but what is the engine's."""
    there = Recorder()
    machine = Machine(
        elsewhere=there, environment={}, logs="/var/log/ours", live=lambda _text: None, read_seconds_max=7
    )
    around = {"LC_ALL": "C.UTF-8", "PATH": PATH}
    # Here, a face would answer this one in this process.
    answer = machine.run(Command(("test", "-e", "/"), tool="files"))
    assert answer == missing.answer("test", missing.packages_of("test", "files"))
    machine.run(Command(("mkfs",), "input", kind="changes", public=True))
    assert machine.run(Command(("/usr/sbin/daemon", "-d"), kind="changes", background=True)) == Completed(0)
    assert machine.run(Command(("sleep", "0"), tool="engine")) == Completed(0)
    assert there.given == [
        (("test", "-e", "/"), None, around, False, 7, False),
        (("mkfs",), "input", around, True, None, True),
        (("/usr/sbin/daemon", "-d"), around, "/var/log/ours/daemon.log"),
    ]
    assert machine.running is None


def test_elsewhere_no_news_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause lasts as long as it is meant to: the devices of this machine are not those of the other."""
    monkeypatch.setattr("executors.real.news.listener", lambda: pytest.fail("listens here"))
    machine = Machine(elsewhere=Recorder(), environment={})
    began = time.monotonic()
    assert machine.run(Command(("pause", "0.05"), tool="engine")) == Completed(0)
    assert time.monotonic() - began >= 0.05
