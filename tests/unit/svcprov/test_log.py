"""The lines of the log."""

import pytest

from core.command import Command, Completed, Note, Wait
from core.config.document import Document
from core.config.service import Service
from core.record import Record
from svcprov.inventory import load_driver
from svcprov.log import LogLines, name_width
from svcprov.screen import Screen

CONF = "[DEFAULT]\n\n[ip#0]\nipname = 10.0.0.9\nipdev = eth0\n\n[container#0]\ntype = docker\nrun_image = nginx\n"
CHANGE = Command(("mkfs", "-L", "a b", "/dev/x"), kind="changes", rid="fs#0")


@pytest.fixture
def service() -> Service:
    """A service with an address and a container."""
    return Service("web.example.com", Document(CONF), "node1", Record(), load_driver)


@pytest.fixture
def log(service: Service) -> LogLines:
    """A log without colour and debug lines."""
    return LogLines(service, Screen("never"))


def test_names_are_as_wide_as_the_longest_set(service: Service) -> None:
    """The longest name is that of the set of docker containers, as in the transcript."""
    assert name_width(service) == len("web.example.com.container.docker")


def test_a_disabled_resource_has_no_name_in_the_log() -> None:
    """Only resources that take part in actions make the names wider."""
    text = CONF.replace("run_image = nginx", "run_image = nginx\ndisable = true")
    service = Service("web.example.com", Document(text), "node1", Record(), load_driver)
    assert name_width(service) == len("web.example.com.ip#0")


def test_a_line_has_level_name_and_text(log: LogLines, capsys: pytest.CaptureFixture[str]) -> None:
    """Level and name are padded, one blank between; the service's own lines have its name."""
    log.note("", Note("words"))
    log.note("ip#0", Note("more", "warning"))
    assert capsys.readouterr().err.splitlines() == [
        "INFO    web.example.com                  words",
        "WARNING web.example.com.ip#0             more",
    ]


def test_a_change_is_logged_as_typed(log: LogLines, capsys: pytest.CaptureFixture[str]) -> None:
    """The words of a change are joined by blanks, without quotes, before it runs."""
    log.begins(CHANGE)
    assert capsys.readouterr().err.endswith(" mkfs -L a b /dev/x\n")


@pytest.mark.parametrize("command", [CHANGE._replace(kind="reads"), CHANGE._replace(quiet=True)])
def test_questions_and_housekeeping_are_not_logged(
    log: LogLines, capsys: pytest.CaptureFixture[str], command: Command
) -> None:
    """Reads and quiet commands leave no line, whatever they say."""
    log.begins(command)
    log.ended(command, Completed(0, "out\n", "err\n"))
    assert capsys.readouterr().err == ""


def test_what_a_success_says_is_logged(log: LogLines, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error of a success is a warning, in the transcript's spelling; then comes standard output."""
    log.ended(CHANGE, Completed(0, "out\n", "err\n"))
    assert [line.split(maxsplit=2)[-1] for line in capsys.readouterr().err.splitlines()] == [
        "command succesful but stderr:",
        "err",
        "output:",
        "out",
    ]


def test_what_a_failure_says_is_an_error(log: LogLines, capsys: pytest.CaptureFixture[str]) -> None:
    """Both outputs of a failed command are errors, also of one whose output is no text for people."""
    log.ended(CHANGE._replace(shows=False), Completed(1, "out\n", "err\n"))
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in said] == ["ERROR", "err", "ERROR", "out"]
    assert said[2].endswith("command failed with stdout:")


@pytest.mark.parametrize("command", [CHANGE._replace(shows=False), CHANGE._replace(background=True)])
def test_answers_and_daemons_show_no_output(
    log: LogLines, capsys: pytest.CaptureFixture[str], command: Command
) -> None:
    """What is an answer to a driver, or a daemon's, is not in the log."""
    log.ended(command, Completed(0, "out\n", "err\n"))
    assert capsys.readouterr().err == ""


def test_debug_shows_everything(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """With --debug questions, waits and housekeeping are there."""
    log = LogLines(service, Screen("never"), debug=True)
    log.begins(CHANGE._replace(kind="reads"))
    log.ended(CHANGE._replace(kind="reads"), Completed(2, "", "no\n"))
    log.wait("fs#0", Wait(CHANGE, lambda _answer: True, 1, 5, "it"))
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in said] == ["DEBUG"] * 3


def test_secrets_are_not_shown(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """A value that is declared secret is in no line."""
    screen = Screen("never")
    screen.hide({"env.password": "hunter2"})
    LogLines(service, screen).begins(CHANGE._replace(argv=("login", "--password=hunter2")))
    assert capsys.readouterr().err.endswith("login --password=«secret:env.password»\n")
