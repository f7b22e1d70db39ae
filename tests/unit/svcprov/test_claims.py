"""Claims: what an action has chosen is no other action's."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import Failed
from svcprov.claims import Claims
from tests.conftest import REPOSITORY

CLAIMS = """
import sys
from svcprov.claims import Claims
claims = Claims(sys.argv[1])
print(*(name for name in sys.argv[2:] if claims.take(name)), flush=True)
sys.stdin.read()
"""


@contextmanager
def another(directory: Path, *names: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Another process, and which of these names it could claim; killed in the end."""
    words = (sys.executable, "-c", CLAIMS, str(directory), *names)
    pipe = subprocess.PIPE
    with subprocess.Popen(words, text=True, cwd=REPOSITORY, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().split()
        process.kill()


def test_two_actions_do_not_get_the_same(tmp_path: Path) -> None:
    """What a process has claimed is refused to another one; everything else is not."""
    with another(tmp_path, "alias:eth0:1") as (_, theirs):
        ours = Claims(str(tmp_path))
        assert theirs == ["alias:eth0:1"]
        assert [ours.take(name) for name in ("alias:eth0:1", "alias:eth0:2", "alias:eth1:1")] == [False, True, True]


def test_a_claim_of_ours_is_ours_again(tmp_path: Path) -> None:
    """The run gets what its preview got."""
    ours = Claims(str(tmp_path))
    assert [ours.take("alias:eth0:1") for _ in range(3)] == [True, True, True]


def test_a_killed_process_has_no_claims(tmp_path: Path) -> None:
    """What a process had claimed when it was killed can be claimed by who looks at the machine afterwards."""
    with another(tmp_path, "alias:eth0:1") as (process, _):
        process.kill()
        process.wait()
        assert Claims(str(tmp_path)).take("alias:eth0:1")


def test_many_at_once_get_one_each(tmp_path: Path) -> None:
    """Of processes that want the same, exactly one gets it."""
    names = [f"alias:eth0:{number}" for number in range(1, 9)]
    claims = [Claims(str(tmp_path)) for _ in names]
    got = [next(name for name in names if each.take(name)) for each in claims]
    assert got == names


def test_what_was_used_since_we_looked_is_not_free(tmp_path: Path) -> None:
    """A claim given back after we looked at the machine is refused: what was done with it, we have not seen."""
    ours, theirs = Claims(str(tmp_path)), Claims(str(tmp_path))
    ours.look()
    assert theirs.take("alias:eth0:1")
    theirs.release()
    assert not ours.take("alias:eth0:1")
    ours.look()
    assert ours.take("alias:eth0:1")


def test_what_comes_free_before_our_own_choice_stays_free(tmp_path: Path) -> None:
    """A run does not choose what its preview could not: the same claim is refused to it that was refused before."""
    ours, theirs = Claims(str(tmp_path)), Claims(str(tmp_path))
    assert theirs.take("alias:eth0:9")
    assert [ours.take(f"alias:eth0:{number}") for number in (9, 10)] == [False, True]
    theirs.release()
    ours.look()
    assert [ours.take(f"alias:eth0:{number}") for number in (9, 10, 11)] == [False, True, True]


def test_looking_leaves_no_trace(tmp_path: Path) -> None:
    """Whether something is free can be asked without claiming it, and without a file."""
    ours, theirs = Claims(f"{tmp_path}/claims"), Claims(f"{tmp_path}/claims")
    assert ours.is_free("alias:eth0:1")
    assert list(tmp_path.iterdir()) == []
    assert theirs.take("alias:eth0:1")
    assert not ours.is_free("alias:eth0:1")
    theirs.release()
    assert ours.is_free("alias:eth0:1")


def test_a_name_is_no_path(tmp_path: Path) -> None:
    """Whatever a name is made of, its claim lies in the directory."""
    assert Claims(f"{tmp_path}/claims").take("device:../../x:/dev/sdf")
    assert [path.name for path in tmp_path.iterdir()] == ["claims"]
    assert len(list((tmp_path / "claims").iterdir())) == 1


@pytest.mark.parametrize("left", ["", "?", "nan x", "9e9 another-boot", "\xff" * 200])
def test_what_an_earlier_life_left_in_a_claim_does_not_matter(tmp_path: Path, left: str) -> None:
    """A claim of before a reboot, or one with damaged words, can be taken."""
    (tmp_path / "alias%3Aeth0%3A1").write_text(left, encoding="latin-1")
    assert Claims(str(tmp_path)).take("alias:eth0:1")


def test_where_nothing_can_be_claimed_nothing_is_chosen(tmp_path: Path) -> None:
    """A directory that cannot be made ends the action, naming it."""
    (tmp_path / "claims").write_text("", encoding="utf-8")
    with pytest.raises(Failed, match=r"claims/alias%3Aeth0%3A1: .*: it could not be claimed"):
        Claims(f"{tmp_path}/claims").take("alias:eth0:1")
