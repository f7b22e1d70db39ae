"""A stand-in for the metadata service of EC2, on this machine: sessions (version 2) and plain questions (version 1)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TOKEN_PATH = "/latest/api/token"
META_DATA = "/latest/meta-data/"
TTL, TOKEN = "X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token"


class MetadataService:
    """Says what an instance is. about: the texts by their paths below meta-data.

    sessions: whether there are tokens (they came in 2019). only_sessions: whether nothing is said without one.
    delay: how many seconds each answer takes.
    """

    def __init__(
        self, about: dict[str, str], *, sessions: bool = True, only_sessions: bool = False, delay: float = 0
    ) -> None:
        self.about, self.sessions, self.only_sessions, self.delay = about, sessions, only_sessions, delay
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.url = ""
        """Where it is, once it is running: for AWS_EC2_METADATA_SERVICE_ENDPOINT."""

    def answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        """The status and the text for a request."""
        self.asked.append(f"{method} {path}")
        match method, path:
            case "PUT", "/latest/api/token" if self.sessions:
                seconds = headers.get(TTL.lower(), "")
                if not (seconds.isdigit() and 1 <= int(seconds) <= 21600):
                    return 400, "Bad Request"
                self.tokens.add(token := f"token-{len(self.tokens)}==")
                return 200, token
            case "PUT", "/latest/api/token":
                return 403, "Forbidden"
            case "GET", _ if path.startswith(META_DATA):
                shown = headers.get(TOKEN.lower())
                if (shown is None and self.only_sessions) or (shown is not None and shown not in self.tokens):
                    return 401, "Unauthorized"
                return self._said(path.removeprefix(META_DATA))
            case _:
                return 404, "Not Found"

    def _said(self, name: str) -> tuple[int, str]:
        """A text, or the names below a directory."""
        if name in self.about:
            return 200, self.about[name]
        below = name if not name or name.endswith("/") else f"{name}/"
        rests = [path.removeprefix(below) for path in self.about if path.startswith(below)]
        names = sorted({rest.split("/")[0] + ("/" if "/" in rest else "") for rest in rests})
        return (200, "\n".join(names)) if names else (404, "Not Found")

    @contextmanager
    def running(self) -> Iterator["MetadataService"]:
        """Have it answer."""
        with ThreadingHTTPServer(("127.0.0.1", 0), answering(self)) as server:
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


def answering(service: MetadataService) -> type[BaseHTTPRequestHandler]:
    """The class of what answers one connection."""

    class Answering(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            time.sleep(service.delay)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, text = service.answer(self.command, self.path, headers)
            data = text.encode()
            # Who asked may have given up.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        do_GET = do_PUT = _answer  # noqa: N815 - the names are http.server's

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    return Answering
