"""A resource, as its driver sees it: a live view of one section of the service file."""

from typing import TYPE_CHECKING

from core.config.keywords import is_true
from core.config.sizes import Share, parse
from core.errors import ConfigError

if TYPE_CHECKING:
    from core.command import Steps
    from core.config.service import Service
    from core.driver import Driver


class Resource:
    """One resource of a service. It holds nothing of the file: after a cascade it says the new value.

    rid: `fs#1`. group: `fs`. index: `1`, as written. type: the word after `type =`, or nothing. Keywords are read as
    `resource["dev"]`: evaluated for this node, with the default of the keyword, "" where there is neither.
    Where a method takes a key, that is a keyword of this resource, or `section.option` of any section.
    """

    __slots__ = ("driver", "group", "index", "rid", "service", "type")

    def __init__(self, service: "Service", rid: str, type_: str, driver: "Driver") -> None:
        self.service, self.rid, self.type, self.driver = service, rid, type_, driver
        self.group, _, self.index = rid.partition("#")

    def __repr__(self) -> str:
        return f"<Resource {self.service.name} {self.rid} {self.type}>"

    def __getitem__(self, keyword: str) -> str:
        """Return the value of a keyword. Raises ConfigError when it cannot be evaluated."""
        return self.service.read(self.rid, keyword) or ""

    @property
    def name(self) -> str:
        """The name of the resource in the world: `testec2docker.fs.1`."""
        return f"{self.service.name}.{self.group}.{self.index}"

    @property
    def subset(self) -> str:
        """The subset of its group that the resource belongs to, or nothing."""
        return self["subset"]

    @property
    def tags(self) -> list[str]:
        """The words that select the resource."""
        return self.words("tags")

    @property
    def optional(self) -> bool:
        """Tell whether a failure of this resource does not stop the action."""
        return self.flag("optional")

    @property
    def disabled(self) -> bool:
        """Tell whether every action leaves the resource alone, because it or the whole service is disabled."""
        return self.flag("disable") or is_true(self.service_value("disable"))

    def steps(self, verb: str) -> "Steps":
        """Return the effects of a verb, as its driver yields them."""
        steps: Steps = getattr(self.driver, verb)(self)
        return steps

    def words(self, keyword: str) -> list[str]:
        """Return the value split at blanks and line ends."""
        return self[keyword].split()

    def flag(self, keyword: str) -> bool:
        """Return a boolean; false where it is not given."""
        return is_true(self[keyword])

    def size(self, keyword: str) -> int | Share:
        """Return a size in bytes, or the share that it is. Raises ConfigError when it is neither."""
        try:
            return parse(self[keyword], self.service.keyword(self.rid, keyword).unit)
        except ValueError as error:
            raise self._error(keyword, str(error)) from None

    def integer(self, keyword: str) -> int:
        """Return a whole number. Raises ConfigError when it is none."""
        try:
            return int(self[keyword])
        except ValueError:
            text = f"{self[keyword]!r} is not a whole number; write one such as 2"
            raise self._error(keyword, text) from None

    def given(self, keyword: str) -> bool:
        """Tell whether the file has the keyword for this node, with any value."""
        return self.service.source(self._key(keyword)) is not None

    def raw(self, key: str) -> str | None:
        """Return the text of a key as it is written, None where it is not given."""
        return self.service.text(self._key(key))

    def source(self, key: str) -> str | None:
        """Return the option that the value comes from, with its scope: `disk#0.volumes@nodes`."""
        return self.service.source(self._key(key))

    def origin(self, key: str) -> str | None:
        """Return what the user had written, before any cascade; the text as it is where none changed it."""
        return self.service.origin(self._key(key))

    def made(self, name: str) -> str | None:
        """Return the identity of a thing made for this resource (`volume.0`), None when the record has none."""
        thing = self.service.record.made.get(f"{self.rid}.{name}")
        return None if thing is None else thing.identity

    def service_value(self, option: str) -> str:
        """Return the value of an option of the section DEFAULT, "" where there is none."""
        return self.service.read("DEFAULT", option) or ""

    def _error(self, keyword: str, text: str) -> ConfigError:
        source = self.service.source(f"{self.rid}.{keyword}")
        return self.service.error(self.rid, source.partition(".")[2] if source else keyword, text)

    def _key(self, key: str) -> str:
        return key if "." in key.partition("@")[0] else f"{self.rid}.{key}"
