"""What has happened to a golden's node beforehand: actions of the service, what somebody typed, what broke.

A line of the file `before` is a verb (`provision`), a kill (`killed 3 provision`: right after its third change had
its effect), `reboot`, a disk that is pulled out (`pulled /dev/sdc`) and maybe put back (`returned /dev/sdc`), one
that is put in blank in its place (`replaced /dev/sdc`), or what somebody typed (`$ umount /srv/data`). So a node that
is half made is what a run left, and nothing that was written down by hand.
"""

import shlex
from functools import cache
from importlib import import_module
from typing import Any

from core.block_device import block_device
from core.command import Command
from executors.layers.faults import Crash
from executors.simulated import stacking
from executors.simulated.node import SimulatedNode
from svcprov.verification.disk import Point
from tests.conftest import REPOSITORY
from tests.worlds import World

TOOLS = REPOSITORY / "executors/simulated/tools"


@cache
def tool_of(program: str) -> str:
    """The simulated tool that has a program."""
    names = sorted(path.stem for path in TOOLS.glob("*.py") if path.stem != "__init__")
    return next(name for name in names if program in import_module(f"executors.simulated.tools.{name}").PROGRAMS)


def happen(world: World, lines: list[str]) -> None:
    """Let it happen to a world."""
    pulled: dict[str, dict[str, Any]] = {}
    for line in lines:
        match line.split():
            case ["killed", number, verb]:
                try:
                    world.act(verb, Point(int(number), "after"))
                except Crash:
                    continue
                raise AssertionError(f"{line}: there are fewer changes")
            case ["reboot"]:
                world.reboot()
            case ["pulled", disk]:
                pulled[disk] = _pulled(world, disk)
            case ["returned", disk]:
                stacking.add(SimulatedNode(world.state), disk, pulled.pop(disk))
            case ["replaced", disk]:
                device = world.state["devices"][disk]
                world.state["devices"][disk] = block_device(device["size"], serial=f"{device['serial']}-2")
            case ["$", *_]:
                _typed(world, line[2:])
            case [verb]:
                world.act(verb)
            case _:
                raise AssertionError(line)


def _pulled(world: World, disk: str) -> dict[str, Any]:
    """Pull a disk out, with its partitions; return it as it is then."""
    node = SimulatedNode(world.state)
    stacking.going(node, disk)
    device: dict[str, Any] = node.state["devices"].pop(disk)
    return {**device, "holders": []}


def _typed(world: World, line: str) -> None:
    argv = tuple(shlex.split(line))
    answer = SimulatedNode(world.state).run(Command(argv, tool=tool_of(argv[0])))
    assert answer.returncode == 0, (line, answer)
