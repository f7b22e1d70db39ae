"""The documentation's second and third templates with sizes in [env]: given with --env, they plan as if written."""

from typing import NamedTuple

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import Bench

TEMPLATES = REPOSITORY / "fixtures/templates"


class Size(NamedTuple):
    """A size of a template: the key that stands for it, the text around it there, and other sizes that it may have."""

    key: str
    written: str
    text: str
    others: tuple[str, ...]


SIZES = {
    "btrfs-on-lvm": (
        Size("volume", "15", "volumes = <size={}>", ("16", "20", "1024")),
        Size("root", "14G", "size = {}", ("1G", "13G", "14336m", "50%FREE")),
    ),
    "btrfs-on-md": (
        Size("first", "5", "volumes = <size={}> ", ("6", "10")),
        Size("second", "5", "> <size={}> ", ("6", "10")),
        Size("third", "5", "> <size={}>\n", ("6", "10")),
    ),
}
CASES = [
    pytest.param(name, size, value, separator, id=f"{name}-{size.key}-{value}")
    for name, sizes in SIZES.items()
    for size in sizes
    for value, separator in zip((size.written, *size.others), "=:=:=", strict=False)
]


def in_env(name: str) -> str:
    """The template with each of its sizes in [env], and a reference where it stood."""
    text = (TEMPLATES / f"{name}.template").read_text(encoding="utf-8")
    keys = ""
    for size in SIZES[name]:
        assert size.text.format(size.written) in text
        text = text.replace(size.text.format(size.written), size.text.format(f"{{env.{size.key}}}"), 1)
        keys += f"{size.key} = {size.written}\n"
    return text.replace("\n[disk#0]", f"\n[env]\n{keys}\n[disk#0]", 1)


def written_out(name: str, size: Size, value: str) -> str:
    """The template with one of its sizes changed by hand."""
    text = (TEMPLATES / f"{name}.template").read_text(encoding="utf-8")
    whole = {each.key: each.written for each in SIZES[name]} | {size.key: value}
    for each in SIZES[name]:
        text = text.replace(each.text.format(each.written), each.text.format(f"\0{each.key}\0"), 1)
    for key, size_ in whole.items():
        text = text.replace(f"\0{key}\0", size_)
    return text


@pytest.mark.parametrize("name,size,value,separator", CASES)
def test_a_size_given_with_env_is_that_size(bench: Bench, name: str, size: Size, value: str, separator: str) -> None:
    """The file keeps the reference and has the value in [env]; every value and every command is that of a literal."""
    source = bench.write(in_env(name))
    made = bench.on("web", "create", "--template", source, "--env", f"{size.key}{separator}{value}")
    assert (made.code, made.out) == (0, ""), made.err
    conf = (bench.etc / "web.conf").read_text(encoding="utf-8")
    assert conf == in_env(name).replace(f"\n{size.key} = {size.written}\n", f"\n{size.key} = {value}\n")
    asked = bench.on("web", "print", "config", "--eval").out, bench.on("web", "plan", "--format", "json").out
    literal = bench.write(written_out(name, size, value), "literal.template")
    assert bench.on("web", "create", "--config", literal, "--force").code == 0
    told = bench.on("web", "print", "config", "--eval").out, bench.on("web", "plan", "--format", "json").out
    env, _, rest = asked[0].partition("[env]\n")[2].partition("\n\n")
    assert f"{size.key} = {value}" in env.splitlines()
    assert asked[0].replace(f"[env]\n{env}\n\n", "") == told[0], rest
    assert asked[1] == told[1]
    assert '"kind": "changes"' in told[1]


@pytest.mark.parametrize(
    "name,given,words",
    [
        ("btrfs-on-lvm", {"volume": "17", "root": "9G"}, ["--size 17 ", "-L 9216M "]),
        ("btrfs-on-md", {"first": "9", "third": "11", "second": "10"}, ["--size 9 ", "--size 10 ", "--size 11 "]),
    ],
)
def test_every_source_may_give_a_size(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str, given: dict[str, str], words: list[str]
) -> None:
    """One comes from --env-file, one from the environment, the rest from --env; the plan has them all."""
    (first, of_file), (last, of_environment), *others = given.items()
    site = bench.write(f"{first}: {of_file}\n{last} = 1\n", "site.env")
    monkeypatch.setenv(last.upper(), of_environment)
    more = [word for key, value in others for word in ("--env", f"{key}={value}")]
    made = bench.on("web", "create", "--template", bench.write(in_env(name)), "--env-file", site, *more)
    assert made.code == 0, made.err
    planned = bench.on("web", "plan").out
    assert [each for each in words if each not in planned] == []


@pytest.mark.parametrize("name,size", [(name, size) for name, sizes in SIZES.items() for size in sizes[:1]])
@pytest.mark.parametrize("value", ["5-", "", "-5", "5X", "five"])
def test_a_size_that_is_none_is_refused(bench: Bench, name: str, size: Size, value: str) -> None:
    """Before anything is written, naming the option that it breaks."""
    made = bench.on("web", "create", "--template", bench.write(in_env(name)), "--env", f"{size.key}={value}")
    assert (made.code, "disk#0.volumes: " in made.err) == (6, True), made.err
    assert not (bench.etc / "web.conf").exists()
