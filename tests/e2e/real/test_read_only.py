"""Looking changes nothing: observing and planning work where nothing can be written."""

from core.state import loads
from tests.e2e.real.lab import Ended, Lab
from tests.e2e.real.services import STORAGE

READ_ONLY = """
import os, subprocess, sys
with open("/proc/self/mountinfo") as mounts:
    points = [line.split()[4] for line in mounts]
for point in sorted(points, key=len, reverse=True):
    if not point.startswith(("/proc", "/dev/pts")):
        subprocess.run(("mount", "-o", "remount,bind,ro", point), check=True)
for directory in ("/", "/tmp", os.environ["OSVCVAR"], "/dev/shm"):
    try:
        os.mkdir(f"{directory}/written")
    except OSError as error:
        assert error.strerror == "Read-only file system", error
    else:
        sys.exit(f"{directory} can be written to")
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes every mount of its namespace read-only, then becomes the program that it is given."""


def read_only(lab: Lab, *argv: str) -> Ended:
    """Run a program where every filesystem is mounted read-only."""
    return lab.run("unshare", "--mount", "--propagation", "private", "python3", "-c", READ_ONLY, *argv)


def test_observing_writes_nothing(lab: Lab) -> None:
    """`nodemgr observe` needs nothing but eyes, and what it sees there is what it sees elsewhere."""
    lab.created(STORAGE, "--provision")
    seen = loads(lab.nodemgr("observe").out)
    ended = read_only(lab, lab.words()[0].replace("svcmgr", "nodemgr"), "observe")
    assert ended.code == 0, ended.err
    there = loads(ended.out)
    for state in (seen, there):
        # Loop devices are the whole machine's: those of other tests come and go.
        devices = state["devices"].items()
        state["devices"] = {path: each for path, each in devices if each["file"].startswith(f"{lab.directory}/")}
        state["files"] = {path: each for path, each in state["files"].items() if str(lab.directory) in path}
    for name in ("devices", "interfaces", "tools", "files"):
        assert there[name] == seen[name]
    assert there["devices"]


def test_planning_writes_nothing(lab: Lab) -> None:
    """`svcmgr plan` needs nothing but eyes, and plans what it would plan elsewhere."""
    lab.created(STORAGE, "--provision")
    for verb, some in (("provision", False), ("stop", True), ("start", False)):
        ended = read_only(lab, *lab.words("plan", verb, "--format", "json"))
        assert ended.code == 0, ended.err
        assert bool(ended.commands) is some
        elsewhere = lab.svcmgr("plan", verb, "--format", "json")
        assert [each["argv"] for each in ended.commands] == [each["argv"] for each in elsewhere.commands]


def test_a_plan_sees_that_nothing_can_be_written(lab: Lab) -> None:
    """Where the service would need a directory on a filesystem that is read-only, the plan itself says so."""
    lab.created(STORAGE)
    ended = read_only(lab, *lab.words("plan"))
    assert (ended.code, "Read-only file system" in ended.err) == (1, True)
