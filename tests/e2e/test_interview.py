"""`create --interactive`: what is asked, what is said of an answer, and what is left when somebody leaves."""

import os
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, Bench, Said
from tests.e2e.terminal import CTRL_C, Terminal, at_terminal

CTRL_D = b"\x04"
ECHO_FLAGS = 3

SHOP = """\
[DEFAULT]
nodes = node12.nsx.lab.net

[env]
size = 100M
size.comment = How large the disk of {svcname} is
data = 40
logs = 50
password = none
password.secret = true

[disk#0]
type = loop
file = /srv/{svcname}.img
size = {env.size}

[disk#1]
type = loop
file = /srv/{svcname}.logs.img
size = $({env.data}+{env.logs})M

[fs#0]
type = ext4
dev = {disk#0.file}
mnt = /srv/{svcname}
"""


def answered(bench: Bench, *answers: str, template: str = SHOP, more: tuple[str, ...] = ()) -> Said:
    """What is said when the answers are the lines of a file."""
    lines = bench.write("".join(f"{answer}\n" for answer in answers), "answers")
    words = ("create", "--template", bench.write(template, "shop.template"), "--interactive", "--answers", lines)
    return bench.on("shop", *words, *more)


def conf(bench: Bench) -> str:
    """The service file that came of it."""
    return (bench.etc / "shop.conf").read_text(encoding="utf-8")


def test_each_key_is_asked_in_the_order_of_the_file(bench: Bench) -> None:
    """With its comment, evaluated, and what an empty answer takes; what only says something of a key is not asked."""
    said, path = answered(bench, "", "", "60", "swordfish"), bench.directory / "shop.template"
    assert (said.code, said.out) == (0, "")
    assert said.err.splitlines() == [
        f"{path} asks for 4 values. Enter takes what is in brackets, '' is no value, Ctrl-C leaves.",
        "",
        "How large the disk of shop is",
        "size [100M]:",
        "",
        "data [40]:",
        "",
        "logs [50]:",
        "",
        "password (secret, not shown) [as it is]:",
    ]
    assert conf(bench) == SHOP.replace("logs = 50", "logs = 60").replace("= none", "= swordfish")


def test_a_wrong_answer_is_asked_again_with_the_reason(bench: Bench) -> None:
    """What uses the key is evaluated at once; what is proposed then is what was there before."""
    said = answered(bench, "5X", "{env.sise}", "7G", "", "", "")
    path = f"{bench.directory}/shop.template"
    assert said.code == 0
    assert said.err.count("size [100M]:") == 3
    assert f"{path}:15: disk#0.size: '5X' is not a size" in said.err
    assert f"{path}:5: env.size" in said.err
    assert "section env has no option sise" in said.err
    assert "size = 7G" in conf(bench)


def test_what_several_keys_make_is_looked_at_after_the_last(bench: Bench) -> None:
    """Each of them is asked again then, proposing what was answered: either may be the one that is wrong."""
    said = answered(bench, "", "x", "60", "70", "", "")
    assert said.code == 0
    questions = [line for line in said.err.splitlines() if line.startswith(("data", "logs"))]
    assert questions == ["data [40]:", "logs [50]:", "data [x]:", "logs [60]:"]
    assert "data = 70\nlogs = 60" in conf(bench)


def test_the_question_stays_in_sight(bench: Bench) -> None:
    """Of many options that an answer makes wrong some are told, and how many more there are."""
    disks = "".join(f"[disk#{n}]\ntype = loop\nfile = /srv/{n}.img\nsize = {{env.size}}\n\n" for n in range(2, 30))
    said = answered(bench, "5X", "1G", "", "", "", template=f"{SHOP}\n{disks}")
    assert said.code == 0, said.err
    assert said.err.count("'5X' is not a size") == 10
    assert "... and 19 more options that this makes wrong\n" in said.err


def test_what_holds_here_is_asked(bench: Bench) -> None:
    """Where a scope has the value of this node, that is asked for, and those of other nodes stay as they are."""
    scoped = SHOP.replace("size = 100M\n", "size@node7 = 1G\nsize@node12.nsx.lab.net = 2G\n")
    said = answered(bench, "3G", "", "", "", template=scoped)
    assert (said.code, "size@node12.nsx.lab.net [2G]:" in said.err, "node7" in said.err) == (0, True, False), said.err
    assert conf(bench) == scoped.replace("2G", "3G")


def test_two_quotes_are_an_empty_value(bench: Bench) -> None:
    """An empty answer takes what is proposed, so nothing has an answer of its own."""
    assert answered(bench, "", "", "", "''").code == 0
    assert "password =\n" in conf(bench).replace("= \n", "=\n")


def test_a_value_that_no_file_can_hold_is_asked_again(bench: Bench) -> None:
    """The reason is told, and for a secret it does not repeat the answer."""
    said = answered(bench, "a\x1bb", "1G", "", "", "hunter\x1b2", "swordfish")
    assert said.code == 0
    assert "this answer: env.size: a value cannot hold the control character 0x1b" in said.err
    assert "hunter" not in said.err
    assert "password = swordfish" in conf(bench)


def test_a_secret_in_a_reason_is_not_shown(bench: Bench) -> None:
    """What a wrong secret breaks is told without it."""
    template = SHOP.replace("{env.size}", "{env.password}").replace("none", "1G")
    said = answered(bench, "", "", "", "hunter2", "2G", template=template)
    assert said.code == 0
    assert "disk#0.size: '«secret:env.password»' is not a size" in said.err
    assert "hunter2" not in said.err


def test_what_the_environment_decides_is_not_asked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins whatever the answer, so it is shown in the place of the question."""
    monkeypatch.setenv("SIZE", "3G")
    monkeypatch.setenv("PASSWORD", "swordfish")
    said = answered(bench, "", "", more=("--explain-env",))
    assert said.code == 0
    assert "size is '3G': from the environment variable SIZE, so it is not asked" in said.err
    assert "size [" not in said.err
    assert "swordfish" not in said.out + said.err
    assert [line.split()[:3] for line in said.out.splitlines()[1:]] == [
        ["size", "3G", "environment"],
        ["data", "40", "template"],
        ["logs", "50", "template"],
        ["password", "«secret:env.password»", "environment"],
    ]


def test_what_env_gives_is_proposed(bench: Bench) -> None:
    """A value of --env or --env-file stands in brackets, and an answer wins over it."""
    site = bench.write("logs = 55\n", "site.env")
    more = ("--env", "size=2G", "--env-file", site, "--explain-env")
    said = answered(bench, "", "41", "", "", more=more)
    assert ("size [2G]:" in said.err, "logs [55]:" in said.err) == (True, True)
    assert [" ".join(line.split()) for line in said.out.splitlines()[1:4]] == [
        "size 2G --env (over template)",
        "data 41 answer (over template)",
        f"logs 55 --env-file {site}:1 (over template)",
    ]


def test_what_no_answer_can_mend_is_told_before_the_first_question(bench: Bench) -> None:
    """Nobody answers ten questions to learn that the template is broken."""
    said = answered(bench, "1G", template=SHOP.replace("mnt =", "mont ="))
    assert said.code == 6
    assert "unknown keyword 'mont'; did you mean 'mnt'?" in said.err
    assert "asks for" not in said.err


def test_answers_that_end_too_early_write_nothing(bench: Bench) -> None:
    """The key that has no answer is named."""
    before = bench.files()
    said = answered(bench, "1G", "", "")
    assert (said.code, said.err.splitlines()[-1]) == (
        6,
        f"svcmgr: --answers {bench.directory}/answers ends before the answer for env.password; nothing was written",
    )
    assert set(bench.files()) - set(before) == {"answers", "shop.template"}


def test_an_endless_answer_is_refused(bench: Bench) -> None:
    """A file that has no lines is not read to its end, which may never come."""
    said = bench.on("shop", "create", "--template", bench.write(SHOP), "--interactive", "--answers", "/dev/zero")
    assert (said.code, "--answers /dev/zero: the answer for env.size has more than 65536 characters" in said.err) == (
        6,
        True,
    )


def test_a_template_without_keys_asks_nothing(bench: Bench) -> None:
    """That is said, and the service is created."""
    said = answered(bench, template=LOOP)
    assert (said.code, "has nothing to ask" in said.err, conf(bench)) == (0, True, LOOP)


@pytest.mark.parametrize(
    "more,sentence",
    [
        (("--interactive",), "--interactive asks on a terminal, and there is none; give --env KEY=VALUE"),
        (("--answers", "-"), "--answers is for --interactive"),
        (("--interactive", "--answers", "/no/such"), "--answers /no/such: No such file or directory"),
    ],
)
def test_nobody_to_ask_is_an_error(bench: Bench, more: tuple[str, ...], sentence: str) -> None:
    """An interactive session without a terminal ends with what to do instead, and nothing is written."""
    said = bench.on("shop", "create", "--template", bench.write(SHOP), *more)
    assert (said.code, sentence in said.err) == (6, True)
    assert not (bench.etc / "shop.conf").exists()


def test_a_service_that_exists_is_told_before_the_first_question(bench: Bench) -> None:
    """What cannot be written in the end is not asked for."""
    assert answered(bench, "", "", "", "").code == 0
    said = answered(bench, "", "", "", "")
    assert (said.code, "asks for" in said.err) == (6, False)


@contextmanager
def asked(bench: Bench, *more: str) -> Iterator[Terminal]:
    """Somebody at a terminal who is asked."""
    words = ["-s", "shop", "--node", str(bench.node), "create", "--template", bench.write(SHOP, "shop.template")]
    program = ("setsid", "--ctty", sys.executable, "-m", "svcprov.svcmgr", *words, "--interactive", *more)
    with at_terminal(program, {**os.environ, "TERM": "xterm"}, str(REPOSITORY)) as terminal:
        yield terminal


def test_a_secret_is_not_echoed(bench: Bench) -> None:
    """What is typed for a secret does not appear, what is typed for another key does; afterwards all is as before."""
    with asked(bench) as terminal:
        modes = termios.tcgetattr(terminal.descriptor)[ECHO_FLAGS]
        for question, answer in ((r"size \[100M\]: ", b"2G"), (r"data .*: ", b""), (r"logs .*: ", b"")):
            terminal.until(question)
            terminal.type(answer + b"\n")
        terminal.until(r"password \(secret, not shown\) \[as it is\]: ")
        terminal.type(b"swordfish\n")
        assert terminal.ended() == 0
        assert termios.tcgetattr(terminal.descriptor)[ECHO_FLAGS] == modes
    assert "size [100M]: 2G\n" in terminal.text
    assert "swordfish" not in terminal.text
    assert "password = swordfish" in conf(bench)


@pytest.mark.parametrize("keys", [CTRL_C, CTRL_D, b"2G" + CTRL_D + CTRL_D])
@pytest.mark.parametrize("question", [r"size \[100M\]: ", r"password .*: "])
def test_whoever_leaves_leaves_no_trace(bench: Bench, question: str, keys: bytes) -> None:
    """Ctrl-C and Ctrl-D at any question end with 130: no file was written, and the terminal echoes as before."""
    with asked(bench) as terminal:
        before, modes = bench.files(), termios.tcgetattr(terminal.descriptor)[ECHO_FLAGS]
        if question.startswith("password"):
            terminal.type(b"\n\n\n")
        terminal.until(question)
        terminal.type(keys)
        assert terminal.ended() == 130
        assert termios.tcgetattr(terminal.descriptor)[ECHO_FLAGS] == modes
    assert "nothing was written; the same command line asks again" in terminal.text
    assert bench.files() == before
    assert not bench.var.exists()


def test_a_terminal_that_goes_away_is_left(bench: Bench) -> None:
    """Whoever closes the window has answered nothing."""
    words = ["-s", "shop", "--node", str(bench.node), "create", "--template", bench.write(SHOP, "shop.template")]
    program = (sys.executable, "-m", "svcprov.svcmgr", *words, "--interactive")
    with at_terminal(program, {**os.environ, "TERM": "xterm"}, str(REPOSITORY)) as terminal:
        before = bench.files()
        terminal.until(r"size \[100M\]: ")
        terminal.close()
        assert terminal.process.wait(10) == 130
    assert bench.files() == before


def test_a_killed_interview_leaves_no_trace(bench: Bench) -> None:
    """Nothing is written before the last answer, so there is nothing to clean up."""
    with asked(bench) as terminal:
        before = bench.files()
        terminal.until(r"size \[100M\]: ")
        terminal.process.send_signal(signal.SIGKILL)
        assert terminal.ended() == -signal.SIGKILL
    assert bench.files() == before
