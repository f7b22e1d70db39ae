"""sync.docker: the images of the service's containers, on the other nodes. Declared, shown, and not run by actions."""

from core.command import Steps
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.driver import Driver
from core.status import Remark, Status

TARGETS = ("nodes", "drpnodes")


class DockerSync(Driver):
    """The images of the service's containers, sent to other nodes."""

    verbs_do_nothing = True
    keywords = (
        Keyword(
            "target", "Which nodes get the images: nodes, drpnodes.", kind="words", required=True, candidates=TARGETS
        ),
    )

    def label(self, sync: Resource) -> str:
        """Say what goes where."""
        return f"docker img sync to {', '.join(sync.words('target'))}"

    def status(self, sync: Resource) -> Steps:
        """Not applicable where there is no other node; unknown where there is, since nothing asks them."""
        yield from ()
        lists = {"nodes": sync.service.nodes, "drpnodes": sync.service.drpnodes}
        others = {node for target in sync.words("target") for node in lists[target]} - {sync.service.nodename}
        if not others:
            return Status("n/a", (Remark("no target nodes"),))
        return Status("undef", (Remark(f"the images on {', '.join(sorted(others))} are not looked at", "info"),))


driver = DockerSync()
