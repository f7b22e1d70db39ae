"""`status` and `print status`: what the resources of a service are."""

from core.command import Note
from svcprov import unfinished
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
    left = unfinished.look(call, files, service)
    for remark in files.remarks:
        log.note("", Note(remark, "warning"))
    if call.options.format == "json":
        from json import dumps

        going_on = None if left is None else left._asdict()
        call.screen.json(dumps(found.as_json() | {"unfinished": going_on}, ensure_ascii=False))
    else:
        for line in status_lines(found, call.screen):
            call.screen.out(line)
        if left is not None:
            call.screen.out(call.screen.styled(str(left), "yellow"))
    return NOT_UP if call.options.check and found.avail != "up" else 0
