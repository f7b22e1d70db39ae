"""sync.rsync, the sync without `type`: files for other nodes. Declared, validated and shown; no action runs it."""

from core.command import Steps
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.driver import Driver
from core.status import Remark, Status

TARGETS = ("nodes", "drpnodes")


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
        lists = {"nodes": sync.service.nodes, "drpnodes": sync.service.drpnodes}
        others = {node for target in sync.words("target") for node in lists[target]} - {sync.service.nodename}
        if not others:
            return Status("n/a", (Remark("no target nodes"),))
        return Status("undef", (Remark(f"the files on {', '.join(sorted(others))} are not looked at", "info"),))


driver = RsyncSync()
