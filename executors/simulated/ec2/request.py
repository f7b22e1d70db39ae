"""What an EC2 operation is asked with, and how it refuses."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from core.command import Command
from executors.simulated.node import SimulatedNode

Answer = dict[str, Any]
GIB = 1 << 30


class Ec2Error(Exception):
    """EC2 says no: the code that programs look at (`IncorrectState`), and the words for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


class WaiterFailed(Exception):
    """A waiter of the command line gave up; the text is what it prints after its name."""


class Request(NamedTuple):
    """One operation: the node that asks, the command that asks it, and its parameters by option.

    A parameter is a text (`--size 15`: "15"), a list of texts (`--volume-ids`), filters as name and values, or tags.
    """

    node: SimulatedNode
    command: Command
    given: dict[str, Any]

    @property
    def cloud(self) -> dict[str, Any]:
        """The part of the state that is the cloud."""
        cloud: dict[str, Any] = self.node.state["ec2"]
        return cloud

    def text(self, option: str) -> str:
        """Return the value of an option, "" when it was not given."""
        return str(self.given.get(option, ""))

    def asks_for(self, found: Callable[[str], Iterable[str]]) -> bool:
        """Tell whether something passes all `--filters`; `found` returns its values for the name of a filter.

        Raises Ec2Error for a filter that `found` does not know (KeyError).
        """
        for name, values in self.given.get("--filters", ()):
            try:
                has = set(found(name))
            except KeyError:
                raise Ec2Error("InvalidParameterValue", f"The filter '{name}' is invalid") from None
            if not has & set(values):
                return False
        return True


def tag_values(tags: dict[str, str], name: str) -> list[str]:
    """Return the values for the filter `tag:KEY`. Raises KeyError for any other filter."""
    if not name.startswith("tag:"):
        raise KeyError(name)
    key = name.removeprefix("tag:")
    return [tags[key]] if key in tags else []


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Write tags as EC2 answers them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
