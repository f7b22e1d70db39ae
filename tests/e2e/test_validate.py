"""`validate config` as a user types it."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import TEMPLATE, Bench

MD = REPOSITORY / "fixtures/templates/btrfs-on-md.template"
TYPO = ("<size=5> <size=5> <size=5>", "<size=5> <size-5> <size-5>")


def example(bench: Bench) -> str:
    """The documentation's third example, typing error and all: the path of its file."""
    text = MD.read_text(encoding="utf-8")
    assert TYPO[0] in text
    return bench.write(text.replace(*TYPO))


def test_the_example_of_the_documentation(bench: Bench) -> None:
    """The typing error is found with line and column, and with what was meant; nothing is written anywhere."""
    path = example(bench)
    said = bench.svcmgr("validate", "config", "--config", path)
    assert (said.code, said.err) == (6, "")
    found = [f"{path}:9:{column}: error: disk#0.volumes: 'size-5' in <size-5> is not KEY=VALUE; did you mean size=5?"
             for column in (20, 29)]  # fmt: skip
    assert [line for line in said.out.splitlines() if ": error: " in line] == found
    assert list(bench.etc.iterdir()) == []


def test_json_for_editors(bench: Bench) -> None:
    """Each finding is an object with its parts apart, between the version and the numbers."""
    path = example(bench)
    said = bench.svcmgr("validate", "config", "--config", path, "--format", "json")
    first, *findings, last = said.objects
    assert (said.code, first["type"], first["format"]) == (6, "version", 1)
    assert findings[1] == {
        "type": "finding",
        "level": "error",
        "file": path,
        "line": 9,
        "column": 20,
        "key": "disk#0.volumes",
        "text": "'size-5' in <size-5> is not KEY=VALUE",
        "fix": "did you mean size=5?",
    }
    warnings = sum(each["level"] == "warning" for each in findings)
    assert last == {
        "type": "summary",
        "action": "validate config",
        "errors": 2,
        "warnings": warnings,
        "result": "invalid",
    }


@pytest.mark.parametrize("name", ["testec2docker", "btrfs-on-lvm", "btrfs-on-md", "haproxy"])
def test_warnings_are_no_failure(name: str, bench: Bench) -> None:
    """The shipped templates have warnings, and are exit 0."""
    path = str(REPOSITORY / f"fixtures/templates/{name}.template")
    said = bench.svcmgr("validate", "config", "--config", path, "--node", str(bench.node))
    assert said.code == 0
    assert {line.split(": ")[1] for line in said.out.splitlines()} == {"warning"}


def test_the_node_decides(bench: Bench) -> None:
    """What a node does not have is an error with --node, and not without; the file of the node stays as it is."""
    path = bench.write("[fs#0]\ntype = ext4\ndev = /dev/sdx\nmnt = /srv/web\n")
    before = bench.node.read_bytes()
    assert bench.svcmgr("validate", "config", "--config", path).code == 0
    said = bench.svcmgr("validate", "config", "--config", path, "--node", str(bench.node))
    assert (said.code, said.out.startswith(f"{path}:3:7: error: fs#0.dev: the node has no /dev/sdx")) == (6, True)
    assert bench.node.read_bytes() == before


def test_standard_input(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor may give the text that it has not saved."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[fs#0]\ntype = ext5\n")))
    said = bench.svcmgr("validate", "config", "--config", "-")
    assert said.code == 6
    assert said.out.startswith("<stdin>:2:8: error: fs#0.type: there is no type 'ext5' of fs; did you mean 'ext4'?")


@pytest.mark.parametrize(
    "data,said",
    [
        (b"\xff\xfe[", ":1:1: error: byte 0 (0xff) is not UTF-8"),
        (b"", ":1:1: error: the file has no section"),
        (b"x" * 1100000, ":1:1: error: the file has more than 1048576 bytes"),
        (b"[fs#0\nmnt = \x00\n", ":2:7: error: column 7: control character 0x00"),
        (b"<html>\n<body>\n", ":1:1: error: text before the first section"),
        (b"[a]\n" * 5000, ": error: "),
        (b"[disk#0]\ntype = loop\n" + b"".join(b"k%d = {x}\n" % number for number in range(50000)), ": error: "),
    ],
    ids=["no text", "empty", "too large", "NUL", "HTML", "one section again and again", "fifty thousand mistakes"],
)
def test_what_is_no_service_file(data: bytes, said: str, bench: Bench) -> None:
    """Whatever the file holds, it is exit 6 with findings, and soon."""
    path = bench.directory / "any.conf"
    path.write_bytes(data)
    found = bench.svcmgr("validate", "config", "--config", str(path))
    assert found.code == 6
    assert any(said in line for line in found.out.splitlines()), found.out[:500]


@pytest.mark.parametrize(
    "words,sentence",
    [
        (("--config", "/nonexistent/x"), "/nonexistent/x: No such file or directory"),
        (("--config", "/"), "/: Is a directory"),
        ((), "which service? give its name with -s"),
        (("-s", "a/b", "--config", "x"), "cannot be the name of a service"),
    ],
)
def test_nothing_to_read(words: tuple[str, ...], sentence: str, bench: Bench) -> None:
    """A file that is not there is exit 6, on standard error."""
    said = bench.svcmgr("validate", "config", *words)
    assert (said.code, said.out) == (6, "")
    assert sentence in said.err


def test_secrets_are_not_shown(bench: Bench) -> None:
    """A finding about a value with a secret in it does not show the secret."""
    text = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = {env.key}\n[env]\nkey = geheim42\nkey.secret = true\n"
    said = bench.svcmgr("validate", "config", "--config", bench.write(text))
    assert said.code == 6
    assert "geheim42" not in said.out
    assert "«secret:env.key»" in said.out


def test_every_node_of_the_service(bench: Bench) -> None:
    """A file with scopes is read for each of its nodes."""
    text = "[DEFAULT]\nnodes = n1 n2\n[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt@n1 = /srv/a\nmnt@n2 = /srv\n"
    said = bench.svcmgr("validate", "config", "--config", bench.write(text))
    assert "on n2, a mount on /srv would hide what the node has there" in said.out
    circle = "[DEFAULT]\nnodes = {nodes}\n[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt@n1 = /srv/a\n"
    assert bench.svcmgr("validate", "config", "--config", bench.write(circle)).code == 6


def test_validating_loads_no_tool() -> None:
    """What is only looked at needs no tool, no simulation and no library: that is what makes it fast."""
    slow = ("core.tools.", "executors", "json", "argparse", "subprocess", "core.plan", "core.engine", "core.state")
    program = (
        "import sys; from svcprov.svcmgr import main; main(sys.argv[1:]); "
        f"print(*sorted(name for name in sys.modules if name.startswith({slow!r})), file=sys.stderr)"
    )
    words = ("validate", "config", "--config", str(TEMPLATE))
    ended = subprocess.run(
        (sys.executable, "-S", "-c", program, *words), cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert ended.stderr.strip() == ""
    assert Path(TEMPLATE).name in ended.stdout
