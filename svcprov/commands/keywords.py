"""`print keywords`: the reference of what a service file may say."""

from svcprov.invocation import Invocation
from svcprov.keyword_pages import pages


def print_keywords(call: Invocation) -> int:
    """Print the keywords of a driver such as `disk.md`, or of everything."""
    name = call.operands[0] if call.operands else ""
    write = call.screen.json if call.options.format == "json" else call.screen.out
    for line in pages(name, call.options.format):
        write(line)
    return 0
