"""curl(1) on a simulated node, asking the metadata service of EC2; it reaches nothing else from there."""

from core.command import Command, Completed
from core.state import Question
from core.tools.metadata import ADDRESS, CONNECTION_REFUSED, HTTP_ERROR
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"curl": "curl"}

FAILED_INIT = 2
TOKEN_HEADER, TTL_HEADER = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `-sf [-X PUT] [-H HEADER] URL`; with -s a failure has a return code and no words."""
    try:
        found, operands = options(command.argv[1:], flags=("-sf",), values=("-X", "-H"), least=1, most=1)
        headers = dict(_header(line) for line in found.get("-H", []))
    except Usage as error:
        return Completed(FAILED_INIT, "", f"curl: {error}\ncurl: try 'curl --help' for more information\n")
    cloud = node.state["ec2"]
    if cloud is None and not node.state["complete"]:
        node.ask(Question("cloud", "ec2"))
    address, _, path = operands[0].removeprefix("http://").partition("/")
    if address != ADDRESS or cloud is None or not cloud["metadata"]:
        return Completed(CONNECTION_REFUSED)
    # Made from the instance, as nobody compares it: a token that cost an identifier would renumber all others.
    token = f"AQAE{cloud['instance'].removeprefix('i-')}=="
    match found.get("-X", ["GET"]), path:
        case ["PUT"], "latest/api/token" if cloud["metadata_tokens"] and headers.get(TTL_HEADER, "").isdigit():
            return Completed(0, token)
        case ["GET"], "latest/meta-data/instance-id" if headers.get(TOKEN_HEADER, token) == token:
            return Completed(0, cloud["instance"])
        case ["GET"], "latest/meta-data/placement/availability-zone" if headers.get(TOKEN_HEADER, token) == token:
            return Completed(0, cloud["zone"])
        case _:
            return Completed(HTTP_ERROR)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise Usage(f"option -H: {line!r} is no header")
    return name, value.strip()
