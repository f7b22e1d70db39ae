"""What a service file means does not depend on how it is read: a second evaluator agrees, and no order matters."""

import os
import re
from collections.abc import Mapping, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.document import Document
from core.config.explanation import explain
from core.config.keywords import COMMON, DEFAULTS
from core.config.service import Service
from core.errors import ConfigError
from core.record import Record
from tests.property.plain_evaluator import Plain, Wrong
from tests.unit.config.declared import load

EXAMPLES = settings(
    max_examples=max(200, settings.default.max_examples if settings.default is not None else 0),
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Texts = dict[str, dict[str, str]]

NAMES = ("a", "b", "c", "d", "e")
SECTIONS = ("DEFAULT", "env", "disk#0", "disk#1", "subset#disk:x")
DISK_OPTIONS = ("size", "name", "file", "aws_profile")
SCOPES = ("", "", "", "", "@n1", "@n2", "@nodes", "@drpnodes")
KEYS = st.sampled_from(
    [
        *(f"{{env.{name}}}" for name in NAMES),
        *(f"{{{name}}}" for name in ("a", "b", "aws_profile", "rollback", "nodes", "gone", "rid", "A")),
        *(f"{{disk#{number}.{name}}}" for number in (0, 1) for name in DISK_OPTIONS),
        "{svcname}", "{short_svcname}", "{nodename}", "{rindex}", "{DEFAULT.a}", "{disk#7.size}", "{a.b.c}",
        "{env.gone}",
        "{#nodes}", "{env.#a}", "{env.b[0]}", "{nodes[1]}", "{nodes[$({#nodes}-1)]}", "{env.c[$({env.d}+1)]}",
        "{env.{env.e}}", "{{env.e}.size}", "{{env.e}.{env.d}}", "{{.Name}}", "{{svcname}}", "${HOME}", "${a}",
    ]
)  # fmt: skip
OPERANDS = st.sampled_from(
    [*"0123", "10", "1.5", "5G", "512m", "0x10", "{env.a}", "{env.b}", "{#nodes}", "{disk#0.size}"]
)
OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%", " + ", " * "])
TERMS = st.recursive(
    OPERANDS,
    lambda inner: (
        st.tuples(inner, OPERATORS, inner).map("".join)
        | inner.map("({})".format)
        | inner.map("$({})".format)
        | inner.map("-{}".format)
        | st.tuples(inner, st.just("**"), st.sampled_from("0123")).map("".join)
    ),
    max_leaves=5,
)
ODD = st.sampled_from(
    ["{", "}", "{{", "}}", "$", "$(", ")", "$()", "[0]", ".", "#", "n1", "n1 n2", "disk#0", "size", "a b", "7"]
)
TEXTS = st.lists(KEYS | TERMS.map("$({})".format) | ODD | ODD, max_size=4).map("".join).map(str.strip)
SIMPLE = st.sampled_from(["", "5", "3", "5G", "a", "size", "disk#0", "n1 n2 n3", "1 2"])
NODES = st.sampled_from(["n1 n2", "n1", "{env.a}", "n2 {env.b}", "{svcname}", "{nodes}", "{disk#0.size} n1"])


@st.composite
def services(draw: st.DrawFn) -> Texts:
    """Draw what a service file says: values that refer to each other, in every way and none, with scopes."""
    texts: Texts = {section: {} for section in SECTIONS}
    for section, names in zip(
        SECTIONS, (("a", "b", "aws_profile"), NAMES, DISK_OPTIONS, DISK_OPTIONS, ("a",)), strict=True
    ):
        for name in names:
            for scope in draw(st.lists(st.sampled_from(SCOPES), max_size=2, unique=True)):
                texts[section][name + scope] = draw(SIMPLE | TEXTS)
    for name in ("nodes", "drpnodes"):
        if draw(st.booleans()):
            texts["DEFAULT"][name] = draw(NODES)
    texts["disk#0"]["type"] = draw(st.sampled_from(["loop", "loop", "lvm", "{env.kind}"]))
    texts["disk#1"]["type"] = "loop"
    texts["env"]["kind"] = "loop"
    return texts


def written(texts: Mapping[str, Mapping[str, str]]) -> str:
    """The service file of these texts."""
    sections = (
        f"[{section}]\n" + "".join(f"{option} = {text}\n" for option, text in options.items())
        for section, options in texts.items()
    )
    return "\n".join(sections)


def service(texts: Texts, node: str) -> Service:
    """The service of these texts, as a node reads it."""
    return Service("web.example.com", Document(written(texts), "web.conf"), node, Record(), load)


def keys(texts: Texts) -> list[str]:
    """Every key of a service, with its scope and without."""
    options = [(section, option) for section in texts for option in (*texts[section], "size", "gone")]
    return list(dict.fromkeys(f"{each[0]}.{name}" for each in options for name in (each[1], each[1].partition("@")[0])))


def said(made: Service, key: str) -> str | None:
    """The value of a key, or after a `!` what is wrong with it: without its line, and without any guess."""
    try:
        return made.value(key)
    except ConfigError as error:
        (problem,) = error.problems
        return f"!{shortened(problem.text)}"


def shortened(text: str) -> str:
    """What is wrong, without what is wrong with an expression."""
    return re.sub(r"\$\(.*", "$(", text, flags=re.DOTALL)


def plainly(texts: Texts, node: str, key: str) -> str | None:
    """The same, as the second evaluator sees it."""
    names = {"svcname": "web.example.com", "short_svcname": "web", "nodename": node, "short_nodename": node}
    defaults = {("DEFAULT", keyword.name): keyword.default for keyword in DEFAULTS if keyword.default is not None}
    defaults |= {("DEFAULT", "nodes"): node}
    for disk in ("disk#0", "disk#1"):
        defaults |= {(disk, keyword.name): keyword.default for keyword in COMMON if keyword.default is not None}
        defaults |= {(disk, "name"): "{svcname}", (disk, "size"): "10M"}
    shared = frozenset(keyword.name for keyword in DEFAULTS) - frozenset(keyword.name for keyword in COMMON)
    plain = Plain(texts, {**names, "var": "/var/lib/opensvc"}, defaults, shared)
    section, _, option = key.partition(".")
    try:
        return plain.value(section, option)
    except Wrong as error:
        return f"!{shortened(str(error))}"


NODE_NAMES = st.sampled_from(["n1", "n2", "n3", "web.example.com"])


@EXAMPLES
@given(services(), NODE_NAMES)
def test_a_slow_obvious_evaluator_agrees(texts: Texts, node: str) -> None:
    """Every key has the value, or the error with the path, that an evaluator has which does everything the long way."""
    made = service(texts, node)
    for key in keys(texts):
        assert said(made, key) == plainly(texts, node, key), key


@EXAMPLES
@given(services(), NODE_NAMES, st.data())
def test_the_order_of_the_file_does_not_matter(texts: Texts, node: str, data: st.DataObject) -> None:
    """With sections and options in any other order, every key has the same value or error."""
    other = {
        section: {option: texts[section][option] for option in data.draw(st.permutations(list(texts[section])))}
        for section in data.draw(st.permutations(list(texts)))
    }
    one, another = service(texts, node), service(other, node)
    assert [said(one, key) for key in keys(texts)] == [said(another, key) for key in keys(texts)]


@EXAMPLES
@given(services(), NODE_NAMES, st.data())
def test_the_order_of_reading_does_not_matter(texts: Texts, node: str, data: st.DataObject) -> None:
    """Whatever was read before, a key has the value or error that it has in a service that nobody read before."""
    made = service(texts, node)
    for key in data.draw(st.permutations(keys(texts))):
        assert said(made, key) == said(service(texts, node), key), key


@EXAMPLES
@given(services(), NODE_NAMES)
def test_a_value_stands_for_itself(texts: Texts, node: str) -> None:
    """Where a value is written in the place of its text, the key has the same value."""
    made = service(texts, node)
    for section in texts:
        for option in texts[section]:
            value = said(made, f"{section}.{option}")
            # A value may end with blanks, where an empty one stands behind them; no text of a file does.
            if value is not None and value == value.strip() and not value.startswith("!") and "type" not in option:
                once = {**texts, section: {**texts[section], option: value}}
                assert said(service(once, node), f"{section}.{option}") == value


@EXAMPLES
@given(services(), NODE_NAMES)
def test_an_explanation_ends_with_the_value(texts: Texts, node: str) -> None:
    """The steps of an evaluation come to what the evaluation came to, and stay short."""
    made = service(texts, node)
    for key in keys(texts):
        value, steps = said(made, key), explain(made, key)
        assert len(steps) < 1000
        if value is None:
            assert steps == []
        elif not value.startswith("!"):
            assert steps[-1] in {f"= {value}", f"{steps[0].partition(' = ')[0]} = {value}"}


EDITS = st.tuples(st.sampled_from(SECTIONS), st.sampled_from((*NAMES, *DISK_OPTIONS, "nodes", "type")), SIMPLE | TEXTS)


@EXAMPLES
@given(services(), NODE_NAMES, st.lists(EDITS, min_size=1, max_size=4))
def test_nothing_stale_is_remembered(texts: Texts, node: str, edits: Sequence[tuple[str, str, str]]) -> None:
    """After any edits every key has the value or error that it has in a service made of the edited file."""
    made = service(texts, node)
    for section, option, text in edits:
        for key in keys(texts):
            said(made, key)
        if text:
            made.set(f"{section}.{option}", text)
        else:
            made.unset(f"{section}.{option}")
        anew = Service(made.name, Document(made.document.text, "web.conf"), node, Record(), load)
        assert [said(made, key) for key in keys(texts)] == [said(anew, key) for key in keys(texts)]
        assert [(each.rid, each.type) for each in made.resources()] == [
            (each.rid, each.type) for each in anew.resources()
        ]
