"""Templates over https: whose certificates are trusted, and what an unencrypted connection is not used for."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.e2e.bench import LOOP, Bench
from tests.e2e.file_servers import Site, moved, page, refused, unspoken

PAGES = {
    "/web.conf": page(LOOP),
    "/down": lambda asked: moved(asked.site.url("/web.conf"))(asked),
    "/same": lambda asked: moved(asked.site.url("/web.conf", "localhost", "https"))(asked),
}
WRONG = {
    "of nobody": ("localhost", 1, "unable to get local issuer certificate"),
    "of another": ("elsewhere.example", 1, "Hostname mismatch"),
    "of yesterday": ("localhost", -1, "certificate has expired"),
}
"""Certificates: for which name, for how many days from now on, and what is said of them."""


@pytest.fixture(autouse=True)
def environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of proxies, certificates and credentials: nothing."""
    unspoken(monkeypatch, bench)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of one's own."""
    return trustme.CA()


def certified(authority: trustme.CA, name: str = "localhost", days: int = 1) -> ssl.SSLContext:
    """A site's end of TLS, with a certificate for this name that ends in so many days."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=datetime.now(UTC) + timedelta(days=days)).configure_cert(context)
    return context


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The file with the certificate of the authority."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("path", ["/web.conf", "/same"])
def test_an_authority_of_ones_own(
    authority: trustme.CA, bundle: str, bench: Bench, monkeypatch: pytest.MonkeyPatch, variable: str, path: str
) -> None:
    """A CA that one of the usual variables names is trusted, also after a redirect from https to https."""
    monkeypatch.setenv(variable, bundle)
    with Site(PAGES).running(certified(authority)) as site:
        said = bench.on("web", "create", "--template", site.url(path, "localhost", "https"))
    assert (said.code, bench.etc.joinpath("web.conf").read_text()) == (0, LOOP), said.err


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_certificate(
    authority: trustme.CA, bundle: str, bench: Bench, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """A certificate of nobody, of another or of yesterday is exit 1, the remedy is named, and nothing is asked."""
    name, days, sentence = WRONG[wrong]
    if wrong != "of nobody":
        monkeypatch.setenv("SSL_CERT_FILE", bundle)
    with Site(PAGES).running(certified(authority, name, days)) as site:
        said = refused(bench, site.url("/web.conf", "localhost", "https"))
    assert (said.code, f"its certificate is not trusted: {sentence}" in said.err) == (1, True), said.err
    assert "SSL_CERT_FILE or REQUESTS_CA_BUNDLE" in said.err
    assert site.asked == []


def test_a_bundle_that_is_not_there(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that names no file is exit 6, and not taken for trust in everybody."""
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such.pem")
    with Site(PAGES).running() as site:
        said = refused(bench, site.url("/web.conf", "localhost", "https"))
    assert (said.code, "SSL_CERT_FILE: /no/such.pem: No such file or directory" in said.err) == (6, True)


def test_a_bundle_that_is_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that names a file without certificates is exit 6, and no fault of the site."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bench.write("nothing\n", "ca.pem"))
    with Site(PAGES).running() as site:
        said = refused(bench, site.url("/web.conf", "localhost", "https"))
    assert (said.code, "ca.pem: no certificates are in it" in said.err) == (6, True), said.err


def test_never_down_to_http(authority: trustme.CA, bundle: str, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect from https to http is not followed."""
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    with Site(PAGES).running(certified(authority)) as site:
        said = refused(bench, site.url("/down", "localhost", "https"))
    assert (said.code, "which is not encrypted" in said.err) == (1, True)
    assert [path for _, path, _ in site.asked] == ["/down"]


def test_what_does_not_speak_tls(bench: Bench) -> None:
    """A site without TLS is said to be one."""
    with Site(PAGES).running() as site:
        said = refused(bench, site.url("/web.conf", scheme="https"))
    assert (said.code, "does not speak TLS as it should" in said.err) == (1, True), said.err
