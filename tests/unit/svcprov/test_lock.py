"""One action at a time, and who has it."""

import errno
import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer
from typing import NoReturn

import pytest

from core.errors import Failed, ServiceHeld
from svcprov.lock import Lock, is_held
from svcprov.who import Who, boot, who
from tests.conftest import REPOSITORY

HOLD = "import sys; from svcprov.lock import Lock; Lock(sys.argv[1], 'web', 'stop').take(); print(flush=True); input()"


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


def test_the_holder_says_all_that_is_known_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock file has process, host, boot, account, who is behind it, action and time."""
    monkeypatch.setenv("SUDO_USER", "ann")
    Lock(f"{tmp_path}/lock", "web", "provision").take()
    held = json.loads((tmp_path / "lock").read_text())
    assert (held["pid"], held["host"], held["boot"]) == (os.getpid(), os.uname().nodename, boot())
    assert (held["sudo_user"], held["action"]) == ("ann", "provision")
    assert held["user"] == who().user
    with pytest.raises(ServiceHeld, match=rf"`provision` of ann as {held['user']}.* since {held['since'][:4]}"):
        Lock(f"{tmp_path}/lock", "web", "start").take()


@pytest.mark.parametrize(
    "facts, said",
    [
        (Who("root"), "root"),
        (Who("root", "ann", "bob", "/dev/pts/3"), "ann as root on pts/3"),
        (Who("root", "", "bob"), "bob as root"),
        (Who("ann", "", "ann", "/dev/tty1"), "ann on tty1"),
    ],
)
def test_who_is_said_shortly(facts: Who, said: str) -> None:
    """Who took the rights of another account is named first; nobody is named twice."""
    assert str(facts) == said


def test_a_killed_holder_needs_no_manual_unlock(tmp_path: Path) -> None:
    """The kernel gives back the lock of a process that was killed, whatever its file still says."""
    path = f"{tmp_path}/lock"
    words, pipe = (sys.executable, "-c", HOLD, path), subprocess.PIPE
    with subprocess.Popen(words, cwd=REPOSITORY, stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(ServiceHeld, match=rf"`stop` of .* \(pid {holder.pid} on "):
            Lock(path, "web", "start").take()
        holder.kill()
        holder.wait()
    assert json.loads((tmp_path / "lock").read_text())["pid"] == holder.pid
    Lock(path, "web", "start").take()
    assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_filesystem_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Where there are no locks, nothing is begun, and the error says what to do about it."""

    def flock(_descriptor: int, _operation: int) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    lock = Lock(f"{tmp_path}/lock", "web", "provision")
    with pytest.raises(Failed, match=r"nothing was changed: its filesystem knows no locks .*; have OSVCVAR, .* local"):
        lock.take()


def test_another_error_of_a_lock_is_not_taken_for_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk is said as it is."""

    def flock(_descriptor: int, _operation: int) -> NoReturn:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(Failed, match=r"Input/output error: the lock could not be taken, nothing was changed$"):
        Lock(f"{tmp_path}/lock", "web", "provision").take()


def test_a_clock_that_jumps_back_does_not_lengthen_the_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait has its length whatever the wall clock says meanwhile."""
    Lock(f"{tmp_path}/lock", "web", "provision").take()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    begun = time.monotonic()
    with pytest.raises(ServiceHeld):
        Lock(f"{tmp_path}/lock", "web", "start").take(wait_seconds=0.2)
    assert time.monotonic() - begun < 5


def test_the_locks_of_two_services_are_independent(tmp_path: Path) -> None:
    """Who holds one service holds no other."""
    for name in ("web", "mail"):
        (tmp_path / name).mkdir()
        Lock(f"{tmp_path}/{name}/lock", name, "provision").take()
    assert is_held(f"{tmp_path}/web/lock")


def test_looking_at_a_lock_takes_nothing_from_anybody(tmp_path: Path) -> None:
    """Whether a lock is held can be asked while it is held and while it is free, and it is as it was."""
    lock = Lock(f"{tmp_path}/lock", "web", "provision")
    assert not is_held(lock.path)
    lock.take()
    assert is_held(lock.path)
    lock.release()
    assert not is_held(lock.path)
    Lock(lock.path, "web", "start").take()


def test_who_only_looks_does_not_make_an_action_fail(tmp_path: Path) -> None:
    """A lock that is looked at in the very moment it is taken is tried again."""
    path = f"{tmp_path}/lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    timer = Timer(0.005, os.close, args=(descriptor,))
    timer.start()
    Lock(path, "web", "start").take()
    timer.join()
