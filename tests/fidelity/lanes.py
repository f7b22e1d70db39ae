"""The lanes that compare with real tools, and which of them a session ran whole.

A session may run several lanes, parts of them, and other tests beside. What a lane compared is kept, and the page is
written, at the end of a session that passed and in which every comparing file of that lane ran with nothing left out.
Every conftest.py of a lane says `listen(config)`.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.fidelity import ledger, tried

LANES = {
    "host": ("tests/fidelity", "test_*.py"),
    "vm": ("tests/vm", "test_fidelity_*.py"),
    "vm-zfs": ("tests/vm_zfs", "test_tools.py"),
    "vm-ceph": ("tests/vm_ceph", "test_words.py"),
}
"""The folder of each lane, and which of its files compare."""
NAME = "fidelity-lanes"


def lane_of(path: str) -> str:
    """The lane of a comparing file, by its path in the repository (or by the id of a test in it); "" for others."""
    file = Path(path.partition("::")[0])
    return next((lane for lane, (folder, files) in LANES.items() if file.match(f"{folder}/{files}")), "")


def is_whole(files: Sequence[Path], ran: set[str]) -> bool:
    """Tell whether a session in which nothing was left out ran every file of a lane.

    files: the comparing files of the lane. ran: the names of those of which a test passed.
    """
    return bool(files) and {file.name for file in files} <= ran


def chosen(words: Sequence[str], directory: Path) -> set[str]:
    """The lanes of which single tests were chosen by their names. words: what pytest was given, in this directory."""
    paths = [(directory / word.partition("::")[0]).resolve() for word in words if "::" in word]
    return {lane_of(str(path.relative_to(REPOSITORY))) for path in paths if path.is_relative_to(REPOSITORY)}


class Lanes:
    """A plugin of pytest: what was seen of each lane in this session."""

    def __init__(self) -> None:
        self.passed: defaultdict[str, set[str]] = defaultdict(set)
        self.left_out: set[str] = set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Have what a test compares entered for its lane."""
        ledger.begin(lane_of(nodeid))

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """A lane in which a test was deselected is no whole one."""
        self.left_out |= {lane_of(item.nodeid) for item in items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Nor is one in which a test was skipped."""
        lane = lane_of(report.nodeid)
        if report.skipped:
            self.left_out.add(lane)
        if report.when == "call" and report.passed:
            self.passed[lane].add(Path(report.nodeid.partition("::")[0]).name)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Nor one in which a whole file was."""
        if report.skipped:
            self.left_out.add(lane_of(report.nodeid))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        """Take in what a worker has compared. One that died has sent nothing, and its tests failed."""
        output = getattr(node, "workeroutput", {})
        for lane, exported in output.get("ledgers", {}).items():
            ledger.LEDGERS[lane].add(exported)
        self.left_out |= set(output.get("left_out", ()))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Send what was compared to the process that gathers it; there, keep that of each lane that was whole."""
        config = session.config
        output = getattr(config, "workeroutput", None)
        if output is not None:
            exported = {lane: each.exported() for lane, each in ledger.LEDGERS.items()}
            output.update(ledgers=exported, left_out=sorted(self.left_out))
        elif exitstatus == pytest.ExitCode.OK:
            self.keep(chosen(config.args, config.invocation_params.dir))

    def keep(self, chosen_from: set[str]) -> None:
        """Keep what the whole lanes compared, and write the page."""
        whole = [
            lane
            for lane, (folder, files) in LANES.items()
            if lane not in self.left_out | chosen_from
            and is_whole([*(REPOSITORY / folder).glob(files)], self.passed[lane])
        ]
        for lane in whole:
            ledger.keep(lane, ledger.LEDGERS[lane])
        # Made of all that was ever kept, it is the same bytes unless something was compared or tried.
        ledger.write(ledger.kept(), trials=tried.kept())


def listen(config: pytest.Config) -> None:
    """Have the session listened to, once."""
    if not config.pluginmanager.has_plugin(NAME):
        config.pluginmanager.register(Lanes(), NAME)
