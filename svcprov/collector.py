"""Tell the collector about a service, as the agent of the documentation did: XML-RPC, two parallel lists.

The lines on standard output are true: `OK` after the collector took it, else `ERR` and the reason. Without a collector
in node.conf there are none.
"""

import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import Failed, SvcprovError, UsageError
from svcprov.files import OWN_MODE, ServiceFiles, etc, var
from svcprov.replace import replace

if TYPE_CHECKING:
    from core.config.service import Service
    from svcprov.invocation import Invocation

ANSWER_SECONDS_MAX = 10


class Collector(NamedTuple):
    """Where the collector is, and the secret by which it knows this node."""

    url: str
    uuid: str


def configured() -> Collector | None:
    """The collector that node.conf names (`[node] dbopensvc`); None when it names none. Raises UsageError."""
    path = f"{etc()}/node.conf"
    if not os.path.exists(path):
        return None
    from configobj import ConfigObj, ConfigObjError

    try:
        section = ConfigObj(path, list_values=False, interpolation=False, raise_errors=True).get("node", {})
    except (ConfigObjError, OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    url = str(section.get("dbopensvc", "")).strip()
    return Collector(url, str(section.get("uuid", "")).strip()) if url not in {"", "None"} else None


def tell(call: "Invocation", files: ServiceFiles) -> None:
    """Send the service file after it was provisioned, and write down when. A collector that is away fails nothing."""
    try:
        collector = configured()
    except SvcprovError as error:
        call.complain(error)
        return
    if collector is None:
        return
    if call.options.node is not None and not _is_here(collector.url):
        call.screen.err(f"{collector.url} is not told: {files.name} was provisioned on a simulated node")
        return
    service = files.load(call.nodename())
    sent = _why_not(lambda: push(collector, service))
    _say(call, f"send {files.conf} to collector", sent)
    if not sent:
        flag = f"{var()}/{files.name}.push"
        written = _why_not(lambda: replace(flag, repr(time.time()).encode(), OWN_MODE))
        _say(call, f"update {flag} timestamp", written)


def _say(call: "Invocation", what: str, reason: str) -> None:
    text = f"{what} ... {f'ERR ({reason})' if reason else 'OK'}"
    if call.json is None:
        call.screen.out(text)
    else:
        call.json.write({"type": "note", "rid": "", "level": "error" if reason else "info", "text": text})


def _why_not(act: Any) -> str:
    try:
        act()
    except SvcprovError as error:
        return str(error)
    return ""


def _is_here(url: str) -> bool:
    """Tell whether a collector is on this machine: what is simulated is no other machine's business."""
    from urllib.parse import urlsplit

    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def push(collector: Collector, service: "Service") -> None:
    """Call `update_service`. Raises Failed when the collector did not take it."""
    import http.client
    import xmlrpc.client

    class Transport(xmlrpc.client.Transport):
        """Plain HTTP that does not wait for ever."""

        def make_connection(self, host: Any) -> http.client.HTTPConnection:
            connection = super().make_connection(host)
            connection.timeout = ANSWER_SECONDS_MAX
            return connection

    class SafeTransport(xmlrpc.client.SafeTransport):
        """HTTPS, certificate verified, that does not wait for ever."""

        def make_connection(self, host: Any) -> http.client.HTTPSConnection:
            connection = super().make_connection(host)
            connection.timeout = ANSWER_SECONDS_MAX
            return connection

    transport = SafeTransport() if collector.url.startswith("https:") else Transport()
    columns = columns_of(service)
    try:
        proxy = xmlrpc.client.ServerProxy(collector.url, transport=transport, allow_none=True)
        methods = proxy.system.listMethods()
        words: list[Any] = [list(columns), [repr(value) for value in columns.values()]]
        if not isinstance(methods, list) or "update_service" not in methods:
            raise Failed("the collector does not take services")
        if "register_node" in methods:
            if not collector.uuid:
                raise Failed("this node is not registered. try 'nodemgr register'")
            words.append([collector.uuid, service.nodename])
        proxy.update_service(*words)
    except xmlrpc.client.Fault as error:
        raise Failed(error.faultString) from None
    except xmlrpc.client.ProtocolError as error:
        raise Failed(f"{error.errcode} {error.errmsg}") from None
    except (OSError, http.client.HTTPException, xmlrpc.client.Error, ValueError) as error:
        raise Failed(str(error) or type(error).__name__) from None


def columns_of(service: "Service") -> dict[str, str]:
    """What the collector keeps of a service: its columns and their values."""

    def value(option: str) -> str:
        return service.value(f"DEFAULT.{option}") or ""

    text = service.document.text
    containers = {resource.type for resource in service.resources() if resource.group == "container"}
    return {
        "svc_hostid": service.nodename,
        "svc_name": service.name,
        "svc_cluster_type": value("cluster_type"),
        "svc_type": value("service_type") or value("env"),
        "svc_nodes": " ".join(service.nodes),
        "svc_drpnode": value("drpnode"),
        "svc_drpnodes": " ".join(service.drpnodes),
        "svc_comment": value("comment"),
        "svc_autostart": value("autostart_node"),
        "svc_app": value("app"),
        "svc_containertype": " ".join(sorted(containers)) or "hosted",
        "svc_envfile": "\n".join(line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#;"),
        "svc_ha": "0",
    }
