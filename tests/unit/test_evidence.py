"""What counts as proof that a device is blank, from the answers of the tools."""

from collections.abc import Mapping

import pytest

from core.command import Command, Completed
from core.evidence import Evidence, look

RAM, MIB = "/dev/ram0", 1024 * 1024
BLANK = {"lsblk": Completed(0, f"{2 * MIB} sdb \n"), "cmp": Completed(0), "wipefs": Completed(0)}


def looked(answers: Mapping[str, Completed]) -> tuple[Evidence, list[str]]:
    """What is found where each program has one answer, and which programs were asked."""
    steps, asked = look(RAM), []
    try:
        question = next(steps)
        while True:
            assert isinstance(question, Command)
            asked.append(question.argv[0])
            question = steps.send(answers[question.argv[0]])
    except StopIteration as end:
        found: Evidence = end.value
    return found, asked


def test_a_blank_device() -> None:
    """Nobody uses it, both ends are zero, and there is no signature: four questions say so."""
    assert looked(BLANK) == (Evidence(2 * MIB), ["lsblk", "cmp", "cmp", "wipefs"])


def test_what_lsblk_leaves_out_has_its_size() -> None:
    """A RAM disk is in no table of lsblk: its size is asked for, so that it is not taken for blank at nothing."""
    found, asked = looked({**BLANK, "lsblk": Completed(0), "blockdev": Completed(0, f"{MIB}\n"), "cmp": Completed(1)})
    assert found == Evidence(MIB, residue=True)
    assert asked == ["lsblk", "blockdev", "cmp", "wipefs"]


@pytest.mark.parametrize(
    "answers, found",
    [
        ({"lsblk": Completed(0, f"{MIB} sdb /srv\n")}, Evidence(MIB, users=("/srv",))),
        ({"lsblk": Completed(0, f"{2 * MIB} sdb \n{MIB} sdb1 \n")}, Evidence(2 * MIB, users=("sdb1",))),
        ({"cmp": Completed(2, "", "cmp: I/O error\n")}, Evidence(2 * MIB, unreadable="cmp: I/O error")),
        ({"wipefs": Completed(0, "xfs\n")}, Evidence(2 * MIB, signatures="xfs")),
        ({"cmp": Completed(1)}, Evidence(2 * MIB, residue=True)),
    ],
)
def test_what_is_not_blank(answers: dict[str, Completed], found: Evidence) -> None:
    """Whoever uses it, whatever it holds, and what nobody can read: none of these is blank."""
    assert looked({**BLANK, **answers})[0] == found
    assert not found.is_blank
