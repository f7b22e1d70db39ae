"""sync.rsync, the sync without `type`: files for other nodes. Declared, validated and shown; no action runs it."""

from core.command import Steps
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.driver import Driver
from core.drivers.targets import TARGETS, never_asked


class RsyncSync(Driver):
    """Files that are sent to other nodes."""

    verbs_do_nothing = True
    keywords = (
        Keyword("src", "The files and directories that are sent.", kind="words", required=True),
        Keyword("dst", "The directory where they arrive.", kind="path", required=True),
        Keyword("target", "Which nodes get them: nodes, drpnodes.", kind="words", required=True, candidates=TARGETS),
        Keyword("options", "Further options of rsync.", default=""),
    )

    def label(self, sync: Resource) -> str:
        """Say what goes where."""
        return f"rsync of {', '.join(sync.words('src'))} to {', '.join(sync.words('target'))}"

    def status(self, sync: Resource) -> Steps:
        """Not applicable where there is no other node; unknown where there is, since nothing asks them."""
        yield from ()
        return never_asked(sync, "files")


driver = RsyncSync()
