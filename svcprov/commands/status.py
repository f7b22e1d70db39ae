"""`status` and `print status`: what the resources of a service are."""

from executors.simulated.node import SimulatedNode
from svcprov.invocation import Invocation
from svcprov.log import LogLines
from svcprov.render import status_lines
from svcprov.tree import look

NOT_UP = 2


def status(call: Invocation) -> int:
    """Show the tree; with --check the exit code says whether the service is up."""
    files, node = call.files(), call.node()
    service = files.load(node.state["hostname"])
    call.check(service)
    found = look(service, SimulatedNode(node.state), LogLines(service, call.screen, debug=call.options.debug))
    if call.options.format == "json":
        from json import dumps

        call.screen.out(dumps(found.as_json(), ensure_ascii=False))
    else:
        for line in status_lines(found, call.screen):
            call.screen.out(line)
    return NOT_UP if call.options.check and found.avail != "up" else 0
