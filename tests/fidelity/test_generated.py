"""Generated lives of two small disks: whatever is done to them, in whatever order, both sides end up alike."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.command import Command
from core.tools import blkdiscard, ext, files, losetup, mount, wipefs
from tests.fidelity.test_formats import TYPES, formatting
from tests.fidelity.twins import Twins

MIB = 1024 * 1024
SIZE = 320 * MIB
EXAMPLES, STEPS_MAX = 6, 9
"""A small budget: hundreds of commands, each followed by every read, for some seconds of the lane."""
ACTIONS = ("attach", "detach", "format", "force", "mount", "mount as ext4", "umount", "wipe", "zero", "label", "check")


class Step(NamedTuple):
    """Something that is done to one of the disks; not every action needs a type."""

    action: str
    disk: str
    type_: str


STEPS = st.lists(
    st.builds(Step, st.sampled_from(ACTIONS), st.sampled_from(("one", "other")), st.sampled_from(TYPES)),
    min_size=STEPS_MAX // 2,
    max_size=STEPS_MAX,
)


def command(twins: Twins, step: Step, device: str) -> Command:
    """The command of a step, for a disk that has this device."""
    forced = ("-f",) if step.action == "force" and step.type_ in {"btrfs", "xfs"} else ()
    point = twins.path(f"point-{step.disk}")
    commands = {
        "attach": losetup.attach(twins.path(step.disk), "disk#0.loop"),
        "detach": losetup.detach(device, twins.path(step.disk)),
        "format": formatting(step.type_, device, twins.uuid()),
        "force": formatting(step.type_, device, twins.uuid(), *forced),
        "mount": mount.mount("auto", "", device, point),
        "mount as ext4": mount.mount("ext4", "ro", device, point),
        "umount": mount.umount(point),
        "wipe": wipefs.erase(device, ()),
        "zero": blkdiscard.zero(device, 0, MIB),
        "label": ext.set_label(device, "labelled"),
        "check": ext.check_filesystem(device),
    }
    return commands[step.action]


@pytest.mark.usefixtures("_mounts_of_our_own")
@settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None)
@given(steps=STEPS)
def test_whatever_is_done_both_sides_are_alike(steps: list[Step]) -> None:
    """After each step of any sequence, answers and states are the same on both sides."""
    with tempfile.TemporaryDirectory() as folder:
        twins = Twins(Path(folder).resolve())
        try:
            for name in ("one", "other"):
                twins.attach(name, SIZE, enters=False)
                twins.run(files.make_directory(twins.path(f"point-{name}"), "fs#0.directory"), enters=False)
            for step in steps:
                attached = twins.attached(step.disk)
                if step.action == "attach" and attached:
                    continue
                if attached or step.action in {"attach", "umount"}:
                    twins.run(command(twins, step, attached), enters=False)
        finally:
            twins.close()
