"""A journal that a crash cut short, and one that no crash can have left."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from core.errors import Failed, Refused
from core.record import MadeThing
from svcprov.files import ServiceFiles
from svcprov.journal_file import JournalFile

LINES: list[dict[str, Any]] = [
    {"action": "provision", "node": "this machine"},
    {"fresh": "x", "value": "«f»"},
    {"intent": 0, "command": {"is": "command", "argv": ["truncate", "/srv/ä"]}, "before": []},
    {"of": 0, "state": "done", "made": "vol-1a"},
    {"end": "done"},
]
OLD = b'{"action": "provision"}\n{"fresh": "x", "value": "y"}\n{"end": "done"}\n'
"""A journal of the version before sums."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with the lines."""
    file = JournalFile(str(tmp_path / "journal.jsonl"))
    file.begin(LINES[0])
    for line in LINES[1:]:
        file.add(line)
    file.close()
    return tmp_path / "journal.jsonl"


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal, as a new process reads them."""
    return JournalFile(str(path)).read().lines


def test_cut_anywhere_it_is_its_whole_lines(path: Path) -> None:
    """Cut at any byte, what is left is the lines that are whole; the next line stands right behind them."""
    data = path.read_bytes()
    for length in range(len(data) + 1):
        path.write_bytes(data[:length])
        file = JournalFile(str(path))
        found = file.read()
        whole = data[:length].count(b"\n")
        assert found.lines == LINES[:whole]
        assert found.torn is (not data[:length].endswith(b"\n") and length > 0)
        if whole:
            file.add({"rolling": True})
            file.close()
            assert read(path) == [*LINES[:whole], {"rolling": True}]


@pytest.mark.parametrize("nuls", [1, 7, 4096])
def test_nuls_at_the_end_are_where_the_disk_had_not_got_to(path: Path, nuls: int) -> None:
    """A tail of NULs, behind a line or in one, counts as the end of what was written; lines behind it go with it."""
    data = path.read_bytes()
    fourth = len(b"".join(data.splitlines(keepends=True)[:3]))
    for length in (len(data), fourth, fourth + 9):
        path.write_bytes(data[:length] + b"\0" * nuls)
        found = JournalFile(str(path)).read()
        assert (found.lines, found.torn) == (LINES[: data[:length].count(b"\n")], True)
    hole = data.splitlines(keepends=True)
    path.write_bytes(b"".join([*hole[:3], b"\0" * nuls + b'"}\n', hole[3]]))
    assert read(path) == LINES[:3]


def test_a_hole_before_what_was_waited_for_is_damage(path: Path) -> None:
    """An intent was on disk before its change ran, and all before it, too: NULs there come from no crash."""
    *first, intent, answer, end = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([first[0], b"\0" * 30 + b"\n", intent, answer, end]))
    with pytest.raises(Failed, match=r"journal\.jsonl:2: "):
        read(path)


def test_a_changed_byte_is_never_believed(path: Path) -> None:
    """Whatever byte changes, the line is named; a line end that is gone cuts the last line short, and no other."""
    data = path.read_bytes()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        path.write_bytes(changed)
        number = data[:at].count(b"\n") + 1
        if at == len(data) - 1:
            assert read(path) == LINES[:-1]
            continue
        with pytest.raises(Failed, match=rf"journal\.jsonl:{number}: "):
            read(path)


@pytest.mark.parametrize("number", range(5))
def test_a_line_that_is_missing_or_there_twice_is_damage(path: Path, number: int) -> None:
    """The sum of a line tells of all that stand before it."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:number], lines[number], *lines[number:]]))
    with pytest.raises(Failed, match=rf"journal\.jsonl:{number + 2}: "):
        read(path)
    if number < len(lines) - 1:
        path.write_bytes(b"".join([*lines[:number], *lines[number + 1 :]]))
        with pytest.raises(Failed, match=rf"journal\.jsonl:{number + 1}: "):
            read(path)


def test_two_journals_in_one_file_are_damage(path: Path) -> None:
    """Where another journal begins behind the first, neither is believed; with sums or without."""
    for data in (path.read_bytes(), OLD):
        path.write_bytes(data + data)
        with pytest.raises(Failed, match=rf"journal\.jsonl:{data.count(10) + 1}: "):
            read(path)


def test_line_ends_of_another_system_are_none_of_its_words(path: Path) -> None:
    """An editor that turned the line ends round has changed nothing else."""
    for data in (path.read_bytes(), OLD):
        path.write_bytes(data)
        lines = read(path)
        path.write_bytes(data.replace(b"\n", b"\r\n"))
        assert read(path) == lines


def test_a_journal_without_sums_is_gone_on_with_without(path: Path) -> None:
    """What an earlier version began is read, and a line that is added has the shape of the others."""
    path.write_bytes(OLD[: OLD.index(b'{"end"')])
    file = JournalFile(str(path))
    file.read()
    file.add({"end": "done"})
    file.close()
    assert path.read_bytes() == OLD


STRANGE = {
    "no header": (b'{"of": 0, "state": "done"}\n', "begins with what its action is"),
    "a list": (b'[]\n{"end": "done"}\n', "no line of a journal"),
    "a newer one": (b'{"action": "provision", "format": 2}\n', "use the newer one"),
    "a line of nobody's": (b'{"action": "provision"}\n{"intenu": 0}\n', "nobody here wrote"),
    "no number": (b'{"action": "provision"}\n{"of": "0"}\n', "nobody here wrote"),
    "no command": (b'{"action": "provision"}\n{"intent": 0, "command": 7}\n', "without its command"),
    "deep": (b"[" * 100_000 + b"\n{}\n", "no line of a journal"),
}


@pytest.mark.parametrize("case", STRANGE)
def test_what_is_no_journal_is_said(path: Path, case: str) -> None:
    """A file that has other lines than ours is named with the line, and the last words are a command."""
    data, words = STRANGE[case]
    path.write_bytes(data)
    with pytest.raises(Failed) as caught:
        read(path)
    said = str(caught.value)
    assert words in said
    assert said.endswith(f"\n  mv {path} {path}.away")


def test_an_empty_file_is_no_action(path: Path) -> None:
    """A journal of which nothing was written tells of nothing."""
    path.write_bytes(b"")
    found = JournalFile(str(path)).read()
    assert (found.lines, found.torn) == ([], False)


def test_a_directory_in_its_place_is_said(tmp_path: Path) -> None:
    """What cannot be read is an error with path and reason."""
    (tmp_path / "journal.jsonl").mkdir()
    with pytest.raises(Failed, match=r"journal\.jsonl: Is a directory"):
        read(tmp_path / "journal.jsonl")


def test_a_half_line_that_cannot_be_cut_off_is_cut_off_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a full disk takes half a line and does not even give it back, the next line stands by itself."""
    file = JournalFile(str(path))
    file.read()
    with monkeypatch.context() as patch:
        written = os.write

        def half(descriptor: int, data: bytes) -> int:
            if len(data) > 10:
                return written(descriptor, data[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def stuck(_descriptor: int, _size: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        patch.setattr(os, "write", half)
        patch.setattr(os, "ftruncate", stuck)
        with pytest.raises(Failed, match="was not done"):
            file.add({"rolling": True})
    file.add({"rolling": True})
    file.close()
    assert read(path) == [*LINES, {"rolling": True}]


CONF = "[disk#0]\ntype = loop\nfile = /srv/a\nsize = 1G\n"


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a service `web`, for which nothing was done yet."""
    monkeypatch.setenv("OSVCETC", str(tmp_path))
    monkeypatch.setenv("OSVCVAR", str(tmp_path / "var"))
    (tmp_path / "web.conf").write_text(CONF)
    return tmp_path / "var/web"


def acted(made: str, *, ends: bool = True) -> None:
    """An action that makes a thing of this name, as a process of its own."""
    files = ServiceFiles("web")
    service = files.load("node1")
    files.journal_lines()
    files.journal_begins({"action": "provision"})
    files.save_record()
    files.journal_line({"intent": 0, "command": {"is": "command", "argv": ["make", made]}, "before": []})
    files.journal_line({"of": 0, "state": "done", "made": made})
    service.record.made[made] = MadeThing("file", made, "disk#0", "provision")
    files.save_record()
    if ends:
        files.journal_line({"end": "done"})
    files.close()


def begun_again() -> list[dict[str, Any]]:
    """What the next process reads. Raises Refused when record and journal do not go together."""
    files = ServiceFiles("web")
    files.load("node1")
    return files.journal_lines()


@pytest.mark.parametrize("ends", [True, False])
def test_record_and_journal_go_together(var: Path, ends: bool) -> None:  # noqa: FBT001
    """After any number of actions, finished or not, nothing is in doubt."""
    for made in ("a", "b", "c"):
        acted(made, ends=ends)
        assert len(begun_again()) == 3 + ends


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("name", ["record.json", "journal.jsonl"])
def test_one_of_them_from_a_backup_is_refused(var: Path, name: str, ends: bool) -> None:  # noqa: FBT001
    """A record or a journal of an earlier action beside the other of a later one is refused, with what to type."""
    acted("a")
    backup = (var / name).read_bytes()
    acted("b", ends=ends)
    acted("c", ends=ends)
    (var / name).write_bytes(backup)
    with pytest.raises(Refused) as caught:
        begun_again()
    journal = var / "journal.jsonl"
    assert str(caught.value).endswith(f"\n  mv {journal} {journal}.away")
    journal.rename(f"{journal}.away")
    assert begun_again() == []


def test_a_record_of_before_a_finished_action_is_refused(var: Path) -> None:
    """What the last action made is not in it; where that action was killed, its journal has what is missing."""
    for ends in (True, False):
        acted("a")
        backup = (var / "record.json").read_bytes()
        acted("b", ends=ends)
        (var / "record.json").write_bytes(backup)
        if ends:
            with pytest.raises(Refused, match="comes from a backup"):
                begun_again()
            (var / "journal.jsonl").unlink()
        else:
            assert len(begun_again()) == 3


def test_a_record_that_is_gone_is_missed(var: Path) -> None:
    """A journal that ended with a record is not gone on from without one: everything would be allocated again."""
    acted("a")
    (var / "record.json").unlink()
    with pytest.raises(Refused, match=r"record\.json is gone"):
        begun_again()


def test_lines_that_the_record_knows_of_are_missed(var: Path) -> None:
    """A journal that lost lines which were on disk when the record was written is refused."""
    acted("a", ends=False)
    data = (var / "journal.jsonl").read_bytes()
    for length in range(len(data)):
        (var / "journal.jsonl").write_bytes(data[:length])
        with pytest.raises(Refused):
            begun_again()


def test_killed_as_it_was_about_to_begin_nothing_is_missed(var: Path) -> None:
    """A journal without its first line is an action that has not begun: the one before tells what the record is."""
    acted("a")
    journal = var / "journal.jsonl"
    journal.rename(f"{journal}.1")
    for data in (b"", b'{"action": "prov'):
        journal.write_bytes(data)
        assert begun_again() == []


def test_a_record_without_a_mark_is_believed(var: Path) -> None:
    """The record of an earlier version says nothing of journals, and is gone on with."""
    acted("a")
    record = var / "record.json"
    record.write_text("\n".join(line for line in record.read_text().splitlines() if '"journal"' not in line))
    (var / "journal.jsonl").write_bytes(OLD)
    assert len(begun_again()) == 3
    acted("b")
    assert len(begun_again()) == 4


def test_a_line_that_only_the_memory_has_is_not_the_records(var: Path) -> None:
    """The record never names a line that a power failure may take: it would be missed for ever."""
    files = ServiceFiles("web")
    service = files.load("node1")
    files.journal_begins({"action": "provision"})
    files.journal_line({"fresh": "x", "value": "y"}, sync=False)
    service.record.made["a"] = MadeThing("file", "a", "disk#0", "provision")
    files.save_record()
    files.close()
    journal = var / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    assert len(begun_again()) == 1
