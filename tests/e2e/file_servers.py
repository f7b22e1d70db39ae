"""Web sites and an FTP server on this machine: right ones, and ones that do everything wrong."""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from tests.e2e.bench import Bench, Said

ZEROS = bytes(65536)
ZEROS_BYTES = 10 * 1024**3


class Asked(BaseHTTPRequestHandler):
    """One request. `site` is set by the site that it is for."""

    site: "Site"

    def do_GET(self) -> None:
        """Answer as the page of this path does."""
        path = self.path.partition("?")[0]
        self.site.asked.append((self.headers["Host"].partition(":")[0], self.path, self.headers["Authorization"]))
        # Who asked may have enough of it.
        with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.site.pages.get(path, status(404))(self)
        self.close_connection = True

    def begin(self, code: int, **headers: str) -> None:
        """Send the head of an answer."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Serving(ThreadingHTTPServer):
    """A server to which a client that gives up is nothing to speak of."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


Page = Callable[[Asked], None]


class Site:
    """A web site. pages: what answers, by path. asked: host, path and credentials of each request.

    over: ends what is silent. sent: how many bytes of zeros went out.
    """

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self.pages, self.asked, self.over, self.sent = dict(pages), list[tuple[str, str, str | None]](), Event(), 0
        self.port = 0

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Where a page is, once the site is running."""
        return f"{scheme}://{host}:{self.port}{path}"

    @contextmanager
    def running(self, context: ssl.SSLContext | None = None) -> Iterator["Site"]:
        """Have it answer; with a context, over TLS."""
        with Serving(("127.0.0.1", 0), type("Asked", (Asked,), {"site": self})) as server:
            if context is not None:
                server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            self.port = server.server_address[1]
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                self.over.set()
                server.shutdown()
                thread.join()


def page(content: str | bytes, kind: str = "text/plain", code: int = 200) -> Page:
    """A page as it should be."""
    data = content.encode() if isinstance(content, str) else content

    def answer(asked: Asked) -> None:
        asked.begin(code, Content_Type=kind, Content_Length=str(len(data)))
        asked.wfile.write(data)

    return answer


def status(code: int) -> Page:
    """A page that is not there, or not for everybody."""
    return page("no\n", code=code)


def moved(to: str | Callable[[Asked], str], code: int = 302) -> Page:
    """A page that is elsewhere."""
    return lambda asked: asked.begin(code, Location=to if isinstance(to, str) else to(asked), Content_Length="0")


def locked(content: str, authorization: str) -> Page:
    """A page for those who know its password."""

    def answer(asked: Asked) -> None:
        (page(content) if asked.headers["Authorization"] == authorization else status(401))(asked)

    return answer


def cut_short(content: str, size: int) -> Page:
    """A page that ends before it has the bytes it announces."""

    def answer(asked: Asked) -> None:
        asked.begin(200, Content_Length=str(size))
        asked.wfile.write(content.encode())

    return answer


def cut_short_in_chunks(content: str) -> Page:
    """A page in chunks, of which the last one never comes."""

    def answer(asked: Asked) -> None:
        asked.protocol_version = "HTTP/1.1"
        asked.begin(200, Transfer_Encoding="chunked")
        asked.wfile.write(b"%x\r\n%s\r\n" % (len(content), content.encode()))

    return answer


def zeros(*, announced: bool) -> Page:
    """Ten gigabytes of zeros, announced or not."""

    def answer(asked: Asked) -> None:
        asked.begin(200, **({"Content_Length": str(ZEROS_BYTES)} if announced else {}))
        for _ in range(0, ZEROS_BYTES, len(ZEROS)):
            asked.wfile.write(ZEROS)
            asked.site.sent += len(ZEROS)

    return answer


def silent(asked: Asked) -> None:
    """A page that never comes."""
    asked.site.over.wait()


def dripping(asked: Asked) -> None:
    """A page that comes byte by byte, and is never silent for long."""
    asked.begin(200)
    while not asked.site.over.wait(0.05):
        asked.wfile.write(b"#")
        asked.wfile.flush()


def babbling(asked: Asked) -> None:
    """A page whose head is none."""
    asked.wfile.write(b"\x1b[2Jwhat?\r\n\r\n")


class Lines:
    """An FTP server of a directory: anonymous, and `web` with the password `s3cret`. port: where it is, once it runs.

    lie: what it adds to the size of every file when it is asked for that.
    """

    def __init__(self, folder: Path, lie: int = 0) -> None:
        self.port = 0
        authorizer = DummyAuthorizer()
        authorizer.add_user("web", "s3cret", str(folder / "web"))
        authorizer.add_anonymous(str(folder / "pub"))

        def told_size(handler: FTPHandler, path: str) -> str:
            handler.respond(f"213 {Path(path).stat().st_size + lie}")
            return path

        spoken = {"authorizer": authorizer, "auth_failed_timeout": 0.1} | ({"ftp_SIZE": told_size} if lie else {})
        self._handler = type("Handler", (FTPHandler,), spoken)

    @contextmanager
    def running(self) -> Iterator["Lines"]:
        """Have it answer."""
        # Of its own: the loop that servers share otherwise is closed with the first of them.
        server = FTPServer(("127.0.0.1", 0), self._handler, ioloop=IOLoop())
        self.port = server.address[1]
        over = Event()

        def serve() -> None:
            while not over.is_set():
                server.serve_forever(timeout=0.01, blocking=False, handle_exit=False)
            server.close_all()

        thread = Thread(target=serve)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()


def unspoken(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    """Have the environment say nothing of proxies, certificates and credentials."""
    for name in ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"):
        patch.delenv(name, raising=False)
        patch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        patch.delenv(name, raising=False)
    patch.setenv("NETRC", str(bench.directory / "netrc"))


def refused(bench: Bench, source: str, *more: str, option: str = "--template") -> Said:
    """What is said about a source of which no service was made, nor anything else."""
    before = bench.files()
    said = bench.on("web", "create", option, source, *more)
    assert said.code != 0, said
    assert bench.files() == before
    assert not bench.var.exists()
    assert "Traceback" not in said.err
    assert "\x1b" not in said.err
    return said


def waited(begin: float) -> float:
    """How many seconds have gone since."""
    return time.monotonic() - begin
