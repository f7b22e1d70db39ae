"""The shorthand of aws(1): pairs, lists, structures and quotes."""

from typing import Any

import pytest

from executors.real.ec2.shorthand import Malformed, parse

READ: dict[str, dict[str, Any]] = {
    "a=b": {"a": "b"},
    "a=": {"a": ""},
    "a=b,c=d": {"a": "b", "c": "d"},
    "a=1,2,b=3": {"a": ["1", "2"], "b": "3"},
    "a=1,2,3": {"a": ["1", "2", "3"]},
    "Name=tag:svcprov:rid,Values=disk#0": {"Name": "tag:svcprov:rid", "Values": "disk#0"},
    "a=b=c": {"a": "b=c"},
    "a=[]": {"a": []},
    "a=[1,2]": {"a": ["1", "2"]},
    "a={b=c,d=[1,{e=f}]}": {"a": {"b": "c", "d": ["1", {"e": "f"}]}},
    "T=[{K=a,V=b},{K=c,V=d}],R=v": {"T": [{"K": "a", "V": "b"}, {"K": "c", "V": "d"}], "R": "v"},
    "a='x,y=z',b=\"q\"": {"a": "x,y=z", "b": "q"},
    r"a='it\'s',b=c\,d": {"a": "it's", "b": "c,d"},
    "a=1,'2,3'": {"a": ["1", "2,3"]},
    "a = b , c = d": {"a": "b", "c": "d"},
}

MALFORMED = ("", "a", "=b", "a=b,a=c", "a=[1", "a={b}", "a={b=1,b=2}", "a='b", "a=[1 2],", "a=b,", "a={b=c}d", "a b=c")


@pytest.mark.parametrize("text", READ)
def test_what_is_written_is_what_is_meant(text: str) -> None:
    """Commas separate pairs, or the texts of a list where no `=` follows."""
    assert parse(text) == READ[text]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_shorthand_is_refused(text: str) -> None:
    """A key without a value, a bracket without its end, a key given twice: none is read as something else."""
    with pytest.raises(Malformed):
        parse(text)
