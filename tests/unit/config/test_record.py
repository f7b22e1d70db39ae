"""The record of what a service was given."""

import json

import pytest

from core.command import Command, Makes
from core.record import KeyText, MadeThing, Record, RecordError

CREATE = Command(
    ("aws", "create"), kind="changes", makes=Makes("disk#0.volume.0", "volume"), rid="disk#0", verb="provision"
)
VOLUME = MadeThing("volume", "vol-1", "disk#0", "provision")


def test_apply_adds_what_is_made() -> None:
    """What a command made is recorded with its identity, its resource and the action."""
    record = Record()
    record.apply(CREATE, "vol-1")
    assert record.made == {"disk#0.volume.0": VOLUME}


def test_apply_uses_the_identity_chosen_beforehand() -> None:
    """An identity that we chose ourselves need not be found."""
    record = Record()
    record.apply(CREATE._replace(makes=Makes("disk#0.file", "file", identity="/srv/x")))
    assert record.made["disk#0.file"].identity == "/srv/x"


def test_apply_leaves_out_what_is_not_kept() -> None:
    """What does not outlast the action is not recorded, nor does a command that makes nothing add anything."""
    record = Record()
    record.apply(CREATE._replace(makes=Makes("disk#0.loop", "loop", kept=False)), "/dev/loop0")
    record.apply(Command(("true",), kind="changes"))
    assert record.is_empty


def test_apply_drops_what_is_unmade() -> None:
    """What a command unmakes is no longer the service's."""
    record = Record({"disk#0.volume.0": VOLUME})
    record.apply(Command(("aws", "delete"), kind="changes", unmakes=("disk#0.volume.0", "unheard of")))
    assert record.is_empty


def test_copy_is_independent() -> None:
    """What a preview writes into its copy stays there."""
    record = Record({"disk#0.volume.0": VOLUME})
    copied = record.copy()
    copied.drop("disk#0.volume.0")
    copied.keys["ip#0.ipname"] = KeyText("<allocate>", "10.0.0.5")
    assert record.made == {"disk#0.volume.0": VOLUME}
    assert not record.keys


def test_json() -> None:
    """A record that is written and read is the same."""
    keys = {
        "ip#0.ipname": KeyText("<allocate>", "10.0.0.5", raw=" <allocate>"),
        "DEFAULT.x": KeyText(None, "ü", shared=True),
    }
    record = Record.from_json(Record({"disk#0.volume.0": VOLUME}, keys).to_json())
    assert (record.made, record.keys) == ({"disk#0.volume.0": VOLUME}, keys)


def test_json_of_nothing() -> None:
    """An empty record is one, too."""
    assert Record.from_json(Record().to_json()).is_empty


@pytest.mark.parametrize(
    "text,said",
    [
        ("", "r.json: this is not JSON"),
        ("[]", "r.json: this is no record"),
        ("[" * 100_000, "r.json: this is not JSON"),
        ('{"version": 1, "journal": 7}', "r.json: journal: unexpected 7; restore the record from a backup"),
        ('{"version": 2}', "version 2 of the record, and this svcprov reads 1"),
        ('{"version": 1, "made": []}', r"made: \[\] is not an object"),
        ('{"version": 1, "made": {"a": {"kind": "x"}}}', r"made\.a: expected kind, identity, rid, action"),
        ('{"version": 1, "keys": {"a": 1}}', r"keys\.a: expected text, value"),
        (
            json.dumps({"version": 1, "made": {"a": {"kind": 1, "identity": "", "rid": "", "action": ""}}}),
            r"made\.a\.kind: unexpected 1",
        ),
    ],
)
def test_bad_json(text: str, said: str) -> None:
    """A record that cannot be read is never guessed at: the error names the place."""
    with pytest.raises(RecordError, match=said):
        Record.from_json(text, "r.json")
