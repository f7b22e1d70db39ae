"""`docker ...`: docker's own words, spoken to the daemon of the service."""

from core.command import Command
from core.drivers import docker_daemon
from core.engine import asked
from core.errors import UsageError
from core.tools.docker import TOOL, Client
from svcprov.acting import held
from svcprov.invocation import Invocation


def docker(call: Invocation) -> int:
    """Run docker; its words and its return code are ours."""
    files, node = call.files(), call.node()
    service = files.load(node.hostname)
    call.check(service)
    containers = [each for each in service.resources() if each.group == "container" and each.type == "docker"]
    if not containers:
        raise UsageError(f"{service.name} has no docker container, so it has no docker daemon")
    node.check_writable()
    with held(call, files, node):
        client: Client = asked(docker_daemon.client(containers[0]), node.asking(call.listener(service)))
        return node.converse(Command((*client.words, *call.operands), kind="changes", tool=TOOL), call.screen)
