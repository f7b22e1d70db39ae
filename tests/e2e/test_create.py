"""`create`: where its file may come from on this machine, what it leaves on disk, and what it leaves when it fails."""

import json
import os
import subprocess
import sys
import time
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Thread

import pytest

from svcprov import catalogues
from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, SERVICE, TEMPLATE, Bench
from tests.e2e.file_servers import refused

HAPROXY = REPOSITORY / "fixtures/templates/haproxy.template"


def typed(data: bytes) -> TextIOWrapper:
    """A standard input that holds these bytes."""
    return TextIOWrapper(BytesIO(data))


def conf(bench: Bench) -> Path:
    """The service file."""
    return bench.etc / "web.conf"


@pytest.mark.parametrize("option", ["--config", "--template"])
@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}", "file://localhost{}", "FILE://{}"])
def test_a_file_of_this_machine(bench: Bench, option: str, form: str) -> None:
    """A path and a file URL name the same file; in a URL, what is no letter may be written as its code."""
    path = bench.write(LOOP, "a web 100%.conf")
    given = form.format(path if form == "{}" else path.replace("%", "%25").replace(" ", "%20"))
    said = bench.on("web", "create", option, given)
    assert (said.code, conf(bench).read_text()) == (0, LOOP), said.err


def test_the_own_file_as_a_url(bench: Bench) -> None:
    """The service's own file is used in place, by whatever name it is called."""
    conf(bench).write_text(LOOP)
    assert bench.on("web", "create", "--config", f"file://{conf(bench)}").code == 0
    assert sorted(path.name for path in bench.etc.iterdir()) == ["web", "web.conf", "web.d", "web.dir"]


def test_the_line_of_the_documentation(bench: Bench) -> None:
    """The documentation's `-s mysvc --config /etc/opensvc/mysvc.conf --provision create` uses that file in place."""
    own = bench.etc / "mysvc.conf"
    own.write_text(LOOP)
    said = bench.svcmgr("-s", "mysvc", "--config", str(own), "--node", str(bench.node), "--provision", "create")
    assert said.code == 0, said.err
    assert sorted(path.name for path in bench.etc.iterdir()) == ["mysvc", "mysvc.conf", "mysvc.d", "mysvc.dir"]
    assert "/srv/mysvc.img" in bench.state()["files"]


def test_standard_input(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is standard input."""
    monkeypatch.setattr(sys, "stdin", typed(LOOP.encode()))
    assert (bench.on("web", "create", "--config", "-").code, conf(bench).read_text()) == (0, LOOP)


@pytest.mark.parametrize(
    "data,sentence",
    [
        (b"", "standard input: it is empty"),
        (b"\n \n", "standard input: there is nothing but blanks in it"),
        (bytes(2**20 + 1), "standard input: a service file has at most 1048576 bytes (1 MiB), and this has more"),
        (bytes(100), "standard input:1: byte 0 is NUL: this is not a text file"),
        (b"[fs#0]\n\xff", "standard input:2: byte 7 (0xff) is not UTF-8"),
        (b"<html>", "standard input:1: this is HTML or XML ('<html>'), not a service file"),
        (LOOP.replace("ext4", "ext5").encode(), "standard input:10: fs#0.type: "),
    ],
)
def test_standard_input_that_is_no_service_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, data: bytes, sentence: str
) -> None:
    """What comes from standard input is checked like every file, and named as that."""
    monkeypatch.setattr(sys, "stdin", typed(data))
    said = refused(bench, "-")
    assert (said.code, sentence in said.err) == (6, True), said.err


def test_a_pipe(bench: Bench) -> None:
    """A shell's `<(...)` is a pipe, and is read to its end."""
    pipe = bench.directory / "pipe"
    os.mkfifo(pipe)
    thread = Thread(target=pipe.write_text, args=(LOOP,))
    thread.start()
    assert (bench.on("web", "create", "--config", str(pipe)).code, conf(bench).read_text()) == (0, LOOP)
    thread.join()


def test_a_byte_order_mark_and_line_ends_stay(bench: Bench) -> None:
    """A byte order mark and the line ends of another system do no harm, and are kept."""
    data = b"\xef\xbb\xbf" + LOOP.replace("\n", "\r\n").encode()
    path = bench.directory / "web.conf"
    path.write_bytes(data)
    assert (bench.on("web", "create", "--config", str(path)).code, conf(bench).read_bytes()) == (0, data)


@pytest.mark.parametrize("path,sentence", [("/no/such", "there is no such file"), ("/", "Is a directory")])
def test_what_is_no_file(bench: Bench, path: str, sentence: str) -> None:
    """A path that cannot be read is exit 6."""
    for option in ("--config", "--template"):
        said = refused(bench, path, option=option)
        assert (said.code, sentence in said.err) == (6, True), said.err


@pytest.mark.parametrize("count,line", [(100_000, "[s{}]\n"), (90_000, " [{}]\n"), (65_000, "k{} = {{a.k}}\n")])
def test_a_huge_file_takes_no_hour(bench: Bench, count: int, line: str) -> None:
    """A file with a hundred thousand of anything is read, or refused, in seconds, and what is said fits on screens."""
    text = "[env]\n" + "".join(line.format(number) for number in range(count))
    assert len(text) < 2**20
    begin = time.monotonic()
    said = bench.on("web", "create", "--config", bench.write(text))
    assert time.monotonic() - begin < 20
    assert said.code in {0, 6}
    assert len(said.err.splitlines()) <= 110
    if line.startswith("["):
        assert "the file has 100001 sections, and a service at most 20000" in said.err


def test_a_name_is_a_template_that_is_shipped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is no file is looked up among the templates of svcprov; a directory of that name is no file."""
    monkeypatch.chdir(bench.directory)
    (bench.directory / "haproxy").mkdir()
    said = bench.on(SERVICE, "create", "--template", "haproxy")
    assert (said.code, (bench.etc / f"{SERVICE}.conf").read_bytes()) == (0, HAPROXY.read_bytes()), said.err


def test_a_file_comes_before_a_template(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the current directory is what its name says, also where a template is called so."""
    monkeypatch.chdir(bench.directory)
    bench.write(LOOP, "haproxy")
    assert (bench.on("web", "create", "--template", "haproxy").code, conf(bench).read_text()) == (0, LOOP)


def test_a_template_that_is_nowhere(bench: Bench) -> None:
    """The error says where was looked, and what may have been meant."""
    said = refused(bench, "haprox")
    assert said.code == 6
    assert "there is no template 'haprox'; did you mean 'haproxy'?" in said.err
    for place in (f"no file {Path.cwd()}/haprox", f"none in {HAPROXY.parent}", f"{bench.etc}/node.conf"):
        assert place in said.err


def test_a_name_is_no_config(bench: Bench) -> None:
    """`--config` takes files, and no names of templates."""
    assert "haproxy: there is no such file" in refused(bench, "haproxy", option="--config").err


class Shelf:
    """A catalogue of somebody else."""

    where = "the shelf"

    def __init__(self, templates: dict[str, str]) -> None:
        self._templates = templates

    def find(self, name: str) -> catalogues.Template | None:
        """The template of this name."""
        text = self._templates.get(name)
        return None if text is None else catalogues.Template(text.encode(), f"template {name} of the shelf")

    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._templates)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a catalogue beside that of svcprov."""
    templates = {"17": LOOP, "web server": LOOP, "wrong": LOOP.replace("ext4", "ext5"), "page": "<html>"}
    monkeypatch.setattr(catalogues, "catalogues", lambda: iter((catalogues.Shipped(), Shelf(templates))))


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("name", ["17", "web server"])
def test_another_catalogue(bench: Bench, name: str) -> None:
    """Where there is another catalogue, a template is found there by its id or name."""
    assert (bench.on("web", "create", "--template", name).code, conf(bench).read_text()) == (0, LOOP)


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    "name,sentence",
    [
        ("web servr", "did you mean 'web server'? (no file "),
        ("18", "none in the shelf)"),
        ("wrong", "template wrong of the shelf:10: fs#0.type: "),
        ("page", "template page of the shelf:1: this is HTML or XML"),
    ],
)
def test_another_catalogue_that_does_not_help(bench: Bench, name: str, sentence: str) -> None:
    """What another catalogue has not, or has wrong, is an error that names it."""
    said = refused(bench, name)
    assert (said.code, sentence in said.err) == (6, True), said.err


def test_print_templates(bench: Bench) -> None:
    """`svcmgr print templates` names each template that `--template` finds, and where it is."""
    lines = bench.svcmgr("print", "templates").out.splitlines()
    assert f"haproxy        {HAPROXY}" in lines
    found = json.loads(bench.svcmgr("print", "templates", "--format", "json").out)
    assert {"name": "testec2docker", "path": str(TEMPLATE)} in found
    assert len(found) == len(lines)


@pytest.mark.parametrize("blocked", ["web.dir", "web.conf"])
@pytest.mark.parametrize("more", [(), ("--provision",)])
def test_what_cannot_be_placed_leaves_nothing(
    bench: Bench, blocked: str, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the service file, or what belongs to it, cannot be written, nothing of it is left behind."""
    monkeypatch.setenv("OSVCETC", str(bench.directory / "new/etc"))
    if blocked == "web.conf":

        def save(_: object) -> None:
            raise OSError(28, "No space left on device", "web.conf")

        monkeypatch.setattr("svcprov.files.ServiceFiles.save_file", save)
    else:
        (bench.directory / "new/etc").mkdir(parents=True)
        (bench.directory / "new/etc/web.dir").write_text("somebody's")
    source = bench.write(LOOP)
    before = sorted(path for path in bench.directory.rglob("*") if path != bench.var)
    said = bench.on("web", "create", "--config", source, *more)
    assert (said.code, "nothing was changed" in said.err) == (1, True), said.err
    assert [path for path in sorted(bench.directory.rglob("*")) if bench.var not in (path, *path.parents)] == before


def test_force_keeps_every_file_before(bench: Bench) -> None:
    """Each `--force` keeps the file before under a name that none has, and says which."""
    for size in ("100M", "200M", "300M"):
        said = bench.on("web", "create", "--config", bench.write(LOOP.replace("100M", size)), "--force")
        assert said.code == 0, said.err
    assert f"{conf(bench)}.bak.1 is the service file before" in said.err
    assert {"-size = 200M", "+size = 300M"} <= set(said.err.splitlines())
    sizes = [path.read_text().partition("size = ")[2][:4] for path in sorted(bench.etc.glob("web.conf*"))]
    assert sizes == ["300M", "100M", "200M"]
    assert {oct(path.stat().st_mode & 0o777) for path in bench.etc.glob("web.conf*")} == {"0o640"}


def test_force_of_the_same_keeps_nothing(bench: Bench) -> None:
    """What is replaced by itself is not kept."""
    source = bench.write(LOOP)
    for _ in range(2):
        assert bench.on("web", "create", "--config", source, "--force").code == 0
    assert not list(bench.etc.glob("*.bak*"))


def test_force_is_shown_beforehand(bench: Bench) -> None:
    """With --dry-run the difference is shown, and nothing is replaced."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    before = bench.files()
    said = bench.on("web", "create", "--template", bench.write(LOOP.replace("100M", "1G")), "--force", "--dry-run")
    assert {"-size = 100M", "+size = 1G"} <= set(said.err.splitlines())
    assert {**bench.files(), "service.template": b""} == {**before, "service.template": b""}


@pytest.mark.parametrize("data", [b"\xff\xfe[\0", b"[env]\npassword = hunter2\npassword.secret = true\n[env]\n"])
def test_force_replaces_what_is_broken(bench: Bench, data: bytes) -> None:
    """A service file that nobody can read is replaced and kept; what may be a secret in it is not shown."""
    conf(bench).write_bytes(data)
    said = bench.on("web", "create", "--config", bench.write(LOOP), "--force")
    assert (said.code, conf(bench).read_text(), Path(f"{conf(bench)}.bak").read_bytes()) == (0, LOOP, data), said.err
    assert "the difference is not shown" in said.err
    assert "hunter2" not in said.err


def test_force_is_refused_while_a_provision_is_unfinished(bench: Bench) -> None:
    """An unfinished action works with the file as it is: exit 3, with what to type, and the file stays."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    (bench.var / "web").mkdir(parents=True, exist_ok=True)
    (bench.var / "web/journal.jsonl").write_text('{"action": "provision"}\n')
    said = bench.on("web", "create", "--config", bench.write(LOOP.replace("100M", "1G")), "--force")
    assert (said.code, conf(bench).read_text()) == (3, LOOP)
    assert f"svcmgr -s web --node {bench.node} rollback" in said.err


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_link_is_not_written_through(bench: Bench, force: tuple[str, ...]) -> None:
    """Where the service file would be a link leads elsewhere: create refuses, and that file is as it was."""
    kept = bench.directory / "git.conf"
    kept.write_text(LOOP)
    conf(bench).symlink_to(kept)
    said = refused(bench, bench.write(LOOP.replace("100M", "1G")), *force)
    assert (said.code, kept.read_text(), conf(bench).is_symlink()) == (6, LOOP, True)
    assert f"to make the service of that file: --config {kept}" in said.err


def test_a_link_to_the_file_itself(bench: Bench) -> None:
    """A service file that is a link into a checkout is used in place when that file is named; the link stays."""
    kept = bench.directory / "git.conf"
    kept.write_text(LOOP)
    conf(bench).symlink_to(kept)
    assert bench.on("web", "create", "--config", str(kept)).code == 0
    assert (conf(bench).is_symlink(), (bench.etc / "web.d").is_symlink()) == (True, True)


def test_a_link_to_nothing(bench: Bench) -> None:
    """A link that leads nowhere does not become a file elsewhere."""
    conf(bench).symlink_to(bench.directory / "planted")
    for force in ((), ("--force",)):
        said = refused(bench, bench.write(LOOP), *force)
        assert "there is no such file; remove the link" in said.err
    assert not (bench.directory / "planted").exists()


def test_a_directory_in_its_place(bench: Bench) -> None:
    """A directory where the service file goes is named."""
    conf(bench).mkdir()
    assert "is not a file" in refused(bench, bench.write(LOOP), "--force").err


def test_links_of_others_stay(bench: Bench) -> None:
    """A broken link of ours is mended; a link of somebody else, and a file, stay what they are."""
    (bench.etc / "web").symlink_to("/no/such/svcmgr")
    (bench.etc / "web.d").symlink_to(bench.directory)
    assert bench.on("web", "create", "--config", bench.write(LOOP)).code == 0
    assert (bench.etc / "web").readlink() != Path("/no/such/svcmgr")
    assert (bench.etc / "web.d").readlink() == bench.directory


def test_a_mended_link_is_put_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the service file cannot be written after a link was mended, the link is what it was."""
    (bench.etc / "web").symlink_to("/no/such/svcmgr")

    def save(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("svcprov.files.ServiceFiles.save_file", save)
    assert bench.on("web", "create", "--config", bench.write(LOOP)).code == 130
    assert (bench.etc / "web").readlink() == Path("/no/such/svcmgr")
    assert [path.name for path in bench.etc.iterdir()] == ["web"]


def test_the_program_of_a_link(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link of a service leads to the svcmgr that made it, else to the one that PATH finds."""
    program = bench.directory / "bin/svcmgr"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    bench.on("web", "create", "--config", bench.write(LOOP))
    assert (bench.etc / "web").readlink() == program


def test_libraries_are_loaded_when_something_is_fetched(bench: Bench) -> None:
    """A service of a local file is made without the libraries that fetch."""
    program = (
        "import sys; from svcprov.svcmgr import main; main(); print(*sorted({'requests', 'urllib.parse', 'ftplib',"
        " 'urllib3', 'svcprov.download', 'svcprov.catalogues'} & set(sys.modules)))"
    )
    words = ("-s", "web", "--node", str(bench.node), "create", "--config", bench.write(LOOP))
    ended = subprocess.run(
        (sys.executable, "-c", program, *words), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (ended.stderr, ended.stdout.strip()) == ("", "")
