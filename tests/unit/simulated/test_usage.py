"""Strict options: what the real tool would not understand is refused."""

import pytest

from executors.simulated.usage import Usage, options

KNOWN = {"flags": ("-q", "--show"), "values": ("-t", "--size")}


def split(*words: str, least: int = 0, most: int | None = None) -> tuple[dict[str, list[str]], list[str]]:
    """Split words by the known options."""
    return options(words, flags=KNOWN["flags"], values=KNOWN["values"], least=least, most=most)


@pytest.mark.parametrize(
    "words, found, operands",
    [
        ((), {}, []),
        (("-q", "a"), {"-q": [""]}, ["a"]),
        (("a", "-q"), {"-q": [""]}, ["a"]),
        (("-t", "btrfs"), {"-t": ["btrfs"]}, []),
        (("--size", "3"), {"--size": ["3"]}, []),
        (("--size=3",), {"--size": ["3"]}, []),
        (("--size=",), {"--size": [""]}, []),
        (("-t", "-q"), {"-t": ["-q"]}, []),
        (("-t", "a", "-t", "b"), {"-t": ["a", "b"]}, []),
        (("--", "-q"), {}, ["-q"]),
        (("-",), {}, ["-"]),
        (("",), {}, [""]),
        (("a=b",), {}, ["a=b"]),
    ],
)
def test_words_are_split(words: tuple[str, ...], found: dict[str, list[str]], operands: list[str]) -> None:
    """Flags, values in both their forms, operands in between, and `--` before words that look like options."""
    assert split(*words) == (found, operands)


@pytest.mark.parametrize(
    "words, said",
    [
        (("-x",), "unrecognized option '-x'"),
        (("-qq",), "unrecognized option '-qq'"),
        (("--sizes=3",), "unrecognized option '--sizes=3'"),
        (("-t=btrfs",), "unrecognized option '-t=btrfs'"),
        (("--show=1",), "unrecognized option '--show=1'"),
        (("-t",), "option requires an argument: '-t'"),
    ],
)
def test_what_is_not_understood_is_refused(words: tuple[str, ...], said: str) -> None:
    """The message names the word."""
    with pytest.raises(Usage, match=said):
        split(*words)


@pytest.mark.parametrize("words, least, most", [((), 1, None), (("a", "b"), 0, 1)])
def test_operands_are_counted(words: tuple[str, ...], least: int, most: int | None) -> None:
    """Too few and too many are refused."""
    with pytest.raises(Usage, match="bad number of operands"):
        split(*words, least=least, most=most)


def test_as_many_operands_as_wanted() -> None:
    """The limits are themselves allowed."""
    assert split("a", "b", least=2, most=2)[1] == ["a", "b"]
