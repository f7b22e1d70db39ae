"""One action at a time, and who has it."""

import json
import os
from pathlib import Path
from threading import Timer

import pytest

from core.errors import ServiceHeld
from svcprov.lock import Lock


def test_a_lock_is_had_by_one(tmp_path: Path) -> None:
    """A second taker is told which action of whom has the lock."""
    Lock(f"{tmp_path}/lock", "web", "provision").take()
    with pytest.raises(ServiceHeld, match=rf"web is held by `provision` of .* \(pid {os.getpid()} on "):
        Lock(f"{tmp_path}/lock", "web", "start").take()


def test_a_lock_that_is_given_back_can_be_taken(tmp_path: Path) -> None:
    """After release the next one has it."""
    lock = Lock(f"{tmp_path}/lock", "web", "provision")
    lock.take()
    lock.release()
    Lock(f"{tmp_path}/lock", "web", "start").take()
    assert json.loads((tmp_path / "lock").read_text())["action"] == "start"


def test_waiting_ends_when_the_lock_is_free(tmp_path: Path) -> None:
    """Who waits gets the lock when its holder gives it back, also when its file is gone with it."""
    lock = Lock(f"{tmp_path}/lock", "web", "provision")
    lock.take()
    timer = Timer(0.2, lock.release, kwargs={"remove": True})
    timer.start()
    Lock(f"{tmp_path}/lock", "web", "start").take(wait_seconds=10)
    timer.join()
    assert json.loads((tmp_path / "lock").read_text())["action"] == "start"


def test_waiting_has_an_end(tmp_path: Path) -> None:
    """After the time that was asked for, waiting ends with the holder's name."""
    Lock(f"{tmp_path}/lock", "web", "provision").take()
    with pytest.raises(ServiceHeld, match=r"timed out waiting for lock \(0\.2 seconds\)"):
        Lock(f"{tmp_path}/lock", "web", "start").take(wait_seconds=0.2)


def test_a_removed_lock_leaves_no_file(tmp_path: Path) -> None:
    """Released with `remove`, nothing is left."""
    lock = Lock(f"{tmp_path}/lock", "web", "provision")
    lock.take()
    lock.release(remove=True)
    assert list(tmp_path.iterdir()) == []


def test_a_holder_that_left_no_name_is_still_a_holder(tmp_path: Path) -> None:
    """A lock file without readable words names its path."""
    lock = Lock(f"{tmp_path}/lock", "web", "provision")
    lock.take()
    (tmp_path / "lock").write_text("?")
    with pytest.raises(ServiceHeld, match=r"a process that has .*lock open"):
        Lock(f"{tmp_path}/lock", "web", "start").take()
