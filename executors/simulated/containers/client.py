"""The words of docker's client, where they depend on its version: until 1.11, until 27, and from 28 on.

They were recorded from 20.10.24 and 28.2.2; those of 2015 are from its transcripts.
"""

from core.command import Completed
from executors.simulated.node import SimulatedNode

ONE_PROGRAM_BELOW = (1, 12)
TERSE_SINCE = (28,)
RUN_FAILED = 125

SYNOPSES = {
    "images": ("[OPTIONS] [REPOSITORY[:TAG]]", "List images"),
    "info": ("[OPTIONS]", "Display system-wide information"),
    "inspect": ("[OPTIONS] NAME|ID [NAME|ID...]", "Return low-level information on Docker objects"),
    "logs": ("[OPTIONS] CONTAINER", "Fetch the logs of a container"),
    "ps": ("[OPTIONS]", "List containers"),
    "pull": ("[OPTIONS] NAME[:TAG|@DIGEST]", "Pull an image or a repository from a registry"),
    "rm": ("[OPTIONS] CONTAINER [CONTAINER...]", "Remove one or more containers"),
    "run": ("[OPTIONS] IMAGE [COMMAND] [ARG...]", "Run a command in a new container"),
    "start": ("[OPTIONS] CONTAINER [CONTAINER...]", "Start one or more stopped containers"),
    "stop": ("[OPTIONS] CONTAINER [CONTAINER...]", "Stop one or more running containers"),
}


def version_text(node: SimulatedNode) -> str:
    """The version of the client: that of its own package, where it does not come with the daemon."""
    tools = node.state["tools"]
    return str(tools.get("docker-cli") or tools["docker.io"])


def is_one_program(node: SimulatedNode) -> bool:
    """Tell whether `docker` is client and daemon, as it was until 1.11."""
    return node.version("docker.io") < ONE_PROGRAM_BELOW if "docker.io" in node.state["tools"] else False


def is_terse(node: SimulatedNode) -> bool:
    """Tell whether the client words its errors as it does now."""
    package = "docker-cli" if "docker-cli" in node.state["tools"] else "docker.io"
    return node.version(package) >= TERSE_SINCE


def unknown_option(node: SimulatedNode, verb: str, error: object) -> Completed:
    """The refusal of an option, or of one without its value; verb: "" for the options before it."""
    command = f"docker {verb}".strip()
    if is_one_program(node):
        return Completed(2, "", f"{error}\nSee '{command} --help'.\n")
    if not is_terse(node):
        return Completed(RUN_FAILED, "", f"{error}\nSee '{command} --help'.\n")
    usage = f"{command} {SYNOPSES[verb][0]}" if verb else "docker [OPTIONS] COMMAND [ARG...]"
    return Completed(RUN_FAILED, "", f"{error}\n\nUsage:  {usage}\n\nRun '{command} --help' for more information\n")


def unknown_verb(node: SimulatedNode, verb: str) -> Completed:
    """The refusal of a verb."""
    if is_terse(node):
        said = f"docker: unknown command: docker {verb}\n\nRun 'docker --help' for more information\n"
    else:
        said = f"{'' if is_one_program(node) else 'docker: '}'{verb}' is not a docker command.\nSee 'docker --help'\n"
    return Completed(1, "", said)


def wrong_number(node: SimulatedNode, verb: str, least: int, most: int | None) -> Completed:
    """The refusal of too few operands, or too many."""
    synopsis, description = SYNOPSES[verb]
    terse = is_terse(node)
    if most == 0:
        wanted = "accepts no arguments"
    elif least == most:
        wanted = f"requires {'' if terse else 'exactly '}{least} argument"
    elif most is None:
        wanted = f"requires at least {least} argument"
    else:
        wanted = f"requires at most {most} argument"
    if not terse:
        tail = f"See 'docker {verb} --help'.\n\nUsage:  docker {verb} {synopsis}\n\n{description}\n"
        return Completed(1, "", f'"docker {verb}" {wanted}.\n{tail}')
    # 28.2.2 has it so, the slip of the pen included.
    see = "See" if most is None else "Run" if most == least else "SRun"
    tail = f"Usage:  docker {verb} {synopsis}\n\n{see} 'docker {verb} --help' for more information\n"
    return Completed(1, "", f"docker: 'docker {verb}' {wanted}\n\n{tail}")


def from_daemon(text: str) -> str:
    """What the daemon answers, as the client shows it; a text of several lines is one that it had printed already."""
    return text if text.endswith("\n") else f"Error response from daemon: {text}\n"


def run_failed(node: SimulatedNode, said: str, created: str = "") -> Completed:
    """`docker run` that came to nothing; said: its reason, without a full stop. created: the container it left."""
    made = f"{created}\n" if created else ""
    if is_one_program(node):
        return Completed(1, made, from_daemon(said))
    if is_terse(node):
        return Completed(RUN_FAILED, made, f"docker: {said}\n\nRun 'docker run --help' for more information\n")
    # What goes wrong once there is a container is not blamed on the words.
    hint = "" if created else "See 'docker run --help'.\n"
    return Completed(RUN_FAILED, made, f"docker: {said.removesuffix('.')}.\n{hint}")


def nobody_there(node: SimulatedNode, verb: str, socket: str, operands: list[str]) -> Completed:
    """What a verb says when no daemon answers."""
    said = f"Cannot connect to the Docker daemon at {socket}. Is the docker daemon running?"
    if verb == "run":
        return run_failed(node, said) if not is_one_program(node) else Completed(1, "", f"{said}\n")
    if verb == "info" and not is_one_program(node):
        if is_terse(node):
            head = f"Client:\n Version:    {version_text(node)}\n Context:    default\n Debug Mode: false\n\nServer:\n"
            return Completed(1, head, f"{said}\n")
        head = "Client:\n Context:    default\n Debug Mode: false\n\nServer:\n"
        return Completed(1, f"{head}ERROR: {said}\n", "errors pretty printing info\n")
    more = f"Error: failed to start containers: {' '.join(operands)}\n" if verb == "start" else ""
    return Completed(1, "", f"{said}\n{more}")


def no_such(node: SimulatedNode, verb: str, kind: str, wanted: str) -> Completed:
    """What a verb says of a container, or of an image (kind), that is not there."""
    if is_one_program(node):
        return Completed(1, "", f"Error response from daemon: no such id: {wanted}\n")
    whose = "Error" if verb in {"rm", "rmi", "logs"} and not is_terse(node) else "Error response from daemon"
    more = f"Error: failed to start containers: {wanted}\n" if verb == "start" else ""
    return Completed(1, "", f"{whose}: No such {kind}: {wanted}\n{more}")
