"""Templates that a collector serves, by id and by name: a stand-in on loopback answers as a collector does."""

import base64
import json
import os
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.e2e.bench import LOOP, Bench
from tests.e2e.file_servers import Asked, Page, Site, moved, page, refused, silent, unspoken

API = "/init/rest/api/provisioning_templates"
SECRET = "0a1b-uuid"
NODE = os.uname().nodename.lower()
BASIC = "Basic " + base64.b64encode(f"{NODE}:{SECRET}".encode()).decode()


def rows(*definitions: str) -> str:
    """An answer with these templates."""
    return json.dumps({"data": [{"tpl_definition": text} for text in definitions]})


def by_name(asked: Asked) -> None:
    """Answer what is asked by name; only a node that says who it is gets anything."""
    wanted = parse_qs(urlsplit(asked.path).query)["filters"][0]
    known = {"tpl_name=web server": rows(LOOP), "tpl_name=a&b=c": rows(LOOP)}
    if asked.headers["Authorization"] != BASIC:
        page('{"error": "not a node"}', code=401)(asked)
    else:
        page(known.get(wanted, rows()))(asked)


PAGES: dict[str, Page] = {
    API: by_name,
    f"{API}/17": page(rows(LOOP)),
    f"{API}/18": page(rows(LOOP.replace("\n", "\\n").replace(" = ", "\\t=\\t"))),
    f"{API}/19": page(rows("")),
    f"{API}/20": page('{"error": ["no \\u001b[2J right"], "data": []}'),
    f"{API}/21": page("<html>proxy</html>"),
    f"{API}/22": page("[1]"),
    f"{API}/23": page('{"data": [1]}'),
    f"{API}/24": page(rows(LOOP.replace("ext4", "ext5"))),
    f"{API}/25": page("[" * 100_000),
    f"{API}/26": page(b"{" + bytes(3 * 1024**2)),
    f"{API}/27": page(rows("#" * 1_100_000)),
    f"{API}/28": page('{"data": {}}'),
    f"{API}/29": lambda asked: moved(asked.site.url(f"{API}/17", "localhost"))(asked),
}


@pytest.fixture(autouse=True)
def environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of proxies, certificates and credentials: nothing."""
    unspoken(monkeypatch, bench)


def configure(bench: Bench, url: str, uuid: str = SECRET) -> None:
    """Write a node.conf that names a collector."""
    (bench.etc / "node.conf").write_text(f"[node]\ndbopensvc = {url}\nuuid = {uuid}\n")


@pytest.mark.parametrize("feed", ["/feed/default/call/xmlrpc", ""])
@pytest.mark.parametrize("name", ["17", "18", "web server", "a&b=c"])
def test_a_template_of_the_collector(bench: Bench, name: str, feed: str) -> None:
    """A template is found by id and by any name, with this node's own credentials; sent ends of lines become some."""
    with Site(PAGES).running() as site:
        configure(bench, site.url(feed))
        said = bench.on("web", "create", "--template", name)
    assert said.code == 0, said.err
    text = (bench.etc / "web.conf").read_text().replace("\t=\t", " = ")
    assert text == LOOP
    assert [login for _, _, login in site.asked] == [BASIC]


def test_a_shipped_template_asks_nobody(bench: Bench) -> None:
    """What comes with svcprov is not asked for elsewhere, whatever node.conf says."""
    (bench.etc / "node.conf").write_text("[node\n")
    assert bench.on("web", "create", "--template", "btrfs-on-lvm").code == 0


@pytest.mark.parametrize(
    "name,code,sentence",
    [
        ("99", 6, "there is no template '99'"),
        ("nothing", 6, "there is no template 'nothing'"),
        ("19", 1, "template 19 of the collector http://127.0.0.1:"),
        ("20", 1, "no  [2J right"),
        ("21", 1, "the answer is not JSON: is this a collector?"),
        ("22", 1, "an answer that is no object"),
        ("23", 1, "the answer has no list of templates: is this a collector?"),
        ("24", 6, "template 24 of the collector:10: fs#0.type: "),
        ("25", 1, "the answer is not JSON"),
        ("26", 1, "the answer has more than 2097152 bytes"),
        ("27", 6, "template 27 of the collector: a service file has at most 1048576 bytes"),
        ("28", 1, "the answer has no list of templates"),
    ],
)
def test_a_collector_that_does_not_help(bench: Bench, name: str, code: int, sentence: str) -> None:
    """What a collector has not, or answers wrongly, is an error that names it, without the node's secret."""
    with Site(PAGES).running() as site:
        configure(bench, site.url("/feed/default/call/xmlrpc"))
        said = refused(bench, name)
    assert (said.code, sentence in said.err) == (code, True), said.err
    assert SECRET not in said.err
    if code == 6 and "no template" in sentence:
        assert f"none in the templates that the collector {site.url('')}" in said.err


def test_the_secret_of_the_node_stays_with_the_collector(bench: Bench) -> None:
    """Another machine that the collector redirects to is not told the node's secret."""
    with Site(PAGES).running() as site:
        configure(bench, site.url("/feed/default/call/xmlrpc"))
        bench.on("web", "create", "--template", "29")
    assert [(host, login) for host, _, login in site.asked] == [("127.0.0.1", BASIC), ("localhost", None)]


def test_a_collector_that_is_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector that is down, or silent, is exit 1 with its address."""
    monkeypatch.setattr("svcprov.download.ANSWER_SECONDS_MAX", 0.2)
    with Site({API: silent}).running() as site:
        configure(bench, site.url("/feed/default/call/xmlrpc"))
        assert "no answer for 0.2 seconds" in refused(bench, "web server").err
    said = refused(bench, "web server")
    assert (said.code, "Connection refused" in said.err, site.url(API) in said.err) == (1, True, True)


def test_a_node_that_the_collector_does_not_know(bench: Bench) -> None:
    """A secret that is not taken, or none at all, is exit 1 with the remedy."""
    with Site(PAGES).running() as site:
        configure(bench, site.url("/feed/default/call/xmlrpc"), "other")
        assert "these credentials are not taken" in refused(bench, "web server").err
        configure(bench, site.url("/feed/default/call/xmlrpc"), "")
        assert "nodemgr register" in refused(bench, "web server").err


def test_the_secret_of_the_node_is_not_sent_in_clear(bench: Bench) -> None:
    """A collector elsewhere is asked over https only, and before that nobody is."""
    configure(bench, "http://collector.example.com/feed/default/call/xmlrpc")
    said = refused(bench, "web server")
    assert (said.code, "that is not sent unencrypted" in said.err) == (1, True)
