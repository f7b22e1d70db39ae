"""The grammar of `volumes`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.drivers.volumes import KEYS, bare_sizes, complaint, specification
from core.tools.aws import NewVolume


@pytest.mark.parametrize(
    "value, said",
    [
        ("<size=5> <size-5>", "'size-5' in <size-5> is not KEY=VALUE; did you mean size=5?"),
        ("<size:5>", "did you mean size=5?"),
        ("<size>", "write <size=5>"),
        ("<>", "is not KEY=VALUE"),
        ("<sise=5>", "unknown key 'sise' in <sise=5>; did you mean 'size'?"),
        ("<colour=red>", "it may be size, iops"),
        ("<size=0>", "size in <size=0>: '0' is no size"),
        ("<size=-5>", "negative"),
        ("<size=1.5>", "not a whole number of GiB"),
        ("<size=512M>", "not a whole number of GiB"),
        ("<size=5,size=6>", "'size' is given twice"),
        ("<iops=100>", "<iops=100> has neither size nor snapshot; write <size=5,iops=100>"),
        ("<size=5,iops=fast>", "'fast' is no number from 1"),
        ("<size=5,encrypted=maybe>", "neither true nor false"),
        ("<size=5,snapshot=s-1>", "its id begins with snap-"),
        ("<size=5,type=g;p>", "is not a name"),
        ("<size=5, iops=100>", "'<size=5,' does not end with '>'"),
        ("size=5", "a specification is one word in angle brackets"),
        ("/dev/sdb", "'/dev/sdb' is not a volume; write an id such as"),
        ("vol-1,vol-2", "is not a volume"),
        ("vol-1 vol-2 vol-1", "'vol-1' is named twice"),
    ],
)
def test_what_is_wrong_is_said_with_the_likely_fix(value: str, said: str) -> None:
    """Each mistake has a sentence that names the word, what is wrong with it, and what was probably meant."""
    assert said in (complaint(value) or "")


@pytest.mark.parametrize(
    "word, new",
    [
        ("<size=15>", NewVolume(size="15")),
        ("<size=15G>", NewVolume(size="15")),
        ("<size=2T>", NewVolume(size="2048")),
        ("<size=1,iops=75,type=io1,availability-zone=us-west-2c>", NewVolume("1", "75", "us-west-2c", "", "io1")),
        ("<snapshot=snap-1,encrypted=yes>", NewVolume(snapshot="snap-1", encrypted="true")),
        ("<size=1,encrypted=0>", NewVolume(size="1", encrypted="false")),
    ],
)
def test_every_key_is_honoured(word: str, new: NewVolume) -> None:
    """What a specification says, the new volume is asked to be."""
    assert complaint(word) is None
    assert specification(word) == new


@given(st.text(st.sampled_from("<>=,-vol snapizete0159G"), max_size=30) | st.text(max_size=20))
def test_no_text_is_too_odd(value: str) -> None:
    """Any text is either complained about or understood; none ends in an error of ours."""
    if complaint(value) is None:
        for word in value.split():
            if word.startswith("<"):
                assert set(specification(word)._fields) == set(KEYS.values())


def test_bare_sizes_are_pointed_out() -> None:
    """A size without a unit gets a sentence that says what it counts."""
    assert bare_sizes("vol-1 <size=15> <size=2G> <iops=100,size=3>") == [
        "<size=15>: a bare size counts GiB here; write size=15G",
        "<iops=100,size=3>: a bare size counts GiB here; write size=3G",
    ]
