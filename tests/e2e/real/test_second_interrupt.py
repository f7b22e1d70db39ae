"""Ctrl-C once more, while the running command is let end: it is asked about, and never killed by itself."""

import json
import re
import signal
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.e2e.real import terminal
from tests.e2e.real.lab import Lab
from tests.e2e.real.services import EXT4
from tests.e2e.real.test_signals import BEGIN_SECONDS_MAX, until_there
from tests.e2e.terminal import CTRL_C, Terminal

QUESTION = r"slow \(pid (\d+)\) is still running \[\d+s\]\. Kill it\? \[y/N\] "
FIRST = "interrupted: the running command is let end"
GRACE_SECONDS = 5
"""How long what is killed has to end by itself."""


def slowly(lab: Lab, *lines: str) -> Path:
    """Create a service with a command that takes until it is released, the first time, or does as these lines say.

    Returns the file that is there once it runs.
    """
    lines = lines or (f"until test -e {lab.directory}/given/released; do sleep 0.05; done",)
    begun = lab.directory / "given/begun"
    slow = lab.script("slow", f"test -e {begun} && exit", *lines[:-1], f"touch {begun}", lines[-1])
    lab.created(EXT4.replace("[fs#0]", f"[fs#0]\npre_provision = {slow}"))
    return begun


def release(lab: Lab) -> None:
    """Let the command end."""
    (lab.directory / "given/released").touch()


def asked(window: Terminal, begun: Path) -> re.Match[str]:
    """Press Ctrl-C twice; return the question."""
    until_there(begun)
    window.type(CTRL_C)
    window.until(f"{FIRST}; Ctrl-C once more asks whether to kill it")
    window.type(CTRL_C)
    return window.until(QUESTION)


def journal(lab: Lab) -> list[dict[str, object]]:
    """The lines of the journal."""
    lines = (lab.directory / f"var/{lab.name}/journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def is_there(lab: Lab, pid: str) -> bool:
    """Tell whether a process of the lab is there, and not merely nobody's concern yet."""
    status = lab.run("cat", f"/proc/{pid}/status").out
    return bool(status) and "(zombie)" not in status


@pytest.mark.parametrize("answer", [b"\n", b"n\n", b"what\n", b"\x04"])
def test_nothing_but_yes_kills(lab: Lab, answer: bytes) -> None:
    """No, another word, or the end of the input: the command is let end, and is remembered as done."""
    begun = slowly(lab)
    with terminal.on(lab, *lab.words("provision")) as window:
        pid = asked(window, begun)[1]
        window.type(answer)
        window.until("slow goes on; nothing is begun after it")
        assert is_there(lab, pid)
        release(lab)
        assert window.ended() == 130
    assert "to go on:" in window.text
    assert journal(lab)[-1].get("state") == "done"
    lab.did("provision")


@pytest.mark.parametrize("stubborn", [False, True])
def test_yes_kills_it_with_its_children(lab: Lab, *, stubborn: bool) -> None:
    """It is asked to end, and made to if it does not; its step stays open, and the line that is said goes on."""
    child = lab.directory / "given/child"
    trap = ("trap '' TERM",) if stubborn else ()
    begun = slowly(lab, *trap, "sleep 100 &", f"echo $! >{child}", "while true; do sleep 1; done")
    with terminal.on(lab, *lab.words("provision")) as window:
        pid = asked(window, begun)[1]
        began = monotonic()
        window.type(b"y\n")
        assert window.ended() == 130, window.text
    assert (monotonic() - began > GRACE_SECONDS) is stubborn
    assert not is_there(lab, pid)
    assert not is_there(lab, child.read_text(encoding="utf-8").strip())
    assert "intent" in journal(lab)[-1]
    assert "Traceback" not in window.text
    line = re.search(r"to go on: +(.*)\n", window.text)
    assert line is not None
    went_on = lab.run("/bin/sh", "-c", line[1].replace("svcmgr", lab.words()[0], 1))
    assert went_on.code == 0, went_on.err
    assert lab.is_up()


def test_a_question_that_time_has_answered(lab: Lab) -> None:
    """What ends while it is asked about has ended: nobody has to answer."""
    begun = slowly(lab)
    with terminal.on(lab, *lab.words("provision")) as window:
        asked(window, begun)
        release(lab)
        assert window.ended() == 130
    assert journal(lab)[-1].get("state") == "done"


def test_what_was_typed_before_is_no_answer(lab: Lab) -> None:
    """A `y` from before the question kills nothing; a third Ctrl-C is no answer either."""
    begun = slowly(lab)
    with terminal.on(lab, *lab.words("provision")) as window:
        until_there(begun)
        window.type(b"y\n")
        sleep(0.2)
        asked(window, begun)
        window.type(CTRL_C)
        sleep(0.2)
        release(lab)
        assert window.ended() == 130
    assert journal(lab)[-1].get("state") == "done"


def test_without_a_terminal_it_is_said_how(lab: Lab) -> None:
    """Which process, since when, and the line that ends it; which works, and then nobody knows what it did."""
    begun = slowly(lab, "sleep 100")
    with lab.start(*lab.words("provision")) as process:
        assert process.stderr is not None
        until_there(begun)
        lab.signal(process, signal.SIGINT)
        while not (line := process.stderr.readline()).endswith(f"{FIRST}\n"):
            assert line
        lab.signal(process, signal.SIGINT)
        said = process.stderr.readline()
        found = re.fullmatch(
            r"svcmgr: interrupted again: \S+/slow \(pid (\d+)\) has been running since \d\d:\d\d:\d\d \(\d+ seconds\) "
            r"and is let end; to end it by hand: (kill -- -\d+)\n",
            said,
        )
        assert found is not None, said
        sleep(0.2)
        assert is_there(lab, found[1])
        lab.done("sh", "-c", found[2])
        _, rest = process.communicate(timeout=BEGIN_SECONDS_MAX)
    assert (process.returncode, "Traceback" in rest) == (130, False), rest
    lab.did("provision")


def test_a_terminal_in_the_background_is_not_asked(lab: Lab) -> None:
    """Who is not in front would be stopped by reading from the terminal: it is only said what there is to say."""
    begun = slowly(lab)
    shell = f"set -m; {' '.join(lab.words('provision'))} & wait $!; echo code $?"
    with terminal.on(lab, "bash", "-c", shell) as window:
        until_there(begun)
        for _ in range(2):
            lab.run("pkill", "-INT", "-f", f"^\\S*python\\S* \\S*svcmgr -s {lab.name}")
            sleep(0.2)
        window.until("interrupted again: ")
        release(lab)
        window.until("code 130")
    assert "Kill it?" not in window.text
