"""Fetch one small file from another machine, over https, http or ftp.

Everything about it is bounded: its size, its time, its redirects. Nothing that the other side says is trusted, and what
is shown of it is plain text. Credentials come from netrc alone, and go to the machine that they are for.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from core.errors import Failed, UsageError
from svcprov.netrc_file import Login, login
from svcprov.urls import masked, plain

if TYPE_CHECKING:
    from socket import socket

    from requests import PreparedRequest, Response, Session

ANSWER_SECONDS_MAX = 10.0
"""How long the other side may be silent."""
FETCH_SECONDS_MAX = 60.0
"""How long the whole takes at most, however busily it drips."""
REDIRECTS_MAX = 5
PIECE_BYTES = 65536
PORTS = {"http": 80, "https": 443, "ftp": 21}
GONE = {404, 410}
LOCKED = {401, 403}
FTP_NOT_LOGGED_IN = "530"
FTP_NOT_AVAILABLE = ("550", "553")


class Fetched(NamedTuple):
    """What came. data: at most one byte more than was asked for. size: the bytes announced; None when none were."""

    data: bytes
    size: int | None


class Place(NamedTuple):
    """A URL that was understood. parts: its parts. shown: the URL as it may be shown and logged."""

    url: str
    parts: SplitResult
    host: str
    port: int
    shown: str


def fetch(url: str, limit: int, authorized: Login | None = None) -> Fetched:
    """Fetch a file of at most `limit` bytes; of a longer one, one byte more than that.

    authorized: the login to use in the place of netrc's. Raises UsageError for what is no URL or not there, Failed for
    what cannot be reached, is not trusted, takes too long, or comes incomplete.
    """
    place = understood(url)
    fetches = _over_ftp if place.parts.scheme == "ftp" else _over_http
    answers: list[Fetched | BaseException] = []

    def work() -> None:
        try:
            answers.append(fetches(place, limit, authorized))
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            answers.append(error)

    # Limits of single reads do not bound a sum of them, and a name server has none of ours: a clock beside it has.
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(FETCH_SECONDS_MAX)
    if not answers:
        raise Failed(f"{place.shown}: it did not come within {FETCH_SECONDS_MAX:g} seconds")
    answer = answers[0]
    if isinstance(answer, BaseException):
        raise answer
    return answer


def understood(url: str) -> Place:
    """Take a URL apart. Raises UsageError for what is none, and for one with credentials in it."""
    shown = masked(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError(f"{shown}: this is not a URL: {plain(str(error))}") from None
    if "@" in parts.netloc:
        remedy = "put them into ~/.netrc, as machine HOST login USER password PASSWORD"
        raise UsageError(f"{shown}: a URL with credentials is seen and kept by others: {remedy}")
    if not host:
        raise UsageError(f"{shown}: this URL names no host; write it as {parts.scheme}://HOST/PATH")
    if not url.isprintable() or " " in url:
        raise UsageError(f"{shown}: a URL holds no blanks nor control characters; write a blank as %20")
    return Place(url, parts, host, port or PORTS[parts.scheme], shown)


def _over_http(place: Place, limit: int, authorized: Login | None) -> Fetched:
    import requests

    from svcprov import __version__

    first, seen = place, [place.url]
    with requests.Session() as session:
        # A compressed answer could be a bomb, and its announced length would not be that of the file.
        session.headers.update({"User-Agent": f"svcprov/{__version__}", "Accept-Encoding": "identity"})
        while True:
            given = (authorized or login(place.host)) if _is_for(first, place) else None
            with _asked(session, place, given) as response:
                if not response.is_redirect:
                    _refuse_status(place, response, given)
                    return _body(place, response, limit)
                target = urljoin(place.url, response.headers["location"])
            place = _followed(place, target, seen)
            seen.append(place.url)


def _asked(session: "Session", place: Place, given: Login | None) -> "Response":
    """The answer to a request, of which only the head was read. Raises Failed or UsageError."""
    import requests

    def authorize(request: "PreparedRequest") -> "PreparedRequest":
        # Without one of ours requests would look into netrc itself, for every host that it is led to.
        return request if given is None else requests.auth.HTTPBasicAuth(*given)(request)

    try:
        return session.get(
            place.url,
            auth=authorize,
            stream=True,
            allow_redirects=False,
            timeout=ANSWER_SECONDS_MAX,
            verify=_trusted() if place.parts.scheme == "https" else True,
        )
    except (requests.exceptions.InvalidURL, UnicodeError):
        raise UsageError(f"{place.shown}: this is not a URL") from None
    except requests.exceptions.ProxyError as error:
        raise _failed(place, error, "the proxy that the environment names: ") from None
    except (requests.RequestException, OSError, ValueError) as error:
        raise _failed(place, error) from None


def _trusted() -> str | bool:
    """Who signs for https: what the environment names, else this machine's certificates, else those of certifi.

    Raises UsageError where the environment names none.
    """
    import ssl

    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        if path := os.environ.get(variable):
            try:
                where = {"capath" if os.path.isdir(path) else "cafile": path}
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(**where)
            except ssl.SSLError:
                raise UsageError(f"{variable}: {path}: no certificates are in it; it names those to trust") from None
            except OSError as error:
                raise UsageError(f"{variable}: {path}: {error.strerror}; it names the certificates to trust") from None
            return path
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return paths.cafile
    with suppress(OSError):
        if paths.capath and os.listdir(paths.capath):
            return paths.capath
    return True


def _is_for(first: Place, place: Place) -> bool:
    """Tell whether credentials for the one are for the other: the same server, perhaps encrypted now."""
    if place.host != first.host:
        return False
    became = (first.parts.scheme, place.parts.scheme)
    same = first.parts.scheme == place.parts.scheme and first.port == place.port
    return same or (became == ("http", "https") and (first.port, place.port) == (PORTS["http"], PORTS["https"]))


def _followed(place: Place, target: str, seen: list[str]) -> Place:
    """Where a redirect leads. Raises Failed for one that must not be followed."""
    shown = masked(target)
    scheme = target.partition(":")[0].lower()
    if scheme not in {"http", "https"}:
        raise Failed(f"{place.shown}: it redirects to {shown}, and only http and https are followed")
    if (place.parts.scheme, scheme) == ("https", "http"):
        remedy = "give that address yourself if you trust it"
        raise Failed(f"{place.shown}: it redirects to {shown}, which is not encrypted; {remedy}")
    if len(seen) > REDIRECTS_MAX:
        how = ", in a circle" if target in seen else ""
        raise Failed(f"{masked(seen[0])}: it redirects more than {REDIRECTS_MAX} times{how}, the last time to {shown}")
    try:
        return understood(target)
    except UsageError as error:
        raise Failed(f"{place.shown}: it redirects to what cannot be fetched: {error}") from None


def _refuse_status(place: Place, response: "Response", given: Login | None) -> None:
    status = response.status_code
    if status == 200:  # noqa: PLR2004 - the one that brings the file
        return
    said = f"{place.shown}: {status} {plain(response.reason or '')}".rstrip()
    if status in GONE:
        raise UsageError(f"{said}: there is no such file")
    if status in LOCKED:
        remedy = f"credentials come from ~/.netrc (or the file that NETRC names), which has none for {place.host}"
        raise Failed(f"{said}: {remedy if given is None else 'these credentials are not taken'}")
    raise Failed(f"{said}: the file did not come")


def _body(place: Place, response: "Response", limit: int) -> Fetched:
    """Read what an answer brings, no further than needed. Raises Failed for one that ends too early."""
    import requests

    announced = response.headers.get("content-length", "")
    size = int(announced) if announced.isascii() and announced.isdigit() and len(announced) <= 20 else None  # noqa: PLR2004
    if size is not None and size > limit:
        return Fetched(b"", size)
    data = bytearray()
    try:
        for piece in response.iter_content(PIECE_BYTES):
            data += piece
            if len(data) > limit:
                return Fetched(bytes(data[: limit + 1]), size)
    except requests.exceptions.ChunkedEncodingError as error:
        # What came of the last piece is in there, and nowhere else.
        more = (getattr(cause, "partial", None) for cause in _causes(error))
        count = len(data) + next((each for each in more if isinstance(each, int)), 0)
        raise Failed(_cut_short(place, count, size)) from None
    except (requests.RequestException, OSError, ValueError) as error:
        raise _failed(place, error) from None
    if size is not None and len(data) < size and "content-encoding" not in response.headers:
        raise Failed(_cut_short(place, len(data), size))
    return Fetched(bytes(data), size)


def _cut_short(place: Place, count: int, size: int | None) -> str:
    whole = "an answer" if size is None else f"{size}"
    return f"{place.shown}: the connection ended after {count} of {whole} bytes: the file is cut short; try again"


def _over_ftp(place: Place, limit: int, authorized: Login | None) -> Fetched:
    from ftplib import FTP, Error

    path = unquote(place.parts.path.removeprefix("/"))
    if not path or path.endswith("/") or not path.isprintable():
        raise UsageError(f"{place.shown}: this URL names no file")
    user, password = authorized or login(place.host, otherwise=True) or Login("anonymous", "anonymous@")
    ftp = FTP(timeout=ANSWER_SECONDS_MAX)  # noqa: S321 - what is fetched is named by its author; its content is checked
    try:
        ftp.connect(place.host, place.port)
        ftp.login(user, password)
        ftp.voidcmd("TYPE I")
        size = None
        # Not every server has SIZE, nor every file one.
        with suppress(Error):
            size = ftp.size(path)
        if size is not None and size > limit:
            return Fetched(b"", size)
        connection, _ = ftp.ntransfercmd(f"RETR {path}")
        with connection:
            data = _received(connection, limit)
        if len(data) <= limit:
            ftp.voidresp()
            if size is not None and len(data) < size:
                raise Failed(_cut_short(place, len(data), size))
        return Fetched(data, size)
    except (Error, OSError, EOFError, ValueError) as error:
        raise _ftp_failed(place, error) from None
    finally:
        ftp.close()


def _received(connection: "socket", limit: int) -> bytes:
    data = bytearray()
    while len(data) <= limit and (piece := connection.recv(PIECE_BYTES)):
        data += piece
    return bytes(data[: limit + 1])


def _ftp_failed(place: Place, error: Exception) -> Failed | UsageError:
    from ftplib import Error

    said = plain(str(error))
    if not isinstance(error, Error):
        return _failed(place, error)
    if said.startswith(FTP_NOT_AVAILABLE):
        return UsageError(f"{place.shown}: {said}: there is no such file")
    if said.startswith(FTP_NOT_LOGGED_IN):
        return Failed(f"{place.shown}: {said}: credentials come from ~/.netrc (or the file that NETRC names)")
    return Failed(f"{place.shown}: {said}")


def _failed(place: Place, error: Exception, via: str = "") -> Failed:
    """Say why there is no answer, in words of the cause alone: those of libraries repeat the URL.

    via: who was asked to ask.
    """
    return Failed(f"{place.shown}: {via}{_reason(place, list(_causes(error)))}")


def _reason(place: Place, causes: list[BaseException]) -> str:
    import ssl

    def first(kind: type[BaseException]) -> BaseException | None:
        return next((cause for cause in causes if isinstance(cause, kind)), None)

    if untrusted := first(ssl.SSLCertVerificationError):
        remedy = "a CA of your own is named by SSL_CERT_FILE or REQUESTS_CA_BUNDLE"
        return f"its certificate is not trusted: {plain(getattr(untrusted, 'verify_message', ''))}; {remedy}"
    if first(ssl.SSLError):
        return f"what answers at port {place.port} does not speak TLS as it should"
    if first(TimeoutError):
        return f"no answer for {ANSWER_SECONDS_MAX:g} seconds"
    if told := next((cause for cause in causes if getattr(cause, "strerror", None)), None):
        return plain(str(getattr(told, "strerror", "")))
    if first(ConnectionError) or first(EOFError):
        return "the connection was closed without an answer"
    return f"what answers at port {place.port} does not speak {place.parts.scheme.upper()} as it should"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was made of, the outermost first."""
    waiting: list[object] = [error]
    met: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and id(each) not in met:
            met.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
