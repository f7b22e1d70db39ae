"""`create --interactive`: ask for each value of [env], and look at once whether what uses it is right with it.

An option of the file is looked at as soon as every key behind it is answered: `<size=$({env.data}+{env.logs})>` after
the second of them. When it is wrong then, each of those keys is asked again, with the reason. Keys whose values come
from the environment are shown, and not asked: the environment wins whatever the answer is. Nothing is written here, so
whoever leaves leaves everything as it was.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Protocol, TextIO

from core.config.document import Document
from core.errors import ConfigError, Problem, SvcprovError, UsageError
from svcprov import mentions
from svcprov.environment import COMMENT, ENV, Settled, put, secret_keys

if TYPE_CHECKING:
    from core.config.service import Service
    from svcprov.files import ServiceFiles
    from svcprov.invocation import Invocation
    from svcprov.screen import Screen

ECHO_FLAGS = 3
"""Where the attributes of a terminal have the flags that say what it echoes."""
ANSWER_CHARS_MAX = 65536
REASONS_MAX = 10
"""How many of the options that an answer makes wrong are told: the question must stay in sight."""
NOTHING = "''"
"""The answer that means an empty value, since an empty answer takes what is proposed."""


class Aborted(SvcprovError):
    """Whoever was asked left: Ctrl-C, or the end of the input."""

    exit_code = 130


class Respondent(Protocol):
    """Who answers."""

    def answer(self, key: str, question: str, *, secret: bool) -> str:
        """Return the answer, without its line end. Raises Aborted or UsageError when there is none."""
        ...


class AtTerminal:
    """Somebody at the terminal; an answer that is secret is not echoed there."""

    def __init__(self, screen: "Screen") -> None:
        self._screen = screen

    def answer(self, key: str, question: str, *, secret: bool) -> str:
        """Ask, and wait for a line."""
        line = ""
        # A terminal that is gone is left by whoever was there.
        with suppress(KeyboardInterrupt, OSError), _unseen() if secret else nullcontext():
            _write(self._screen.masked(question))
            _wait_for(sys.stdin.fileno())
            line = sys.stdin.readline()
        # What Ctrl-D cut short was not meant as an answer.
        if not line.endswith("\n"):
            with suppress(OSError):
                _write("\n")
            raise Aborted("left before the end: nothing was written; the same command line asks again")
        return line.removesuffix("\n")


class InFile:
    """Lines of a file or of a pipe, one for each question. name: what it is called."""

    def __init__(self, screen: "Screen", lines: TextIO, name: str) -> None:
        self._screen, self._lines, self._name = screen, lines, name

    def answer(self, key: str, question: str, *, secret: bool) -> str:
        """Show the question, and take the next line."""
        self._screen.err(question.rstrip())
        line = self._lines.readline(ANSWER_CHARS_MAX + 1)
        if len(line) > ANSWER_CHARS_MAX:
            said = f"the answer for {ENV}.{key} has more than {ANSWER_CHARS_MAX} characters"
            raise UsageError(f"--answers {self._name}: {said}; is this the right file?")
        if not line:
            raise UsageError(f"--answers {self._name} ends before the answer for {ENV}.{key}; nothing was written")
        return line.rstrip("\r\n")


@contextmanager
def _unseen() -> Iterator[None]:
    """Have the terminal echo the end of a line, and nothing else, while this lasts."""
    import termios

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = before.copy()
    silent[ECHO_FLAGS] = silent[ECHO_FLAGS] & ~termios.ECHO | termios.ECHONL
    termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _wait_for(descriptor: int) -> None:
    """Wait until there is something to read, or a signal.

    Python sees a signal between two of its instructions: one that came just before a read would wait for that to end,
    and Ctrl-C for the line that nobody types any more.
    """
    import signal
    from select import select

    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    before = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    try:
        select([descriptor, woken], [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(woken)
        os.close(waker)


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


@contextmanager
def respondent(call: "Invocation") -> Iterator[Respondent]:
    """Give who answers the questions of a command line. Raises UsageError when there is nobody."""
    answers = call.options.answers
    if answers is not None and not call.options.interactive:
        raise UsageError("--answers is for --interactive")
    reconfigure = getattr(sys.stdin, "reconfigure", None)
    if reconfigure is not None:
        # What is no text is found out about the answer, and asked again.
        reconfigure(errors="surrogateescape")
    if answers is None or (answers == "-" and call.screen.can_ask()):
        if not call.screen.can_ask():
            raise UsageError(
                "--interactive asks on a terminal, and there is none; give --env KEY=VALUE or --env-file FILE, "
                "or the answers, one a line, with --answers FILE (-: standard input)"
            )
        yield AtTerminal(call.screen)
    elif answers == "-":
        if "-" in {call.options.config, call.options.template}:
            raise UsageError("--answers -: standard input is the service file already; give the answers in a file")
        yield InFile(call.screen, sys.stdin, answers)
    else:
        with _opened(answers) as lines:
            yield InFile(call.screen, lines, answers)


def _opened(path: str) -> TextIO:
    try:
        return open(path, encoding="utf-8", errors="surrogateescape")
    except (OSError, ValueError) as error:
        raise UsageError(f"--answers {path}: {getattr(error, 'strerror', error)}") from None


def interview(
    call: "Invocation", files: "ServiceFiles", document: Document, settled: Sequence[Settled], who: Respondent
) -> list[Settled]:
    """Ask for the keys of [env], and put the answers into the document; return the keys as they are then.

    settled: the keys as they are without an answer. Raises Aborted, UsageError, and ConfigError for what is wrong with
    the document whatever the answers are.
    """
    talk = _Talk(call, files, document, who)
    source = talk.service().source
    # A value for another node only stays as it is: what it is good for cannot be looked at here.
    here = [each for each in settled if source(f"{ENV}.{each.key}") == f"{ENV}.{each.option}"]
    asked = [each for each in here if not each.variable]
    talk.begin(asked, [each for each in here if each.variable])
    waiting = asked
    while waiting:
        current, *waiting = waiting
        talk.ask(current)
        again = talk.wrong({each.key for each in asked} - {each.key for each in waiting}, current)
        waiting = [each for each in asked if each.key in again or each in waiting]
    return [_answered(each, document.get(ENV, each.option) or "") for each in settled]


def _answered(before: Settled, value: str) -> Settled:
    if value == before.value:
        return before
    return Settled(before.option, value, "answer", (before.source, *before.lost))


class _Talk:
    """What is asked and said about one document."""

    def __init__(self, call: "Invocation", files: "ServiceFiles", document: Document, who: Respondent) -> None:
        self._call, self._files, self._document, self._who = call, files, document, who
        self._keys: frozenset[str] = frozenset()
        self._secrets = secret_keys(self.service())
        self._before = ""

    def service(self) -> "Service":
        """The service of the document as it is now. What follows from a key, a driver perhaps, is found out anew."""
        return self._files.serve(self._document, self._call.nodename())

    def begin(self, asked: Sequence[Settled], decided: Sequence[Settled]) -> None:
        """Say what comes. Raises ConfigError for what is wrong and no answer can mend."""
        self._keys = frozenset(each.key for each in asked)
        behind = self._behind()
        if hopeless := [problem for problem in self.service().problems() if not behind(problem)]:
            raise ConfigError(*hopeless)
        err, path = self._call.screen.err, self._document.path
        for each in decided:
            value = "secret" if each.key in self._secrets else repr(each.value)
            err(f"{each.option} is {value}: from the environment variable {each.variable}, so it is not asked")
        if asked:
            from svcprov.render import count

            how = f"Enter takes what is in brackets, {NOTHING} is no value, Ctrl-C leaves."
            err(f"{path} asks for {count(len(asked), 'value')}. {how}")
        else:
            err(f"{path} has nothing to ask: [env] declares no key that is not decided already")

    def ask(self, asked: Settled) -> None:
        """Ask for one key until the answer is one that a file can hold, and put it into the document."""
        screen, secret = self._call.screen, asked.key in self._secrets
        comment = self._comment(asked.key)
        screen.err(f"\n{comment}" if comment else "")
        name = screen.styled(asked.option, "bold", error=True)
        self._before = self._document.get(ENV, asked.option) or ""
        proposed = " ".join(self._before.split())
        hint = " (secret, not shown)" if secret else ""
        if secret and proposed:
            proposed = "as it is"
        while said := self._who.answer(asked.key, f"{name}{hint} [{proposed}]: ", secret=secret).strip():
            value = "" if said == NOTHING else said
            if secret:
                screen.hide({f"{ENV}.{asked.key}": value})
            try:
                put(self.service(), asked.option, value, "this answer")
            except UsageError as error:
                screen.err(screen.styled(str(error), "red", error=True))
            else:
                return

    def _comment(self, key: str) -> str:
        """What the file says of a key, evaluated where that is possible."""
        service, name = self.service(), f"{ENV}.{key}{COMMENT}"
        with suppress(ConfigError):
            return service.value(name) or ""
        return service.text(name) or ""

    def wrong(self, answered: set[str], current: Settled) -> frozenset[str]:
        """Say what is wrong now that these keys are answered; return those that have to be asked again."""
        behind, screen = self._behind(), self._call.screen
        found = [problem for problem in self.service().problems() if behind(problem) <= answered]
        for problem in found[:REASONS_MAX]:
            screen.err(screen.styled(str(problem), "red", error=True))
        if len(found) > REASONS_MAX:
            screen.err(f"... and {len(found) - REASONS_MAX} more options that this makes wrong")
        again = frozenset({current.key} if found else ()).union(*map(behind, found))
        if again == {current.key}:
            # What is proposed next is what was there before the wrong answer.
            put(self.service(), current.option, self._before, "the value before")
        return again

    def _behind(self) -> Callable[[Problem], frozenset[str]]:
        """Return what tells which of the keys a problem depends on; an answer may refer to other keys."""
        found = mentions.keys_behind(self._document, self._keys)

        def behind(problem: Problem) -> frozenset[str]:
            keys = found.get((problem.section, problem.key.partition("@")[0]))
            if keys is not None:
                return keys
            # What is missing in a section, or wrong with the section, is so because of any of its options.
            return frozenset().union(*(keys for (section, _), keys in found.items() if section == problem.section))

        return behind
