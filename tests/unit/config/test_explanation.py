"""What is said of how a value comes about."""

import pytest

from core.config.explanation import explain
from core.errors import ConfigError
from tests.unit.config.declared import service

FILE = """\
[DEFAULT]
nodes = n1 n2
aws_profile = of {env.vg}

[env]
vg = plain
vg@nodes = {short_svcname}
size = 5G
i = 0
under = disk#0
long = {env.vg}
  {env.vg}

[disk#0]
type = loop
file = /srv/{env.vg}/{env.vg}
size = $({env.size}*2)

[disk#1]
type = {env.kind}
"""


@pytest.mark.parametrize(
    "key,lines",
    [
        ("env.i", ["env.i (line 9) = 0"]),
        (
            "disk#0.file",
            [
                "disk#0.file (line 16) = /srv/{env.vg}/{env.vg}",
                "  env.vg@nodes (line 7) = {short_svcname}",
                "    {short_svcname} is web",
                "  = web",
                "  env.vg is web, as above",
                "= /srv/web/web",
            ],
        ),
        (
            "disk#0.size",
            ["disk#0.size (line 17) = $({env.size}*2)", "  env.size (line 8) = 5G", "= $(5G*2)", "= 10G"],
        ),
        (
            "disk#0.aws_profile",
            [
                "DEFAULT.aws_profile (line 3) = of {env.vg}",
                "  env.vg@nodes (line 7) = {short_svcname}",
                "    {short_svcname} is web",
                "  = web",
                "= of web",
            ],
        ),
        (
            "disk#0.name",
            ["disk#0.name (by default) = {svcname}", "  {svcname} is web.example.com", "= web.example.com"],
        ),
        ("disk#0.mnt", []),
    ],
)
def test_steps(key: str, lines: list[str]) -> None:
    """Every text that is read stands where it is used, with its place, its scope and what it becomes."""
    assert explain(service(FILE), key) == lines


@pytest.mark.parametrize(
    "text,lines",
    [
        ("{nodes[$({env.i}+1)]}", ["  env.i (line 9) = 0", "= {nodes[$(0+1)]}", "= {nodes[1]}",
                                   "  DEFAULT.nodes (line 2) = n1 n2", "  {nodes[1]} is n2", "= n2"]),
        ("{#nodes}", ["  DEFAULT.nodes (line 2) = n1 n2", "  {#nodes} is 2", "= 2"]),
        ("{env.long}", ["  env.long (line 11) = {env.vg}", "      {env.vg}",
                        "    env.vg@nodes (line 7) = {short_svcname}", "      {short_svcname} is web", "    = web",
                        "    env.vg is web, as above", "  = web", "      web", "= web", "    web"]),
    ],
)  # fmt: skip
def test_rounds(text: str, lines: list[str]) -> None:
    """Each round of a value is a line; the words of a list are told beside the list, further lines stay together."""
    made = service(FILE)
    made.set("env.x", text)
    assert explain(made, "env.x")[1:] == lines


@pytest.mark.parametrize("text,last", [("{env.vg}/{env.gone}", "  = web"), ("{env.x}", "env.x (line 13) = {env.x}")])
def test_as_far_as_it_comes(text: str, last: str) -> None:
    """Of a value that cannot be evaluated the steps before that are told; reading it is what fails."""
    made = service(FILE)
    made.set("env.x", text)
    assert explain(made, "env.x")[-1] == last
    with pytest.raises(ConfigError):
        made.value("env.x")


def test_the_type_of_a_resource() -> None:
    """A type is explained as it is found: without the defaults of drivers."""
    made = service(FILE)
    made.set("env.kind", "loop")
    assert explain(made, "disk#1.type") == [
        "disk#1.type (line 21) = {env.kind}",
        "  env.kind (line 13) = loop",
        "= loop",
    ]


def test_an_explanation_ends_as_the_value() -> None:
    """What the last line says is the value."""
    made = service(FILE)
    for option in ("file", "size"):
        assert explain(made, f"disk#0.{option}")[-1] == f"= {made.value(f'disk#0.{option}')}"
