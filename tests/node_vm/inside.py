"""The processes of a guest, as `executors.real.machine.Machine` runs those of this machine."""

from collections.abc import Callable, Mapping
from typing import Any

from core.command import Completed
from executors.real.machine import PATH
from executors.real.processes import Live
from tests.node_vm.connection import Connection

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": PATH, "HOME": "/root"}
PROGRAM_SECONDS_MAX = 900
"""How long anything may take before the test, not the program, is ended."""
MARGIN_SECONDS = 30
"""How much longer than the program may take is waited for its answer."""


class Inside:
    """Sends each process to the agent. connection: the one that is open now."""

    def __init__(self, connection: Callable[[], Connection]) -> None:
        self._connection = connection

    def run(
        self,
        argv: tuple[str, ...],
        given: str | None,
        environment: Mapping[str, str],
        *,
        public: bool,
        seconds_max: float | None,
        live: Live | None,
    ) -> Completed:
        """Run a program to its end; what it says comes at the end."""
        limit = PROGRAM_SECONDS_MAX if seconds_max is None else seconds_max + MARGIN_SECONDS
        done = _completed(
            self._connection().ask(
                {
                    "do": "run",
                    "argv": argv,
                    "stdin": given,
                    "environment": dict(environment),
                    "public": public,
                    "seconds_max": seconds_max,
                },
                limit,
            )
        )
        if live is not None:
            live(done.stdout + done.stderr)
        return done

    def start(self, argv: tuple[str, ...], environment: Mapping[str, str], log: str | None) -> Completed:
        """Start a daemon."""
        request = {"do": "start", "argv": argv, "environment": dict(environment), "log": log}
        return _completed(self._connection().ask(request))


def _completed(answer: dict[str, Any]) -> Completed:
    return Completed(answer["returncode"], answer["stdout"], answer["stderr"])
