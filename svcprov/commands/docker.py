"""`docker ...`: docker's own words, spoken to the daemon of the service."""

from core.command import Command, Completed, Executor
from core.config.resource import Resource
from core.drivers import docker_daemon
from core.errors import UsageError
from core.tools.docker import TOOL, Client
from executors.simulated.node import SimulatedNode
from svcprov.acting import held
from svcprov.invocation import Invocation
from svcprov.node_file import SavedNode


def docker(call: Invocation) -> int:
    """Run docker; its words and its return code are ours."""
    files, node = call.files(), call.node()
    call.check(files.load(node.state["hostname"]))
    node.check_writable()
    with held(call, files, node):
        service = files.load(node.state["hostname"])
        call.check(service)
        containers = [each for each in service.resources() if each.group == "container" and each.type == "docker"]
        if not containers:
            raise UsageError(f"{service.name} has no docker container, so it has no docker daemon")
        saved = SavedNode(SimulatedNode(node.state), node.save)
        client = _client(containers[0], saved)
        answer = saved.run(Command((*client.words, *call.operands), kind="changes", tool=TOOL))
        saved.flush()
    if answer.stdout:
        call.screen.out(answer.stdout.removesuffix("\n"))
    if answer.stderr:
        call.screen.err(answer.stderr.removesuffix("\n"))
    return answer.returncode


def _client(container: Resource, node: Executor) -> Client:
    """What the driver would speak to. It only asks for a version, so no engine is needed."""
    steps = docker_daemon.client(container)
    answer: Completed | None = None
    while True:
        try:
            question = steps.send(answer)
        except StopIteration as end:
            client: Client = end.value
            return client
        if not isinstance(question, Command):
            raise AssertionError(f"{question!r} is not a question")  # noqa: TRY004 - a mistake of ours
        answer = node.run(question._replace(rid=container.rid, verb="docker"))
