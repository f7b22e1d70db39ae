"""Events: what the system's journal is sent, and what the log file has where there is none."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from svcprov.events import VALUE_CHARACTERS_MAX, Events

STEP = {"action": "provision", "event": "step", "rid": "disk#0", "verb": "provision", "step": 7, "returncode": 0}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    """The ear of a journal."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"{tmp_path}/journal")
        ear.setblocking(False)
        yield ear


def fields(data: bytes) -> dict[str, str]:
    """Read a datagram of the journal's protocol."""
    found = {}
    while data:
        head, _, rest = data.partition(b"\n")
        name, equals, value = head.partition(b"=")
        if not equals:
            size = int.from_bytes(rest[:8], "little")
            value, data = rest[8 : 8 + size], rest[8 + size + 1 :]
            assert rest[8 + size : 8 + size + 1] == b"\n"
        else:
            data = rest
        found[name.decode()] = value.decode()
    return found


def lines(path: Path) -> list[dict[str, object]]:
    """The lines of a log file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_journal_gets_fields(tmp_path: Path, journal: socket.socket) -> None:
    """Service, rid, step and the rest are fields of the journal's, with its own for text and priority."""
    events = Events("web", f"{tmp_path}/web.log", f"{tmp_path}/journal")
    events.tell("info", "mkfs.ext4 /dev/loop0", STEP)
    assert fields(journal.recv(1 << 16)) == {
        "MESSAGE": "mkfs.ext4 /dev/loop0",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "svcprov",
        "SVCPROV_SERVICE": "web",
        "SVCPROV_ACTION": "provision",
        "SVCPROV_EVENT": "step",
        "SVCPROV_RID": "disk#0",
        "SVCPROV_VERB": "provision",
        "SVCPROV_STEP": "7",
        "SVCPROV_RETURNCODE": "0",
    }
    events.close()
    assert not (tmp_path / "web.log").exists()


@pytest.mark.parametrize("text", ["a\nPRIORITY=0\nb", "\n", "a\x00b", "ü\n" * 100])
def test_no_value_makes_a_field_of_its_own(tmp_path: Path, journal: socket.socket, text: str) -> None:
    """A value with line breaks arrives whole, whatever it looks like."""
    events = Events("web", f"{tmp_path}/web.log", f"{tmp_path}/journal")
    events.tell("error", text, {"rid": text})
    told = fields(journal.recv(1 << 16))
    assert (told["MESSAGE"], told["SVCPROV_RID"], told["PRIORITY"], len(told)) == (text, text, "3", 5)
    events.close()


def test_a_long_value_is_cut(tmp_path: Path, journal: socket.socket) -> None:
    """What is too long for a datagram is shortened, and says by how much."""
    events = Events("web", f"{tmp_path}/web.log", f"{tmp_path}/journal")
    events.tell("info", "x" * 10_000_000, {})
    told = fields(journal.recv(1 << 16))
    assert told["MESSAGE"].endswith(f"x... ({10_000_000 - VALUE_CHARACTERS_MAX} characters left out)")
    events.close()


@pytest.mark.parametrize("there", ["nothing", "deaf", "file"])
def test_without_a_journal_there_is_a_file(tmp_path: Path, there: str) -> None:
    """Where no journal listens, each event is a line of the log file, with the same fields."""
    path = tmp_path / "journal"
    if there == "deaf":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            ear.bind(str(path))
    elif there == "file":
        path.write_text("")
    events = Events("web", f"{tmp_path}/log/web.log", str(path))
    events.tell("info", "mkfs.ext4 /dev/loop0", STEP)
    (line,) = lines(tmp_path / "log/web.log")
    assert str(line.pop("time")).startswith("20")
    strings = {name: str(value) for name, value in STEP.items()}
    assert line == {"level": "info", "service": "web", "message": "mkfs.ext4 /dev/loop0", **strings}
    events.close()


def test_a_journal_that_does_not_listen_is_not_waited_for(tmp_path: Path, journal: socket.socket) -> None:
    """When the journal takes no more, what comes from there on goes to the file, at once."""
    events = Events("web", f"{tmp_path}/web.log", f"{tmp_path}/journal")
    for number in range(2000):
        events.tell("info", str(number), {})
    sent = 0
    try:
        while journal.recv(1 << 16):
            sent += 1
    except BlockingIOError:
        pass
    written = lines(tmp_path / "web.log")
    assert 0 < sent < 2000
    assert [line["message"] for line in written] == [str(number) for number in range(sent, 2000)]
    events.close()


@pytest.mark.parametrize("text", ['a\n{"level": "error"}', "\x1b[2J\x9b", "\u2028", "\udcff", "a\rb"])
def test_no_word_makes_a_line_of_its_own(tmp_path: Path, text: str) -> None:
    """What a command says can neither begin a line of the log nor move the cursor of who reads it."""
    events = Events("web", f"{tmp_path}/web.log", "")
    events.tell("info", text, {})
    data = (tmp_path / "web.log").read_bytes()
    assert data.isascii()
    assert data.count(b"\n") == 1
    assert not any(byte < 0x20 for byte in data.removesuffix(b"\n"))
    assert json.loads(data)["message"] == text
    events.close()


def test_a_full_disk_disturbs_nobody(tmp_path: Path) -> None:
    """An event that cannot be written is dropped."""
    events = Events("web", "/dev/full", "")
    events.tell("info", "text", {})
    events.close()
    (tmp_path / "file").write_text("")
    Events("web", f"{tmp_path}/file/web.log", "").tell("info", "text", {})
    os.mkfifo(tmp_path / "pipe")
    Events("web", f"{tmp_path}/pipe", "").tell("info", "text", {})


def test_the_file_can_be_rotated(tmp_path: Path) -> None:
    """The next process, or the next action, writes into a new file when the old one was moved away."""
    events = Events("web", f"{tmp_path}/web.log", "")
    events.tell("info", "one", {})
    events.close()
    (tmp_path / "web.log").rename(tmp_path / "web.log.1")
    events.tell("info", "two", {})
    assert [line["message"] for line in lines(tmp_path / "web.log")] == ["two"]
    events.close()
