"""The command line, understood."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from svcprov import arguments
from svcprov.arguments import ACTIONS, EVERYWHERE, OPTIONS, help_text, parse
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    "words",
    ["-s web --node f --rid a provision", "provision -s web --node f --rid a", "-s web provision --node f --rid=a"],
)
def test_options_stand_before_or_after_the_action(words: str) -> None:
    """The order of options and action does not matter."""
    request = parse(words.split())
    assert (request.action, request.options.service, request.options.node, request.options.rid) == (
        "provision",
        "web",
        "f",
        ["a"],
    )


@pytest.mark.parametrize("words", ["print status -s web", "print -s web status", "-s web print status"])
def test_an_action_of_two_words_is_one(words: str) -> None:
    """`print status` is one action, wherever its options stand."""
    assert parse(words.split())[:2] == ("print status", ())


def test_docker_gets_its_own_words() -> None:
    """What follows `docker` is docker's, options included; what stands before is ours."""
    request = parse(["-s", "docker", "--node", "f", "docker", "run", "--rm", "-s", "x", "--help"])
    assert request[:2] == ("docker", ("run", "--rm", "-s", "x", "--help"))
    assert request.options.service == "docker"


@pytest.mark.parametrize("words", ["docker --node f -s web ps -a", "-s web docker --node=f ps -a"])
def test_service_and_node_may_follow_docker(words: str) -> None:
    """Docker has no option that names a service or a node, so right after `docker` they are ours."""
    request = parse(words.split())
    assert (request.operands, request.options.service, request.options.node) == (("ps", "-a"), "web", "f")


def test_a_value_may_begin_with_a_dash() -> None:
    """`--value --ip` sets the value `--ip`."""
    assert parse(["-s", "web", "set", "--param", "a.b", "--value", "--ip 1"]).options.value == "--ip 1"


def test_disable_rollback_is_no_rollback() -> None:
    """The older name of --no-rollback means the same."""
    assert parse(["-s", "web", "start", "--disable-rollback"]).options.no_rollback is True


def test_every_option_belongs_to_an_action() -> None:
    """No option is declared that no action takes, and no action takes one that is not declared."""
    names = {
        option.names[0 if option.names[0].startswith("--") else -1].lstrip("-").replace("-", "_") for option in OPTIONS
    }
    taken = {name for action in ACTIONS.values() for name in action.options} | set(EVERYWHERE) | {"version"}
    assert names == taken


def test_help_names_every_action_and_option() -> None:
    """The help is complete."""
    text = help_text()
    assert [name for name in ACTIONS if name not in text] == []
    assert [name for option in OPTIONS for name in option.names if name not in text] == []


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_exists(action: str) -> None:
    """What the table names is there to be called."""
    from importlib import import_module

    module, _, name = ACTIONS[action].call.partition(":")
    assert callable(getattr(import_module(f"svcprov.commands.{module}"), name))


@pytest.mark.parametrize("words", ["", "--rid", "provision --detailed", "print nothing", "--waitlock -1 start"])
def test_what_makes_no_sense_is_a_usage_error(words: str) -> None:
    """Abbreviations, missing values and unknown words are refused."""
    with pytest.raises(UsageError):
        parse(words.split())


LINES = st.lists(
    st.sampled_from(
        [
            *(name for option in OPTIONS for name in option.names),
            *(f"{option.names[0]}={value}" for option in OPTIONS for value in ("", "x", "-x", "json", "1.5")),
            *("web", "provision", "json", "never", "1.5", "nan", "-", "--", "-x", "-sweb", "--nod", "", "a b", "-1"),
        ]
    ),
    max_size=8,
)


@given(LINES)
def test_argparse_would_read_the_same(words: list[str]) -> None:
    """What is read without argparse is what argparse reads, option by option; anything else is left to it."""
    plain = arguments._plain(words)  # noqa: SLF001 - the short way is held against the long one
    if plain is not None:
        assert repr(sorted(vars(plain).items())) == repr(sorted(vars(arguments._parsed(words)).items()))  # noqa: SLF001


def test_argparse_is_not_loaded_for_what_is_right() -> None:
    """A command line that has nothing odd is read without it."""
    program = (
        "import sys; from svcprov.arguments import parse; "
        "parse(['-s', 'web', '--rid=fs', 'plan', 'stop', '--format', 'md', '-o', 'x']); "
        "print('argparse' in sys.modules)"
    )
    ended = subprocess.run((sys.executable, "-c", program), cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"
