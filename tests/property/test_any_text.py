"""Whatever bytes are fed to what reads words of people: a result, or an error that the documentation lists."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.targets import CASES, TARGETS, document, evaluation, resource, seeds
from tests.property.test_evaluation import EXAMPLES, TEXTS

FILES = tuple(seeds("document"))
ODD = (
    b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"\r", b"\n", b"\x00", b"\xe9", b"\t", b"\x1a", b"\xc2\xab", b"\xe2\x80\xa8",
    b"\xed\xa0\x80", b"\xc2\x85", b"[", b"]", b"=", b":", b"#", b";", b"{", b"}", b"$(", b")", b"@", b"{env.size}",
    b"{rid}",
)  # fmt: skip


def _mangled(data: bytes, pieces: list[tuple[float, bytes, int]]) -> bytes:
    """A file with pieces put in at some places, over so many of its bytes."""
    for share, piece, over in pieces:
        at = int(share * len(data))
        data = data[:at] + piece + data[at + over :]
    return data


MANGLED = st.builds(
    _mangled,
    st.sampled_from(FILES),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(ODD) | st.binary(max_size=3), st.integers(0, 20)), max_size=6),
)
SIGNS = st.text("0123456789.+-*/%()$kMGxe {}[]#env.abclisthereopnx", max_size=40).map(str.encode)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
RIDS = st.sampled_from(["fs#0", "fs#1", "disk#7", "env", "DEFAULT", "fs#", "#", "x#0", "fs#\x00", "fs#a b"])
DEFINITIONS = st.dictionaries(st.text(max_size=8) | st.sampled_from(["rid", "rtype", "mnt", "a@nodes"]), SCALARS | RIDS)


@EXAMPLES
@given(st.binary(max_size=200) | MANGLED)
@example(b"")
@example(b"\xef\xbb\xbf[env]\r\na = {env.a}\r\n")
@example(b"[env]\na = " + b"{a}" * 300_000)
@example(b"[env]\n" + b"".join(b"[disk#%d]\n" % number for number in range(10_000)))
def test_any_bytes_are_a_file_or_are_not(data: bytes) -> None:
    """Any bytes are read as a service file, or refused with a listed error; so is each of their values."""
    document(data)


@EXAMPLES
@given(SIGNS | st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")) | TEXTS.map(str.encode))
@example(b"$(9**9**9)")
@example(b"$(((((")
@example(b"$(" * 10_000)
@example(b"$(" + b"(" * 400 + b"1" + b")" * 400 + b")")
@example(b"$(" + b"-" * 900 + b"1)")
@example(b"$(" + b"9" * 998 + b")")
@example(b"{svcname}" * 20_000)
@example(b"{nodes[" * 40 + b"0" + b"]}" * 40)
@example(b"{env.loop}")
def test_any_value_is_evaluated_or_is_not(data: bytes) -> None:
    """Any text has the value that a second evaluator gives it, or a listed error."""
    evaluation(data)


@EXAMPLES
@given(
    DEFINITIONS.map(lambda values: json.dumps(values).encode())
    | st.binary(max_size=60)
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
@example(b"[" * 100_000)
@example(b'{"a": ' * 10_000)
@example(b'{"a": ' + b"9" * 10_000 + b"}")
@example(b'{"a": 1e999}')
@example(rb'{"a": "\ud800"}')
@example(b'{"rid": "fs#0", "\xff": "x"}')
def test_any_resource_is_one_or_is_not(data: bytes) -> None:
    """Any text of --resource is written as what it says, or refused."""
    resource(data)


@pytest.mark.parametrize("case", sorted(CASES.glob("*/*")), ids=lambda case: f"{case.parent.name}-{case.name}")
def test_what_a_fuzzer_found_stays_mended(case: Path) -> None:
    """What once made a fuzzer stop is a result or a listed error."""
    TARGETS[case.parent.name](case.read_bytes())
