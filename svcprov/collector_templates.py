"""The templates of a collector, by id or name: over REST, as the agent of the documentation asked for them."""

import json
import os
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from core.config.document import DOCUMENT_BYTES_MAX
from core.errors import Failed, UsageError
from svcprov.catalogues import Template
from svcprov.collector import Collector
from svcprov.netrc_file import Login
from svcprov.urls import masked, plain

FEED, REST = "/feed/default/call/xmlrpc", "/init/rest/api"
LOCAL = {"127.0.0.1", "localhost", "::1"}
ANSWER_BYTES_MAX = 2 * DOCUMENT_BYTES_MAX
"""A service file may grow in JSON, where the end of a line is two characters."""


class CollectorTemplates:
    """The templates that a collector serves to this node."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    @property
    def where(self) -> str:
        """The collector, as node.conf names it."""
        return f"the templates that the collector {masked(self._collector.url)} serves to this node"

    def names(self) -> tuple[str, ...]:
        """None: `nodemgr collector search` asks for them."""
        return ()

    def find(self, name: str) -> Template | None:
        """The one of this id, or name. Raises Failed when the collector does not say."""
        from svcprov.download import fetch

        url = self._url(name)
        try:
            fetched = fetch(url, ANSWER_BYTES_MAX, self._login())
        except UsageError:
            # It has no such id; where it has no such name, it answers that there are none.
            return None
        if max(len(fetched.data), fetched.size or 0) > ANSWER_BYTES_MAX:
            raise Failed(f"{masked(url)}: the answer has more than {ANSWER_BYTES_MAX} bytes, which no template needs")
        definition = self._definition(url, fetched.data)
        if definition is None:
            return None
        if not definition.strip():
            raise Failed(f"template {name} of the collector {masked(self._collector.url)} has an empty configuration")
        return Template(_unescaped(definition).encode(), f"template {name} of the collector")

    def _url(self, name: str) -> str:
        parts = urlsplit(self._collector.url)
        path = parts.path.replace(FEED, REST) if FEED in parts.path else REST
        query = "props=tpl_definition&meta=0"
        if name.isascii() and name.isdigit():
            return urlunsplit((parts.scheme, parts.netloc, f"{path}/provisioning_templates/{name}", query, ""))
        query = f"filters={quote(f'tpl_name={name}', safe='')}&{query}"
        return urlunsplit((parts.scheme, parts.netloc, f"{path}/provisioning_templates", query, ""))

    def _login(self) -> Login:
        """Who this node is to the collector. Raises Failed where saying that would tell it to others, too."""
        parts = urlsplit(self._collector.url)
        if parts.scheme != "https" and parts.hostname not in LOCAL:
            said = "a template is asked for with the secret of this node, and that is not sent unencrypted"
            raise Failed(f"{masked(self._collector.url)}: {said}; have dbopensvc begin with https: in node.conf")
        if not self._collector.uuid:
            raise Failed("this node is not registered. try 'nodemgr register'")
        # The node that asks is this machine, also for a service of a simulated one.
        return Login(os.uname().nodename.lower(), self._collector.uuid)

    def _definition(self, url: str, data: bytes) -> str | None:
        """The text of the template in an answer; None when there is none in it."""
        try:
            answer: Any = json.loads(data)
        except (ValueError, RecursionError):
            raise Failed(f"{masked(url)}: the answer is not JSON: is this a collector?") from None
        said = answer.get("error") if isinstance(answer, dict) else "an answer that is no object"
        if said:
            words = "; ".join(map(str, said)) if isinstance(said, list) else str(said)
            raise Failed(f"{masked(url)}: {plain(words)}")
        rows = answer.get("data")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Failed(f"{masked(url)}: the answer has no list of templates: is this a collector?")
        return str(rows[0].get("tpl_definition") or "") if rows else None


def _unescaped(definition: str) -> str:
    r"""A definition with ends of lines: some collectors send them as \n, and tabs as \t."""
    return definition if "\n" in definition else definition.replace("\\n", "\n").replace("\\t", "\t")
