"""References between values."""

import pytest

from core.config.references import VALUE_CHARS_MAX
from core.errors import ConfigError
from tests.unit.config.declared import service

FILE = """
[DEFAULT]
nodes = n1 n2 n3
app = {env.team}
[env]
team = web
i = 0
size = 14
unit = G
empty =
text = {here}
brace = {
docker = {{.Name}}
[disk#0]
type = loop
file = /srv/{svcname}/{app}.img
[disk#1]
type = lvm
"""


def value(text: str) -> str:
    """Evaluate a text as the option `x` of `[env]` of the file above."""
    made = service(FILE)
    made.set("env.x", text)
    return made.value("env.x") or ""


@pytest.mark.parametrize(
    "text,expected",
    [
        ("{svcname}.container.0", "web.example.com.container.0"),
        ("{short_svcname}", "web"),
        ("{nodename}", "n1"),
        ("{var}/x", "/var/lib/opensvc/x"),
        ("{app}", "web"),
        ("{DEFAULT.app}", "web"),
        ("{env.TEAM}", "web"),
        ("{disk#0.file}", "/srv/web.example.com/web.img"),
        ("{disk#0.size}", "10M"),
        ("{disk#1.name}", "web.example.com"),
        ("{nodes}", "n1 n2 n3"),
        ("{Nodes}", "n1 n2 n3"),
        ("{#nodes}", "3"),
        ("{env.#empty}", "0"),
        ("{nodes[2]}", "n3"),
        ("{nodes[{env.i}]}", "n1"),
        ("{nodes[$({env.i}+1)]}", "n2"),
        ("$({env.size}*2){env.unit}", "28G"),
        ("$({env.size}{env.unit}*2)", "28G"),
        ("$({#nodes}-1)", "2"),
        ("{env.{app}}", ""),
    ],
)
def test_values(text: str, expected: str) -> None:
    """A reference stands for the evaluated value of its option, an expression for its result."""
    made = service(FILE)
    made.set("env.web", "")
    made.set("env.x", text)
    assert made.value("env.x") == expected


@pytest.mark.parametrize(
    "text",
    ["{{.Name}}", "${HOME}", "${app}", "{}", "{ app }", "{svcname-x}", "{svcname", "{1...8}", "{nodes[-1]}", "{.State}",
     "{{app}}", "{a,b}", "{env.}", "{#}", "{nodes[x]}"],
)  # fmt: skip
def test_other_braces(text: str) -> None:
    """Braces that are no reference are text."""
    assert value(text) == text


def test_text_of_others_is_text() -> None:
    """Braces of another kind in a referred value stay text."""
    assert value("{env.docker}") == "{{.Name}}"


@pytest.mark.parametrize(
    "text,said",
    [
        ("{env.tema}", "env.x -> env.tema: section env has no option tema; did you mean team?"),
        ("{disk#1.file}", "env.x -> disk#1.file: section disk#1 has no option file; it has type"),
        ("{disk#2.file}", "env.x -> disk#2.file: there is no section disk#2; did you mean disk#1?"),
        ("{zzz.file}", "env.x -> zzz.file: there is no section zzz"),
        ("{SVCNAME}", "env.x -> DEFAULT.svcname: section DEFAULT has no option svcname; did you mean {svcname}?"),
        ("{team}", "env.x -> DEFAULT.team: section DEFAULT has no option team; did you mean {env.team}?"),
        ("{print}", "braces that are no reference are written with blanks: { print }"),
        ("{a.b.c}", "{a.b.c}: a reference has one dot; write {SECTION.OPTION}"),
        ("{nodes[3]}", "{nodes[3]}: the list has 3 words; the first one is [0]"),
        ("{app[1]}", "the list has 1 word;"),
        ("{env.x}", "env.x -> env.x: the values refer to each other in a circle"),
        ("{env.brace}env.x}", "env.x -> env.x: the values refer to each other in a circle"),
        ("$({env.team}+1)", "$(web+1): 'web' is neither a number"),
        ("{env.text}", "env.x -> env.text -> DEFAULT.here: section DEFAULT has no option here"),
    ],
)
def test_unresolved(text: str, said: str) -> None:
    """What cannot be resolved is told with the whole path to it, and what may help."""
    with pytest.raises(ConfigError) as caught:
        value(text)
    assert said in str(caught.value)


def test_path_and_place() -> None:
    """The error names file and line of the value that was read, and every option on the way."""
    made = service("[fs#1]\ntype = ext4\ndev = /dev/{disk#1.name}/a\n[disk#1]\nname = {env.vg}\n[env]\nvgname = x\n")
    with pytest.raises(ConfigError) as caught:
        made.value("fs#1.dev")
    assert str(caught.value) == (
        "web.conf:3: fs#1.dev: fs#1.dev -> disk#1.name -> env.vg: section env has no option vg; did you mean vgname?"
    )


def test_circle_of_two() -> None:
    """A circle is told with every option in it."""
    made = service("[env]\na = {env.b}\nb = {env.a}\n")
    with pytest.raises(ConfigError, match=r"env\.a -> env\.b -> env\.a: the values refer to each other in a circle"):
        made.value("env.a")


def test_empty_section() -> None:
    """A section without options says that it has none."""
    with pytest.raises(ConfigError, match="section disk#0 has no option file; it has none"):
        service("[env]\na = {disk#0.file}\n[disk#0]\n").value("env.a")


def test_depth_is_bounded() -> None:
    """A chain of references ends somewhere."""
    chain = "".join(f"a{number} = {{env.a{number + 1}}}\n" for number in range(100))
    with pytest.raises(ConfigError, match="more than 32 references deep"):
        service(f"[env]\n{chain}a100 = x\n").value("env.a0")


def test_length_is_bounded() -> None:
    """Values that double each other do not grow without end."""
    chain = "".join(f"a{number} = {{env.a{number + 1}}}{{env.a{number + 1}}}\n" for number in range(30))
    with pytest.raises(ConfigError, match=f"longer than {VALUE_CHARS_MAX} characters"):
        service(f"[env]\n{chain}a30 = x\n").value("env.a0")


def test_rounds_are_bounded() -> None:
    """A value that makes one reference after the other is given up."""
    nested = "0"
    for _ in range(40):
        nested = f"{{nodes[{nested}]}}"
    made = service(f"[DEFAULT]\nnodes = 0 1\n[env]\na = {nested}\n")
    with pytest.raises(ConfigError, match="still has references after 32 rounds"):
        made.value("env.a")


def test_a_change_reaches_all_who_refer() -> None:
    """After a cascade, everything that refers to the key has the new value."""
    made = service(FILE)
    made.set("env.a", "{disk#0.file}!")
    assert made.value("env.a") == "/srv/web.example.com/web.img!"
    made.set("env.team", "api")
    assert made.value("env.a") == "/srv/web.example.com/api.img!"


def test_a_change_of_nodes_reaches_all() -> None:
    """When the list of nodes changes, so does what is scoped by it."""
    made = service("[DEFAULT]\nnodes = n2\n[env]\na = {env.b}\nb = everywhere\nb@nodes = here\n")
    assert made.value("env.a") == "everywhere"
    made.set("nodes", "n1")
    assert made.value("env.a") == "here"
