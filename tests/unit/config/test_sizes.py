"""Sizes: what is read, what is refused, how they are written."""

import pytest

from core.config.sizes import Share, factor, human, is_bare, parse, parse_bytes

GIB = 1024**3


@pytest.mark.parametrize(
    "text,count",
    [("15G", 15 * GIB), ("500m", 500 * 1024**2), ("1g", GIB), (" 1.5 GiB ", 3 * GIB // 2), ("1GB", GIB), ("512B", 512),
     ("1k", 1024), ("2T", 2048 * GIB), ("0.1K", 102)],
)  # fmt: skip
def test_bytes(text: str, count: int) -> None:
    """Units are powers of 1024, in any case; a fraction is rounded down to whole bytes."""
    assert parse(text) == count


@pytest.mark.parametrize(
    "text,share", [("10%FREE", Share(10, "FREE")), ("100%free", Share(100, "FREE")), ("50%VG", Share(50, "VG"))]
)
def test_shares(text: str, share: Share) -> None:
    """A percentage is of something that the tool knows, and is written as the tool reads it."""
    assert parse(text) == share
    assert str(share) == text.upper()


@pytest.mark.parametrize("unit,count", [("M", 10 * 1024**2), ("G", 10 * GIB)])
def test_bare_numbers(unit: str, count: int) -> None:
    """What a bare number counts is said by the keyword."""
    assert parse("10", unit) == count


@pytest.mark.parametrize(
    "text,said",
    [
        ("10", "'10' has no unit; write 10M or 10G"),
        ("1,5G", "write 1.5G"),
        ("-3G", "is negative"),
        ("0G", "it is nothing"),
        ("9999E", "more than a device can have"),
        ("0%FREE", "between 1% and 100%"),
        ("101%VG", "between 1% and 100%"),
        ("10%", "write 100%FREE or 50%VG"),
        ("15G # big", "a comment stands on a line of its own"),
        ("big", "write a size such as 15G"),
        ("", "write a size such as 15G"),
        ("1٣G", "write a size such as 15G"),
    ],
)
def test_refused(text: str, said: str) -> None:
    """What is no size is refused with the likely fix."""
    with pytest.raises(ValueError, match=said):
        parse(text)


def test_shares_are_not_bytes() -> None:
    """Where bytes are needed, a share is refused."""
    with pytest.raises(ValueError, match="not a share"):
        parse_bytes("10%FREE")


@pytest.mark.parametrize(
    "text,bare", [("10", True), ("1.5", True), ("10M", False), ("10B", False), ("x", False), ("10%VG", False)]
)
def test_is_bare(text: str, bare: bool) -> None:  # noqa: FBT001 - what is expected
    """A bare size is a number without a unit."""
    assert is_bare(text) is bare


@pytest.mark.parametrize(
    "count,text",
    [(15 * GIB, "15G"), (1536 * 1024**2, "1536M"), (512, "512B"), (1025, "1025B"), (0, "0"), (1024**7, "1024E")],
)
def test_human(count: int, text: str) -> None:
    """Bytes are written with the largest unit that says them exactly."""
    assert human(count) == text


def test_factor() -> None:
    """A unit is worth its power of 1024."""
    assert [factor(letter) for letter in "BkM"] == [1, 1024, 1024**2]
