"""What a person sees of a run: on a terminal of any size, whatever is done to it; and what a pipe gets."""

import os
import re
import shutil
from collections.abc import Iterator
from time import sleep

import pytest

from tests.e2e.real import terminal
from tests.e2e.real.lab import Lab
from tests.e2e.real.services import CONTAINER, EXT4, IMAGE, STORAGE
from tests.e2e.real.terminal import Tmux

ESCAPE = "\x1b"
PAINTED_AGAIN = rf"{ESCAPE}\[J"
ROW = r"[^\w\s] fs#0 +\d+s +(\S+)"
LAYERS = 3
LAYER_MEGABYTES = 16
RATE = "100mbit"
SUMMARY = re.compile(r"(\w+): (.*), (\d+)s")


@pytest.fixture(autouse=True)
def _with_tmux(request: pytest.FixtureRequest) -> None:
    if "tmux" in request.node.name and shutil.which("tmux") is None:
        pytest.skip("what a person sees: tmux is not installed")


def slowly(lab: Lab, text: str, seconds: float | None = None) -> None:
    """Create a service whose first filesystem takes some seconds, or until it is released."""
    released = f"until test -e {lab.directory}/given/released; do sleep 0.05; done"
    slow = lab.script("slow", released if seconds is None else f"sleep {seconds}", "echo done with it")
    lab.created(text.replace("[fs#0]", f"[fs#0]\npre_provision = {slow} --device /dev/xvdh --words {'x' * 99}"))


def release(lab: Lab) -> None:
    """Let the filesystem be made."""
    (lab.directory / "given/released").touch()


def anonymous(lab: Lab, lines: list[str]) -> list[str]:
    """Lines without what is made up anew in each run."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", "\n".join(lines))
    text = re.sub(r"/dev/loop\d+", "DEVICE", text)
    return re.sub(r"/tmp/tmp[0-9a-f]+", "/tmp/TMP", text).split("\n")


def test_tmux_shows_a_line_for_each_resource(lab: Lab) -> None:
    """Each has its state and time, the one that runs its command."""
    slowly(lab, STORAGE)
    window = Tmux(lab, 100, 30)
    window.type(" ".join(lab.words("provision")), "Enter")
    assert window.shows(ROW)[1].endswith("/given/slow")
    rows = window.lines()[-5:]
    assert [row.split()[1] for row in rows[:-1]] == ["ip#0", "disk#0", "fs#1", "fs#0"]
    assert [row[0] for row in rows[:3]] == ["✓"] * 3
    assert rows[3].endswith("…")
    assert rows[4].startswith("provision: 3 of 4 resources, ")
    release(lab)
    window.shows("provision: 4 resources done, ")


def test_tmux_keeps_the_log(lab: Lab) -> None:
    """When it is over, what was written is what a pipe gets, and a line that says how it ended."""
    slowly(lab, EXT4)
    window = Tmux(lab, 100, 30)
    window.type(" ".join(lab.words("provision")), "Enter")
    window.shows(ROW)
    release(lab)
    window.shows("provision: 2 resources done, ")
    seen = window.history()
    written = seen[1 : seen.index("ready>", 1)]
    assert SUMMARY.fullmatch(written[-1])
    assert lab.unprovision("--yes").code == 0
    piped = lab.svcmgr("provision")
    assert piped.code == 0
    assert anonymous(lab, written[:-1]) == anonymous(lab, piped.err.rstrip("\n").split("\n"))


def test_tmux_resized_in_the_middle(lab: Lab) -> None:
    """However large the window becomes, every line of the view fits, and none is left behind when it is over."""
    slowly(lab, STORAGE)
    window = Tmux(lab, 100, 30)
    window.type(" ".join(lab.words("provision")), "Enter")
    window.shows(ROW)
    for columns, rows in ((40, 12), (20, 5), (120, 40), (60, 8)):
        window.resize(columns, rows)
        sleep(0.5)
        lines = window.lines()
        assert lines[-1].startswith("provision: 3 of 4"), lines
        view = [line for line in lines if re.match(r"[^\w\s] (ip|disk|fs)#\d", line)]
        assert len(view) == min(4, rows - 2), lines
        assert max(map(len, view)) < columns
    window.resize(100, 30)
    release(lab)
    window.shows("provision: 4 resources done, ")
    assert not [line for line in window.lines() if line.startswith("✓")]


def test_tmux_stopped_and_continued(lab: Lab) -> None:
    """Ctrl-Z gives the shell a clean terminal; in the background there is only the log; in front again the view."""
    slowly(lab, EXT4)
    window = Tmux(lab, 100, 30)
    window.type(" ".join(lab.words("provision")), "Enter")
    window.shows(ROW)
    window.type("C-z")
    window.shows(r"\[1\]\+  Stopped")
    window.until(lambda: window.lines()[-1] == "ready>")
    assert not [line for line in window.lines() if re.match(ROW, line)]
    window.type("bg", "Enter")
    sleep(0.6)
    assert window.lines()[-1] == "ready>"
    window.type("fg", "Enter")
    window.shows(ROW)
    release(lab)
    window.shows("provision: 2 resources done, ")
    assert lab.is_up()


def test_a_window_that_is_closed(lab: Lab) -> None:
    """The running command ends, nothing follows, and what was done is remembered: as with Ctrl-C."""
    slowly(lab, EXT4)
    with terminal.on(lab, *lab.words("provision")) as window:
        window.until(PAINTED_AGAIN)
        window.close()
        release(lab)
        assert window.process.wait(terminal.SECONDS_MAX) == 130
    assert "unfinished" in lab.svcmgr("stop").err
    lab.did("provision")
    assert lab.is_up()


def test_a_terminal_that_takes_nothing_more(lab: Lab) -> None:
    """One that is gone without a signal (its reader was killed) stops nothing."""
    slowly(lab, EXT4)
    with terminal.on(lab, *lab.words("provision"), own=False) as window:
        window.until(PAINTED_AGAIN)
        window.close()
        release(lab)
        assert window.process.wait(terminal.SECONDS_MAX) == 0
    assert lab.is_up()


@pytest.mark.parametrize("keys", [b"\x03", "SIGTERM"])
def test_killed_politely_it_leaves_the_terminal_as_it_was(lab: Lab, keys: bytes | str) -> None:
    """No cursor is hidden, no mode set, nothing painted left behind; what to type next is the last that is read."""
    slowly(lab, EXT4)
    with terminal.on(lab, *lab.words("provision")) as window:
        window.until(PAINTED_AGAIN)
        if isinstance(keys, bytes):
            window.type(keys)
        else:
            lab.run("sh", "-c", "kill -TERM $(pgrep -f 'svcmgr -s')")
        window.until("is let end")
        release(lab)
        assert window.ended() == 130
    assert f"{ESCAPE}[?" not in window.text
    assert window.text.count(f"{ESCAPE}[J") > 3
    last = window.text.rpartition(f"{ESCAPE}[J")[2]
    assert re.search(r"provision: 1 resource done, fs#0 failed, \d+s", last), last
    assert last.rstrip().split("\n")[-1].startswith("to undo it: ")
    assert "Traceback" not in window.text


@pytest.mark.parametrize("more", [{"TERM": "dumb"}, {"TERM": ""}, {"words": "--debug"}, {"words": "--live"}])
def test_where_lines_are_not_written_again(lab: Lab, more: dict[str, str]) -> None:
    """A dumb terminal, --debug and --live have a log, and nothing that moves the cursor."""
    slowly(lab, EXT4, seconds=1)
    given = dict(more)
    words = lab.words("provision", "--color", "never", *given.pop("words", "").split())
    with terminal.on(lab, *words, more=given) as window:
        assert window.ended() == 0
    assert ESCAPE not in window.text
    assert "done with it" in window.text


@pytest.mark.parametrize("words,more", [(("--color", "never"), {}), ((), {"NO_COLOR": "1"})])
def test_without_colour_there_is_a_view(lab: Lab, words: tuple[str, ...], more: dict[str, str]) -> None:
    """Who wants no colours has the view without them."""
    slowly(lab, EXT4)
    with terminal.on(lab, *lab.words("provision", *words), more=more) as window:
        window.until(PAINTED_AGAIN)
        release(lab)
        assert window.ended() == 0
    assert re.search(r"✓ disk#0", window.text)
    assert not re.search(rf"{ESCAPE}\[[\d;]*m", window.text)


def test_a_terminal_of_another_encoding(lab: Lab) -> None:
    """Where only ASCII is shown, the view is drawn with it."""
    slowly(lab, EXT4)
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with terminal.on(lab, *lab.words("provision", "--color", "never"), more=plain) as window:
        window.until(PAINTED_AGAIN)
        release(lab)
        assert window.ended() == 0
    assert re.search(r"\+ disk#0 +0s", window.text)
    assert window.text.isascii()
    assert "\\u" not in window.text


PIPED = """\
REAL HOST: provision NAME: 9 commands, 2 resources, 0 destructive
INFO    NAME        svcmgr -s NAME provision
INFO    NAME.disk#0 create directory LAB/disk
INFO    NAME.disk#0 create file LAB/disk/NAME.img, size 40M
INFO    NAME.disk#0 provisioned
INFO    NAME.disk#0 losetup -f --show LAB/disk/NAME.img
INFO    NAME.disk#0 DEVICE now loops to LAB/disk/NAME.img
INFO    NAME.fs#0   LAB/given/slow --device /dev/xvdh --words WORDS
INFO    NAME.fs#0   output:
done with it
INFO    NAME.fs#0   LAB/srv/data mount point created
INFO    NAME.fs#0   LAB/disk/NAME.img is not formatted
INFO    NAME.fs#0   mkfs.ext4 -q -U UUID DEVICE
INFO    NAME.fs#0   provisioned
INFO    NAME.fs#0   e2fsck -p DEVICE
INFO    NAME.fs#0   output:
DEVICE: clean, COUNTS
INFO    NAME.fs#0   mount -t ext4 DEVICE LAB/srv/data
"""


def test_what_is_piped_is_the_log(lab: Lab) -> None:
    """It is the log, byte by byte, however long it takes; neither the view nor rich is even loaded."""
    slowly(lab, EXT4, seconds=1)
    text = "import atexit, sys\natexit.register(lambda: print(*sorted({'rich', 'svcprov.live'} & set(sys.modules))))"
    ended = lab.changed(text, "provision")
    assert (ended.code, ended.out) == (0, "\n"), ended.err
    said = "\n".join(anonymous(lab, ended.err.split("\n")))
    said = re.sub(r"(?<=clean, ).*", "COUNTS", said.replace("x" * 99, "WORDS"))
    said = said.replace(str(lab.directory), "LAB").replace(lab.name, "NAME")
    assert re.sub(r"^REAL [\w.-]+:", "REAL HOST:", said) == PIPED


@pytest.fixture
def layered(docked: Lab) -> Iterator[str]:
    """An image of several layers in the registry, behind a connection that has bounds."""
    name = IMAGE.replace("busybox", "layered")
    docked.done("docker", "pull", IMAGE)
    for layer in range(LAYERS):
        made = docked.done("docker", "create", IMAGE if layer == 0 else name, "true").strip()
        data = docked.directory / f"given/layer{layer}"
        data.write_bytes(os.urandom(LAYER_MEGABYTES << 20))
        docked.done("docker", "cp", str(data), f"{made}:/layer{layer}")
        docked.done("docker", "commit", made, name)
        docked.done("docker", "rm", made)
    docked.done("docker", "push", name)
    docked.done("docker", "rmi", name, IMAGE)
    docked.done("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", RATE, "burst", "1m", "latency", "400ms")
    yield name
    docked.done("tc", "qdisc", "delete", "dev", "lo", "root")
    docked.run("docker", "rmi", name)


def test_an_image_with_its_layers(docked: Lab, layered: str) -> None:
    """While an image is pulled, each layer says how much of it is there; afterwards they are gone."""
    docked.created(CONTAINER.replace(IMAGE, layered))
    with terminal.on(docked, *docked.words("provision", "--color", "never")) as window:
        assert window.ended() == 0, window.text
    counted = re.findall(rf"docker pull {layered} \[(\d) of {LAYERS + 1} layers\]", window.text)
    assert counted, window.text
    shown = re.findall(r"    [0-9a-f]{12} downloading ━*─* ([\d.]+ \w+) of 1[67]\.\d MB\n", window.text)
    assert len(set(shown)) > 2, shown
    last = window.text.rpartition(f"{ESCAPE}[J")[2]
    assert re.fullmatch(r"(?s)provision: 1 resource done, \d+s\n", last), last
    assert docked.unprovision("--yes").code == 0


def test_a_pull_that_is_given_up(docked: Lab, layered: str) -> None:
    """A pull has no process to kill: asked about, it can be given up, and the next provision pulls what is missing."""
    docked.created(CONTAINER.replace(IMAGE, layered))
    with terminal.on(docked, *docked.words("provision", "--color", "never")) as window:
        window.until("downloading")
        window.type(terminal.CTRL_C)
        window.until("Ctrl-C once more asks")
        window.type(terminal.CTRL_C)
        window.until(rf"docker pull {layered} is still being answered \[\d+s\]\. Give it up\? \[y/N\] ")
        window.type(b"y\n")
        assert window.ended() == 130
    assert "Traceback" not in window.text
    assert docked.run("docker", "image", "inspect", layered).code == 1
    docked.did("provision")
    assert docked.is_up()
    assert docked.unprovision("--yes").code == 0
