"""The command line of the simulated aws: words, versions, credentials."""

import json

import pytest

from core.command import Command, Completed
from core.state import load
from core.tools import aws as spoken
from executors.simulated.node import SimulatedNode
from tests.unit.ec2_nodes import aws, node

CREATE = ("create-volume", "--size", "2", "--availability-zone", "us-west-2b")
ENI = ("--network-interface-id", "eni-033adc4b")


@pytest.mark.parametrize(
    "argv",
    [
        ("aws", "--output=json", "ec2", *CREATE, "5", "6"),
        ("aws", "--output=json", "ec2", *CREATE, "--encrypted", "yes"),
        ("aws", "--output=json", "ec2", *CREATE, "--tag-specifications", "Tags=[{Key=a}]"),
        ("aws", "--output=json", "ec2", "create-volume", "--sizes", "3"),
        ("aws", "--output=json", "ec2", "create-volume", "--size", "2"),
        ("aws", "--output=json", "ec2", "create-volume", "--size", "two", "--availability-zone", "us-west-2b"),
        ("aws", "--output=json", "ec2", "create-volume", "--availability-zone"),
        ("aws", "--output=json", "ec2", "reboot-instances"),
        ("aws", "--output=json", "ec2", "wait", "forever"),
        ("aws", "--output=json", "ec2", "describe-volumes", "--filters", "size=3"),
        ("aws", "--output=text", "ec2", "describe-volumes"),
        ("aws", "--colour", "ec2", "describe-volumes"),
        ("aws", "--output=json", "s3", "ls"),
        ("aws", "--output=json", "ec2"),
        ("aws", "--output"),
    ],
)
def test_words_that_nobody_knows_are_usage_errors(argv: tuple[str, ...]) -> None:
    """An unknown or incomplete command line ends with 252 in CLI 2, and with 2 or 255 in CLI 1."""
    assert node().run(Command(argv, tool="aws")).returncode == 252
    assert node("ec2-2015").run(Command(argv, tool="aws")).returncode in {2, 255}


def test_the_cli_of_2015_knows_no_tokens() -> None:
    """Options that came later are unknown options, in the words of that CLI."""
    answer = aws(node("ec2-2015"), *CREATE, "--client-token", "t")
    assert (answer.returncode, answer.stderr.splitlines()[-1]) == (255, "Unknown options: --client-token, t")


def test_the_cli_of_2015_does_not_say_what_it_assigned() -> None:
    """Assigning an address is answered with an empty object."""
    on = node("ec2-2015")
    answer = aws(on, "assign-private-ip-addresses", *ENI, "--secondary-private-ip-address-count", "1")
    assert json.loads(answer.stdout) == {}
    assert on.state["ec2"]["network_interfaces"]["eni-033adc4b"]["addresses"][-1] == "10.0.0.221"


@pytest.mark.parametrize("name, stream", [("ec2-2015", "stderr"), ("ec2", "stdout")])
def test_the_version_is_said_where_the_python_of_the_cli_says_it(name: str, stream: str) -> None:
    """Under Python 2 `--version` goes to stderr, later to stdout."""
    answer = node(name).run(Command(("aws", "--version"), tool="aws"))
    assert getattr(answer, stream).startswith(f"aws-cli/{node(name).state['tools']['awscli']} ")


@pytest.mark.parametrize("name, code", [("ec2-2015", 255), ("ec2", 253)])
def test_without_credentials_nothing_is_asked(name: str, code: int) -> None:
    """A CLI without credentials says how to give them."""
    answer = aws(node(name, credentials=False), "describe-volumes")
    assert answer.returncode == code
    assert "aws configure" in answer.stderr


def test_a_node_with_botocore_answers_in_its_place() -> None:
    """`aws` is botocore in the words of CLI 2, with client tokens; a program named by its path is the CLI."""
    on = node("ec2-2015")
    on.state["tools"]["botocore"] = "1.43.11"
    answer = on.run(spoken.version("aws"))
    assert answer == Completed(0, "svcprov botocore/1.43.11\n")
    assert spoken.cli("aws", "", answer).tokens
    assert aws(on, *CREATE, "--client-token", "t").returncode == 0
    assert aws(on, "delete-volume", "--volume-id", "vol-12345678").returncode == 254
    old = on.run(spoken.version("/usr/bin/aws"))
    assert not spoken.cli("/usr/bin/aws", "", old).tokens
    del on.state["tools"]["awscli"]
    assert on.run(spoken.version("aws")) == answer
    assert on.run(spoken.version("/usr/bin/aws")).returncode == 127


@pytest.mark.parametrize(
    "said, tokens",
    [
        ("aws-cli/1.7.24 Python/2.7.6 Linux/3.13.0 botocore/1.43.11", False),
        ("aws-cli/2.9.19 Python/3.11.2", True),
        ("aws-cli/3.0.1", True),
        ("svcprov botocore/1.22.0", False),
        ("svcprov botocore/1.34.0", True),
        ("what is this?", False),
    ],
)
def test_the_dialect_is_that_of_who_answers(said: str, tokens: bool) -> None:  # noqa: FBT001 - a column of the table
    """A CLI is judged by its own version, whatever botocore it is made with; alone, botocore is judged by its own."""
    assert spoken.cli("aws", "staging", Completed(0, said + "\n")) == spoken.Cli("aws", "staging", tokens)


def test_a_node_without_awscli_has_no_aws() -> None:
    """A tool that is not installed is not found, as a shell says it."""
    assert aws(SimulatedNode(load({})), "describe-volumes").returncode == 127
