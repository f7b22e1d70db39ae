"""Every verb after every interruption: it goes on, takes back, or refuses with a line that, pasted, works."""

import re
import shlex
from collections.abc import Iterator

import pytest

from core.compare import same_world
from core.state import loads
from tests.e2e.bench import LOOP, Bench, Said
from tests.e2e.kills import World, worlds

SERVICE = f"{LOOP}\n[env]\nwho = ann\n"
ALLOWED = ("--allow-destroy", "disk#0,fs#0")
RUNS = {
    "provision": ("provision",),
    "unprovision": ("unprovision", *ALLOWED),
    "stop": ("stop",),
    "start": ("start",),
    "rollback": ("rollback", "--yes"),
}
VERBS = {
    "status": ("status",),
    "plan": ("plan",),
    "plan stop": ("plan", "stop"),
    "provision": ("provision",),
    "rollback": ("rollback", "--yes"),
    "rollback, unasked": ("rollback",),
    "unprovision": ("unprovision", *ALLOWED),
    "unprovision, unasked": ("unprovision",),
    "start": ("start",),
    "stop": ("stop",),
    "restart": ("restart",),
    "delete": ("delete", "--yes"),
    "delete --unprovision": ("delete", "--unprovision", "--yes", *ALLOWED),
    "update": ("update", "--env", "who=bob"),
}
REFUSED_AFTER = {
    "provision": {"plan stop", "start", "stop", "restart", "delete", "update"},
    "unprovision": {"plan", "plan stop", "provision", "start", "stop", "restart", "delete", "update"},
    "stop": {"delete"},
    "start": {"delete"},
    "rollback": {"plan", "plan stop", "provision", "start", "stop", "restart", "delete", "update"},
}
"""What is refused while such an action is unfinished, whatever it has come to."""


def lines_of(said: Said) -> list[tuple[str, ...]]:
    """The command lines that a refusal gives, as words of svcmgr."""
    last = said.err[said.err.rindex("svcmgr: ") :]
    given = re.findall(r"`svcmgr ([^`]+)`|^ +svcmgr (.+)$", last.removeprefix("svcmgr: "), re.MULTILINE)
    return [tuple(shlex.split(quoted or alone)) for quoted, alone in given]


def is_unfinished(world: World, interrupted: str = "") -> bool:
    """Tell whether the last action of a world was killed between its beginning and its end.

    A rollback has not begun before its journal says so, although the history may.
    """
    lines = world.get("var/web/journal.jsonl", b"").splitlines()
    begun = any(b'"rolling"' in line for line in lines) if interrupted == "rollback" else bool(lines)
    return begun and b'"end"' not in lines[-1]


def begun(bench: Bench, interrupted: str) -> tuple[World, Iterator[tuple[str, World]]]:
    """The world in which nothing is provisioned, and those that killing the action leaves."""
    bench.on("web", "create", "--config", bench.write(SERVICE))
    blank = World(bench.files())
    if interrupted != "provision":
        assert bench.on("web", "provision").code == 0
    if interrupted == "start":
        assert bench.on("web", "stop").code == 0
    if interrupted == "rollback":
        assert bench.on("web", "unprovision", *ALLOWED).code == 0
        *_, nearly_up = (world for _, world in worlds(bench, "web", "provision") if is_unfinished(world))
        nearly_up.back(bench)
    return blank, worlds(bench, "web", *RUNS[interrupted])


def pasted(bench: Bench, world: World, words: tuple[str, ...]) -> None:
    """Paste a line in a world; it may ask for consent first, and then the line that gives it has to work."""
    world.back(bench)
    said = bench.svcmgr(*words)
    if said.code == 3 and ("to allow it" in said.err or "unasked" in said.err):
        (words,) = lines_of(said)
        said = bench.svcmgr(*words)
    assert said.code == 0, (words, said.err)


def left(bench: Bench, blank: World) -> list[str]:
    """What is left of the service on the node, or is not as its user wrote it in its file."""
    found = same_world(loads(blank[bench.node.name].decode()), loads(bench.node.read_text()))
    conf = bench.etc / "web.conf"
    if conf.exists() and conf.read_text() not in {SERVICE, SERVICE.replace("ann", "bob")}:
        found.append(conf.read_text())
    return found


@pytest.mark.parametrize("interrupted", RUNS)
def test_every_verb_after_every_kill(bench: Bench, interrupted: str) -> None:
    """After a kill at any write, a verb ends well, or with a refusal whose lines work; nothing is left in the end."""
    blank, killed = begun(bench, interrupted)
    for number, (point, world) in enumerate(killed):
        for position, (name, words) in enumerate(VERBS.items()):
            if (number + position) % 3 and name not in {"provision", "rollback", "unprovision"}:
                continue
            where = f"{interrupted}, {point}, {name}"
            world.back(bench)
            said = bench.on("web", *words)
            assert "Traceback" not in said.err, where
            if is_unfinished(world, interrupted) and name in REFUSED_AFTER[interrupted]:
                assert said.code == 3, (where, said)
            if said.code == 3:
                assert lines_of(said), (where, said.err)
                for line in lines_of(said):
                    pasted(bench, world, line)
            elif said.code:
                # There is nothing to start any more.
                assert (said.code, "provision creates it" in said.err) == (1, True), (where, said)
            else:
                _went_through(bench, blank, words, interrupted)
        world.back(bench)


def _went_through(bench: Bench, blank: World, words: tuple[str, ...], interrupted: str) -> None:
    """Check what a verb came to that was not refused."""
    verb = words[0]
    if verb in {"provision", "start", "restart"}:
        assert bench.on("web", "status", "--check").code == 0
    elif verb in {"unprovision", "delete"} or (verb == "rollback" and interrupted in {"provision", "rollback"}):
        assert left(bench, blank) == []
    elif verb == "rollback":
        assert bench.on("web", "status", "--check").code == (2 if interrupted == "start" else 0)


@pytest.mark.parametrize("words", [("delete", "--rid", "fs#0"), ("adopt", "--yes")])
def test_only_a_rollback_goes_on_with_a_rollback(bench: Bench, words: tuple[str, ...]) -> None:
    """What refuses an unfinished action names `rollback`, where one has begun, and that line works."""
    _, killed = begun(bench, "rollback")
    world = next(world for _, world in killed if is_unfinished(world, "rollback"))
    world.back(bench)
    said = bench.on("web", *words)
    assert (said.code, "the rollback of provision" in said.err) == (3, True), said
    (line,) = lines_of(said)
    assert "rollback" in line
    assert "provision" not in line
    pasted(bench, world, line)
