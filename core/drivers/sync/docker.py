"""sync.docker: the images of the service's containers, on the other nodes. Declared, shown, and not run by actions."""

from core.command import Steps
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.driver import Driver
from core.drivers.targets import TARGETS, never_asked


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
        return never_asked(sync, "images")


driver = DockerSync()
