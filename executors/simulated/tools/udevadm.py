"""udevadm of systemd on a simulated node, where udev is always done."""

import re

from core.command import Command, Completed
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, getopt_words, options

PROGRAMS = {"udevadm": "udev"}


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `udevadm --version` and `udevadm settle [--timeout=SECONDS]`."""
    match command.argv[1:]:
        case ("--version",):
            return Completed(0, f"{node.state['tools']['udev']}\n")
        case ("settle", *words):
            return _settle(words)
        case (verb, *_) if not verb.startswith("-"):
            return Completed(1, "", f"Unknown command verb {verb}.\n")
        case _:
            return Completed(1, "", "udevadm: missing or unknown command\n")


def _settle(words: list[str]) -> Completed:
    try:
        found, operands = options(words, values=("--timeout",))
    except Usage as error:
        return Completed(1, "", f"udevadm: {getopt_words(error)}\n")
    if operands:
        return Completed(1, "", "Extraneous argument: '" + operands[0] + "'\n")
    for seconds in found.get("--timeout", ()):
        if not re.fullmatch(r"[0-9]+", seconds):
            return Completed(1, "", f"Failed to parse timeout value '{seconds}': Invalid argument\n")
    return Completed(0)
