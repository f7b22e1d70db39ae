"""Which scopes hold on a node: `option@NODE`, `option@nodes`, `option@drpnodes`, in this order, before `option`."""

from typing import TYPE_CHECKING

from core.config.keywords import DEFAULTS
from core.config.references import References, Unresolved

if TYPE_CHECKING:
    from core.config.service import Service

LISTS = ("nodes", "drpnodes")
"""The options of DEFAULT that name nodes, each also a scope that holds on those; in the order in which they count."""

_DEFAULTS = {keyword.name: keyword.default for keyword in DEFAULTS}


class Written:
    """Where references look that come before any driver is known: what the file says, without drivers' defaults."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    def find(self, section: str, option: str) -> str | None:
        """Return the text of an option; a default only of the section DEFAULT."""
        text = self._service.written(section, option)
        if text is not None or section != "DEFAULT":
            return text
        return self._service.nodename if option == "nodes" else _DEFAULTS.get(option)

    def has(self, section: str) -> bool:
        """Tell whether there is such a section."""
        return self._service.has(section)

    def sections(self) -> tuple[str, ...]:
        """Return the names of the sections."""
        return self._service.sections()

    def options(self, section: str) -> tuple[str, ...]:
        """Return the names of the options of a section, without scopes."""
        return self._service.options(section)


def scopes_of(service: "Service") -> tuple[str, ...]:
    """Return the scopes that hold on the node that a service is read for, the narrowest first."""
    return (service.nodename, *(option for option in LISTS if service.nodename in _words(service, option)))


def _words(service: "Service", option: str) -> list[str]:
    """The nodes that an option names, in lower case; none where it cannot be evaluated, which `problems` tells."""
    written = Written(service)
    text = written.find("DEFAULT", option) or ""
    try:
        return References(service.names, written).expand(text, (("DEFAULT", option),)).lower().split()
    except Unresolved:
        return []
