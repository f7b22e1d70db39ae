"""`status` and `print status`: what the resources of a service are."""

from svcprov.invocation import Invocation
from svcprov.log import LogLines
from svcprov.render import status_lines
from svcprov.tree import look

NOT_UP = 2


def status(call: Invocation) -> int:
    """Show the tree; with --check the exit code says whether the service is up."""
    files, node = call.files(), call.node()
    service = files.load(node.hostname)
    call.check(service)
    log = LogLines(service, call.screen, debug=call.options.debug)
    found = look(service, node.asking(log), log)
    if call.options.format == "json":
        from json import dumps

        call.screen.out(dumps(found.as_json(), ensure_ascii=False))
    else:
        for line in status_lines(found, call.screen):
            call.screen.out(line)
    return NOT_UP if call.options.check and found.avail != "up" else 0
