"""The record: what a service was given. Things made for it, and its user's text of every key that a cascade changed.

It outlives the actions: `unprovision` deletes what it lists and puts the texts back, and nothing else. The face keeps
it beside the service's journal; this is its shape.
"""

from typing import Any, NamedTuple

from core.command import Command
from core.errors import SvcprovError

VERSION = 1


class RecordError(SvcprovError):
    """A record that cannot be read. It is never guessed at: it says what may be deleted."""


class MadeThing(NamedTuple):
    """A thing made for the service: what it is, which one, for which resource, by which action."""

    kind: str
    identity: str
    rid: str
    action: str


class KeyText(NamedTuple):
    """What a changed key held: the user's `text` (None: the key was absent) and the `value` that was allocated.

    shared: the user edits this key too, so a different text is no conflict. raw: the text as it stood in the file,
    blanks and line ends included. section_added: there was not even a section for the key.
    """

    text: str | None
    value: str
    shared: bool = False
    raw: str | None = None
    section_added: bool = False


class Record:
    """What a service was given: `made` by the names of things, `keys` by the options (scope included) that changed.

    mark: where in which journal it was written, for whoever keeps both; "" for nowhere.
    """

    __slots__ = ("keys", "made", "mark")

    def __init__(
        self, made: dict[str, MadeThing] | None = None, keys: dict[str, KeyText] | None = None, mark: str = ""
    ) -> None:
        self.made: dict[str, MadeThing] = {} if made is None else made
        self.keys: dict[str, KeyText] = {} if keys is None else keys
        self.mark = mark

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and (self.made, self.keys) == (other.made, other.keys)

    __hash__ = None  # type: ignore[assignment]  # what was given changes

    @property
    def is_empty(self) -> bool:
        """Nothing was given, or all of it was taken back."""
        return not self.made and not self.keys

    def copy(self) -> "Record":
        """Make an independent record: what a preview writes into."""
        return Record(dict(self.made), dict(self.keys), self.mark)

    def apply(self, command: Command, identity: str = "") -> None:
        """Note what a done command made (with the identity that was found) and what it unmade."""
        for name in command.unmakes:
            self.drop(name)
        if command.tool == "svcmgr":
            self._written(command.argv)
        makes = command.makes
        if makes is not None and makes.kept:
            self.made[makes.name] = MadeThing(makes.kind, identity or makes.identity, command.rid, command.verb)

    def _written(self, argv: tuple[str, ...]) -> None:
        """Note what a key of the file says now; one that says its user's text again is nobody's concern any more."""
        _, verb, key, *value = (word for word in argv if word != "--shared")
        known = self.keys.get(key)
        text = value[0] if verb == "set" else None
        if known is not None and text == known.text:
            del self.keys[key]
        elif known is not None:
            self.keys[key] = known._replace(value=text or "")

    def forget_unchanged(self) -> None:
        """Forget the keys that were about to change, and did not."""
        self.keys = {key: known for key, known in self.keys.items() if (known.text or "") != known.value}

    def drop(self, name: str) -> None:
        """Forget a thing; nothing happens when there is none of this name."""
        self.made.pop(name, None)

    def to_json(self) -> str:
        """Write the record as the text of its file."""
        import json

        content = {
            "version": VERSION,
            **({"journal": self.mark} if self.mark else {}),
            "made": {name: thing._asdict() for name, thing in self.made.items()},
            "keys": {key: text._asdict() for key, text in self.keys.items()},
        }
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, path: str = "record.json") -> "Record":
        """Read the text of a record's file. Raises RecordError with the place in it, and what to do."""
        import json

        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"{path}: this is not JSON: {error}; restore it from a backup") from None
        if not isinstance(content, dict):
            raise RecordError(f"{path}: this is no record; restore it from a backup")
        version = content.get("version")
        if version != VERSION:
            raise RecordError(
                f"{path}: version {version!r} of the record, and this svcprov reads {VERSION}; use the newer one"
            )
        mark = content.get("journal", "")
        if not isinstance(mark, str):
            raise RecordError(f"{path}: journal: unexpected {mark!r}; restore the record from a backup")
        made = _table(content, "made", path)
        keys = _table(content, "keys", path)
        return cls(
            {name: MadeThing(**_fields(path, f"made.{name}", value, _MADE)) for name, value in made.items()},
            {key: KeyText(**_fields(path, f"keys.{key}", value, _KEY)) for key, value in keys.items()},
            mark,
        )


_TEXT_OR_NONE = (str, type(None))
_MADE: dict[str, tuple[type, ...]] = {"kind": (str,), "identity": (str,), "rid": (str,), "action": (str,)}
_KEY: dict[str, tuple[type, ...]] = {
    "text": _TEXT_OR_NONE,
    "value": (str,),
    "shared": (bool,),
    "raw": _TEXT_OR_NONE,
    "section_added": (bool,),
}


def _table(content: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise RecordError(f"{path}: {name}: {table!r} is not an object; restore the record from a backup")
    return table


def _fields(path: str, place: str, value: Any, types: dict[str, tuple[type, ...]]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(types):
        raise RecordError(f"{path}: {place}: expected {', '.join(types)}; restore the record from a backup")
    for name, allowed in types.items():
        if not isinstance(value[name], allowed):
            raise RecordError(f"{path}: {place}.{name}: unexpected {value[name]!r}; restore the record from a backup")
    return value
