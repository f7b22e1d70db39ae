"""How the value of an option comes about: the texts that are read for it, and what is replaced in each round."""

from contextlib import suppress

from core.config.names import split_key
from core.config.references import Key, References, Unresolved
from core.config.scopes import Written
from core.config.service import Service

INDENT = "  "


class Explained(References):
    """Evaluates as `References` does, and writes down the steps. An option that is met again is not told again."""

    __slots__ = ("_service", "lines", "told")

    def __init__(self, service: Service, *, written: bool) -> None:
        super().__init__(service.names, Written(service) if written else service)
        self._service = service
        self.told: set[Key] = set()
        """The options that were read."""
        self.lines: list[str] = []

    def begin(self, key: Key, text: str) -> str:
        """Evaluate the option that is asked for. Raises Unresolved; the lines then say how far it came."""
        self.told.add(key)
        self._say(0, f"{self._origin(key)} = {text}")
        return self.value(key, text)

    def _say(self, depth: int, text: str) -> None:
        first, *others = text.split("\n")
        self.lines.append(INDENT * depth + first)
        self.lines += [INDENT * (depth + 2) + other for other in others]

    def _origin(self, key: Key) -> str:
        """The option that the text of another stands in, and where that is."""
        name = ".".join(key)
        held = self._service.source(name)
        if held is None and (held := self._service.source(f"DEFAULT.{key[1]}")) is None:
            return f"{name} (by default)"
        line = self._service.document.line(*split_key(held))
        return f"{held} (line {line})"

    def _replace(self, text: str, path: tuple[Key, ...]) -> str:
        return self._round(text, super()._replace(text, path), path)

    def _calculate(self, text: str, path: tuple[Key, ...]) -> str:
        return self._round(text, super()._calculate(text, path), path)

    def _round(self, before: str, after: str, path: tuple[Key, ...]) -> str:
        if after != before:
            self._say(len(path) - 1, f"= {after}")
        return after

    def _named(self, name: str, path: tuple[Key, ...]) -> str | None:
        value = super()._named(name, path)
        if value is not None:
            self._say(len(path), f"{{{name}}} is {value}")
        return value

    def _referred(self, braces: str, inside: str, path: tuple[Key, ...]) -> str:
        value = super()._referred(braces, inside, path)
        if "#" in inside.rpartition(".")[2] or inside.endswith("]"):
            self._say(len(path), f"{braces} is {value}")
        return value

    def _option(self, braces: str, key: Key, path: tuple[Key, ...]) -> str:
        text = self._service.find(*key)
        if text is None or key in path:
            return super()._option(braces, key, path)
        if key not in self.told:
            self.told.add(key)
            self._say(len(path), f"{self._origin(key)} = {text}")
            return super()._option(braces, key, path)
        value = super()._option(braces, key, path)
        self._say(len(path), f"{'.'.join(key)} is {value}, as above")
        return value


def used(service: Service, section: str, option: str) -> frozenset[Key]:
    """Return the options that are read to evaluate one, itself among them; as far as they can be resolved."""
    return frozenset(_explained(service, section, option).told)


def explain(service: Service, key: str) -> list[str]:
    """Say how the value of a key comes about, one line for each step; no lines for a key that has no value.

    Where something cannot be resolved, they go as far as that; reading the value says what it is.
    """
    section, option = split_key(key)
    return _explained(service, section, option.lower()).lines


def _explained(service: Service, section: str, option: str) -> Explained:
    is_type = "#" in section and option.partition("@")[0] == "type"
    explained = Explained(service, written=is_type)
    text = service.find(section, option)
    if text is not None:
        with suppress(Unresolved):
            explained.begin((section, option), text)
    return explained
