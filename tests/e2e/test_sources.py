"""Services made of what other machines have: web sites and FTP servers on loopback, right ones and wrong ones."""

import base64
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from svcprov import download
from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, Bench
from tests.e2e.file_servers import (
    Asked,
    Lines,
    Site,
    babbling,
    cut_short,
    cut_short_in_chunks,
    dripping,
    locked,
    moved,
    page,
    refused,
    silent,
    status,
    unspoken,
    waited,
    zeros,
)

PASSWORD = "s3cret"
BASIC = "Basic " + base64.b64encode(f"web:{PASSWORD}".encode()).decode()
LOGIN = (
    "<!DOCTYPE html>\n<html><head><title>Sign in\n \x1b[31m&middot; Forge</title></head><body>[fs#0]</body></html>\n"
)

PAGES = {
    "/web.conf": page(LOOP),
    "/moved": moved("/web.conf", 301),
    "/circle": moved("/circle/b"),
    "/circle/b": moved("/circle"),
    "/far": lambda asked: moved(f"/far?{int(asked.path.partition('?')[2] or 0) + 1}")(asked),
    "/to-file": moved("file:///etc/hostname"),
    "/to-ftp": moved("ftp://127.0.0.1/web.conf"),
    "/to-password": moved("http://web:hunter2@127.0.0.1/web.conf"),
    "/elsewhere": lambda asked: moved(asked.site.url("/locked", "localhost"))(asked),
    "/locked": locked(LOOP, BASIC),
    "/forbidden": status(403),
    "/broken": status(500),
    "/html": page(LOGIN, "text/html"),
    "/json": page('{"message": "404 Project Not Found"}', "application/json"),
    "/gzip": page(b"\x1f\x8b\x08\x00"),
    "/empty": page(b""),
    "/latin-1": page("[fs#0]\ntype = é\n".encode("latin-1")),
    "/utf-16": page("[fs#0]\ntype = ext4\n".encode("utf-16")),
    "/nul": page(b"[fs#0]\ntype = ext4\0\n"),
    "/cut": cut_short(LOOP[:40], 400),
    "/chunks": cut_short_in_chunks(LOOP[:40]),
    "/zeros": zeros(announced=True),
    "/more-zeros": zeros(announced=False),
    "/silent": silent,
    "/dripping": dripping,
    "/babbling": babbling,
}


@pytest.fixture(autouse=True)
def environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of proxies, certificates and credentials: nothing."""
    unspoken(monkeypatch, bench)


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site with right pages and wrong ones."""
    with Site(PAGES).running() as running:
        yield running


def write_netrc(bench: Bench, text: str, mode: int = 0o600) -> None:
    """Have credentials."""
    path = bench.directory / "netrc"
    path.write_text(text)
    path.chmod(mode)


@pytest.mark.parametrize("option", ["--config", "--template"])
@pytest.mark.parametrize("path", ["/web.conf", "/moved"])
def test_a_service_of_a_web_site(site: Site, bench: Bench, option: str, path: str) -> None:
    """What a site serves becomes the service file, byte by byte, also from where it was moved to."""
    said = bench.on("web", "create", option, site.url(path))
    assert (said.code, bench.etc.joinpath("web.conf").read_text()) == (0, LOOP), said.err


def test_it_can_be_provisioned_at_once(site: Site, bench: Bench) -> None:
    """`create --template URL --provision` acts on what came."""
    said = bench.on("web", "create", "--template", site.url("/web.conf"), "--provision")
    assert said.code == 0, said.err
    assert "/srv/web.img" in bench.state()["files"]


@pytest.mark.parametrize(
    "path,code,sentence",
    [
        ("/nowhere", 6, "404 Not Found: there is no such file"),
        ("/forbidden", 1, "403 Forbidden: credentials come from ~/.netrc"),
        ("/broken", 1, "500 Internal Server Error: the file did not come"),
        ("/circle", 1, "it redirects more than 5 times, in a circle, the last time to "),
        ("/far", 1, "it redirects more than 5 times, the last time to "),
        ("/to-file", 1, "it redirects to file:///etc/hostname, and only http and https are followed"),
        ("/to-ftp", 1, "it redirects to ftp://127.0.0.1/web.conf, and only http and https are followed"),
        ("/to-password", 1, "it redirects to what cannot be fetched: http://...@127.0.0.1/web.conf"),
        ("/html", 6, "this is a page ('Sign in [31m&middot; Forge'), not a service file"),
        ("/json", 6, """this is JSON ('{"message": "404 Project Not Found"}'), not a service file"""),
        ("/gzip", 6, "this is compressed by gzip, not a service file; uncompress it"),
        ("/empty", 6, "it is empty"),
        ("/latin-1", 6, "byte 14 (0xe9) is not UTF-8"),
        ("/utf-16", 6, "this is text in UTF-16, not a service file; convert it with iconv -f UTF-16 -t UTF-8"),
        ("/nul", 6, ":2: byte 18 is NUL: this is not a text file"),
        ("/cut", 1, "the connection ended after 40 of 400 bytes: the file is cut short"),
        ("/chunks", 1, "the file is cut short"),
        ("/babbling", 1, "does not speak HTTP as it should"),
    ],
)
def test_what_is_wrong_is_said(site: Site, bench: Bench, path: str, code: int, sentence: str) -> None:
    """A source that is no service file is an error that names it and says what came, and nothing is left behind."""
    said = refused(bench, site.url(path))
    assert (said.code, sentence in said.err) == (code, True), said.err
    assert site.url("") in said.err


@pytest.mark.parametrize("path", ["/zeros", "/more-zeros"])
def test_ten_gigabytes_are_not_fetched(site: Site, bench: Bench, path: str) -> None:
    """Of what is too large no more is read than tells so."""
    said = refused(bench, site.url(path))
    assert (said.code, "a service file has at most 1048576 bytes (1 MiB)" in said.err) == (6, True)
    assert site.sent < 64 * 1024**2


@pytest.mark.parametrize(
    "path,sentence",
    [("/silent", "no answer for 0.2 seconds"), ("/dripping", "it did not come within 1 seconds")],
)
def test_nobody_waits_for_ever(
    site: Site, bench: Bench, monkeypatch: pytest.MonkeyPatch, path: str, sentence: str
) -> None:
    """A site that is silent is given up after a while, and so is one that drips."""
    monkeypatch.setattr(download, "ANSWER_SECONDS_MAX", 0.2)
    monkeypatch.setattr(download, "FETCH_SECONDS_MAX", 1.0)
    begin = time.monotonic()
    said = refused(bench, site.url(path))
    assert (said.code, sentence in said.err) == (1, True), said.err
    assert waited(begin) < 10


def test_nobody_answers(bench: Bench) -> None:
    """A site that is down is said to be, without the words of a library."""
    with Site({}).running() as site:
        url = site.url("/web.conf")
    said = refused(bench, url)
    assert (said.code, said.err) == (1, f"svcmgr: {url}: Connection refused\n")


@pytest.mark.parametrize("where", ["/locked", "/elsewhere"])
def test_credentials_are_for_their_machine(site: Site, bench: Bench, where: str) -> None:
    """The login of netrc goes to the machine that was named; one that it redirects to gets none, not even its own."""
    names = ("machine 127.0.0.1", "machine localhost", "default")
    write_netrc(bench, "".join(f"{name} login web password {PASSWORD}\n" for name in names))
    url = site.url(where)
    if where == "/locked":
        assert bench.on("web", "create", "--config", url).code == 0
        assert site.asked == [("127.0.0.1", "/locked", BASIC)]
    else:
        said = refused(bench, url)
        assert (said.code, "401 Unauthorized" in said.err) == (1, True)
        assert site.asked == [("127.0.0.1", "/elsewhere", BASIC), ("localhost", "/locked", None)]
        assert PASSWORD not in said.err


@pytest.mark.parametrize(
    "text,mode,sentence",
    [
        (
            f"machine 127.0.0.1 login web password {PASSWORD}\n",
            0o644,
            "others may read the passwords in it; `chmod 600",
        ),
        (f"machine 127.0.0.1 login web\n{PASSWORD} junk\n", 0o600, "netrc:2: this is not understood as netrc"),
        ("machine 127.0.0.1 login web password wrong\n", 0o600, "401 Unauthorized: these credentials are not taken"),
        ("", 0o600, "401 Unauthorized: credentials come from ~/.netrc"),
    ],
)
def test_credentials_that_do_not_help(site: Site, bench: Bench, text: str, mode: int, sentence: str) -> None:
    """A netrc that is not safe, not understood, or wrong is said to be, and no word of it is shown."""
    write_netrc(bench, text, mode)
    said = refused(bench, site.url("/locked"))
    assert sentence in said.err, said.err
    assert PASSWORD not in said.err
    assert "junk" not in said.err
    assert "wrong" not in said.err


def test_a_url_with_a_password_is_refused(site: Site, bench: Bench) -> None:
    """A password in a URL is refused before anybody is asked, and shown nowhere."""
    said = refused(bench, site.url("/web.conf").replace("//", "//web:hunter2@"), "--provision")
    assert (said.code, site.asked) == (6, [])
    assert "//...@127.0.0.1:" in said.err
    assert "~/.netrc" in said.err
    assert "hunter2" not in said.err


def test_a_token_in_a_url_is_kept_nowhere(site: Site, bench: Bench) -> None:
    """A parameter that is named like a secret is sent, and stands in no log, journal, history or error."""
    url = site.url("/web.conf?ref=main&private_token=hunter2")
    said = bench.on("web", "create", "--config", url, "--provision", "--debug")
    assert said.code == 0, said.err
    assert [path for _, path, _ in site.asked] == ["/web.conf?ref=main&private_token=hunter2"]
    assert "ref=main&private_token=..." in said.err
    kept = {name: data for name, data in bench.files().items() if b"hunter2" in data}
    assert ("hunter2" in said.err + said.out, kept) == (False, {})


@pytest.mark.parametrize(
    "url,sentence",
    [
        ("http://", "this URL names no host"),
        ("https:web.conf", "this URL names no host"),
        ("http://[::1/web.conf", "this is not a URL"),
        ("http://127.0.0.1:99999/", "this is not a URL: Port out of range"),
        ("http://127.0.0.1/a b", "write a blank as %20"),
        ("http://127.0.0.1/\x1b[2J", "control characters"),
        ("http://127.0.0.1/\ud800", "control characters"),
        ("http://*.example.com/", "this is not a URL"),
        ("sftp://127.0.0.1/web.conf", "sftp is not fetched; give a path, or a URL of file, http, https, ftp"),
        ("ftp://127.0.0.1/", "this URL names no file"),
        ("ftp://127.0.0.1/a%0d%0aDELE%20b", "this URL names no file"),
        ("file://elsewhere/web.conf", "a file URL names a file of this machine"),
        ("file:web.conf", "a file URL holds an absolute path"),
        ("file:///%00", "a file URL holds an absolute path"),
        ("file:///etc/hostname?x", "? is written as %3F"),
    ],
)
def test_what_is_no_url(bench: Bench, url: str, sentence: str) -> None:
    """A URL that is none is exit 6, with what is wrong with it."""
    said = refused(bench, url)
    assert (said.code, sentence in said.err) == (6, True), said.err


def test_a_redirect_may_ask_again(bench: Bench) -> None:
    """Where a site sends to the same machine, the login goes along; to another port of it, it does not."""
    write_netrc(bench, f"machine 127.0.0.1 login web password {PASSWORD}\n")
    with Site({"/web.conf": page(LOOP)}).running() as other:

        def to_other(_: Asked) -> str:
            return other.url("/web.conf")

        with Site({"/a": moved("/b"), "/b": moved(to_other)}).running() as site:
            assert bench.on("web", "create", "--config", site.url("/a")).code == 0
        assert [each[2] for each in (*site.asked, *other.asked)] == [BASIC, BASIC, None]


@pytest.fixture
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an FTP server has: away from the bench, whose files are read when it is looked at."""
    folder = tmp_path_factory.mktemp("lines")
    (folder / "web").mkdir()
    (folder / "pub/conf").mkdir(parents=True)
    (folder / "web/web.conf").write_text(LOOP)
    (folder / "pub/conf/a web.conf").write_text(LOOP)
    with (folder / "pub/zeros").open("wb") as file:
        file.truncate(10 * 1024**3)
    return folder


def test_a_service_of_an_ftp_server(lines: Path, bench: Bench) -> None:
    """What an FTP server has for everybody becomes the service file."""
    with Lines(lines).running() as server:
        said = bench.on("web", "create", "--template", f"ftp://127.0.0.1:{server.port}/conf/a%20web.conf")
    assert (said.code, bench.etc.joinpath("web.conf").read_text()) == (0, LOOP), said.err


@pytest.mark.parametrize(
    "text", ["machine 127.0.0.1 login web password s3cret\n", "default login web password s3cret\n"]
)
def test_an_ftp_server_that_knows_us(lines: Path, bench: Bench, text: str) -> None:
    """The login of netrc is that of ftp, too, and so is its entry for machines that are not listed."""
    write_netrc(bench, text)
    with Lines(lines).running() as server:
        said = bench.on("web", "create", "--template", f"ftp://127.0.0.1:{server.port}/web.conf")
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    "path,lie,netrc,code,sentence",
    [
        ("/nothing", 0, "", 6, "there is no such file"),
        ("/conf", 0, "", 6, "there is no such file"),
        ("/zeros", 0, "", 6, "and this has 10737418240 bytes"),
        ("/conf/a%20web.conf", 100, "", 1, f"the connection ended after {len(LOOP)} of {len(LOOP) + 100} bytes"),
        ("/web.conf", 0, "machine 127.0.0.1 login web password wrong\n", 1, "credentials come from ~/.netrc"),
    ],
)
def test_an_ftp_server_that_does_not_help(
    lines: Path, bench: Bench, path: str, lie: int, netrc: str, code: int, sentence: str
) -> None:
    """What an FTP server does not have, not whole, not for us, or too large is said to be."""
    if netrc:
        write_netrc(bench, netrc)
    with Lines(lines, lie).running() as server:
        said = refused(bench, f"ftp://127.0.0.1:{server.port}{path}")
    assert (said.code, sentence in said.err) == (code, True), said.err
    assert "wrong" not in said.err


def test_what_is_no_ftp_server(site: Site, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A web site that is taken for an FTP server, and one that is silent, are said to be none."""
    monkeypatch.setattr(download, "ANSWER_SECONDS_MAX", 0.2)
    said = refused(bench, site.url("/web.conf", scheme="ftp"))
    assert (said.code, site.url("/web.conf", scheme="ftp") in said.err) == (1, True), said.err


def test_a_proxy_that_is_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is used, and named when it is what fails; its password is not shown."""
    with Site({}).running() as site:
        monkeypatch.setenv("http_proxy", f"http://web:hunter2@127.0.0.1:{site.port}")
    said = refused(bench, "http://example.com/web.conf")
    assert (said.code, "the proxy that the environment names: Connection refused" in said.err) == (1, True), said.err
    assert "hunter2" not in said.err


def test_a_fetch_can_be_interrupted(site: Site, bench: Bench) -> None:
    """Ctrl-C ends a create that waits for a silent site, at once and without a trace."""
    words = ("-s", "web", "--node", str(bench.node), "create", "--config", site.url("/silent"))
    before = bench.files()
    process = subprocess.Popen(
        (sys.executable, "-c", "from svcprov.svcmgr import run; run()", *words),
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    begin = time.monotonic()
    while not site.asked and waited(begin) < 30:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=8)
    assert (process.returncode, bench.files()) == (130, before)
    assert "Traceback" not in said
