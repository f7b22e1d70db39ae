"""aws(1) on this machine: its EC2 commands are answered in this process by botocore, which the CLI is made of, too.

The words, what is printed and the return codes are those of the CLI's second version. What cannot be read here is the
program's, where it is installed: another service, another output, a customisation of the CLI. The program is also who
answers when it is named by its path.
"""

import json
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

from core.command import Command, Completed
from executors.real.tools import metadata

if TYPE_CHECKING:
    from executors.real.ec2.arguments import Request
    from executors.real.machine import Machine

PROGRAM = "aws"
FAILED, CONFIGURATION, USAGE, REFUSED = 255, 253, 252, 254
"""How the CLI ends: something went wrong, no region or credentials, words it does not take, EC2 said no."""

LEFT_OPEN = "It is not known whether EC2 has done this: the next run asks before it goes on."


class Line(NamedTuple):
    """A command line: the options that hold for every service, and the words behind `ec2`."""

    profile: str
    region: str
    endpoint: str
    words: list[str]


def run(machine: "Machine", command: Command) -> Completed | None:
    """Answer a command line of `aws`; None leaves it to the program."""
    if command.argv[0] != PROGRAM:
        return None
    try:
        import botocore
    except ModuleNotFoundError:
        machine.remark("aws: answered by the program: botocore is not installed")
        return None
    if command.argv[1:] == ("--version",):
        machine.remark("aws: answered by botocore")
        return Completed(0, f"svcprov botocore/{botocore.__version__}\n")
    from executors.real.ec2.arguments import Unread

    try:
        return _ask(machine, command, line(command.argv[1:]))
    except Unread as error:
        if shutil.which(PROGRAM, path=machine.environment.get("PATH")):
            machine.remark(f"aws: answered by the program: {error}")
            return machine.program(_with_endpoint(command, machine.environment.get("AWS_ENDPOINT_URL", "")))
        machine.remark(f"aws: answered by botocore: {error}")
        return Completed(USAGE, "", f"\naws: error: {error}, and the program aws is not installed\n")


def _with_endpoint(command: Command, url: str) -> Command:
    """Name the endpoint to the program: versions before 2.13 do not read the variable, and would ask the real cloud."""
    if not url or any(word.startswith("--endpoint-url") for word in command.argv):
        return command
    return command._replace(argv=(PROGRAM, "--endpoint-url", url, *command.argv[1:]))


def line(words: tuple[str, ...]) -> Line:
    """Take the options that hold for every service out of a command line. Raises Unread, for other services, too."""
    from executors.real.ec2.arguments import Unread

    found = {"--output": "", "--profile": "", "--region": "", "--endpoint-url": ""}
    left, rest = list(words), []
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        if name not in found:
            rest.append(word)
        elif equals or left:
            found[name] = value if equals else left.pop(0)
        else:
            raise Unread(f"{name} needs a value")
    if found["--output"] != "json":
        raise Unread("only --output=json is spoken here")
    if rest[:1] != ["ec2"] or len(rest) == 1:
        raise Unread(f"{' '.join(rest[:2])!r} is no command of ec2")
    return Line(found["--profile"], found["--region"], found["--endpoint-url"], rest[1:])


def _ask(machine: "Machine", command: Command, asked: Line) -> Completed:
    """Send what a command line asks for; return what the CLI would print. Raises Unread."""
    from executors.real.ec2 import arguments, cloud

    account = cloud.account(asked.profile, asked.region, asked.endpoint)
    try:
        session = cloud.session(account)
        models = session.get_service_model(cloud.SERVICE), session.get_waiter_model(cloud.SERVICE)
        request = arguments.request(*models, asked.words)
        machine.remark(f"aws: answered by botocore: {request.waiter or request.operation}")
        # A question has the machine's limit for all of its attempts together.
        client = cloud.client(account, machine.read_seconds_max / cloud.ATTEMPTS_MAX, metadata.region)
        answer = _sent(client, request)
    except arguments.Unread:
        raise
    except Exception as error:  # noqa: BLE001 - as in the CLI: what goes wrong on the way is an answer, not a traceback
        return _failed(error, changing=command.kind == "changes")
    return Completed(0, printed(answer))


def _sent(client: Any, request: "Request") -> dict[str, Any]:
    """Send a request; return its answer, all pages of it."""
    from botocore import xform_name

    if request.waiter:
        client.get_waiter(xform_name(request.waiter)).wait(**request.parameters)
        return {}
    method = xform_name(request.operation)
    if client.can_paginate(method):
        whole: dict[str, Any] = client.get_paginator(method).paginate(**request.parameters).build_full_result()
        return whole
    answer: dict[str, Any] = getattr(client, method)(**request.parameters)
    return answer


def printed(answer: dict[str, Any]) -> str:
    """Write an answer as the CLI prints it: nothing for one that holds nothing, times in ISO 8601."""
    shown = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    return (
        json.dumps(shown, indent=4, default=lambda time: time.isoformat(), ensure_ascii=False) + "\n" if shown else ""
    )


def _failed(error: Exception, *, changing: bool) -> Completed:
    """What the CLI says of an error. changing: something may have changed, unless EC2 has answered."""
    from botocore import exceptions

    match error:
        case exceptions.ClientError():
            code, text = REFUSED, str(error)
        case exceptions.ParamValidationError():
            code, text = USAGE, str(error)
        case exceptions.NoRegionError():
            code, text = CONFIGURATION, f'{error} You can also configure your region by running "aws configure".'
        case exceptions.NoCredentialsError():
            code, text = CONFIGURATION, f'{error}. You can configure credentials by running "aws configure".'
        case _:
            code, text = FAILED, str(error) or type(error).__name__
    unanswered = (exceptions.ReadTimeoutError, exceptions.ConnectionClosedError)
    ending = f"{LEFT_OPEN}\n" if changing and isinstance(error, unanswered) else ""
    return Completed(code, "", f"\n{text}\n{ending}")
