"""The words of docker's command lines, as its option parser reads them: strictly."""

from collections.abc import Iterable, Mapping


class Unknown(Exception):
    """A word that is no option, or an option without its value; the text is docker's."""


class Parsed:
    """The options of a command line, by their long names, and what is left."""

    def __init__(self) -> None:
        self.options: dict[str, list[str]] = {}
        self.operands: list[str] = []

    def has(self, name: str) -> bool:
        """Tell whether a switch is on."""
        return self.last(name, "false") == "true"

    def has_value(self, name: str) -> bool:
        """Tell whether an option was given at all."""
        return name in self.options

    def last(self, name: str, default: str = "") -> str:
        """The value that counts when an option is given more than once."""
        return self.options.get(name, [default])[-1]

    def all(self, name: str) -> list[str]:
        """Every value of an option that may be repeated."""
        return self.options.get(name, [])


def table(declared: str) -> dict[str, str]:
    """Read `-q --quiet; --no-trunc`: names of one option between semicolons; it is known by its last one."""
    return {name: names[-1] for names in (option.split() for option in declared.split(";")) for name in names}


def parse(
    words: Iterable[str], switches: Mapping[str, str], values: Mapping[str, str], *, mixed: bool = True
) -> Parsed:
    """Split words into options and operands. mixed: options may follow operands (those of `docker run` may not).

    Raises Unknown, as docker words it.
    """
    parsed, rest = Parsed(), list(words)
    while rest:
        word = rest.pop(0)
        if word == "--" or (not _is_option(word) and not mixed):
            parsed.operands += rest if word == "--" else [word, *rest]
            break
        if not _is_option(word):
            parsed.operands.append(word)
        elif word.startswith("--"):
            _long(word, rest, switches, values, parsed)
        else:
            _short(word, rest, switches, values, parsed)
    return parsed


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word) > 1


def _long(word: str, rest: list[str], switches: Mapping[str, str], values: Mapping[str, str], parsed: Parsed) -> None:
    name, equals, value = word.partition("=")
    if name in switches:
        parsed.options.setdefault(switches[name], []).append(value if equals else "true")
    elif name in values:
        if not equals and not rest:
            raise Unknown(f"flag needs an argument: {name}")
        parsed.options.setdefault(values[name], []).append(value if equals else rest.pop(0))
    else:
        raise Unknown(f"unknown flag: {name}")


def _short(word: str, rest: list[str], switches: Mapping[str, str], values: Mapping[str, str], parsed: Parsed) -> None:
    """`-itd`, `-p80:80`, `-p 80:80`, `-r=false`: letters in one word are options until one takes a value."""
    letters = word[1:]
    while letters:
        name, letters = f"-{letters[0]}", letters[1:]
        if name in values:
            if not letters and not rest:
                raise Unknown(f"flag needs an argument: '{name[1]}' in {word}")
            parsed.options.setdefault(values[name], []).append(letters.removeprefix("=") if letters else rest.pop(0))
            return
        if name not in switches:
            raise Unknown(f"unknown shorthand flag: '{name[1]}' in {word}")
        value = "true"
        if letters.startswith("="):
            value, letters = letters[1:], ""
        parsed.options.setdefault(switches[name], []).append(value)
