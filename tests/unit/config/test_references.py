"""References between values."""

from time import process_time

import pytest

from core.config.references import GUESSES_MAX, TOGETHER_CHARS_MAX, VALUE_CHARS_MAX, References, Unresolved
from core.errors import ConfigError
from tests.unit.config.declared import service

FILE = """
[DEFAULT]
nodes = n1 n2 n3
app = {env.team}
[env]
team = web
i = 0
under = disk#0
what = file
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
        ("{{env.under}.file}", "/srv/web.example.com/web.img"),
        ("{{env.under}.{env.what}}", "/srv/web.example.com/web.img"),
        ("{{env.under}.file}/{{.Name}}", "/srv/web.example.com/web.img/{{.Name}}"),
        ("{short_nodename}", "n1"),
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
     "{{app}}", "${{app}}", "{a,b}", "{env.}", "{#}", "{nodes[x]}"],
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
        ("{env.tema}", "env.x -> env.tema: section env has no option tema (did you mean team?)"),
        ("{disk#1.file}", "env.x -> disk#1.file: section disk#1 has no option file; it has type"),
        ("{disk#2.file}", "env.x -> disk#2.file: there is no section disk#2 (did you mean disk#1?)"),
        ("{zzz.file}", "env.x -> zzz.file: there is no section zzz"),
        ("{SVCNAME}", "env.x -> DEFAULT.svcname: section DEFAULT has no option svcname (did you mean {svcname}?)"),
        ("{team}", "env.x -> DEFAULT.team: section DEFAULT has no option team (did you mean {env.team}?)"),
        ("{print}", "braces that are no reference are written with blanks: { print }"),
        ("{a.b.c}", "{a.b.c}: a reference has one dot; write {SECTION.OPTION}"),
        ("{nodes[3]}", "{nodes[3]}: the list has 3 words; the first one is [0]"),
        ("{app[1]}", "the list has 1 word;"),
        ("{env.x}", "env.x -> env.x: the values refer to each other in a circle"),
        ("{env.brace}env.x}", "env.x -> env.x: the values refer to each other in a circle"),
        ("$({env.team}+1)", "$(web+1): 'web' is neither a number"),
        ("{env.text}", "env.x -> env.text -> DEFAULT.here: section DEFAULT has no option here"),
        ("{rid}", "env.x -> DEFAULT.rid: {rid} stands for the resource that it is written in, and this is none"),
        ("{DEFAULT.rid}", "env.x -> DEFAULT.rid: section DEFAULT has no option rid"),
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
        "web.conf:3: fs#1.dev -> disk#1.name -> env.vg: section env has no option vg (did you mean vgname?)"
    )


def test_circle_of_two() -> None:
    """A circle is told with every option in it."""
    made = service("[env]\na = {env.b}\nb = {env.a}\n")
    with pytest.raises(ConfigError, match=r"env\.a -> env\.b -> env\.a: the values refer to each other in a circle"):
        made.value("env.a")


def test_circle_through_three_sections() -> None:
    """A value that refers to itself by way of three sections is told with all of them, from whichever it is read."""
    made = service(
        "[DEFAULT]\naws_profile = {env.a}\n[env]\na = {disk#0.name}\n[disk#0]\ntype = loop\nname = {aws_profile}\n"
    )
    circle = ("DEFAULT.aws_profile", "env.a", "disk#0.name")
    for number, key in enumerate(circle):
        with pytest.raises(ConfigError) as caught:
            made.value(key)
        path = " -> ".join((*circle[number:], *circle[: number + 1]))
        assert f"{path}: the values refer to each other in a circle" in str(caught.value)


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


def test_what_a_resource_calls_itself() -> None:
    """`{rid}` and `{rindex}` are those of the resource that reads them, also in what it has of DEFAULT."""
    first = "[disk#0]\ntype = loop\nfile = /{rindex}\n"
    made = service(
        f"[DEFAULT]\naws_profile = {{rid}}\n{first}[disk#7]\ntype = loop\nfile = {{disk#0.file}}/{{rindex}}\n"
    )
    assert made.value("disk#7.file") == "/0/7"
    assert (made.value("disk#0.aws_profile"), made.value("disk#7.aws_profile")) == ("disk#0", "disk#7")


def test_a_reference_is_what_get_says() -> None:
    """A reference to an option that a resource has of DEFAULT has the value that the resource reads."""
    env = "[env]\na = one\nb = {disk#0.aws_profile}\n"
    made = service(f"[DEFAULT]\naws_profile = {{env.a}}\n{env}[disk#0]\ntype = loop\n")
    assert made.value("env.b") == made.value("disk#0.aws_profile") == "one"
    made.set("env.a", "two")
    assert made.value("env.b") == made.value("disk#0.aws_profile") == "two"
    made.set("DEFAULT.aws_profile", "three")
    assert made.value("env.b") == "three"
    made.set("disk#0.aws_profile", "four")
    assert made.value("env.b") == "four"


def test_an_inherited_error_is_told_where_it_is() -> None:
    """What is wrong with an option of DEFAULT is told with its line there, whoever reads it."""
    made = service("[DEFAULT]\naws_profile = {gone}\n[disk#0]\ntype = loop\n")
    with pytest.raises(ConfigError, match=r"^web\.conf:2: DEFAULT\.aws_profile: disk#0\.aws_profile -> DEFAULT\.gone"):
        made.value("disk#0.aws_profile")


def test_too_deep_is_too_deep_for_every_reader() -> None:
    """A chain that is too long is so whatever was read before, and is told in the same words."""
    chain = "".join(f"a{number} = {{env.a{number + 1}}}\n" for number in range(40))
    said = set()
    for beforehand in ((), ("a30", "a10"), ("a20", "a8")):
        made = service(f"[env]\n{chain}a40 = x\n")
        for name in beforehand:
            assert made.value(f"env.{name}") == "x"
        with pytest.raises(ConfigError) as caught:
            made.value("env.a0")
        said.add(str(caught.value))
    assert len(said) == 1


def test_values_together_are_bounded() -> None:
    """A small file cannot ask for gigabytes: the values that it leads to are bounded together, too."""
    block = "x" * 60_000
    count = TOGETHER_CHARS_MAX // len(block) + 10
    made = service(f"[env]\nbig = {block}\n" + "".join(f"a{number} = {{env.big}}\n" for number in range(count)))
    for number in range(TOGETHER_CHARS_MAX // len(block) - 1):
        made.value(f"env.a{number}")
    with pytest.raises(ConfigError, match=f"together longer than {TOGETHER_CHARS_MAX} characters"):
        made.value(f"env.a{count - 1}")
    made.set("env.big", "x")
    assert made.value(f"env.a{count - 1}") == "x"


def test_guesses_are_bounded() -> None:
    """After many errors nothing is guessed any more: that would take longer than all the rest."""
    many = "".join(f"a{number} = {{env.sixe}}\n" for number in range(GUESSES_MAX + 1))
    said = [str(problem) for problem in service(f"[env]\nsize = 1\n{many}").problems() if problem.key[0] == "a"]
    assert said[0].endswith("(did you mean size?)")
    assert len(said) == GUESSES_MAX + 1
    assert not said[-1].endswith("(did you mean size?)")


@pytest.mark.parametrize("reference", ["{svcname}", "{env.empty}", "{env.circle}"])
def test_a_million_references_in_a_row(reference: str) -> None:
    """A value that is nothing but references is refused by its length, before they are all looked at."""
    made = service("[env]\nempty =\ncircle = {env.circle}\n")
    references = References(made.names, made)
    with pytest.raises(Unresolved, match="circle" if "circle" in reference else "longer than"):
        references.expand(reference * 1_000_000, (("env", "x"),))


def test_a_type_may_refer_but_not_to_a_default() -> None:
    """The type of a resource is made of what the file says: defaults are known only once there is a driver."""
    made = service("[disk#0]\ntype = {env.kind}\n[disk#1]\ntype = {disk#0.name}\n[env]\nkind = loop\n")
    assert [each.rid for each in made.resources()] == ["disk#0"]
    assert any("disk#1.type -> disk#0.name: section disk#0 has no option name" in str(each) for each in made.problems())
    made.set("env.kind", "lvm")
    assert made.resource("disk#0").type == "lvm"


def test_scopes_do_not_depend_on_who_reads_first() -> None:
    """A list of nodes that is made of scoped values is read once without them, and what is read so is not kept."""
    text = "[DEFAULT]\nnodes = {env.list}\n[env]\nlist = {env.one} n2\nlist@nodes = {env.one} n2 n3\none = n1\n"
    made, other = service(text), service(text)
    assert made.value("env.list") == "n1 n2 n3"
    assert other.value("nodes") == "n1 n2 n3"
    assert other.value("env.list") == "n1 n2 n3"
    other.set("env.one", "n7")
    assert other.value("env.list") == "n7 n2"


def test_a_scoped_value_is_not_stale() -> None:
    """What was read with its scope is read anew when it has changed."""
    made = service("[env]\na@n7 = {env.b}\nb = 1\n")
    assert made.value("env.a@n7") == "1"
    made.set("env.a@n7", "{env.b}2")
    assert made.value("env.a@n7") == "12"


def seconds(text: str) -> float:
    """What it takes to find all that is wrong with a file, at best."""
    found = []
    for _ in range(3):
        made = service(text)
        began = process_time()
        made.problems()
        found.append(process_time() - began)
    return min(found)


@pytest.mark.parametrize("line", ["a{0} = {{env.gone{0}}}\n", "a{0} = {{gone{0}.x}}\n", "a{0} = {{env.list[999]}}\n"])
def test_an_error_among_many_costs_no_more(line: str) -> None:
    """Eight times as many options that are wrong, or that look into a long list, take about eight times as long."""
    few, many = (
        "[env]\nlist =" + " x" * 1000 + "\n" + "".join(line.format(number) for number in range(count))
        for count in (500, 4000)
    )
    assert seconds(many) < 24 * seconds(few)


def test_a_type_that_leads_nowhere() -> None:
    """A type that refers to a section that is not there is told with the one that was probably meant."""
    said = [str(problem) for problem in service("[disk#1]\ntype = {en.kind}\n[env]\nkind = loop\n").problems()]
    assert any("disk#1.type -> en.kind: there is no section en (did you mean env?)" in each for each in said)
