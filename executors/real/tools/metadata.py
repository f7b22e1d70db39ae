"""The metadata service of EC2 on this machine, asked in this process, with the return codes that curl(1) would have.

AWS_EC2_METADATA_SERVICE_ENDPOINT says where it is, as it does for Amazon's own programs. AWS_EC2_METADATA_DISABLED=true
says that there is none: nothing is sent. An endpoint that somebody named is asked all the same. How long it is waited
for is AWS_METADATA_SERVICE_TIMEOUT, in seconds, where somebody set it.
"""

import os
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.command import Command, Completed
from core.tools.metadata import ADDRESS, CONNECTION_REFUSED, HTTP_ERROR, TIMED_OUT, TOKEN_SECONDS

if TYPE_CHECKING:
    from executors.real.machine import Machine

SECONDS_MAX = 1.0
"""It is as near as the hypervisor; where nobody answers at once there is nobody."""
SECONDS_MAX_GIVEN = 60.0
ANSWER_BYTES_MAX = 65536
HTTP_PORT = 80
ERRORS_FROM = 400
NO_ANSWER = 52
"""How curl ends when it was answered with nothing, or with what is no HTTP."""


def run(machine: "Machine", command: Command) -> Completed | None:
    """Answer `curl -sf [-X METHOD] [-H HEADER] http://ADDRESS/PATH`; None leaves any other to curl."""
    asked = _request(command.argv)
    if asked is None:
        return None
    machine.remark("curl: the metadata service was asked in this process")
    return _ask(*asked)


def region() -> str:
    """The region of this instance, "" where there is no metadata service."""
    session = _ask("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)})
    if session.returncode not in {0, HTTP_ERROR}:
        return ""
    headers = {"X-aws-ec2-metadata-token": session.stdout.strip()} if session.returncode == 0 else {}
    return _ask("GET", "/latest/meta-data/placement/region", headers).stdout.strip()


def _request(argv: tuple[str, ...]) -> tuple[str, str, dict[str, str]] | None:
    """The method, path and headers that a command line of curl asks the service with; None for what is not that."""
    method, headers, operands = "GET", {}, []
    words = list(argv[1:])
    while words:
        match words.pop(0), *words:
            case "-sf", *_:
                pass
            case "-X", value, *_:
                method, words = value, words[1:]
            case "-H", value, *_:
                name, _, content = value.partition(":")
                headers[name], words = content.strip(), words[1:]
            case str(word), *_ if not word.startswith("-"):
                operands.append(word)
            case _:
                return None
    url = urlsplit(operands[0]) if len(operands) == 1 else None
    return None if url is None or (url.scheme, url.netloc) != ("http", ADDRESS) else (method, url.path, headers)


def _endpoint() -> str:
    """Where the service is; "" when there is none."""
    named = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "")
    disabled = os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
    return named or ("" if disabled else f"http://{ADDRESS}")


def _seconds_max() -> float:
    """How long to wait for it; what is no number of seconds is as good as not set."""
    with suppress(ValueError):
        given = float(os.environ.get("AWS_METADATA_SERVICE_TIMEOUT", ""))
        return given if 0 < given <= SECONDS_MAX_GIVEN else SECONDS_MAX
    return SECONDS_MAX


def _ask(method: str, path: str, headers: dict[str, str]) -> Completed:
    url = urlsplit(_endpoint())
    if not url.hostname:
        return Completed(CONNECTION_REFUSED)
    # Never through a proxy: it would say who the proxy is.
    connection = HTTPConnection(url.hostname, url.port or HTTP_PORT, timeout=_seconds_max())
    try:
        connection.request(method, url.path.rstrip("/") + path, headers=headers)
        answer = connection.getresponse()
        text = answer.read(ANSWER_BYTES_MAX).decode("utf-8", "backslashreplace")
    except TimeoutError:
        return Completed(TIMED_OUT)
    except (HTTPException, ConnectionResetError):
        return Completed(NO_ANSWER)
    except OSError:
        return Completed(CONNECTION_REFUSED)
    finally:
        connection.close()
    return Completed(HTTP_ERROR if answer.status >= ERRORS_FROM else 0, "" if answer.status >= ERRORS_FROM else text)
