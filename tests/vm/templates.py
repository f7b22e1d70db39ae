"""The documentation's templates, as they are run in a guest: with a mirror of Docker Hub, and small volumes."""

from tests.conftest import REPOSITORY
from tests.vm.instance import Node

ARGUMENTS = "docker_daemon_args = --storage-driver=btrfs"
TEMPLATES = {
    "btrfs-on-lvm": ("pvcreate", "vgcreate", "lvcreate", "mkfs.btrfs", "docker"),
    "btrfs-on-md": ("mdadm", "mkfs.btrfs", "docker"),
}
"""The templates, and programs that each has to run, in this order."""
NAME = "web"
CANARY = f"/srv/{NAME}/data/canary"


def rids(text: str) -> list[str]:
    """The resources of a service file."""
    return [line[1:-1] for line in text.splitlines() if line.startswith("[") and "#" in line]


def written(template: str, node: Node) -> str:
    """A shipped template; what it pulls comes from the mirror outside."""
    text = (REPOSITORY / f"fixtures/templates/{template}.template").read_text(encoding="utf-8")
    assert ARGUMENTS in text
    return text.replace(ARGUMENTS, f"{ARGUMENTS} --registry-mirror={node.mirror}")


def is_up(node: Node) -> bool:
    """Tell whether the service is up."""
    ended = node.svcmgr(NAME, "status", "--check")
    assert ended.code in {0, 2}, ended
    return ended.code == 0


def created(node: Node, template: str) -> str:
    """Create the service of a template; return its text."""
    text = written(template, node)
    node.vm.copy_in("/root/web.conf", text.encode())
    node.done(NAME, "create", "--config", "/root/web.conf")
    return text
