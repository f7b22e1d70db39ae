"""A service: its file, evaluated for one node, with the record of what it was given.

`Service` answers with values, `Resource` is what drivers see. Nothing is evaluated before it is read, and plain texts
are not evaluated at all, so ten thousand resources cost little more than finding them.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from core.config.document import Document
from core.config.keywords import COMMON, DEFAULTS, SUBSET, Keyword, is_true
from core.config.names import names_of, service_name_problem, split_key
from core.config.references import References, Unresolved
from core.config.resource import Resource
from core.config.scopes import LISTS, Written, scopes_of
from core.config.trigger_words import Beside, nothing_beside
from core.driver import Driver, Tie, UnknownDriver
from core.errors import ConfigError, Problem, UsageError
from core.record import KeyText, Record

__all__ = ["Resource", "Service", "service_name_problem", "split_key"]

VAR = "/var/lib/opensvc"

_RID = re.compile(r"[a-z]+#[a-z0-9]+", re.ASCII)
_TYPE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)

_COMMON = {keyword.name: keyword for keyword in COMMON}
_DEFAULTS = {keyword.name: keyword for keyword in DEFAULTS}
_SUBSET = {keyword.name: keyword for keyword in SUBSET}
_INHERITED = frozenset(_DEFAULTS) - frozenset(_COMMON)
"""What a resource reads of DEFAULT where it has no such option itself; a comment or trigger there is the service's."""

LoadDriver = Callable[[str, str], Driver]


class Service:
    """A service on a node.

    name: what it is called. document: its file, edited by `set` and `unset`. nodename: the node to evaluate it for.
    record: what the service was given. load_driver: finds a driver by group and type, or raises UnknownDriver.
    var: what `{var}` stands for. Raises ConfigError for a name that no service can have, and for a broken document.
    A key is `section.option` or `section.option@scope`; without a section it is one of DEFAULT.
    """

    def __init__(
        self,
        name: str,
        document: Document,
        nodename: str,
        record: Record,
        load_driver: LoadDriver,
        var: str = VAR,
    ) -> None:
        if said := service_name_problem(name):
            raise ConfigError(Problem(document.path, 0, "", "", said))
        self.name, self.document, self.nodename, self.record, self.var = name, document, nodename.lower(), record, var
        self.adopt: frozenset[str] = frozenset()
        """The rids for which the operator allows what exists to be used."""
        self.allow_destroy: frozenset[str] = frozenset()
        """The devices and rids whose data the operator allows to be destroyed."""
        self.beside: Beside = nothing_beside
        self._load_driver = load_driver
        self.names: Mapping[str, str] = names_of(name, self.nodename, var)
        """The words that stand for something without any section, and what for."""
        self._references = References(self.names, self)
        self._types_refer = False
        self._plain: dict[str, dict[str, str | None]] = {}
        self._scoped = {section for section in document.sections() if "@" in "".join(document.options(section))}
        self._scopes: tuple[str, ...] | None = None
        self._tables: dict[tuple[str, str], Mapping[str, Keyword]] = {}
        self._resources: dict[str, Resource] | None = None
        self._givers: dict[Tie, list[Resource]] | None = None
        self._stores: frozenset[str] | None = None
        self._service_table: Mapping[str, Keyword] | None = None
        if document.problems:
            meant = self.problems() if document.sections() else []
            raise ConfigError(*sorted((*document.problems, *meant), key=lambda problem: problem.line))

    def copy(self, kind: "type[Service] | None" = None) -> "Service":
        """Make an independent service of the same texts, of the same or another kind: what a preview changes."""
        texts = (self.name, self.document.copy(), self.nodename, self.record.copy())
        other: Service = (kind or type(self))(*texts, self._load_driver, self.var)
        other.adopt, other.allow_destroy, other.beside = self.adopt, self.allow_destroy, self.beside
        # The same texts ask for the same drivers.
        other._resources = {each.rid: other.view(each.rid, each.type, each.driver) for each in self.resources()}
        other._types_refer = self._types_refer
        return other

    def view(self, rid: str, type_: str, driver: Driver) -> Resource:
        """Make the view of one of its resources."""
        return Resource(self, rid, type_, driver)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that run the service, in lower case; this node where the file names none."""
        return tuple((self.read("DEFAULT", "nodes") or "").lower().split())

    @property
    def drpnodes(self) -> tuple[str, ...]:
        """The nodes that take over from all the others, in lower case."""
        return tuple((self.read("DEFAULT", "drpnodes") or "").lower().split())

    @property
    def runs_here(self) -> bool:
        """Tell whether this node is one of the service's."""
        return self.nodename in self.nodes or self.nodename in self.drpnodes

    def resources(self) -> tuple[Resource, ...]:
        """The resources, in the order of the file. Sections that are none for some reason are left to `problems`."""
        return tuple(self._by_rid().values())

    def resource(self, rid: str) -> Resource:
        """Return the resource of this identifier. Raises UsageError when the service has none."""
        found = self._by_rid().get(rid)
        if found is None:
            raise UsageError(f"{self.name} has no resource {rid!r}; it has {', '.join(self._by_rid()) or 'none'}")
        return found

    def givers(self, tie: Tie) -> Sequence[Resource]:
        """The resources that give this to others, in the order of the file."""
        if self._givers is None:
            found: dict[Tie, list[Resource]] = {}
            for resource in self.resources():
                for given in dict.fromkeys(resource.driver.gives(resource)):
                    found.setdefault(given, []).append(resource)
            self._givers = found
        return self._givers.get(tie, ())

    def stores(self) -> frozenset[str]:
        """The directories that resources of the service fill by themselves: what lies below is no user's data."""
        if self._stores is None:
            self._stores = frozenset(store for each in self.resources() for store in each.driver.stores(each))
        return self._stores

    def value(self, key: str) -> str | None:
        """Return the value of a key, evaluated, with its default. Raises ConfigError when it cannot be evaluated."""
        section, option = split_key(key)
        return self.read(section, option.lower())

    def text(self, key: str) -> str | None:
        """Return the text of a key as it is written for this node; None where it is not given."""
        section, option = split_key(key)
        return self.written(section, option)

    def source(self, key: str) -> str | None:
        """Return the key that really holds the value, with its scope (`disk#0.volumes@nodes`); None where none does."""
        section, option = split_key(key)
        found = self._option(section, option)
        return None if found is None else f"{section}.{found}"

    def origin(self, key: str) -> str | None:
        """Return the user's text of a key: of the record where a cascade changed it, else of the file."""
        recorded = self.record.keys.get(self.source(key) or key) or self.record.keys.get(key)
        return self.text(key) if recorded is None else recorded.text

    def set(self, key: str, value: str) -> str:
        """Give a key a value, in the option that its value comes from; return that option as a key, with its scope.

        Raises ConfigError for a value that the file cannot hold.
        """
        section, option = split_key(key)
        found = self._option(section, option) or option.lower()
        try:
            self.document.set(section, found, value)
        except ValueError as error:
            raise self.error(section, found, str(error)) from None
        self._edited(section, found)
        return f"{section}.{found}"

    def unset(self, key: str) -> bool:
        """Take the option that a key's value comes from out of the file; tell whether there was one."""
        section, option = split_key(key)
        found = self._option(section, option)
        if found is None:
            return False
        self.document.unset(section, found)
        self._edited(section, found)
        return True

    def key_text(self, key: str, value: str, *, shared: bool = False) -> KeyText:
        """Return what the record has to keep (under `source(key) or key`) when a cascade is about to set a key."""
        source = self.source(key) or key
        recorded = self.record.keys.get(source)
        if recorded is not None:
            return recorded._replace(value=value, shared=shared)
        section, option = split_key(source)
        text, raw = self.document.get(section, option), self.document.raw(section, option)
        return KeyText(text, value, shared, raw, section_added=not self.document.has(section))

    def restore(self, key: str, before: KeyText) -> None:
        """Give a changed key (as the record names it) its user's text back, byte for byte."""
        section, option = split_key(key)
        if before.text is None:
            self.document.unset(section, option, prune=before.section_added)
        elif before.raw is None:
            self.document.set(section, option, before.text)
        else:
            self.document.set_raw(section, option, before.raw)
        self._edited(section, option)

    def problems(self) -> list[Problem]:
        """Find everything that is wrong with the file, at once: an empty list when it can be acted on."""
        from core.config.validation import problems

        return problems(self)

    def warnings(self) -> list[Problem]:
        """Find what is allowed, but probably not meant."""
        from core.config.remarks import remarks

        return remarks(self)

    def check(self) -> None:
        """Raise ConfigError with everything that is wrong with the file, when anything is."""
        if found := self.problems():
            raise ConfigError(*found)

    def secrets(self) -> dict[str, str]:
        """Return the keys of `[env]` that are declared secret (`password.secret = true`), with their values."""
        suffix = ".secret"
        names = [option.removesuffix(suffix) for option in self.document.options("env") if option.endswith(suffix)]
        declared = [name for name in names if is_true(self.read("env", name + suffix) or "")]
        return {f"env.{name}": value for name in declared if (value := self.read("env", name))}

    def read(self, section: str, option: str) -> str | None:
        """Return what `value` does, for a section and an option apart."""
        plain = self._plain.get(section)
        if plain is not None and option in plain:
            return plain[option]
        text = self.find(section, option)
        if text is None or ("{" not in text and "$(" not in text):
            return self._remember(section, option, text)
        try:
            return self._evaluator(section, option).value((section, option.lower()), text)
        except Unresolved as error:
            inherits = option in _INHERITED and self._option(section, option) is None
            holder = "DEFAULT" if inherits and self._option("DEFAULT", option) else section
            raise self.error(holder, self._option(holder, option) or option, error.text, error.fix) from None

    def _evaluator(self, section: str, option: str) -> References:
        """What evaluates an option. The type of a resource comes before the defaults that its driver has for others."""
        if option.partition("@")[0] != "type" or not _RID.fullmatch(section):
            return self._references
        self._types_refer = True
        return References(self.names, Written(self))

    def _remember(self, section: str, option: str, text: str | None) -> str | None:
        """Keep a value that refers to nothing until its section is edited (the others are kept by `References`)."""
        self._plain.setdefault(section, {})[option] = text
        return text

    def evaluate_option(self, section: str, option: str) -> str:
        """Return the value of one option as it stands, also of a scope that is not for this node.

        Raises ConfigError with its place.
        """
        text = self.document.get(section, option) or ""
        if "{" not in text and "$(" not in text:
            return text
        try:
            references = self._evaluator(section, option)
            if section in self._scoped:
                return references.expand(text, ((section, option),))
            return references.value((section, option), text)
        except Unresolved as error:
            raise self.error(section, option, error.text, error.fix) from None

    def error(self, section: str, option: str, text: str, fix: str = "") -> ConfigError:
        """Make the error that says what is wrong with an option, and where that is."""
        return ConfigError(self.problem(section, option, text, fix))

    def problem(self, section: str, option: str, text: str, fix: str = "") -> Problem:
        """Make a problem at the line of an option (or of its section, where it is not given)."""
        line = self.document.line(section, option or None)
        return Problem(self.document.path, line, section, option, text, fix)

    def keyword(self, section: str, option: str) -> Keyword:
        """Return the declaration of a keyword; of a text without rules, where there is none."""
        table = self.keywords(section)
        return (table or {}).get(option) or Keyword(option, "")

    def keywords(self, section: str) -> Mapping[str, Keyword] | None:
        """Return what a section may hold; None for a section that is free (`env`) or that nobody knows."""
        found = self._by_rid().get(section)
        if found is not None:
            table = self._tables.get((found.group, found.type))
            if table is None:
                table = _COMMON | {keyword.name: keyword for keyword in found.driver.keywords}
                self._tables[found.group, found.type] = table
            return table
        if section == "DEFAULT":
            if self._service_table is None:
                drivers = {id(each.driver): each.driver for each in self.resources()}.values()
                own = {keyword.name: keyword for driver in drivers for keyword in driver.service_keywords}
                self._service_table = _DEFAULTS | own
            return self._service_table
        return _SUBSET if section.startswith("subset#") else None

    def driver_of(self, section: str) -> tuple[str, str, Driver]:
        """Return group, type and driver of a section that should be a resource.

        Raises ConfigError when its type cannot be evaluated, UnknownDriver when there is no such driver.
        """
        group = section.partition("#")[0]
        found = self._option(section, "type")
        type_ = "" if found is None else self.evaluate_option(section, found).lower()
        if type_ and not _TYPE.fullmatch(type_):
            raise UnknownDriver(group, type_)
        return group, type_, self._load_driver(group, type_)

    def find(self, section: str, option: str) -> str | None:
        """Return the text that a reference to an option stands for, before evaluation (for `References`)."""
        text = self.written(section, option)
        if text is None and option in _INHERITED and _RID.fullmatch(section):
            text = self.written("DEFAULT", option)
        return self._default(section, option) if text is None else text

    def has(self, section: str) -> bool:
        """Tell whether there is such a section (for `References`)."""
        return self.document.has(section)

    def sections(self) -> tuple[str, ...]:
        """Return the names of the sections (for `References`)."""
        return self.document.sections()

    def options(self, section: str) -> tuple[str, ...]:
        """Return the names of the options of a section, without scopes (for `References`)."""
        return tuple(dict.fromkeys(option.partition("@")[0] for option in self.document.options(section)))

    def _option(self, section: str, option: str) -> str | None:
        """The option that holds the value for this node: the narrowest scope wins."""
        if section in self._scoped and "@" not in option:
            for scope in self._scopes_here():
                if self.document.raw(section, f"{option}@{scope}") is not None:
                    return f"{option}@{scope}".lower()
        return option.lower() if self.document.raw(section, option) is not None else None

    def written(self, section: str, option: str) -> str | None:
        """Return the text of the option that holds the value for this node; None where none does."""
        found = self._option(section, option) if section in self._scoped else option
        return None if found is None else self.document.get(section, found)

    def _scopes_here(self) -> tuple[str, ...]:
        if self._scopes is None:
            # The lists of nodes are themselves read with the scope that needs no list.
            self._scopes = (self.nodename,)
            self._scopes = scopes_of(self)
        return self._scopes

    def _default(self, section: str, option: str) -> str | None:
        if section == "DEFAULT" and option in _DEFAULTS:
            return self.nodename if option == "nodes" else _DEFAULTS[option].default
        table = self.keywords(section)
        keyword = None if table is None else table.get(option)
        return None if keyword is None else keyword.default

    def _by_rid(self) -> dict[str, Resource]:
        if self._resources is None:
            self._resources = {}
            for section in self.document.sections():
                if _RID.fullmatch(section):
                    try:
                        _, type_, driver = self.driver_of(section)
                    except (ConfigError, UnknownDriver):
                        continue  # `problems` tells
                    self._resources[section] = self.view(section, type_, driver)
        return self._resources

    def _edited(self, section: str, option: str) -> None:
        self._givers = self._stores = None
        option = option.lower()
        base, at, _ = option.partition("@")
        if at:
            self._scoped.add(section)
        # Which option holds a value, or which default it has, may then be another one everywhere.
        of_lists = section == "DEFAULT" and base in LISTS
        anywhere = base == "type" or of_lists or self._types_refer or self._lists_refer()
        if anywhere or (section == "DEFAULT" and base in _INHERITED):
            self._references.forget_all()
        if anywhere or section == "DEFAULT":
            self._plain.clear()
        if anywhere:
            self._scopes = None
        self._plain.pop(section, None)
        self._references.forget((section, base))
        self._references.forget((section, option))
        known = self._resources is not None and section in self._resources
        if anywhere or (_RID.fullmatch(section) and known != self.document.has(section)):
            self._resources = self._service_table = None

    def _lists_refer(self) -> bool:
        """Tell whether a list of nodes is made of other values."""
        return any("{" in (self.document.get("DEFAULT", option) or "") for option in LISTS)
