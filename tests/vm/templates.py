"""The documentation's templates, as they are run in a guest: with a mirror of Docker Hub, and small volumes."""

from tests.conftest import REPOSITORY
from tests.vm.instance import Node

ARGUMENTS = "docker_daemon_args = --storage-driver=btrfs"


def rids(text: str) -> list[str]:
    """The resources of a service file."""
    return [line[1:-1] for line in text.splitlines() if line.startswith("[") and "#" in line]


def written(template: str, node: Node) -> str:
    """A shipped template; what it pulls comes from the mirror outside."""
    text = (REPOSITORY / f"fixtures/templates/{template}.template").read_text(encoding="utf-8")
    assert ARGUMENTS in text
    return text.replace(ARGUMENTS, f"{ARGUMENTS} --registry-mirror={node.mirror}")
