"""The whole vocabulary between a driver and the world.

A driver is a generator. It yields *effects* and receives what came of them; it never touches anything. Most effects
are a `Command`: an argv with what it means. A node, real or simulated, is anything with `run(command) -> Completed`.
Whatever changes anything is a `Command`, so that one journal, one contract and one set of faults see everything.

Names in «guillemets» are *holes*: identities that exist only once the command that `makes` them has run.
"""

from collections.abc import Callable, Generator
from typing import Any, Literal, NamedTuple, Protocol

Kind = Literal["reads", "changes", "announces"]


class Thing(NamedTuple):
    """Something a command destroys the content of: `kind` and identity (a uuid, an id, a path of a file or device).

    `blank` says that the driver proved right before that there is no content, so nothing is lost. `at` is where the
    command finds it: the device or file that holds the filesystem, the directory that it is mounted on. `proofs` must
    hold right before: that what the command names is still the thing of this identity, and that nobody uses it.
    """

    kind: str
    identity: str
    blank: bool = False
    at: str = ""
    proofs: "tuple[Check, ...]" = ()


class Check(NamedTuple):
    """A read that tells whether something is so.

    It holds when `ask` ends with 0 and, if `path` is given, what `answers.pick(stdout, path)` finds is not empty and
    contains `text` (if given). `absent` turns the answer round. A return code outside `ask.accepts` is no answer.
    """

    ask: "Command"
    path: str = ""
    text: str = ""
    absent: bool = False
    otherwise: str = ""
    """As a step of an undo, or in `only_if`, the sentence of the refusal when the check does not hold."""
    seconds_max: int = 0
    """As a step of an undo, how long it may take until it holds."""


class Makes(NamedTuple):
    """The thing that exists only after a command, and how its identity is learnt.

    name: unique in the service (`disk#0.volume.0`); `«name»` is the hole that stands for the identity.
    kind: what it is (`volume`, `address`, `filesystem`): the record keeps it, a hole binds only to text of it.
    identity: known beforehand, because we chose it (a uuid of ours, a path), or
    answer: where it is in the command's own answer (a path for `answers.pick`, "." for all of stdout), and/or
    witness, path: a read that lists it; `difference` when the list also held others before the command.
    With none of these the identity is learnt from a later read and binds at its first use.
    kept: part of what the service was given, so the record keeps it until a command `unmakes` it.
    """

    name: str
    kind: str
    identity: str = ""
    answer: str = ""
    witness: "Command | None" = None
    path: str = "."
    difference: bool = False
    kept: bool = True


class Command(NamedTuple):
    """One program to run, and what that means.

    argv: the words, never a shell string. stdin: text for it, or None for no input.
    kind: `reads`, `changes`, or `announces` (no lasting state: gratuitous arp, device scan).
    accepts: the return codes that are answers; any other raises `CommandFailed` in the driver.
    makes, unmakes: the thing that exists only afterwards; the names of recorded things that no longer do.
    check: holds when this change is in place. It settles what was in flight, decides skips and guards the undo.
    undo: what takes the change back, in order, self-contained; a `Check` in it must hold for the rest to run.
    destroys: the things whose content is lost.
    temporary: a bracket (a temporary mount or directory): closed by the engine when its driver could not.
    reaches: it only lets others reach what lies in something (a mount, a loop device); gone after a reboot, it is done
    again before a rollback takes back what lies there.
    again: what reaches the thing that it made after a reboot took it out of reach; done again likewise.
    background: a daemon; done when started. quiet: housekeeping, not in the info log.
    shows: stdout and stderr are for people and go to the log (else they are an answer to the driver).
    public: what it makes is for others to reach, too (a directory above a mount point), not only for its owner.
    only_if: what its driver found right before it. A script, which has no driver, asks once more.
    tool: the module of `core.tools` that built it. rid, verb: stamped by the engine.
    """

    argv: tuple[str, ...]
    stdin: str | None = None
    kind: Kind = "reads"
    accepts: tuple[int, ...] = (0,)
    makes: Makes | None = None
    unmakes: tuple[str, ...] = ()
    check: Check | None = None
    undo: "tuple[Command | Check, ...]" = ()
    destroys: tuple[Thing, ...] = ()
    temporary: bool = False
    reaches: bool = False
    again: "Command | None" = None
    background: bool = False
    quiet: bool = False
    shows: bool = True
    public: bool = False
    only_if: tuple[Check, ...] = ()
    tool: str = ""
    rid: str = ""
    verb: str = ""


class Completed(NamedTuple):
    """What came of a command; `made` is the identity that its `makes` found."""

    returncode: int
    stdout: str = ""
    stderr: str = ""
    made: str = ""


class Wait(NamedTuple):
    """A bounded wait: `ask` is run every `every_seconds` until its answer will do, `seconds_max` at most.

    until: checks of `ask` of which one has to hold; where no check can say it, a function of the answer.
    The answer of the last question is sent back. `note(answer)` is the line for the log of one poll, or None.
    `subject` completes the sentences "waiting for ..." and "timeout waiting for ...".
    in_vain: checks of `ask` that end the wait, too: the driver says what has failed then.
    unless: holds when there is nothing to wait for any more, for a script that is run once more.
    seconds_at_last: how long it may take in all where the driver, told that the time is over, waits once more.
    """

    ask: Command
    until: tuple[Check, ...] | Callable[[Completed], bool]
    every_seconds: int
    seconds_max: int
    subject: str
    note: Callable[[Completed], str | None] = lambda _answer: None
    in_vain: tuple[Check, ...] = ()
    unless: Check | None = None
    seconds_at_last: int = 0


class Fresh(NamedTuple):
    """A value that we make up (kinds: `token`, `uuid`, `tmpdir`): the same after a crash, new in a new action."""

    name: str
    kind: str


class SetKey(NamedTuple):
    """A cascade: `key` (`section.option`) of the service file gets `value`, saved before the next effect.

    `shared` keys are edited by their user too: the record keeps the user's text but does not police the key.
    """

    key: str
    value: str
    shared: bool = False


class UnsetKey(NamedTuple):
    """The option leaves the service file."""

    key: str


class Note(NamedTuple):
    """A line for the log."""

    text: str
    level: Literal["info", "warning", "error"] = "info"


Effect = Command | Wait | Fresh | SetKey | UnsetKey | Note
Steps = Generator[Effect, Any, Any]
"""What a driver's verb is: effects out, answers in (`Completed` for commands and waits, `str` for `Fresh`)."""


class Executor(Protocol):
    """A node, or a layer around one."""

    def run(self, command: Command) -> Completed:
        """Run one command to its end; a failing command is an answer, not an exception."""
        ...
