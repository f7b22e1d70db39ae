"""Words of a plan as a POSIX shell takes them: what is learnt later, and what is secret, is a variable there."""

import re
from collections.abc import Iterable, Mapping
from shlex import quote

from core.holes import HOLE, fill_text
from svcprov.secrets import mask

SECRET = "secret:"  # noqa: S105 - no secret, but how one is called
"""How the name of a hole begins that stands for a secret of the service file."""
_IN_DOUBLE_QUOTES = re.compile(r'([\\"$`])')
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_]")


class Words:
    """Writes words. secrets: values that no script may hold, by the names of their keys (`env.password`)."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._variables: dict[str, str] = {}
        self.demanded: set[str] = set()
        """The secrets that the words so far need."""

    def variable(self, name: str) -> str:
        """The shell variable for a hole. One that is called by a number is an argument of a function."""
        if name.isdecimal():
            return name
        if name.startswith(SECRET):
            return environment_variable(name.removeprefix(SECRET))
        if name not in self._variables:
            wanted = free = _NOT_IN_A_NAME.sub("_", name)
            number = 2
            while free in self._variables.values():
                free, number = f"{wanted}_{number}", number + 1
            self._variables[name] = free
        return self._variables[name]

    def is_known(self, name: str) -> bool:
        """Tell whether a hole has got its variable."""
        return name in self._variables

    def word(self, text: str) -> str:
        """One word, quoted as far as it has to be."""
        parts = HOLE.split(mask(text, self._secrets))
        if len(parts) == 1:
            return _quoted(parts[0])
        written = ""
        for position in range(0, len(parts), 2):
            if position:
                name = parts[position - 1]
                self._demand(name)
                variable = self.variable(name)
                # What may belong to the name of the variable keeps it in braces.
                followed = re.match(r"[A-Za-z0-9_]", parts[position]) is not None
                written += (
                    f"${{{variable}}}" if followed or (len(variable) > 1 and variable.isdecimal()) else f"${variable}"
                )
            written += _IN_DOUBLE_QUOTES.sub(r"\\\1", parts[position])
        return f'"{written}"'

    def line(self, words: Iterable[str]) -> str:
        """A command line."""
        return " ".join(map(self.word, words))

    def _demand(self, name: str) -> None:
        if name.startswith(SECRET):
            self.demanded.add(name.removeprefix(SECRET))

    def hidden(self, text: str) -> str:
        """A text for people: without secrets, and on one line, so that nothing in it can end a comment."""
        masked: str = mask(text, self._secrets)
        return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in masked)


def environment_variable(secret: str) -> str:
    """The variable that a script takes a secret from: `SVCPROV_ENV_PASSWORD` for `env.password`."""
    return f"SVCPROV_{_NOT_IN_A_NAME.sub('_', secret).upper()}"


def argument(number: int) -> str:
    """What stands for an argument of a shell function in a question that is asked inside it."""
    return f"«{number}»"


def referring(text: str, names: Iterable[str]) -> str:
    """A text in which secrets are written as a service file refers to them: `{env.password}`."""
    return fill_text(text, {f"{SECRET}{name}": f"{{{name}}}" for name in names})


def _quoted(text: str) -> str:
    # In single quotes nothing is replaced, which is what is meant; but a reader, and shellcheck, may think otherwise.
    return f'"{_IN_DOUBLE_QUOTES.sub(chr(92) * 2 + chr(92) + "1", text)}"' if re.search(r"[$`]", text) else quote(text)
