"""svcmgr as a process: killed at any moment, its reader gone, its terminal lost."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.command import Command, Completed
from core.compare import same_world
from core.state import loads
from executors.layers.journal import Journal
from svcprov.node_file import SavedNode
from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, Bench

KILLED = 9

DYING = """
import os, sys
from itertools import count
from svcprov import files, node_file
from svcprov.svcmgr import main
at, how = int(sys.argv.pop(1)), sys.argv.pop(1)
saves = count(1)
def dying(save):
    def saved(*words, **more):
        number = next(saves)
        if number == at and how == "before":
            os._exit(9)
        save(*words, **more)
        if number == at:
            os._exit(9)
    return saved
node_file.NodeFile.save = dying(node_file.NodeFile.save)
for name in ("journal_line", "save_record", "save_file"):
    setattr(files.ServiceFiles, name, dying(getattr(files.ServiceFiles, name)))
sys.exit(main())
"""
"""svcmgr that is killed before or after the write number `at`, without a chance to say or keep anything more."""


def run(bench: Bench, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the repository, on the files of the bench."""
    environment = {**os.environ, "OSVCETC": str(bench.etc), "OSVCVAR": str(bench.var)}
    return subprocess.run(
        (sys.executable, *words), cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


def anonymous(path: Path) -> dict[str, object]:
    """The node, with every uuid that was made up called the same."""
    return loads(re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid", path.read_text()))


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("way", ["provision", "rollback"])
def test_killed_at_any_write_nothing_is_lost(bench: Bench, how: str, way: str) -> None:
    """Killed around any write to a disk, the same command goes on to the same end, and rollback leaves nothing."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    conf = bench.etc / "web.conf"
    start = bench.node.read_bytes()
    blank = loads(bench.node.read_text())
    assert bench.on("web", "provision").code == 0
    whole = anonymous(bench.node)
    # Every fifth point here, each case with its own; the property tests enumerate them all, in memory.
    for at in range(1 + (how == "after") + 2 * (way == "rollback"), 100, 5):
        bench.node.write_bytes(start)
        conf.write_text(LOOP)
        shutil.rmtree(bench.var / "web", ignore_errors=True)
        killed = run(bench, "-c", DYING, str(at), how, "-s", "web", "--node", str(bench.node), "provision")
        if killed.returncode == 0:
            assert at > 20
            return
        assert killed.returncode == KILLED, killed.stderr
        again = bench.on("web", way, "--yes")
        if way == "rollback" and again.code == 3:
            assert "the last action came to its end" in again.err
            continue
        assert again.code == 0, (at, again.err)
        assert conf.read_text() == LOOP
        there = anonymous(bench.node) if way == "provision" else loads(bench.node.read_text())
        assert same_world(whole if way == "provision" else blank, there) == [], at


def test_the_program_runs_as_a_module(bench: Bench) -> None:
    """`python -m svcprov.svcmgr` is svcmgr, `python -m svcprov.nodemgr` is nodemgr."""
    helped = run(bench, "-m", "svcprov.svcmgr", "--help")
    listed = run(bench, "-m", "svcprov.nodemgr", "print", "drivers")
    assert (helped.returncode, "usage: svcmgr" in helped.stdout) == (0, True)
    assert (listed.returncode, "fs.ext4" in listed.stdout.split()) == (0, True)


def test_a_reader_that_goes_away_stops_nothing(bench: Bench) -> None:
    """With nobody reading its output, a provision is done to its end."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    words = (sys.executable, "-m", "svcprov.svcmgr", "-s", "web", "--node", str(bench.node), "provision")
    environment = {**os.environ, "OSVCETC": str(bench.etc), "OSVCVAR": str(bench.var)}
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        (*words, "--format", "json"), cwd=REPOSITORY, env=environment, stdout=writing, stderr=writing, check=False
    )
    os.close(writing)
    assert ended.returncode == 0
    assert bench.on("web", "status", "--check").code == 0


SLOW = """
import sys, time
from svcprov.node_file import SavedNode
from svcprov.svcmgr import main
run = SavedNode.run
def slow(self, command):
    if command.argv[0].startswith("mkfs"):
        print("formatting", flush=True)
        time.sleep(20)
    return run(self, command)
SavedNode.run = slow
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_an_action_with_what_to_type(bench: Bench, number: signal.Signals) -> None:
    """Ctrl-C, a polite kill and a lost terminal are 130; the last lines say how to go on, and that works."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    environment = {**os.environ, "OSVCETC": str(bench.etc), "OSVCVAR": str(bench.var)}
    words = (sys.executable, "-c", SLOW, "-s", "web", "--node", str(bench.node), "provision")
    with subprocess.Popen(
        words, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "formatting\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"to go on:   svcmgr -s web --node {bench.node} provision" in said
    assert "Traceback" not in said
    assert bench.on("web", "provision").code == 0


def test_what_is_asked_on_a_terminal_is_the_name(bench: Bench) -> None:
    """On a terminal the name of the service, typed, is consent; anything else is not."""
    import pty

    bench.provisioned("web")
    environment = {**os.environ, "OSVCETC": str(bench.etc), "OSVCVAR": str(bench.var)}
    words = (sys.executable, "-m", "svcprov.svcmgr", "-s", "web", "--node", str(bench.node), "unprovision")
    codes = []
    for answer in (b"yes\n", b"web\n"):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            words, cwd=REPOSITORY, env=environment, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs
        ) as process:
            os.close(theirs)
            said = b""
            while b"Type the name" not in said:
                said += os.read(ours, 4096)
            os.write(ours, answer)
            try:
                while os.read(ours, 4096):
                    pass
            except OSError:  # the other side of a terminal that is gone
                pass
        os.close(ours)
        codes.append(process.returncode)
    assert codes == [3, 0]


def test_a_simulated_run_is_a_log_on_a_terminal_too(bench: Bench) -> None:
    """It is over at once: nothing is painted, and neither the view nor rich is loaded."""
    import pty

    bench.on("web", "create", "--config", bench.write(LOOP))
    text = (
        "import sys\nfrom svcprov.svcmgr import main\ncode = main()\n"
        "print('loaded', *sorted({'rich', 'svcprov.live'} & set(sys.modules)))\nsys.exit(code)"
    )
    environment = {**os.environ, "OSVCETC": str(bench.etc), "OSVCVAR": str(bench.var), "TERM": "xterm"}
    ours, theirs = pty.openpty()
    words = (sys.executable, "-c", text, "-s", "web", "--node", str(bench.node), "provision", "--color", "never")
    with subprocess.Popen(
        words, cwd=REPOSITORY, env=environment, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        assert process.stdout.read() == b"loaded\n"
    said = os.read(ours, 65536)
    os.close(ours)
    assert (process.returncode, b"\x1b" in said, b"mkfs.ext4" in said) == (0, False, True)


@pytest.mark.parametrize("words", [("rollback", "--yes"), ("provision", "--rollback")])
def test_an_interrupted_rollback_says_what_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Whether asked for or following a failure, it is 130 with a summary, and nothing but a rollback goes on."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    run = SavedNode.run

    def failing(node: SavedNode, command: Command) -> Completed:
        return Completed(32, "", "mount: no") if command.argv[0] == "mount" else run(node, command)

    def interrupted(_journal: object, *_words: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SavedNode, "run", failing)
        if words[0] == "rollback":
            assert bench.on("web", "provision").code == 1
        patch.setattr(Journal, "_undo", interrupted)
        said = bench.on("web", *words, "--format", "json")
    assert said.code == 130, said.err
    assert (said.objects[-1]["type"], said.objects[-1]["result"]) == ("summary", "interrupted")
    line = f"svcmgr -s web --node {bench.node} rollback --yes"
    assert said.err.endswith(f"svcmgr: interrupted\nto go on: {line}\n")
    assert bench.on("web", "provision").code == 3
    assert bench.svcmgr(*line.split()[1:]).code == 0
