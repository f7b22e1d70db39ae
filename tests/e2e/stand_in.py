"""A stand-in for the collector, on this machine: it takes services, and remembers them."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer


class Paths(SimpleXMLRPCRequestHandler):
    """Answers where the agent of 2015 asked."""

    rpc_paths = ("/feed/default/call/xmlrpc",)


class StandIn:
    """A collector. services: what it was sent."""

    def __init__(self, *, registers: bool = True, fault: str = "") -> None:
        self.services: list[dict[str, str]] = []
        self.auth: list[Any] = []
        self._fault = fault
        self._server = SimpleXMLRPCServer(("127.0.0.1", 0), requestHandler=Paths, logRequests=False)
        self._server.register_introspection_functions()
        self._server.register_function(self._update, "update_service")
        if registers:
            self._server.register_function(lambda name: f"uuid of {name}", "register_node")

    def _update(self, columns: Any, values: Any, auth: Any = None) -> int:
        if self._fault:
            raise RuntimeError(self._fault)
        self.services.append(dict(zip(columns, values, strict=True)))
        self.auth.append(auth)
        return 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/feed/default/call/xmlrpc"

    @contextmanager
    def running(self) -> Iterator["StandIn"]:
        """Have it answer."""
        thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
