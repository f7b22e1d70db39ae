"""`docker pull` on this machine by docker's SDK, which tells how far each layer has come; all else is left to docker.

The words and the return code are those that the program would have had. It passes (None) where the program knows more:
names that are not plain, credentials from a helper, a daemon that it cannot reach. And where nobody hears of the layers
nothing is gained by the SDK, whose import takes longer than many a pull.
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from core.command import Command, Completed
from executors.real.progress import Progress

if TYPE_CHECKING:
    from executors.real.machine import Machine

DAEMON = "unix:///var/run/docker.sock"
DEFAULT_TAG = "latest"
PING_SECONDS = 0.05
_NAME = re.compile(
    r"(?P<repository>[a-z0-9][a-z0-9.-]*(?::\d+)?(?:/[a-z0-9._-]+)*?)(?::(?P<tag>[\w][\w.-]{0,127}))?", re.ASCII
)


def run(machine: "Machine", command: Command) -> Completed | None:
    """Answer `docker [-H SOCKET] pull IMAGE`; None leaves it, and everything else, to the program."""
    match command.argv[1:]:
        case ("-H", socket, "pull", image) if socket.startswith("unix://"):
            pass
        case ("pull", image):
            socket = DAEMON
        case _:
            return None
    name = _NAME.fullmatch(image)
    # Behind a prefix is another mount namespace, where the same path may lead to another daemon.
    if (
        name is None
        or machine.progress is None
        or machine.around.prefix
        or not _is_answered(socket.removeprefix("unix://"))
    ):
        return None
    lines = _pulled(machine.progress, socket, name["repository"], name["tag"] or DEFAULT_TAG)
    if lines is None:
        return None
    machine.remark("docker: the image was pulled in this process")
    assumed = [] if name["tag"] else [f"Using default tag: {DEFAULT_TAG}"]
    return _answer([*assumed, *lines], name["repository"], name["tag"] or DEFAULT_TAG)


def is_ready(command: Command) -> bool:
    """Tell whether the daemon that a command starts answers already: to listen is not enough, it may still give up."""
    import socket

    path = next((word.removeprefix("unix://") for word in command.argv if word.startswith("unix://")), "")
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(PING_SECONDS)
        try:
            end.connect(path)
            end.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in end.recv(64)
        except OSError:
            return False


def _is_answered(path: str) -> bool:
    """Tell whether somebody listens at a socket."""
    import socket

    with socket.socket(socket.AF_UNIX) as end:
        try:
            end.connect(path)
        except OSError:
            return False
    return True


def _answer(lines: list[str], repository: str, tag: str) -> Completed:
    """The lines of a pull as the program ends with them; the last one is an error when it begins with `!`."""
    if lines and lines[-1].startswith("!"):
        said = "".join(f"{line}\n" for line in lines[:-1])
        return Completed(1, said, f"Error response from daemon: {lines[-1][1:]}\n")
    return Completed(0, "".join(f"{line}\n" for line in [*lines, _whole(repository, tag)]))


def _whole(repository: str, tag: str) -> str:
    """The name of an image with its registry, as `docker pull` closes with it."""
    first, slash, _ = repository.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return f"{repository}:{tag}"
    return f"docker.io/{repository if slash else f'library/{repository}'}:{tag}"


def _pulled(progress: Callable[[Progress], None], socket: str, repository: str, tag: str) -> list[str] | None:
    """Pull; return the lines of it, an error with `!` before it. None where the SDK cannot even ask."""
    try:
        import docker
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException
    except ImportError:
        return None
    try:
        client = docker.APIClient(base_url=socket, version="auto", timeout=None)
    except DockerException:
        return None
    lines: list[str] = []
    try:
        if _needs_a_helper(repository):
            return None
        for message in client.pull(repository, tag=tag, stream=True, decode=True):
            lines += _heard(progress, f"{repository}:{tag}", message)
    except APIError as error:
        lines.append(f"!{error.explanation}")
    except (RequestException, DockerException, OSError) as error:
        lines.append(f"!{error}")
    finally:
        client.close()
    return lines


def _needs_a_helper(repository: str) -> bool:
    """Tell whether the credentials for a registry come from a program, which is run better by docker itself."""
    from docker import auth

    registry, _ = auth.resolve_repository_name(repository)
    return bool(auth.load_config().get_credential_store(registry))


def _heard(progress: Callable[[Progress], None], image: str, message: dict[str, Any]) -> Iterator[str]:
    """Tell how far a layer has come; yield the line that the program prints, when it prints one."""
    if "error" in message:
        yield f"!{message['error']}"
        return
    layer, status = message.get("id", ""), message.get("status", "")
    detail = message.get("progressDetail") or {}
    # Unpacked by containerd, a layer says how many seconds that has taken.
    seconds = "units" in detail
    done, total = (0, 0) if seconds else (detail.get("current", 0), max(0, detail.get("total", 0)))
    if done or total or status:
        progress(Progress(image, layer, status, done, total))
    if status and not (done or total or seconds):
        yield f"{layer}: {status}" if layer else status
