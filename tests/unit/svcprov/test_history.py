"""The history of a service: what is written, what is read back, and what a crash or a full disk leaves of it."""

import json
import os
import stat
from pathlib import Path

import pytest

from svcprov.commands.history import table
from svcprov.history import HISTORY_BYTES_MAX, WORD_CHARACTERS_MAX, WORDS_MAX, History
from svcprov.lock import Lock
from svcprov.who import who


def history(directory: Path) -> History:
    """The history in a directory."""
    return History(f"{directory}/history.jsonl", f"{directory}/lock")


def act(directory: Path, action: str = "provision", *words: str, ends: bool = True) -> None:
    """Have an action in the history."""
    kept = history(directory)
    kept.begin(action, "this machine", ("svcmgr", *words))
    if ends:
        kept.end("done", 0, 12, "")


def test_an_action_is_read_back_as_it_was(tmp_path: Path) -> None:
    """Who, what, where, the words and the end of an action are there again."""
    act(tmp_path, "provision", "provision", "--rid", "fs#1\n")
    (entry,) = history(tmp_path).entries()
    assert (entry.action, entry.node, entry.result, entry.exit_code) == ("provision", "this machine", "done", 0)
    assert (entry.changes, entry.argv, entry.by) == (12, ("svcmgr", "provision", "--rid", "fs#1\n"), who())
    assert entry.ended is not None
    assert entry.seconds is not None
    assert entry.seconds >= 0


def test_the_newest_is_the_last(tmp_path: Path) -> None:
    """Actions come in the order in which they began."""
    for action in ("provision", "stop", "start"):
        act(tmp_path, action)
    assert [entry.action for entry in history(tmp_path).entries()] == ["provision", "stop", "start"]


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    """A command line may say much: the file has the mode 0600."""
    act(tmp_path)
    assert stat.S_IMODE((tmp_path / "history.jsonl").stat().st_mode) == 0o600


def test_an_action_without_an_end_was_killed(tmp_path: Path) -> None:
    """What began, never ended and is not running was killed, also when another action runs now."""
    act(tmp_path, "provision", ends=False)
    assert [entry.result for entry in history(tmp_path).entries()] == ["killed"]
    Lock(f"{tmp_path}/lock", "web", "start").take()
    act(tmp_path, "start", ends=False)
    assert [entry.result for entry in history(tmp_path).entries()] == ["killed", "running"]


def test_the_one_that_runs_is_told_by_its_process(tmp_path: Path) -> None:
    """While an action holds the lock and has not begun, the last one in the history is still a killed one."""
    act(tmp_path, "provision", ends=False)
    Lock(f"{tmp_path}/lock", "web", "start").take()
    lock = tmp_path / "lock"
    lock.write_text(json.dumps(json.loads(lock.read_text()) | {"pid": 1}))
    assert [entry.result for entry in history(tmp_path).entries()] == ["killed"]


@pytest.mark.parametrize("left", range(1, 60, 7))
def test_a_torn_line_is_left_out_and_said(tmp_path: Path, left: int) -> None:
    """Of a last line that a crash cut short, only that is told; what comes afterwards stands on its own line."""
    act(tmp_path, "provision")
    path = tmp_path / "history.jsonl"
    whole = path.read_bytes()
    act(tmp_path, "stop", ends=False)
    path.write_bytes(path.read_bytes()[: len(whole) + left])
    kept = history(tmp_path)
    assert [entry.action for entry in kept.entries()] == ["provision"]
    assert kept.remarks == [f"{path}: the last line was cut short by a crash: left out"]
    act(tmp_path, "start")
    kept = history(tmp_path)
    assert [(entry.action, entry.result) for entry in kept.entries()] == [("provision", "done"), ("start", "done")]
    assert kept.remarks == [f"{path}: lines that are none of a history: 1, left out"]


def test_no_line_of_a_stranger_is_a_traceback(tmp_path: Path) -> None:
    """Whatever stands in the file, the actions that can be read are listed."""
    act(tmp_path)
    path = tmp_path / "history.jsonl"
    strange = [
        "{}",
        "[]",
        "7",
        "null",
        '"ends"',
        '{"begins": 1, "time": "x"}',
        '{"ends": "1", "time": 3}',
        "\udcff",
        "?",
    ]
    strange += ['{"begins": "1", "time": "x", "action": "stop", "user": "ann", "argv": 7, "node": 3}']
    with path.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write("".join(f"{line}\n" for line in strange))
    assert [entry.action for entry in history(tmp_path).entries()] == ["provision", "stop"]


def test_a_long_history_loses_its_older_half(tmp_path: Path) -> None:
    """Past its limit the file is cut at a line, and the newest actions stay."""
    line = json.dumps({"begins": "1", "time": "x", "action": "old", "user": "ann", "argv": ["x" * 900]}) + "\n"
    path = tmp_path / "history.jsonl"
    path.write_text(line * (HISTORY_BYTES_MAX // len(line) + 1))
    before = path.stat().st_size
    act(tmp_path, "new")
    kept = history(tmp_path)
    assert 0.4 * before < path.stat().st_size < 0.6 * before
    assert [entry.action for entry in kept.entries()][-2:] == ["old", "new"]
    assert kept.remarks == []


def test_no_command_line_fills_the_history(tmp_path: Path) -> None:
    """Of an endless command line only a part is kept."""
    act(tmp_path, "update", *["x" * (3 * WORD_CHARACTERS_MAX)] * (2 * WORDS_MAX))
    (entry,) = history(tmp_path).entries()
    assert len(entry.argv) == WORDS_MAX + 1
    assert len(entry.argv[1]) == WORD_CHARACTERS_MAX + 3


def test_an_end_without_a_beginning_is_not_written(tmp_path: Path) -> None:
    """When the beginning could not be written, or the action took the file away, the end leaves no file behind."""
    (tmp_path / "var").write_text("")
    kept = history(tmp_path / "var")
    with pytest.raises(OSError, match="Not a directory"):
        kept.begin("provision", "this machine", ())
    kept.end("done", 0, 0, "")
    kept = history(tmp_path)
    kept.begin("delete", "this machine", ())
    (tmp_path / "history.jsonl").unlink()
    kept.end("done", 0, 0, "")
    assert not (tmp_path / "history.jsonl").exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Who can put a link there makes nobody write elsewhere."""
    (tmp_path / "history.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        act(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_table_has_a_row_for_each_action(tmp_path: Path) -> None:
    """No word can begin a row of its own or move the cursor, and the columns stand below each other."""
    act(tmp_path, "provision", "set", "--value", "a\nb\x1b[2J\x9b")
    act(tmp_path, "stop", ends=False)
    heading, done, killed = table(history(tmp_path).entries())
    assert done.index("done") == killed.index("killed") == heading.index("RESULT")
    assert r"'a\nb\x1b[2J\x9b'" in done


def test_an_empty_history_is_a_sentence() -> None:
    """Nothing to list is said, not shown as an empty table."""
    assert list(table(())) == ["nothing was done to this service yet"]


def test_no_home_of_a_name_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account without a name is told by its number."""
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_000)
    act(tmp_path)
    assert history(tmp_path).entries()[0].by.user == "uid 4000000000"
