"""The steps that take a change back: where they go on after a kill, and which of them the record hears of."""

from core.command import Check, Command


def unmaking(command: Command) -> tuple[Command | Check, ...]:
    """The undo of a command, in which the last step that changes anything for good takes the thing out of the record.

    Killed right after it, another verb than the rollback may be what comes next: it goes by the record.
    """
    steps, makes = command.undo, command.makes
    lasting = [
        position
        for position, step in enumerate(steps)
        if isinstance(step, Command) and step.kind == "changes" and not step.temporary
    ]
    if makes is None or not makes.kept or not lasting:
        return steps
    last = steps[lasting[-1]]
    unmakes = (*last.unmakes, makes.name) if isinstance(last, Command) else ()
    return (*steps[: lasting[-1]], last._replace(unmakes=unmakes), *steps[lasting[-1] + 1 :])  # type: ignore[call-arg]


def restart(steps: tuple[Command | Check, ...], done: int) -> int:
    """Where an interrupted undo goes on: before the bracket that was open, since settling has closed it."""
    start = opened = 0
    for position, step in enumerate(steps[:done]):
        if isinstance(step, Command) and step.temporary:
            opened += 1 if step.undo else -1
        if opened == 0:
            start = position + 1
    return start
