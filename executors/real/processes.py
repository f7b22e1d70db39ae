"""Start programs of this machine, and bring back what came of them.

What a child writes goes into memory that the kernel keeps (memfd), not through pipes: nothing has to be read while it
runs, it can say megabytes, and a process costs what `subprocess.run` costs. Only when somebody wants to see it live are
there pipes.
"""

import codecs
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from threading import Thread
from typing import IO, NamedTuple

from core.command import Completed
from executors import missing

NOT_EXECUTABLE, TIMED_OUT = 126, 124
GRACE_SECONDS = 0.3
"""How long a daemon is watched, unless it is ready before: one that is refused an option ends within it."""
READY_EVERY_SECONDS = 0.02
"""How often it is asked whether it is ready."""
KILL_SECONDS = 2
"""How long what is ended has, between the request to end and the end."""
CHUNK_BYTES = 65536
"""What a pipe holds at most."""
UMASK, PUBLIC_UMASK = 0o077, 0o022

_DECODER = codecs.getincrementaldecoder("utf-8")

Live = Callable[[str], None]
Watch = Callable[[int | None], None]
"""Is told the number of a child while it runs; None once it has ended, before its number can be somebody else's."""


def _unwatched(_pid: int | None) -> None:
    """Take no note."""


class Surroundings(NamedTuple):
    """What every child gets. prefix: words put before each argv, such as `nsenter ...`."""

    environment: Mapping[str, str]
    prefix: tuple[str, ...] = ()


def text_of(data: bytes) -> str:
    r"""Read what a program wrote: what is no UTF-8 is shown as `\xNN`, and guillemets never count as holes."""
    return _without_holes(data.decode("utf-8", "backslashreplace"))


def _without_holes(text: str) -> str:
    return text.replace("«", "\\xab").replace("»", "\\xbb") if "«" in text or "»" in text else text


def not_started(program: str, error: OSError) -> Completed:
    """What a shell would answer for a program that cannot be started."""
    if isinstance(error, FileNotFoundError):
        return missing.answer(program)
    return Completed(NOT_EXECUTABLE, "", f"{program}: {error.strerror}\n")


def run(
    argv: tuple[str, ...],
    given: str | None,
    around: Surroundings,
    *,
    public: bool = False,
    seconds_max: float | None = None,
    live: Live | None = None,
    watch: Watch = _unwatched,
) -> Completed:
    """Run a program to its end.

    given: text for its input; None for no input. public: what it makes may be reached by everybody.
    seconds_max: it is ended after that long, with its children, and TIMED_OUT is the answer; None: no limit.
    live: hears its output as it comes. watch: is told which process it is.
    """
    out, err = os.memfd_create("stdout"), os.memfd_create("stderr")
    source = _input(given)
    try:
        piped = subprocess.PIPE if live is not None else None
        child = _start(argv, around, source, piped or out, piped or err, public=public)
        watch(child.pid)
        if live is not None:
            _copy(child, {child.stdout: out, child.stderr: err}, live)
        in_time = _ended(child, seconds_max, watch)
        said = text_of(_whole(err))
        if not in_time:
            said += f"{argv[0]}: no answer within {seconds_max:g} seconds: ended\n"
        return Completed(child.returncode if in_time else TIMED_OUT, text_of(_whole(out)), said)
    except OSError as error:
        return not_started(argv[0], error)
    finally:
        os.close(out)
        os.close(err)
        if source != subprocess.DEVNULL:
            os.close(source)


def start(argv: tuple[str, ...], around: Surroundings, log: str | None, is_ready: Callable[[], bool]) -> Completed:
    """Start a daemon, which outlives us; return what came of it within GRACE_SECONDS, or once it is ready.

    log: the file that its output is appended to, made with the directories above it. is_ready: tells whether it does
    already what it was started for.
    When it ends while we are there, a thread takes note of that: whoever ends it (`start-stop-daemon --stop`) waits
    until there is no such process, and one of which its parent has not taken note still is one.
    """
    try:
        output = os.memfd_create("output") if log is None else _log(log)
    except OSError as error:
        return Completed(1, "", f"{log}: {error.strerror}\n")
    begin = os.lseek(output, 0, os.SEEK_END)
    try:
        child = _start(argv, around, subprocess.DEVNULL, output, output, public=True, own_session=True)
        if not _gave_up(child.pid, is_ready):
            Thread(target=child.wait, name=argv[0], daemon=True).start()
            return Completed(0)
        child.wait()
        return Completed(child.returncode, "", text_of(_whole(output, begin)))
    except OSError as error:
        return not_started(argv[0], error)
    finally:
        os.close(output)


def _gave_up(pid: int, is_ready: Callable[[], bool]) -> bool:
    """Watch a daemon until it has ended, is ready, or was watched long enough; tell whether it has ended."""
    until = time.monotonic() + GRACE_SECONDS
    while (left := until - time.monotonic()) > 0:
        if _ended_within(pid, min(left, READY_EVERY_SECONDS)):
            return True
        if is_ready():
            return False
    return False


def _start(
    argv: tuple[str, ...],
    around: Surroundings,
    source: int,
    out: int,
    err: int,
    *,
    public: bool,
    own_session: bool = False,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (*around.prefix, *argv),
        stdin=source,
        stdout=out,
        stderr=err,
        env=around.environment,
        cwd="/",
        umask=PUBLIC_UMASK if public else UMASK,
        process_group=None if own_session else 0,
        start_new_session=own_session,
    )


def _input(given: str | None) -> int:
    if given is None:
        return subprocess.DEVNULL
    source = os.memfd_create("stdin")
    data = memoryview(given.encode())
    while data:
        data = data[os.write(source, data) :]
    os.lseek(source, 0, os.SEEK_SET)
    return source


def _log(path: str) -> int:
    os.makedirs(path.rpartition("/")[0], mode=0o755, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def _whole(descriptor: int, begin: int = 0) -> bytes:
    """What was written into a file from `begin` on."""
    left = os.fstat(descriptor).st_size - begin
    parts = []
    while left > 0 and (part := os.pread(descriptor, left, begin)):
        parts.append(part)
        begin += len(part)
        left -= len(part)
    return b"".join(parts)


def _ended_within(pid: int, seconds: float | None) -> bool:
    """Wait until a child has ended, without taking note of it; tell whether it has, in this time."""
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1000))
    finally:
        os.close(descriptor)


def _ended(child: subprocess.Popen[bytes], seconds_max: float | None, watch: Watch) -> bool:
    """Wait for a child; one that takes too long is ended, with its group. Tell whether it was in time."""
    in_time = _ended_within(child.pid, seconds_max)
    if not in_time:
        end(child.pid, KILL_SECONDS)
        _ended_within(child.pid, None)
    watch(None)
    child.wait()
    return in_time


def end(pid: int, seconds: float) -> None:
    """End a child that was not waited for yet, with its group: it is asked to, and after a while it is made to."""
    os.killpg(pid, signal.SIGTERM)
    _ended_within(pid, seconds)
    # Its children may have another mind than it has; until it is waited for, its number is still their group's.
    os.killpg(pid, signal.SIGKILL)


def _copy(child: subprocess.Popen[bytes], targets: "dict[IO[bytes] | None, int]", live: Live) -> None:
    """Copy what a child writes, and show it, until it has ended: what it leaves running may keep its outputs open."""
    ended = os.pidfd_open(child.pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    shown = {}
    for stream, target in targets.items():
        if stream is not None:
            os.set_blocking(stream.fileno(), False)
            poll.register(stream.fileno(), select.POLLIN | select.POLLHUP)
            shown[stream.fileno()] = (target, _DECODER("backslashreplace"))
    while shown:
        ready = [descriptor for descriptor, _ in poll.poll()]
        # A pipe holds no more than one read takes, so nothing is left behind when the child has ended.
        for descriptor in [*shown] if ended in ready else ready:
            target, decoder = shown[descriptor]
            if data := _read(descriptor):
                os.write(target, data)
            if text := decoder.decode(data, final=not data):
                live(_without_holes(text))
            if not data or ended in ready:
                poll.unregister(descriptor)
                del shown[descriptor]
    os.close(ended)
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()


def _read(descriptor: int) -> bytes:
    """What is in a pipe now; nothing, too, where nothing is."""
    try:
        return os.read(descriptor, CHUNK_BYTES)
    except BlockingIOError:
        return b""
