"""`edit config`: what an editor leaves is kept when it is right, and never lost when it is not."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, Bench, Said
from tests.e2e.terminal import CTRL_C, Terminal, at_terminal

EDIT = ("-s", "web", "edit", "config")


@pytest.fixture(name="web")
def _web(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A service, and an environment that names no editor."""
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    assert bench.on("web", "create", "--config", bench.write(LOOP)).code == 0
    return bench


def edited(web: Bench, monkeypatch: pytest.MonkeyPatch, script: str, *more: str) -> Said:
    """What comes of an editor that is a script; its file is $1."""
    path = web.directory / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(path))
    return web.svcmgr(*EDIT, "--node", str(web.node), *more)


def conf(web: Bench) -> Path:
    """The service file."""
    return web.etc / "web.conf"


def draft(web: Bench) -> Path:
    """The text of an edit that was not kept."""
    return web.etc / "web.conf.draft"


def left(web: Bench) -> list[str]:
    """The files of the service, beside those that every service has."""
    return sorted(path.name for path in web.etc.iterdir() if path.name.startswith("web.conf."))


def test_what_is_right_takes_the_place_of_the_file(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has the text of the editor, its own mode, and nothing is left beside it."""
    conf(web).chmod(0o600)
    assert edited(web, monkeypatch, 'sed -i s/100M/2G/ "$1"').code == 0
    assert conf(web).read_text() == LOOP.replace("100M", "2G")
    assert (conf(web).stat().st_mode & 0o777, left(web)) == (0o600, [])


def test_visual_comes_before_editor_and_may_have_words(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """$VISUAL is used where both are named, with the options that it has."""
    monkeypatch.setenv("VISUAL", "sed -i -e 's/100M/3G/'")
    assert edited(web, monkeypatch, "exit 1").code == 0
    assert conf(web).read_text() == LOOP.replace("100M", "3G")


def test_a_draft_is_as_private_as_the_file(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may not be read in the service file may not be read beside it either."""
    conf(web).chmod(0o600)
    edited(web, monkeypatch, 'sed -i s/ext4/ext5/ "$1"')
    assert {(web.etc / name).stat().st_mode & 0o777 for name in left(web)} == {0o600}
    assert len(left(web)) == 2


def test_an_editor_of_blanks_is_none(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file itself is not run in its place."""
    monkeypatch.setenv("VISUAL", "  ")
    assert edited(web, monkeypatch, 'sed -i s/100M/2G/ "$1"').code == 0
    assert conf(web).read_text() == LOOP.replace("100M", "2G")


def test_without_an_editor_there_has_to_be_a_terminal(web: Bench) -> None:
    """Vi is not started where nobody could type; what to do instead is said."""
    said = web.svcmgr(*EDIT)
    assert (said.code, "name another editor in $VISUAL or $EDITOR" in said.err, left(web)) == (6, True, [])


@pytest.mark.parametrize("script", ["exit 0", 'touch "$1"', 'cp "$1" "$1.x"; mv "$1.x" "$1"'])
def test_an_edit_of_nothing_changes_nothing(web: Bench, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """The file is not written again, and nothing is left."""
    before = conf(web).stat()
    said = edited(web, monkeypatch, script)
    assert (said.code, said.err, left(web)) == (0, "nothing was changed\n", [])
    assert conf(web).stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize(
    "script,code,sentence",
    [
        ('sed -i s/ext4/ext5/ "$1"', 6, "web.conf:10: fs#0.type: there is no type 'ext5' of fs"),
        (': > "$1"', 6, "the file has no section"),
        ("printf '\\377' > \"$1\"", 6, "is not UTF-8"),
        ('echo junk >> "$1"', 6, "neither section, option nor comment: 'junk'"),
        ('sed -i s/100M/2G/ "$1"; exit 3', 1, "editor ended with 3"),
        ('sed -i s/100M/2G/ "$1"; kill -KILL $$', 1, "editor was killed by signal 9"),
    ],
)
def test_an_edit_that_fails_is_kept(
    web: Bench, monkeypatch: pytest.MonkeyPatch, script: str, code: int, sentence: str
) -> None:
    """The file is as it was; where the text is, and how to go on with it, is said."""
    said = edited(web, monkeypatch, script)
    assert (said.code, sentence in said.err) == (code, True), said.err
    assert conf(web).read_text() == LOOP
    assert draft(web).read_bytes() != LOOP.encode()
    assert f"{draft(web)} has your text" in said.err
    assert said.err.endswith(f"  svcmgr -s web --node {web.node} edit config --recover\n")


@pytest.mark.parametrize("script,sentence", [("exit 1", "editor ended with 1"), ('rm "$1"', "is gone")])
def test_an_editor_that_did_nothing_leaves_nothing(
    web: Bench, monkeypatch: pytest.MonkeyPatch, script: str, sentence: str
) -> None:
    """Without a text to keep there is no draft, either."""
    said = edited(web, monkeypatch, script)
    assert (said.code, sentence in said.err, left(web)) == (1, True, [])
    assert conf(web).read_text() == LOOP


@pytest.mark.parametrize("editor", ["/no/such/editor", "'", "/dev/null"])
def test_an_editor_that_cannot_be_run_is_told(web: Bench, monkeypatch: pytest.MonkeyPatch, editor: str) -> None:
    """The name that the environment has is told, and nothing is left."""
    monkeypatch.setenv("VISUAL", editor)
    said = web.svcmgr(*EDIT)
    assert (said.code, editor in said.err, left(web)) == (1, True, [])


def test_a_kept_edit_is_not_overwritten(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another edit is refused with both ways out; one goes on with the text, the other begins anew."""
    edited(web, monkeypatch, 'sed -i s/ext4/ext5/ "$1"')
    said = edited(web, monkeypatch, 'sed -i s/100M/2G/ "$1"')
    assert said.code == 3
    assert "edit config --recover" in said.err
    assert "edit config --discard" in said.err
    assert draft(web).read_text() == LOOP.replace("ext4", "ext5")
    assert edited(web, monkeypatch, 'sed -i s/ext5/xfs/ "$1"', "--recover").code == 0
    assert (conf(web).read_text(), left(web)) == (LOOP.replace("ext4", "xfs"), [])


def test_a_kept_edit_may_be_thrown_away(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """--discard begins with the file as it is."""
    edited(web, monkeypatch, 'sed -i s/ext4/ext5/ "$1"')
    assert edited(web, monkeypatch, 'sed -i s/100M/2G/ "$1"', "--discard").code == 0
    assert (conf(web).read_text(), left(web)) == (LOOP.replace("100M", "2G"), [])


def test_a_kept_edit_goes_with_its_service(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """`delete` takes it away, and says so with --dry-run: another service of that name begins anew."""
    edited(web, monkeypatch, 'sed -i s/ext4/ext5/ "$1"')
    shown = web.on("web", "delete", "--dry-run").out
    assert (f"remove {draft(web)}\n" in shown, f"remove {draft(web)}.base\n" in shown) == (True, True)
    assert web.on("web", "delete", "--yes").code == 0
    assert left(web) == []


def test_recover_needs_something_to_recover(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a draft that is an error, and so are both options at once."""
    assert edited(web, monkeypatch, "exit 0", "--recover").code == 6
    assert edited(web, monkeypatch, "exit 0", "--recover", "--discard").code == 6
    assert left(web) == []


def test_a_file_that_changed_meanwhile_is_not_overwritten(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody else changed is shown, and stays; --recover shows it again, and lets whoever edits decide."""
    other = f'sed -i "s/100M/5G/" {conf(web)}'
    said = edited(web, monkeypatch, f'sed -i s/ext4/xfs/ "$1"; {other}')
    assert (said.code, conf(web).read_text()) == (1, LOOP.replace("100M", "5G"))
    assert "was changed by somebody else meanwhile" in said.err
    assert ("-size = 100M" in said.err, "+size = 5G" in said.err) == (True, True)
    again = edited(web, monkeypatch, 'sed -i s/100M/5G/ "$1"', "--recover")
    assert (again.code, "+size = 5G" in again.err) == (0, True)
    assert conf(web).read_text() == LOOP.replace("100M", "5G").replace("ext4", "xfs")


def test_a_change_of_somebody_else_is_shown_without_its_secrets(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the secret as it was nor as it is now is shown."""
    secret = f"[env]\npassword = hunter1\npassword.secret = true\n\n{LOOP}"
    conf(web).write_text(secret)
    said = edited(web, monkeypatch, f'sed -i s/ext4/xfs/ "$1"; sed -i s/hunter1/hunter2/ {conf(web)}')
    assert (said.code, "hunter" in said.err, "+password = «secret:env.password»" in said.err) == (1, False, True)


@pytest.mark.parametrize(
    "broken,script",
    [
        (LOOP.encode() + b"junk\n", 'sed -i /junk/d "$1"'),
        (LOOP.encode() + b"# \xff\n", 'LC_ALL=C sed -i /^#/d "$1"'),
        (LOOP.replace("ext4", "ext5").encode(), 'sed -i s/ext5/ext4/ "$1"'),
        (b"", f"printf '%s' '{LOOP}' > \"$1\""),
    ],
)
def test_a_broken_file_can_be_mended(web: Bench, monkeypatch: pytest.MonkeyPatch, broken: bytes, script: str) -> None:
    """Whatever is wrong with the file, it opens in the editor, and what is right then is kept."""
    conf(web).write_bytes(broken)
    said = edited(web, monkeypatch, script)
    assert (said.code, conf(web).read_text()) == (0, LOOP), said.err


def test_a_service_that_is_not_there_opens_no_editor(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to type to make one is said."""
    conf(web).unlink()
    said = edited(web, monkeypatch, f"touch {web.directory}/opened")
    assert (said.code, "create --config FILE" in said.err) == (6, True)
    assert not (web.directory / "opened").exists()


def test_the_service_may_be_acted_on_while_it_is_edited(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that somebody forgot holds no lock."""
    program = f"{sys.executable} -m svcprov.svcmgr -s web --node {web.node}"
    script = f'cd {REPOSITORY}; {program} provision > {web.directory}/said 2>&1; sed -i s/100M/200M/ "$1"'
    said = edited(web, monkeypatch, script)
    assert "provisioned" in (web.directory / "said").read_text()
    assert said.code == 0, said.err


@contextmanager
def interrupted(web: Bench, script: str) -> Iterator[Terminal]:
    """The terminal in which a script is the editor, once it has opened and Ctrl-C was typed."""
    editor = web.directory / "editor"
    editor.write_text(f"#!/bin/sh\n{script}")
    editor.chmod(0o755)
    environment = {**os.environ, "TERM": "xterm", "VISUAL": str(editor)}
    program = ("setsid", "--ctty", sys.executable, "-m", "svcprov.svcmgr", *EDIT)
    with at_terminal(program, environment, str(REPOSITORY)) as terminal:
        terminal.until("opened")
        terminal.type(CTRL_C)
        yield terminal


def test_ctrl_c_is_a_key_of_the_editor(web: Bench) -> None:
    """It reaches the editor, which goes on; we wait for what it does with it."""
    script = (
        'trap "echo caught" INT\necho opened\nwhile [ -z "$word" ]; do read word; done\nsed -i "s/100M/$word/" "$1"\n'
    )
    with interrupted(web, script) as terminal:
        terminal.until("caught")
        terminal.type(b"7G\n")
        assert terminal.ended() == 0
    assert conf(web).read_text() == LOOP.replace("100M", "7G")


def test_the_editor_hears_ctrl_c_as_it_always_does(web: Bench) -> None:
    """It is not started with the signal ignored; one that dies of it leaves the file, and nothing else."""
    with interrupted(web, "echo opened\nexec sleep 60\n") as terminal:
        assert terminal.ended() == 1
    assert f"was killed by signal {signal.SIGINT.value}; nothing was changed" in terminal.text
    assert (conf(web).read_text(), left(web)) == (LOOP, [])
