"""`completion`: print what a shell has to read so that TAB completes svcmgr and nodemgr."""

from core.errors import UsageError
from svcprov.completion import SHELLS
from svcprov.completion_scripts import SCRIPTS
from svcprov.invocation import Invocation


def completion(call: Invocation) -> int:
    """Print the script of a shell."""
    (shell,) = call.operands or ("",)
    if shell not in SCRIPTS:
        said = f"{shell!r} is none of these shells" if shell else "which shell?"
        raise UsageError(f"completion: {said}: {', '.join(SHELLS)}")
    call.screen.out(SCRIPTS[shell].rstrip("\n"))
    return 0
