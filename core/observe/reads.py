"""Questions to a node whose every answer is taken as it is: what failed was not seen, and that is all."""

from core.command import Command, Completed
from core.state import NodeState

ANY_CODE = tuple(range(256))
DENIED = ("permission denied", "operation not permitted", "must be root", "are you root")


def anyhow(command: Command) -> Command:
    """The same question, whatever return code it ends with."""
    return command._replace(accepts=ANY_CODE)


def is_denied(answer: Completed) -> bool:
    """Tell whether a tool said that it may not look."""
    said = answer.stderr.lower()
    return any(words in said for words in DENIED)


def note_unseen(state: NodeState, what: str, answer: Completed) -> None:
    """Keep a sentence on what could not be looked at, with the reason that the tool gave."""
    reason = answer.stderr.strip().splitlines()[-1:] or [f"return code {answer.returncode}"]
    sentence = f"{what}: {reason[0].replace('«', '<').replace('»', '>')}"
    if sentence not in state["unseen"]:
        state["unseen"].append(sentence)
