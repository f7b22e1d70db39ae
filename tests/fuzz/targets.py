"""What is tried with any bytes: the document parser, the evaluator, `--resource`. They fail only where we are wrong.

Each gives a result or an error that docs/template-language.md lists; what is a result holds what it should.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from core.config.document import Document
from core.config.expressions import DEPTH_MAX, LENGTH_MAX
from core.config.keywords import DEFAULTS
from core.config.service import Service
from core.driver import load
from core.errors import ConfigError, Problem, UsageError
from core.record import Record
from svcprov.definitions import FREE, define
from tests.property.plain_evaluator import Plain, Wrong

REPOSITORY = Path(__file__).resolve().parent.parent.parent
CASES = Path(__file__).resolve().parent / "cases"
LIMITS = (f"longer than {LENGTH_MAX} characters", f"nested deeper than {DEPTH_MAX}")
"""Errors that the second evaluator does not have."""

NAMES = {"svcname": "web.example.com", "short_svcname": "web", "nodename": "n1", "short_nodename": "n1"}
ENV = {"a": "{env.b}", "b": "5", "c": "5G", "list": "n1 n2", "open": "{", "close": "}", "here": "b", "loop": "{env.x}"}
RESOURCE = "[DEFAULT]\nnodes = n1\n\n[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv\n"


def _listed(heading: str) -> re.Pattern[str]:
    """The errors of a table in docs/template-language.md, as one pattern."""
    text = (REPOSITORY / "docs/template-language.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(.*?)` \|", section, re.MULTILINE)
    patterns = [
        re.sub(r"\b[SOX]\b|\\\.\\\.\\\.", ".*", re.sub(r"\b(0x|)N\b", r"\g<1>[0-9a-f]+", re.escape(row)))
        for row in rows
    ]
    return re.compile("|".join(patterns).replace("words", "words?"), re.DOTALL)


UNREADABLE = _listed("What is no service file")
UNRESOLVED = _listed("What has no value")


def _check_listed(problems: tuple[Problem, ...], pattern: re.Pattern[str]) -> None:
    for problem in problems:
        # The path to what is wrong comes first, then the reference.
        text = re.sub(r"^(?:.* -> .*?: )?(?:\{[^{}]*\}: )?", "", problem.text)
        if pattern.fullmatch(text) is None:
            raise AssertionError(f"not listed: {problem.text!r}")


def document(data: bytes) -> None:
    """Read bytes as a service file, find all that is wrong with it, and evaluate every option."""
    try:
        read = Document.from_bytes(data, "web.conf")
    except ConfigError as error:
        _check_listed(error.problems, UNREADABLE)
        return
    if read.text.encode() != data:
        raise AssertionError("reading and writing changed the file")
    _check_listed(tuple(read.problems), UNREADABLE)
    if read.problems:
        return
    service = Service("web.example.com", read, "n1", Record(), load)
    if not service.problems():
        service.warnings()
    for section in read.sections():
        for option in read.options(section):
            try:
                service.evaluate_option(section, option)
                service.value(f"{section}.{option}" if section != "DEFAULT" else option)
            except ConfigError as error:
                _check_listed(error.problems, UNRESOLVED)


def evaluation(data: bytes) -> None:
    """Evaluate a text, and compare what comes of it with what the second evaluator says."""
    text = " ".join(data.decode("utf-8", "replace").split("\n")).strip()
    read = Document("")
    try:
        read.set("env", "x", text)
        for name, other in ENV.items():
            read.set("env", name, other)
    except ValueError:
        return  # `document` tells
    again = Document(read.text)
    if again.problems:
        return  # a hole, which a preview may write
    service = Service("web.example.com", again, "n1", Record(), load)
    defaults = {("DEFAULT", keyword.name): keyword.default for keyword in DEFAULTS if keyword.default is not None}
    defaults |= {("DEFAULT", "nodes"): "n1"}
    written = again.get("env", "x") or ""
    plain = Plain({"env": {**ENV, "x": written}}, {**NAMES, "var": service.var}, defaults, frozenset())
    try:
        value = service.value("env.x")
    except ConfigError as error:
        _check_listed(error.problems, UNRESOLVED)
        if not str(error).endswith(LIMITS) and (wrong := _plainly(plain)) is not None:
            raise AssertionError(f"{text!r} is {wrong!r}, and not wrong: {error}") from None
        return
    if value != _plainly(plain):
        raise AssertionError(f"{text!r} is {_plainly(plain)!r}, and not {value!r}")


def _plainly(plain: Plain) -> str | None:
    try:
        return plain.value("env", "x")
    except Wrong:
        return None


def resource(data: bytes) -> None:
    """Add what `--resource` says to a service; what is written is read again as what was said."""
    text = data.decode("utf-8", "surrogateescape")
    made = Document(RESOURCE, "web.conf")
    try:
        touched = define(made, [text])
    except (UsageError, ConfigError) as error:
        if not str(error):
            raise AssertionError("an error without a word") from None
        return
    again = Document.from_bytes(made.text.encode(), "web.conf")
    if again.problems:
        raise AssertionError(f"what was written is wrong: {again.problems}")
    for section in (*touched, *FREE):
        ours, theirs = _values(made, section), _values(again, section)
        if ours != theirs:
            raise AssertionError(f"{section}: {ours} was written, {theirs} is read")


def _values(read: Document, section: str) -> Mapping[str, str | None]:
    return {option: read.get(section, option) for option in read.options(section)}


TARGETS: Mapping[str, Callable[[bytes], None]] = {"document": document, "evaluation": evaluation, "resource": resource}


def seeds(name: str) -> Iterator[bytes]:
    """What a fuzzer begins with: what was found before, and the texts of the templates and tests."""
    for path in sorted((CASES / name).iterdir()):
        yield path.read_bytes()
    if name == "document":
        for path in sorted((REPOSITORY / "fixtures/templates").glob("*.template")):
            yield path.read_bytes()
    elif name == "evaluation":
        yield from (each.encode() for each in ENV.values())
        yield from (
            b"$({env.b}*2)G",
            b"{nodes[$({#nodes}-1)]}",
            b"{{env.here}.b}",
            b"$(5G/2+1m)",
            b"$(-2**3//4%5)",
            b"{{.N}}",
        )
    else:
        yield b'{"rtype": "fs", "type": "ext4", "dev": "/dev/sdc", "mnt": "/srv/b", "optional": true}'
        yield b'{"rid": "fs#0", "mnt_opt": "ro"}'
