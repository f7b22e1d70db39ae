"""`demo`: the first template of the documentation, from a plan to nothing left, on a simulated EC2 node.

It happens in a temporary directory, with files of its own: this machine is neither asked nor touched.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import copyfile
from tempfile import TemporaryDirectory

from svcprov import inventory, shell
from svcprov.invocation import Invocation

SERVICE = "testec2docker4.nsx.lab.net"
TEMPLATE = "testec2docker"
PLACES = ("OSVCETC", "OSVCVAR")
REFUSED = 3


def demo(call: Invocation) -> int:
    """Plan, provision, show, provision again, unprovision; each command line is shown before it runs."""
    with TemporaryDirectory(prefix="svcprov-demo-") as directory, _places(directory):
        node = "ec2.json"
        copyfile(f"{inventory.fixtures()}/nodes/{node}", f"{directory}/{node}")
        here = ("-s", SERVICE, "--node", f"{directory}/{node}")
        made = ("--template", TEMPLATE, "--provision")
        steps = (
            ("What would provisioning run?", (*here, *made, "--dry-run", "create")),
            ("Do it: exactly these commands run.", (*here, *made, "create")),
            ("What is there now?", (*here, "print", "status")),
            ("Do it again: everything is in place.", (*here, "provision")),
            ("Take it back: what is lost has to be named.", (*here, "unprovision")),
        )
        for sentence, words in steps:
            code = _run(call, sentence, words)
            if words[-1] == "unprovision" and code == REFUSED:
                owners = _owners(f"{directory}/var/{SERVICE}/record.json")
                allow = [word for rid in owners for word in ("--allow-destroy", rid)]
                code = _run(call, "Named, they may go.", (*words, *allow))
            if code:
                return code
    return 0


def _run(call: Invocation, sentence: str, words: tuple[str, ...]) -> int:
    from svcprov.svcmgr import main

    call.screen.out("")
    call.screen.out(call.screen.styled(sentence, "cyan"))
    call.screen.out(call.screen.styled(f"$ {shell.line(('svcmgr', *words))}", "bold"))
    return main(words)


def _owners(path: str) -> list[str]:
    """The resources that the record says something was made for."""
    from core.record import Record

    with open(path, encoding="utf-8") as file:
        return list(dict.fromkeys(thing.rid for thing in Record.from_json(file.read(), path).made.values()))


@contextmanager
def _places(directory: str) -> Iterator[None]:
    """Have every file of ours below a directory, for as long as this lasts."""
    before = {name: os.environ.get(name) for name in PLACES}
    try:
        for name in PLACES:
            os.environ[name] = f"{directory}/{name[4:].lower()}"
            os.mkdir(os.environ[name])
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
