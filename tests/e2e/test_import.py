"""`nodemgr import` as a user types it."""

import json
import os
import shutil
from pathlib import Path

import pytest

from core.compare import same_world
from core.state import loads
from svcprov.nodemgr import main
from tests.conftest import REPOSITORY
from tests.e2e.bench import Bench

AGENTS = REPOSITORY / "fixtures/agents"
DEBIAN = str(REPOSITORY / "fixtures/nodes/debian.json")
GOOD = "[DEFAULT]\nservice_type = DEV\n[ip#0]\nipname = 192.0.2.9\nipdev = eth0\n"


def _old(directory: Path, name: str, text: str = GOOD) -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_directory_is_told_file_by_file(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Its service files are told in order, its other files are not, and the last line counts them."""
    folder = bench.directory / "old"
    shutil.copytree(AGENTS / "2015", folder)
    _old(folder, "node.conf")
    _old(folder, "README")
    assert main(["import", str(folder), "--node", DEBIAN]) == 6
    said = capsys.readouterr().out
    named = [line.partition(": ")[0].rpartition("/")[2] for line in said.splitlines() if line.startswith(str(folder))]
    assert named == sorted(path.name for path in (AGENTS / "2015").iterdir())
    assert said.splitlines()[-1] == "6 files: 3 can be used, 3 with something that is refused, 0 not read"


def test_a_dry_run_is_the_default(bench: Bench) -> None:
    """Without --write nothing is written: no service file, no record, no node state."""
    path = _old(bench.directory, "web.env")
    before = bench.files()
    assert main(["import", str(path), "--node", str(bench.node)]) == 0
    assert bench.files() == before


def test_what_was_written_is_a_service(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """With --write the translation is the file of a service, readable by its group, that can be planned."""
    bench.use("debian.json")
    path = _old(bench.directory, "web.env", "; mine\n" + GOOD)
    assert main(["import", str(path), "--node", str(bench.node), "--write"]) == 0
    assert f"written: {bench.etc}/web.conf" in capsys.readouterr().out
    conf = bench.etc / "web.conf"
    assert conf.read_text(encoding="utf-8") == "; mine\n" + GOOD.replace("service_type", "env")
    assert conf.stat().st_mode & 0o777 == 0o640
    assert bench.on("web", "provision").code == 0


def test_a_service_file_is_never_written_over(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is there stays, and it is said what to do; a link that leads nowhere stays, too."""
    for name, target in (("web", None), ("link", "/nowhere")):
        conf = bench.etc / f"{name}.conf"
        if target is None:
            conf.write_text("mine\n", encoding="utf-8")
        else:
            conf.symlink_to(target)
        path = _old(bench.directory, f"{name}.env")
        assert main(["import", str(path), "--node", DEBIAN, "--write"]) == 6
        assert "exists already; move it away, or set OSVCETC" in capsys.readouterr().out
    assert (bench.etc / "web.conf").read_text(encoding="utf-8") == "mine\n"
    assert (bench.etc / "link.conf").is_symlink()


def test_what_is_refused_is_not_written(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that would be another service is left to its author."""
    path = _old(bench.directory, "web.env", GOOD + "[app#0]\nscript = /etc/init.d/web\n")
    assert main(["import", str(path), "--node", DEBIAN, "--write"]) == 6
    assert "not written: something in it is refused" in capsys.readouterr().out
    assert list(bench.etc.iterdir()) == []


def test_a_file_that_cannot_be_written_is_exit_1(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where OSVCETC is a file, the reason is said."""
    monkeypatch.setenv("OSVCETC", str(_old(bench.directory, "etc.txt")))
    assert main(["import", str(_old(bench.directory, "web.env")), "--node", DEBIAN, "--write"]) == 1
    assert "nothing could be written there" in capsys.readouterr().err


def test_a_full_disk_is_exit_1(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the system says when the file cannot be made is said."""
    really = os.open

    def full(path: str, flags: int, mode: int = 0o777) -> int:
        if str(path).endswith("web.conf"):
            raise OSError(28, "No space left on device")
        return really(path, flags, mode)

    monkeypatch.setattr("os.open", full)
    assert main(["import", str(_old(bench.directory, "web.env")), "--node", DEBIAN, "--write"]) == 1
    assert "web.conf: No space left on device: it could not be written" in capsys.readouterr().err


def test_a_service_that_runs_already_is_imported_and_adopted(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole way of a service of an older agent: told, written, adopted; then unprovision leaves nothing of it."""
    bench.use("debian.json")
    state = bench.state()
    # It is there as soon as device mapper is.
    state["files"]["/dev/mapper"] = "directory"
    bench.node.write_text(json.dumps(state), encoding="utf-8")
    before = loads(bench.node.read_text(encoding="utf-8"))
    old = (AGENTS / "2015/billing.env").read_text(encoding="utf-8").replace("app = BIL", "disable@node21 = true")
    path = _old(bench.directory, "billing.env", old)
    line = ["import", str(path), "--node", str(bench.node)]
    assert main([*line, "--write"]) == 0
    assert bench.on("billing", "provision").code == 0
    shutil.rmtree(bench.var / "billing")
    (bench.etc / "billing.conf").unlink()
    capsys.readouterr()
    assert main(line) == 0
    hint = "nothing to do: everything is there and up; `svcmgr -s billing adopt` records it as the service's own"
    assert hint in capsys.readouterr().out
    assert main([*line, "--write"]) == 0
    adopted = bench.on("billing", "adopt", "--yes")
    assert adopted.code == 0, adopted.out
    capsys.readouterr()
    assert main(line) == 0
    assert "adopt" not in capsys.readouterr().out
    allowed = [word for rid in ("disk#0", "fs#01", "fs#02") for word in ("--allow-destroy", rid)]
    gone = bench.on("billing", "unprovision", "--yes", *allowed)
    assert gone.code == 0, gone.err
    assert same_world(before, loads(bench.node.read_text(encoding="utf-8"))) == []


def test_what_is_not_up_as_a_whole_is_refused(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Where something of the node would be used that is nobody's, the refusal stays: exit 3."""
    bench.use("debian.json")
    group = "[DEFAULT]\nservice_type = DEV\n[vg#0]\nvgname = a\npvs = /dev/sdb\n"
    assert main(["import", str(_old(bench.directory, "a.env", group)), "--node", str(bench.node), "--write"]) == 0
    assert bench.on("a", "provision").code == 0
    two = f"{group}[fs#0]\ntype = tmpfs\nmnt = /srv/b\n"
    assert main(["import", str(_old(bench.directory, "b.env", two)), "--node", str(bench.node)]) == 3
    assert "refused: disk#0: there is a volume group a already" in capsys.readouterr().out


def test_json_has_an_object_for_each_line(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON Lines: the version, each file, each of its keywords, and a summary."""
    path = _old(bench.directory, "web.env")
    assert main(["import", str(path), "--node", DEBIAN, "--format", "json"]) == 0
    version, file, *keywords, summary = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert version["type"] == "version"
    assert (file["type"], file["agent"], file["plan"]["result"]) == ("file", "first", "planned")
    assert file["plan"]["commands"] == 2
    assert [(each["line"], each["section"], each["key"], each["verdict"], each["now"]) for each in keywords] == [
        (2, "DEFAULT", "service_type", "supported", "DEFAULT.env"),
        (4, "ip#0", "ipname", "supported", ""),
        (5, "ip#0", "ipdev", "supported", ""),
    ]
    assert summary == {"type": "summary", "action": "import", "files": 1, "usable": 1, "refused": 0, "unread": 0}


@pytest.mark.parametrize(
    "text, code, sentence",
    [
        (GOOD.replace("eth0", "eth9"), 1, "provision on SIMULATED debian.json: failed: "),
        (GOOD.replace("DEV\n", "DEV\nnodes = other\n"), 0, "elsewhere: debian is none of its nodes (other)"),
        (GOOD.replace("192.0.2.9", "192.0.2.10"), 0, "nothing to do"),
        ("[disk#0]\ntype = loop\nfile = /etc/hostname\n", 3, "refused: disk#0"),
        ("[DEFAULT]\ntopology = flex\n", 6, "it is not read"),
        ("caf\u00e9", 6, "not planned: it has to be mended first"),
    ],
)
def test_the_outcome_is_named_and_is_the_exit_code(
    text: str, code: int, sentence: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan that fails is 1, one that is refused 3, a file that is not what svcprov reads 6."""
    bench.use("debian.json")
    state = json.loads(bench.node.read_text(encoding="utf-8"))
    state["files"]["/etc/hostname"] = {"size": "1K"}
    bench.node.write_text(json.dumps(state), encoding="utf-8")
    found = main(["import", str(_old(bench.directory, "web.env", text)), "--node", str(bench.node)])
    said = capsys.readouterr().out
    assert sentence.replace("debian.json", bench.node.name) in said
    assert found == code


@pytest.mark.parametrize(
    "words, sentence",
    [
        (("import",), "import: name service files"),
        (("import", "."), "no service file is there"),
        (("import", "x.env", "--format", "md"), "--format takes text or json"),
        (("import", "x.env", "-o", "y"), "-o is for `observe`"),
        (("import", "x.env", "--node", "nowhere.json"), "there is no such file"),
        (("print", "drivers", "--write"), "--write and --node are for `import`"),
        (("observe", "--node", "x"), "--write and --node are for `import`"),
        (("import", "--node"), "--node needs the name of a file"),
        (("imprt", "x"), "did you mean 'import'?"),
    ],
)
def test_a_line_that_makes_no_sense_is_exit_6(
    words: tuple[str, ...], sentence: str, bench: Bench, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """It is said on standard error what is wrong."""
    monkeypatch.chdir(bench.etc)
    assert main(list(words)) == 6
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "name, content, sentence",
    [
        ("web.env", b"\xff\xfe", "is not UTF-8"),
        ("we b.env", b"[fs#0]\n", "cannot be the name of a service"),
        ("web.env", b"[fs#0]\n" + b"#" * 1024 * 1024, "more than 1048576 bytes"),
        ("web.env", None, "No such file"),
    ],
)
def test_a_file_that_is_none_is_told_among_the_others(
    name: str, content: bytes | None, sentence: str, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be read is a line of the output, and the next file is told all the same."""
    path = bench.directory / name
    if content is not None:
        path.write_bytes(content)
    assert main(["import", str(path), str(_old(bench.directory, "good.env")), "--node", DEBIAN]) == 6
    said = capsys.readouterr().out
    assert sentence in said
    assert "good.env: service good" in said


def test_a_directory_that_may_not_be_read_is_exit_6(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is the system's."""

    def denied(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.listdir", denied)
    assert main(["import", str(bench.etc), "--node", DEBIAN]) == 6
    assert f"{bench.etc}: Permission denied" in capsys.readouterr().err
