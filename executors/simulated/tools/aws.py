"""aws(1) on a simulated node: the option tables of the few operations that are spoken, in the dialect of its version.

Return codes: CLI 1 ends with 255 when EC2 refuses and with 2 (or 255) for words it does not know; CLI 2 with 254, 252,
and 253 when it finds no credentials.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from core.command import Command, Completed
from executors.simulated.ec2 import addresses, instances, volumes
from executors.simulated.ec2.request import Ec2Error, Request, WaiterFailed
from executors.simulated.node import SimulatedNode

PROGRAMS = {"aws": ("awscli", "botocore"), "/usr/bin/aws": "awscli"}
"""A machine with botocore answers `aws` by it, in process; a program named by its path is the CLI."""

AS_BOTOCORE = (2, 9, 19)
"""The version of the CLI whose words and return codes an answer by botocore has."""

TAGS_SINCE = (1, 12)
TOKENS_SINCE = (1, 22)
ASSIGNED_SINCE = (1, 17)
"""Since when assign-private-ip-addresses says what it assigned."""

USAGE = """usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help
"""


class Misused(Exception):
    """The words are not understood; unknown options end CLI 1 with another code than other mistakes."""

    def __init__(self, text: str, code: int = 2) -> None:
        super().__init__(text)
        self.code = code


class Operation(NamedTuple):
    """One operation: its name in the API, what answers it, and its options with their kinds."""

    name: str
    answer: Callable[[Request], Any]
    options: dict[str, str]
    required: tuple[str, ...] = ()


OPERATIONS = {
    "describe-instances": Operation(
        "DescribeInstances", instances.describe, {"--instance-ids": "list", "--filters": "filters"}
    ),
    "describe-volumes": Operation(
        "DescribeVolumes", volumes.describe, {"--volume-ids": "list", "--filters": "filters"}
    ),
    "create-volume": Operation(
        "CreateVolume",
        volumes.create,
        {
            "--size": "integer",
            "--iops": "integer",
            "--availability-zone": "text",
            "--snapshot-id": "text",
            "--volume-type": "text",
            "--encrypted": "flag",
            "--no-encrypted": "flag",
            "--client-token": "text",
            "--tag-specifications": "tags",
        },
        ("--availability-zone",),
    ),
    "attach-volume": Operation(
        "AttachVolume",
        volumes.attach,
        {"--instance-id": "text", "--volume-id": "text", "--device": "text"},
        ("--instance-id", "--volume-id", "--device"),
    ),
    "detach-volume": Operation(
        "DetachVolume",
        volumes.detach,
        {"--instance-id": "text", "--volume-id": "text", "--device": "text"},
        ("--volume-id",),
    ),
    "delete-volume": Operation("DeleteVolume", volumes.delete, {"--volume-id": "text"}, ("--volume-id",)),
    "assign-private-ip-addresses": Operation(
        "AssignPrivateIpAddresses",
        addresses.assign,
        {
            "--network-interface-id": "text",
            "--private-ip-addresses": "list",
            "--secondary-private-ip-address-count": "integer",
        },
        ("--network-interface-id",),
    ),
    "unassign-private-ip-addresses": Operation(
        "UnassignPrivateIpAddresses",
        addresses.unassign,
        {"--network-interface-id": "text", "--private-ip-addresses": "list"},
        ("--network-interface-id", "--private-ip-addresses"),
    ),
    "describe-addresses": Operation(
        "DescribeAddresses",
        addresses.describe,
        {"--public-ips": "list", "--allocation-ids": "list", "--filters": "filters"},
    ),
    "allocate-address": Operation(
        "AllocateAddress", addresses.allocate, {"--domain": "text", "--tag-specifications": "tags"}
    ),
    "associate-address": Operation(
        "AssociateAddress",
        addresses.associate,
        {
            "--allocation-id": "text",
            "--instance-id": "text",
            "--private-ip-address": "text",
            "--no-allow-reassociation": "flag",
        },
    ),
    "disassociate-address": Operation("DisassociateAddress", addresses.disassociate, {"--association-id": "text"}),
    "release-address": Operation("ReleaseAddress", addresses.release, {"--allocation-id": "text"}),
}
WAITERS = {
    "volume-available": Operation(
        "VolumeAvailable", volumes.wait_available, {"--volume-ids": "list", "--filters": "filters"}
    )
}

# argparse takes any beginning of an option that only one option has; of these the old agent's words make use.
ABBREVIATED = {
    ("assign-private-ip-addresses", "--private-ip-address"): "--private-ip-addresses",
    ("unassign-private-ip-addresses", "--private-ip-address"): "--private-ip-addresses",
}


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `--version` and the EC2 operations above; refuse everything else as the CLI refuses it."""
    release = _release(node, command.argv[0])
    new = release[:1] >= (2,)
    if command.argv[1:] == ("--version",):
        return _version(node, command.argv[0])
    try:
        operation, given = _parse(release, command.argv)
    except Misused as error:
        return Completed(252 if new else error.code, "", f"{USAGE}{error}\n")
    cloud = node.state["ec2"]
    if cloud is None or not cloud["credentials"]:
        text = 'Unable to locate credentials. You can configure credentials by running "aws configure".'
        return Completed(253 if new else 255, "", f"{text}\n")
    volumes.catch_up(node)
    try:
        answer = operation.answer(Request(node, command, given))
    except Ec2Error as error:
        text = f"An error occurred ({error.code}) when calling the {operation.name} operation: {error.text}"
        if release < TAGS_SINCE:
            text = f"A client error occurred ({error.code}) when calling the {operation.name} operation: {error.text}"
        return Completed(254 if new else 255, "", f"\n{text}\n")
    except WaiterFailed as error:
        return Completed(255, "", f"\nWaiter {operation.name} failed: {error}\n")
    return Completed(0, _printed(release, operation, answer))


def _by_botocore(node: SimulatedNode, program: str) -> bool:
    return program == "aws" and "botocore" in node.state["tools"]


def _release(node: SimulatedNode, program: str) -> tuple[int, ...]:
    """The version of the CLI that a program speaks as."""
    return AS_BOTOCORE if _by_botocore(node, program) else node.version("awscli")


def _version(node: SimulatedNode, program: str) -> Completed:
    if _by_botocore(node, program):
        return Completed(0, f"svcprov botocore/{node.state['tools']['botocore']}\n")
    text = node.state["tools"]["awscli"]
    if node.version("awscli") < TAGS_SINCE:
        return Completed(0, "", f"aws-cli/{text} Python/2.7.6 Linux/3.13.0-48-generic\n")
    return Completed(0, f"aws-cli/{text} Python/3.11.2 Linux/6.1.0-13-cloud-amd64\n")


def _printed(release: tuple[int, ...], operation: Operation, answer: Any) -> str:
    if operation.name in WAITERS or operation.name == "VolumeAvailable":
        return ""
    if answer is None or (operation.name == "AssignPrivateIpAddresses" and release < ASSIGNED_SINCE):
        return "{}\n" if release < ASSIGNED_SINCE else ""
    return json.dumps(answer, ensure_ascii=False) + "\n"


def _parse(release: tuple[int, ...], argv: tuple[str, ...]) -> tuple[Operation, dict[str, Any]]:
    """Find the operation and its parameters. Raises Misused."""
    words = _after_globals(list(argv[1:]))
    if words[:1] != ["ec2"] or len(words) == 1:
        raise Misused(f"aws: error: argument command: Invalid choice: {' '.join(words[:1])!r}")
    verb, rest = words[1], words[2:]
    table = OPERATIONS
    if verb == "wait":
        table, verb, rest = WAITERS, " ".join(rest[:1]), rest[1:]
    if verb not in table:
        raise Misused(f"aws: error: argument operation: Invalid choice: {verb!r}")
    operation = table[verb]
    known = {name: kind for name, kind in operation.options.items() if _understood(release, name)}
    given = _options(verb, known, rest)
    missing = [name for name in operation.required if name not in given]
    if missing:
        raise Misused(f"aws: error: the following arguments are required: {', '.join(missing)}")
    return operation, given


def _understood(release: tuple[int, ...], option: str) -> bool:
    since = {"--client-token": TOKENS_SINCE, "--tag-specifications": TAGS_SINCE}.get(option, (0,))
    return release >= since


def _after_globals(words: list[str]) -> list[str]:
    """Take the options before the service away: JSON output, and any profile or region."""
    while words and words[0].startswith("--"):
        name, equals, value = words.pop(0).partition("=")
        if name not in {"--output", "--profile", "--region"}:
            raise Misused(f"\nUnknown options: {name}", 255)
        if not equals:
            if not words:
                raise Misused(f"aws: error: argument {name}: expected one argument")
            value = words.pop(0)
        if name == "--output" and value != "json":
            raise Misused(f"aws: error: argument --output: Invalid choice: {value!r}; a simulated node speaks json")
    return words


def _options(verb: str, known: dict[str, str], words: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    unknown: list[str] = []
    while words:
        name, equals, value = words.pop(0).partition("=")
        name = ABBREVIATED.get((verb, name), name)
        values = [value] if equals and name.startswith("--") else []
        while words and not words[0].startswith("--"):
            values.append(words.pop(0))
        if name not in known:
            unknown += [name, *values]
        else:
            given[name] = _value(name, known[name], values)
    if unknown:
        raise Misused(f"\nUnknown options: {', '.join(unknown)}", 255)
    return given


def _value(name: str, kind: str, values: list[str]) -> Any:
    """Read the words of one option as its kind. Raises Misused."""
    if kind == "flag":
        if values:
            raise Misused(f"\nUnknown options: {', '.join(values)}", 255)
        return True
    if not values:
        raise Misused(f"aws: error: argument {name}: expected {'at least ' * (kind == 'list')}one argument")
    if kind == "list":
        return values
    if kind == "filters":
        return [_filter(word) for word in values]
    if len(values) > 1:
        raise Misused(f"\nUnknown options: {', '.join(values[1:])}", 255)
    if kind == "tags":
        return _tags(values[0])
    if kind == "integer" and not re.fullmatch(r"[+-]?[0-9]+", values[0]):
        raise Misused(f"invalid literal for int() with base 10: '{values[0]}'", 255)
    return values[0]


def _filter(word: str) -> tuple[str, list[str]]:
    match = re.fullmatch(r"Name=([^,=]+),Values=(.*)", word)
    if match is None:
        raise Misused(f"Error parsing parameter '--filters': Expected: 'Name=NAME,Values=A,B', received: {word!r}", 255)
    return match[1], match[2].split(",")


def _tags(word: str) -> dict[str, dict[str, str]]:
    """Read `ResourceType=volume,Tags=[{Key=K,Value=V},...]`: the tags by the type of what gets them."""
    match = re.fullmatch(r"ResourceType=([a-z-]+),Tags=\[(.*)\]", word)
    pairs = re.findall(r"\{Key=([^,{}]+),Value=([^,{}]*)\}", match[2]) if match else []
    if match is None or ",".join(f"{{Key={key},Value={value}}}" for key, value in pairs) != match[2]:
        raise Misused(f"Error parsing parameter '--tag-specifications': received: {word!r}", 255)
    return {match[1]: dict(pairs)}
