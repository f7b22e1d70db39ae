"""The ledger of the comparisons, and when it becomes a page."""

from pathlib import Path

from tests.fidelity.ledger import Compared, Ledger, is_whole, rendered, write

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
    text = rendered(filled())
    assert "3 comparisons; 2 agreed, 1 with a known difference." in text
    assert "| losetup | util-linux 2.38.1 | 3 | 2 |" in text
    rows = [line for line in text.splitlines() if line.startswith("| `losetup")]
    assert rows == [
        "| `losetup -d DEVICE` | 1, busy | 1 | 0 | it waits \\| less |",
        "| `losetup -f --show PATH` | 0 | 2 | 2 | |",
    ]


def test_what_workers_send_is_what_one_process_would_have(tmp_path: Path) -> None:
    """Gathered from two processes, in either order, the page is the same bytes."""
    one, other = Ledger(), Ledger()
    for ledger, order in ((one, (filled(), Ledger())), (other, (Ledger(), filled()))):
        for part in order:
            ledger.add(part.exported())
    write(one, tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == rendered(other)
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_a_part_of_the_lane_is_no_whole_one() -> None:
    """A file without a passed test, or a test that was chosen by its name, makes the session a part."""
    files = [Path("test_one.py"), Path("test_two.py")]
    assert is_whole(files, {"test_one.py", "test_two.py"}, ["tests/fidelity"])
    assert not is_whole(files, {"test_one.py"}, ["tests/fidelity"])
    assert not is_whole(files, {"test_one.py", "test_two.py"}, ["tests/fidelity/test_one.py::test", "tests/fidelity"])
