"""Cascades: how `svcmgr set` reaches service file and record, in which order, and how it is taken back."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.config.document import Document
from core.config.keywords import Keyword
from core.config.service import Service
from core.driver import Driver
from core.drivers import claims
from core.engine import SVCMGR, set_key
from core.record import KeyText, Record
from executors.layers.faults import Crash
from executors.layers.journal import Journal
from executors.layers.service_file import ServiceFile
from tests.unit.layers.shelf import LIST, Life, Shelf

TEXT = "[disk#0]\n  volumes  =  <size=15>   \n# a comment\n[ip#0]\nipname=a\n"
KEY, OTHER = "disk#0.volumes", "ip#0.ipname"


class Disk(Driver):
    """A driver with two keywords."""

    keywords = (Keyword("volumes", ""), Keyword("ipname", ""))


class Desk:
    """A service with what is on its disk; a write may be the last thing that happens."""

    def __init__(self, text: str = TEXT) -> None:
        self.shelf = Shelf()
        self.saved: list[str] = []
        self.dies_at = 0
        self.on_disk = (Record(), text)
        self.begin()

    def begin(self) -> None:
        """A new process reads what is on disk."""
        record, text = self.on_disk
        self.service = Service("svc", Document(text), "node1", record.copy(), lambda _group, _type: Disk())
        self.layer = ServiceFile(self.shelf, self.service, self._save_record, self._save_file)

    def _save_record(self) -> None:
        self._dies("record")
        self.on_disk = (self.service.record.copy(), self.on_disk[1])

    def _save_file(self) -> None:
        self._dies("file")
        self.on_disk = (self.on_disk[0], self.service.document.text)

    def _dies(self, what: str) -> None:
        self.saved.append(what)
        if len(self.saved) == self.dies_at:
            raise Crash

    def run(self, *words: str) -> Completed:
        """Run `svcmgr` with these words."""
        return self.layer.run(Command(("svcmgr", *words), kind="changes", tool=SVCMGR))

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.service.document.text


def test_other_commands_go_to_the_node() -> None:
    """Only `svcmgr` is answered here."""
    assert Desk().layer.run(LIST) == Completed(0, "[]")


@pytest.mark.parametrize(
    "words, returncode",
    [
        (("is", KEY, "<size=15>"), 0),
        (("is", KEY, "vol-1"), 1),
        (("is", KEY), 1),
        (("is", "disk#0.type"), 0),
        (("is", "disk#0.type", ""), 1),
    ],
)
def test_is_tells_what_the_file_says(words: tuple[str, ...], returncode: int) -> None:
    """A key has this very text, or it is not there at all."""
    assert Desk().run(*words).returncode == returncode


@pytest.mark.parametrize("words", [(), ("get", KEY), ("set", KEY), ("unset",)])
def test_other_words_are_refused(words: tuple[str, ...]) -> None:
    """What is not understood is a usage error that names the words."""
    assert Desk().run(*words) == Completed(2, "", f"svcmgr: bad words: {' '.join(words)}\n")


def test_set_changes_its_line_and_no_other() -> None:
    """The value changes, the layout stays."""
    desk = Desk()
    desk.run("set", KEY, "vol-1")
    assert desk.text == TEXT.replace("<size=15>", "vol-1")


def test_the_users_text_is_safe_before_the_file_loses_it() -> None:
    """The record is on disk before the file."""
    desk = Desk()
    desk.run("set", KEY, "vol-1")
    assert desk.saved == ["record", "file"]


@pytest.mark.parametrize("key", [KEY, "disk#0.ipname", "ip#1.ipname"])
def test_giving_a_text_back_leaves_no_trace(key: str) -> None:
    """Set and taken back, a key, an option or a section that was not there leaves file and record as they were."""
    desk = Desk()
    before = desk.service.text(key)
    desk.run("set", key, "x")
    desk.run(*(("unset", key) if before is None else ("set", key, before)))
    assert desk.text == TEXT
    assert desk.service.record.is_empty
    assert desk.saved == ["record", "file", "file", "record"]


def test_a_text_that_was_taken_out_comes_back() -> None:
    """A key of the user's that leaves the file is remembered, with its layout."""
    desk = Desk()
    desk.run("unset", KEY)
    assert desk.service.text(KEY) is None
    desk.run("set", KEY, "<size=15>")
    assert desk.service.record.is_empty
    assert desk.service.text(KEY) == "<size=15>"


def test_a_shared_key_says_so_in_the_record() -> None:
    """A key that its user edits too is not policed."""
    desk = Desk()
    desk.run("set", KEY, "vol-1", "--shared")
    assert desk.service.record.keys[KEY].shared
    desk.run("unset", KEY, "--shared")
    assert desk.service.text(KEY) is None


def test_a_layer_of_a_preview_keeps_nothing() -> None:
    """Without a place to save to, everything happens in memory."""
    service = Service("svc", Document(TEXT), "node1", Record(), lambda _group, _type: Disk())
    ServiceFile(Shelf(), service).run(Command(("svcmgr", "set", KEY, "x"), tool=SVCMGR))
    assert service.text(KEY) == "x"


def journalled(desk: Desk, life: Life) -> Journal:
    """The journal of an action on this desk, in a new life."""
    desk.begin()
    life.shelf, life.record = desk.layer, desk.service.record  # type: ignore[assignment]
    journal = life.begin()
    journal._save_record = desk._save_record  # noqa: SLF001 - the record of the desk is what is saved
    return journal


CASCADE = set_key(KEY, "vol-1", "<size=15>")._replace(rid="disk#0", verb="provision")


def test_the_users_text_is_recorded() -> None:
    """The record has what the user had written beside what was allocated."""
    desk = Desk()
    journalled(desk, Life(Shelf())).run(CASCADE)
    known = desk.service.record.keys[KEY]
    assert (known.text, known.value, known.shared) == ("<size=15>", "vol-1", False)


def test_the_users_text_stays_recorded_through_a_second_change() -> None:
    """However often a key changes, its user's text is the first one."""
    desk = Desk()
    journal = journalled(desk, Life(Shelf()))
    journal.run(CASCADE)
    journal.run(set_key(KEY, "vol-1 vol-2", "vol-1"))
    assert desk.service.record.keys[KEY][:2] == ("<size=15>", "vol-1 vol-2")


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_cascade_can_be_killed_between_its_files(dies_at: int) -> None:
    """Whichever file is the last one written, the next life makes both say the same, and its rollback nothing."""
    desk, life = Desk(), Life(Shelf())
    desk.dies_at = dies_at
    with pytest.raises(Crash):
        journalled(desk, life).run(CASCADE)
    journalled(desk, life).rollback()
    assert (desk.on_disk[1], desk.service.record.is_empty) == (TEXT, True)


@pytest.mark.parametrize("dies_at", [4, 5, 6, 7])
def test_a_rollback_of_a_cascade_can_be_killed_between_its_files(dies_at: int) -> None:
    """A value that was taken back is not in the record, at whichever write the rollback was killed."""
    desk, life = Desk(), Life(Shelf())
    journalled(desk, life).run(CASCADE)
    desk.dies_at = dies_at
    with pytest.raises(Crash):
        journalled(desk, life).rollback()
    journalled(desk, life).rollback()
    assert (desk.on_disk[1], desk.service.record.is_empty) == (TEXT, True)


def test_what_was_allocated_before_survives_the_rollback_of_a_mend() -> None:
    """A value put back for a re-templated text was not allocated by this action: its rollback keeps it."""
    desk, life = Desk(), Life(Shelf())
    desk.on_disk = (Record(keys={KEY: KeyText("<size=15>", "vol-1")}), TEXT)
    mend: Any = CASCADE._replace(undo=())
    journalled(desk, life).run(mend)
    journalled(desk, life).rollback()
    assert desk.service.record.keys[KEY].value == "vol-1"
    assert desk.service.text(KEY) == "vol-1"


def test_a_claim_is_answered_by_who_keeps_them() -> None:
    """What another action has chosen is answered with 1, anything else with 0; the node hears nothing of it."""
    layer = ServiceFile(Shelf(), Desk().service, claim=lambda name: name != "alias:eth0:3")
    answers = [layer.run(claims.claim(f"alias:eth0:{number}")).returncode for number in (3, 4)]
    assert answers == [1, 0]


def test_on_a_node_of_one_action_everything_can_be_claimed() -> None:
    """Where nobody else acts, what seems free is free."""
    assert ServiceFile(Shelf(), Desk().service).run(claims.claim("alias:eth0:3")).returncode == 0
