"""`svcmgr`: provision and run one service. What an action needs is imported once it is known which one it is."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from core.errors import SvcprovError
from svcprov.arguments import ACTIONS, Request, help_text, parse
from svcprov.invocation import RESULTS, Invocation, complain
from svcprov.screen import Screen

INTERRUPTED = 130


def run() -> NoReturn:
    """Be the process `svcmgr`: run its command line, and end."""
    # A process of this length ends before its garbage matters. Collecting it would be a tenth of a start, and giving
    # back every object at the end another: what was written is on its way, so nothing is lost by leaving at once.
    gc.disable()
    exit_code = main()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(exit_code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; what went wrong is said on standard error."""
    words = _with_service(sys.argv) if argv is None else list(argv)
    if "--complete" in words[:1]:
        from svcprov.completion import answer

        return answer("svcmgr", words[1:])
    screen = Screen()
    call: Invocation | None = None
    if {"-h", "--help"} & set(words) and "docker" not in words:
        screen.out(help_text())
        return 0
    try:
        request = parse(words)
        screen = Screen(request.options.color)
        call = Invocation(words, request, screen)
        return _run(call, request)
    except SvcprovError as error:
        if call is None:
            complain(screen, "svcmgr", error)
        else:
            call.complain(error)
        return _ended(call, error.exit_code)
    except KeyboardInterrupt:
        screen.err("svcmgr: interrupted; the same command line goes on")
        return _ended(call, INTERRUPTED)
    except BrokenPipeError:
        return 0


def _run(call: Invocation, request: Request) -> int:
    if request.action == "--version":
        from svcprov import __version__

        call.screen.out(f"svcmgr {__version__}")
        return 0
    module, _, name = ACTIONS[request.action].call.partition(":")
    function: Callable[[Invocation], int] = getattr(import_module(f"svcprov.commands.{module}"), name)
    return function(call)


def _ended(call: Invocation | None, exit_code: int) -> int:
    """End JSON Lines as their contract says, also when nothing was run."""
    if call is not None and call.action not in {"status", "print status"} and call.json is not None:
        call.json.summary(call.plan, call.action, RESULTS.get(exit_code, "failed"))
    return exit_code


def _with_service(argv: Sequence[str]) -> list[str]:
    """The words of a command line; called by a service's own link in OSVCETC, that service is meant."""
    program, *words = argv
    name = os.path.basename(program)
    own_link = os.path.islink(program) and os.path.exists(f"{os.path.dirname(program)}/{name}.conf")
    return ["-s", name, *words] if own_link and not {"-s", "--service"} & set(words) else words


if __name__ == "__main__":
    run()
