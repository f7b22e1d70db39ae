"""A journal or a record that a disk has damaged or a backup brought back, at the command line: said, never acted on."""

import json
import shlex
from pathlib import Path

import pytest

from core.compare import same_world
from core.state import loads
from tests.e2e.bench import LOOP, SERVICE, Bench, Said
from tests.e2e.kills import World, killed

ALLOWED = ("--allow-destroy", "disk#0,fs#0,fs#1,ip#0,container#0,container#1")
VERBS = (
    ("status",),
    ("plan",),
    ("provision",),
    ("rollback", "--yes"),
    ("unprovision", *ALLOWED),
    ("start",),
    ("stop",),
    ("delete", "--yes"),
    ("update", "--resource", '{"rtype": "ip", "ipname": "10.0.0.99", "ipdev": "eth0"}'),
)
ACTING = VERBS[1:]
MIDDLE = {"web": 20, SERVICE: 90}
"""The write that is the last one of each service."""
EVERY = 7
"""Of the lines of a long journal, one in so many is where it is cut."""


class Half:
    """A bench with a service whose provision was killed at its middle: the world then, and the one before."""

    def __init__(self, bench: Bench, name: str, blank: World, world: World) -> None:
        self.bench, self.name, self.blank, self.world = bench, name, blank, world
        self.journal = bench.var / name / "journal.jsonl"
        self.lines = world[f"var/{name}/journal.jsonl"].splitlines(keepends=True)

    def back(self, data: bytes | None = None) -> None:
        """Have that world again, with another journal."""
        self.world.back(self.bench)
        if data is not None:
            self.journal.write_bytes(data)

    def on(self, *words: str) -> Said:
        """Run a verb; nobody ever reads Python."""
        said = self.bench.on(self.name, *words)
        assert "Traceback" not in said.err + said.out, said
        assert said.code in {0, 1, 3, 6}, said
        return said

    def left(self) -> list[str]:
        """What is on the node that was not there before the service."""
        return same_world(loads(self.blank[self.bench.node.name].decode()), loads(self.bench.node.read_text()))

    def away(self, said: Said) -> None:
        """Do what the last line of a refusal says: move the journal away."""
        assert said.code in {1, 3}, said
        program, before, after = shlex.split(said.err.splitlines()[-1])
        assert (program, before) == ("mv", str(self.journal))
        Path(before).rename(after)


@pytest.fixture(params=["web", SERVICE])
def half(bench: Bench, request: pytest.FixtureRequest) -> Half:
    """The service with a loop disk, and that of the first template."""
    name = request.param
    given = ("--config", bench.write(LOOP)) if name == "web" else ("--template", "testec2docker")
    assert bench.on(name, "create", *given).code == 0
    blank = World(bench.files())
    assert killed(bench, MIDDLE[name], "after", name, "provision")
    return Half(bench, name, blank, World(bench.files()))


def test_cut_at_every_line(half: Half) -> None:
    """A journal that lost lines is refused by all that acts, and nothing is changed; or the rest is enough to go on.

    Inside its lines the reader's own test cuts it at every byte.
    """
    whole = b"".join(half.lines)
    every = 1 if half.name == "web" else EVERY
    refused = 0
    for number in range(0, len(half.lines) + 1, every):
        for length in (len(b"".join(half.lines[:number])), len(b"".join(half.lines[: number + 1])) - 9):
            for words in VERBS if number % 3 == 0 else ACTING[number % len(ACTING) :][:2]:
                half.back(whole[:length])
                before = half.bench.files()
                said = half.on(*words)
                if said.code == 3 and "comes from a backup" in said.err:
                    refused += 1
                    after = half.bench.files()
                    assert [name for name in before if "lock" not in name and before[name] != after.get(name)] == []
                    half.away(said)
                    assert half.on(*words).code in {0, 1, 3}
                elif said.code == 0 and words[0] == "provision":
                    assert half.on("status", "--check").code == 0
                    assert half.on("unprovision", *ALLOWED).code == 0
                    assert half.left() == []
                elif said.code == 0 and words[0] in {"rollback", "unprovision"}:
                    assert half.left() == []
    assert refused > len(half.lines) / every


def test_a_torn_line_is_said_and_the_rest_believed(half: Half) -> None:
    """Half an intent behind the journal is reported by what acts, and the action goes on, or back, or is taken away."""
    whole = b"".join(half.lines)
    for tail in (half.lines[-1][:-9], b"\0" * 512, half.lines[-1][:40] + b"\0" * 100):
        for words in (("provision",), ("rollback", "--yes"), ("unprovision", *ALLOWED)):
            half.back(whole + tail)
            said = half.on(*words)
            assert (said.code, f"{half.journal}:{len(half.lines) + 1}: the last line was cut short" in said.err) == (
                0,
                True,
            )
            assert said.err.count("was cut short") == 1
            if words[0] == "provision":
                assert half.on("status", "--check").code == 0
            else:
                assert half.left() == []


def damaged(half: Half) -> dict[str, bytes]:
    """Journals that no crash leaves."""
    whole = b"".join(half.lines)
    middle = len(whole) // 2
    return {
        "a flipped byte": whole[:middle] + bytes([whole[middle] ^ 4]) + whole[middle + 1 :],
        "another journal behind it": whole + whole,
        "NULs in its middle": whole[:middle] + b"\0" * 64 + whole[middle + 64 :],
        "a newer version": b'{"action": "provision", "format": 9}\n',
        "something else": b"Sep 12 10:00:00 node1 kernel: lost page write\nSep 12 10:00:00 node1 kernel: again\n",
    }


def test_a_damaged_journal_is_not_acted_on(half: Half) -> None:
    """Every verb that acts names file and line and changes nothing; with the journal moved away, the record rules."""
    for case, data in damaged(half).items():
        for words in ACTING:
            half.back(data)
            before = half.bench.node.read_bytes()
            said = half.on(*words)
            assert (said.code, f"{half.journal}:" in said.err) == (1, True), (case, words, said)
            assert (half.bench.node.read_bytes(), half.journal.read_bytes()) == (before, data)
        half.away(said)
        assert half.on("unprovision", *ALLOWED).code == 0


def test_line_ends_of_another_system_change_nothing(half: Half) -> None:
    """A journal that an editor gave other line ends is the same journal."""
    half.back(b"".join(half.lines).replace(b"\n", b"\r\n"))
    assert half.on("provision").code == 0
    assert half.on("status", "--check").code == 0


def test_a_directory_in_the_place_of_a_file(bench: Bench) -> None:
    """Where journal or record cannot be read, what acts says so and changes nothing."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    before = bench.node.read_bytes()
    for name in ("journal.jsonl", "record.json"):
        (bench.var / "web" / name).mkdir(parents=True)
        for words in ACTING:
            said = bench.on("web", *words)
            assert (said.code, f"{name}: Is a directory" in said.err) == (1, True), said
        (bench.var / "web" / name).rmdir()
    assert bench.node.read_bytes() == before


@pytest.mark.parametrize("name", ["record.json", "journal.jsonl"])
def test_one_from_a_backup(bench: Bench, name: str) -> None:
    """A record or a journal of yesterday beside the other of today is refused; by the record alone, all is settled."""
    bench.provisioned("web")
    backup = (bench.var / "web" / name).read_bytes()
    assert bench.on("web", "unprovision", *ALLOWED).code == 0
    assert killed(bench, MIDDLE["web"], "after", "web", "provision")
    world = World(bench.files())
    for words in ACTING[1:]:
        world.back(bench)
        (bench.var / "web" / name).write_bytes(backup)
        before = bench.node.read_bytes()
        said = bench.on("web", *words)
        assert (said.code, "comes from a backup" in said.err, bench.node.read_bytes()) == (3, True, before), said
    line = shlex.split(said.err.splitlines()[-1])
    Path(line[1]).rename(line[2])
    if name == "record.json":
        # What it knows is gone, and what is there it does not know.
        said = bench.on("web", "provision")
        assert (said.code, "was made for it by provision, and is not there" in said.err) == (3, True), said
        assert bench.node.read_bytes() == before
    else:
        assert bench.on("web", "provision").code == 0
        assert bench.on("web", "unprovision", *ALLOWED).code == 0


def test_a_record_that_is_lost(bench: Bench) -> None:
    """Without its record a service buys nothing twice: what acts refuses."""
    text = "[disk#0]\ntype = amazon\nvolumes = <size=1G>\n"
    bench.provisioned("web", text)
    (bench.var / "web/record.json").unlink()
    (bench.etc / "web.conf").write_text(text)
    before = bench.node.read_bytes()
    for words in ACTING[:-1]:
        said = bench.on("web", *words)
        assert (said.code, "record.json is gone" in said.err, bench.node.read_bytes()) == (3, True, before), said


def test_the_journal_before_is_for_people(half: Half) -> None:
    """What lies beside the journal as `journal.jsonl.1`, the same one or rubbish, is not read."""
    for data in (b"".join(half.lines), b"rubbish"):
        half.back()
        Path(f"{half.journal}.1").write_bytes(data)
        assert half.on("provision").code == 0


def test_a_clock_that_jumps_back_changes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done first is known by its place, not by its time."""
    bench.provisioned("web")
    monkeypatch.setattr("time.time", lambda: 0.0)
    monkeypatch.setattr("time.strftime", lambda *_words: "1970-01-01T00:00:00+0000")
    assert bench.on("web", "stop").code == 0
    assert bench.on("web", "start").code == 0
    assert bench.on("web", "unprovision", *ALLOWED).code == 0
    assert json.loads((bench.var / "web/record.json").read_text())["made"] == {}
