"""The ledgers of the comparisons, and when they become a page."""

from pathlib import Path

from tests.conftest import REPOSITORY
from tests.fidelity import tried
from tests.fidelity.lanes import Lanes, chosen, is_whole, lane_of
from tests.fidelity.ledger import Compared, Ledger, keep, kept, rendered, write

ATTACH = Compared("losetup", "losetup -f --show PATH", "0", ())
BUSY = Compared("losetup", "losetup -d DEVICE", "1, busy", ("it waits | less",))


def filled() -> Ledger:
    """A ledger with comparisons of two kinds."""
    ledger = Ledger()
    ledger.times.update({BUSY: 1, ATTACH: 2})
    ledger.versions["losetup"] = "util-linux 2.38.1"
    return ledger


def test_the_page_counts_what_agreed_and_names_what_did_not() -> None:
    """Each form and outcome has its row, sorted, with the reasons of its known differences."""
    text = rendered({"host": filled()})
    assert "3 comparisons; 2 agreed, 1 with a known difference." in text
    assert "| losetup | util-linux 2.38.1 | host | 3 | 2 |" in text
    rows = [line for line in text.splitlines() if line.startswith("| `losetup")]
    assert rows == [
        "| `losetup -d DEVICE` | 1, busy | host | 1 | 0 | it waits \\| less |",
        "| `losetup -f --show PATH` | 0 | host | 2 | 2 | |",
    ]


def test_the_lanes_are_counted_together() -> None:
    """A command that two lanes compared is one row, which says where; each lane has its own count, too."""
    other = Ledger()
    other.times[ATTACH] = 5
    text = rendered({"vm": other, "host": filled()})
    assert "8 comparisons; 7 agreed" in text
    assert "| the node VM | vm | 5 | 5 |" in text
    assert "| losetup | util-linux 2.38.1 | host, vm | 8 | 7 |" in text
    assert "| `losetup -f --show PATH` | 0 | host, vm | 7 | 7 | |" in text


def test_what_workers_send_is_what_one_process_would_have(tmp_path: Path) -> None:
    """Gathered from two processes, in either order, kept and read again, the page is the same bytes."""
    one, other = Ledger(), Ledger()
    for ledger, order in ((one, (filled(), Ledger())), (other, (Ledger(), filled()))):
        for part in order:
            ledger.add(part.exported())
    keep("host", one, tmp_path / "kept")
    write(kept(tmp_path / "kept"), tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == rendered({"host": other})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["host.json", "kept", "page.md"]


def test_a_part_of_the_lane_is_no_whole_one() -> None:
    """A file without a passed test, or a test that was chosen by its name, makes the session a part of its lane."""
    files = [Path("test_one.py"), Path("test_two.py")]
    assert is_whole(files, {"test_one.py", "test_two.py"})
    assert not is_whole(files, {"test_one.py"})
    assert chosen(["tests/vm/test_fidelity_md.py::test", "tests/fidelity"], REPOSITORY) == {"vm"}
    assert chosen(["test_tools.py::test", "/elsewhere::test"], REPOSITORY / "tests/vm_zfs") == {"vm-zfs"}


def test_only_files_that_compare_are_of_a_lane() -> None:
    """What else is in its folder, or runs in the same session, makes no lane a part."""
    assert lane_of("tests/vm/test_fidelity_lvm.py::test") == "vm"
    assert lane_of("tests/fidelity/test_growth.py") == "host"
    assert not lane_of("tests/vm/test_square.py::test")
    assert not lane_of("tests/e2e/real/test_stack.py")
    assert Lanes().passed["vm"] == set()


def test_what_was_tried_is_counted_once_for_each_choice(tmp_path: Path) -> None:
    """The same choice tried again is the same trial; the page has the sums, and says nothing of what nobody tried."""
    file = tmp_path / "tried.json"
    for choice, stacks in (("seed 1", 7), ("seed 2", 5), ("seed 1", 8)):
        tried.keep("the square", choice, {"stacks": stacks}, file)
    assert "| the square | 2 | 13 stacks |" in rendered({"host": filled()}, tried.kept(file))
    assert "the square" not in rendered({"host": filled()}, tried.kept(tmp_path / "none.json"))
