"""The log layer: a listener hears each command and its answer."""

from core.command import Command, Completed
from executors.layers.log import Log
from tests.unit.layers.shelf import LIST, Shelf, put


class Heard:
    """A listener that remembers."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf, self.said = shelf, list[str]()

    def begins(self, command: Command) -> None:
        """Hear that a command begins, and how many things there are."""
        self.said.append(f"{command.argv[0]} at {len(self._shelf.things)}")

    def ended(self, command: Command, answer: Completed) -> None:
        """Hear what came of it."""
        self.said.append(f"{command.argv[0]} {answer.returncode} at {len(self._shelf.things)}")


def test_a_command_is_heard_before_and_after_its_effect() -> None:
    """What is about to run can be shown before it does anything; the answer comes with its command."""
    shelf = Shelf()
    heard = Heard(shelf)
    log = Log(shelf, heard)
    answers = [log.run(put("a")), log.run(put("a")), log.run(LIST)]
    assert heard.said == ["put at 0", "put 0 at 1", "put at 1", "put 1 at 1", "list at 1", "list 0 at 1"]
    assert [answer.returncode for answer in answers] == [0, 1, 0]
