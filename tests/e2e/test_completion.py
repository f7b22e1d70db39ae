"""TAB in real shells: the functions that they call, and what stands on the line after the key."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, Bench
from tests.e2e.terminal import Terminal, at_terminal

TAB = b"\t"
CTRL_U = b"\x15"


@pytest.fixture(name="programs")
def _programs(bench: Bench) -> Path:
    """A directory with svcmgr and nodemgr, for a PATH; and a service called web1."""
    (bench.etc / "web1.conf").write_text(LOOP)
    directory = bench.directory / "bin"
    directory.mkdir()
    for name in ("svcmgr", "nodemgr"):
        program = directory / name
        here, python = quote(str(REPOSITORY)), quote(sys.executable)
        program.write_text(f'#!/bin/sh\nPYTHONPATH={here} exec {python} -m svcprov.{name} "$@"\n')
        program.chmod(0o755)
    (bench.directory / "a node.json").touch()
    return directory


def environment(programs: Path) -> dict[str, str]:
    """An environment in which the programs are found, and no shell reads what somebody has at home."""
    home = {"HOME": str(programs.parent), "ZDOTDIR": str(programs.parent), "XDG_CONFIG_HOME": str(programs.parent)}
    return {**os.environ, **home, "PATH": f"{programs}:{os.environ['PATH']}", "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def script(programs: Path, shell: str) -> str:
    """What `svcmgr completion SHELL` prints."""
    words = (str(programs / "svcmgr"), "completion", shell)
    return subprocess.run(words, env=environment(programs), check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "words,number,replies",
    [
        ("svcmgr -s we", 2, "web1"),
        ("svcmgr -s web1 --rid = d", 5, "disk#0 disk"),
        ("svcmgr -s web1 --rid =", 4, "disk#0 fs#0 disk fs"),
        ("svcmgr -s web1 unprov", 3, "unprovision"),
        ("svcmgr -s web1 set --param fs#0.mkfs", 5, "fs#0.mkfs_opt"),
        ("svcmgr --node a", 2, "a node.json"),
        ("nodemgr print dri", 2, "drivers"),
    ],
)
def test_the_function_of_bash_replies(programs: Path, words: str, number: int, replies: str) -> None:
    """What bash gets for the words that it takes a line apart into."""
    now = "" if words.endswith("=") else words.rsplit(maxsplit=1)[-1]
    call = f"COMP_WORDS=({words}); COMP_CWORD={number}; _svcprov {words.split(maxsplit=1)[0]} '{now}'"
    program = f"{script(programs, 'bash')}\n{call}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    said = subprocess.run(
        ("bash", "--norc", "--noprofile", "-c", program),
        cwd=programs.parent,
        env=environment(programs),
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout.splitlines() == ([replies] if replies.startswith("a ") else replies.split())
    assert said.stderr == ""


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="the script of bash: shellcheck is not installed")
def test_the_script_of_bash_is_clean(programs: Path) -> None:
    """Shellcheck has nothing to say."""
    checked = subprocess.run(
        ("shellcheck", "--shell", "bash", "-"),
        input=script(programs, "bash"),
        check=False,
        capture_output=True,
        text=True,
    )
    assert (checked.returncode, checked.stdout) == (0, "")


COMMANDS = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-d", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
PREPARED = {
    "bash": "source <(svcmgr completion bash)",
    "zsh": "autoload -Uz compinit && compinit -u -D && source <(svcmgr completion zsh)",
    "fish": "svcmgr completion fish | source",
}


@contextmanager
def typing(programs: Path, shell: str, prepared: str = "") -> Iterator[Terminal]:
    """A shell that waits for keys, and knows how to complete; prepared: what it is told for that."""
    if shutil.which(shell) is None:
        pytest.skip(f"TAB in {shell}: it is not installed")
    words = ("setsid", "--ctty", *COMMANDS[shell])
    with at_terminal(words, environment(programs), str(programs.parent)) as terminal:
        terminal.type(f"{prepared or PREPARED[shell]}; echo pre''pared\n".encode())
        terminal.until("\nprepared")
        yield terminal
        terminal.type(CTRL_U + b"exit\n")


@pytest.mark.parametrize("shell", COMMANDS)
@pytest.mark.parametrize(
    "keys,line",
    [
        ("svcmgr -s we", "-s web1 <"),
        ("svcmgr unprov", "unprovision <"),
        ("svcmgr -s web1 print con", "print config <"),
        ("svcmgr -s web1 --rid fs#", "--rid fs#0 <"),
        ("svcmgr -s web1 --rid=fs#", "--rid=fs#0 <"),
        ("svcmgr -s web1 --adopt dis", "--adopt disk#0 <"),
        ("svcmgr -s web1 set --param fs#0.mkfs", "--param fs#0.mkfs_opt <"),
        ("svcmgr -s web1 get --param di", "--param disk#0.<"),
        ("svcmgr create --template testec", "--template testec2docker <"),
        ("svcmgr -s web1 --waitl", "--waitlock <"),
        ("svcmgr --node a", "--node a node.json <"),
        ("nodemgr print key", "print keywords <"),
    ],
)
def test_tab_completes_the_line(programs: Path, shell: str, keys: str, line: str) -> None:
    """After the key, the command line has the only word that fits, and a blank unless something has to follow at once.

    What the shell made of the line is what the command gets: it prints its words.
    """
    for name in ("svcmgr", "nodemgr"):
        path = programs / name
        echo = 'case $1 in --complete|completion) ;; *) printf "got:"; printf " %s" "$@"; echo; exit ;; esac'
        path.write_text(path.read_text().replace("\n", f"\n{echo}\n", 1))
    with typing(programs, shell) as terminal:
        before = len(terminal.text)
        terminal.type(keys.encode() + TAB + b"'<'\n")
        found = terminal.until(r"\ngot: (.*)\n", before)
    assert found[1].endswith(line)


def test_zsh_may_have_the_script_as_a_file(programs: Path) -> None:
    """Found in $fpath, it answers the first TAB already."""
    (programs.parent / "functions").mkdir()
    (programs.parent / "functions/_svcmgr").write_text(script(programs, "zsh"))
    prepared = f"fpath=({programs.parent}/functions $fpath); autoload -Uz compinit && compinit -u -D"
    with typing(programs, "zsh", prepared) as terminal:
        terminal.type(b"svcmgr -s we" + TAB)
        terminal.until("svcmgr -s web1 ")
