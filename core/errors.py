"""Errors, by who must act: you (the configuration), the world (a command), or the one who has to decide."""

from typing import NamedTuple

PROBLEMS_SHOWN_MAX = 100
"""How many problems an error tells: more would fill screens, and the first ones are where to begin."""
SAID_CHARACTERS_MAX = 2000
"""How much of a failing tool's words its error repeats."""


class Remedy(NamedTuple):
    """A command line that helps, and what for: `to use it`, `svcmgr -s web provision --adopt fs#0`.

    whole: it says itself where it acts; another one acts where the one that failed did.
    """

    purpose: str
    line: str
    whole: bool = False

    def __str__(self) -> str:
        """Both in one line."""
        return f"{self.purpose}: {self.line}"


class SvcprovError(Exception):
    """What a user may meet. `exit_code` is what the process ends with (the contract of the command line)."""

    exit_code = 1
    rid = ""
    """The resource whose driver met it, when one did."""
    remedies: tuple[Remedy, ...] = ()
    """Command lines that are shown below its text, each to be pasted as it is."""


class Problem(NamedTuple):
    """One thing wrong with a service file: where it is, what it is, and the likely fix.

    `path` is the file as the user named it, `line` and `column` count from 1 (0: not in the text).
    """

    path: str
    line: int
    section: str
    key: str
    text: str
    fix: str = ""
    column: int = 0

    def __str__(self) -> str:
        """`FILE:LINE: section.key: text; fix`, as compilers write it; a guess at what was meant is in parentheses."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        subject = ".".join(part for part in (self.section, self.key) if part)
        if self.text.startswith(f"{subject} -> "):
            subject = ""  # a path of references begins with it
        fix = f" ({self.fix})" if self.fix.startswith("did you mean") else f"; {self.fix}" if self.fix else ""
        return ": ".join(part for part in (place, subject, self.text) if part) + fix


class ConfigError(SvcprovError):
    """The service file or the command line is wrong. Raised before any effect, with every problem found at once."""

    exit_code = 6

    def __init__(self, *problems: Problem) -> None:
        shown = [str(problem) for problem in problems[:PROBLEMS_SHOWN_MAX]]
        if len(problems) > len(shown):
            shown.append(f"... and {len(problems) - len(shown)} problems more")
        super().__init__("\n".join(shown))
        self.problems = problems


class UsageError(SvcprovError):
    """The command line asks for something that makes no sense."""

    exit_code = 6


class CommandFailed(SvcprovError):
    """The world said no: a command ended with a return code that is not an answer."""

    def __init__(self, argv: tuple[str, ...], returncode: int, stdout: str = "", stderr: str = "") -> None:
        said = _end(stderr.strip() or stdout.strip())
        super().__init__(f"{' '.join(argv)}: return code {returncode}" + (f": {said}" if said else ""))
        self.argv, self.returncode, self.stdout, self.stderr = argv, returncode, stdout, stderr


def beginning(text: str, characters_max: int) -> str:
    """The beginning of a text that is quoted; all of it, unless that is too much."""
    return text if len(text) <= characters_max else f"{text[:characters_max]}..."


def _end(said: str) -> str:
    """The end of what a tool said, which is where it says why; all of it, unless that is too much for a message."""
    left_out = len(said) - SAID_CHARACTERS_MAX
    return f"({left_out} characters left out) ...{said[-SAID_CHARACTERS_MAX:]}" if left_out > 0 else said


class Failed(SvcprovError):
    """A driver met a world in which its resource cannot be brought up: the sentence says what it met."""


class WaitedTooLong(Failed):
    """What a bounded wait waited for did not come."""


class Refused(SvcprovError):
    """Going on would destroy data, or take what is not ours; with what the operator may do, and what to type."""

    exit_code = 3

    def __init__(self, text: str, *remedies: str | Remedy) -> None:
        self.text = "; ".join((text, *(each for each in remedies if isinstance(each, str) and each)))
        self.remedies = tuple(each for each in remedies if isinstance(each, Remedy))
        super().__init__("; ".join((self.text, *map(str, self.remedies))))


class NodeChanged(SvcprovError):
    """The node is not as the plan saw it: a command that the plan does not have was about to run."""

    exit_code = 4

    def __init__(
        self, expected: str, actual: str, reasons: tuple[str, ...] = (), remedies: tuple[Remedy, ...] = ()
    ) -> None:
        lines = (f"expected: {expected}", f"actual:   {actual}", *(f"changed:  {reason}" for reason in reasons))
        super().__init__("\n  ".join(("the node changed since the plan was made", *lines)))
        self.expected, self.actual, self.remedies = expected, actual, remedies


class ServiceHeld(SvcprovError):
    """Another action holds the service."""

    exit_code = 5


class Ambiguous(SvcprovError):
    """What an interrupted step made cannot be told from what others made meanwhile; the operator decides."""

    def __init__(self, name: str, candidates: tuple[str, ...]) -> None:
        said = f"may be any of {', '.join(candidates)}" if candidates else "is not known to anybody here"
        super().__init__(f"«{name}» {said}; name it with --found {name}=ID, or --forget {name}")
        self.name, self.candidates = name, candidates
