"""`--impersonate NODE`: what another node of the service would make of its file, tried on a simulated one."""

from core.errors import UsageError
from svcprov.node_file import NodeFile


class Impersonated(NodeFile):
    """A node-state file whose node has another name meanwhile. It is never written."""

    def __init__(self, path: str, name: str) -> None:
        self._name = name
        super().__init__(path)

    def read(self) -> None:
        """Read the file, and give the node its name."""
        super().read()
        self.state["hostname"] = self._name

    @property
    def where(self) -> str:
        """The beginning of the header line."""
        return f"{super().where} as {self._name}"

    def save(self) -> None:
        """Keep nothing: what is tried under another name is tried only."""


def impersonated(path: str | None, name: str) -> NodeFile:
    """Return the simulated node of a file under another name. Raises UsageError without a file, or for a bad one."""
    if path is None:
        raise UsageError(f"--impersonate {name}: this machine is not {name}; give a simulated node with --node FILE")
    return Impersonated(path, name)
