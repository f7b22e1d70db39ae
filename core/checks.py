"""What an answer says: whether a check holds, and whether what was waited for has come."""

from core.answers import pick
from core.command import Check, Command, Completed, Wait
from core.errors import CommandFailed


def picked(question: Command, answer: Completed, path: str) -> list[str]:
    """The texts that a path finds in an answer. Raises CommandFailed for one that is not the JSON it should be."""
    try:
        return pick(answer.stdout, path)
    except ValueError as error:
        said = f"the answer is not the JSON it should be: {error}"
        raise CommandFailed(question.argv, answer.returncode, answer.stdout, said) from None


def found(check: Check, answer: Completed) -> list[str] | None:
    """The texts among which a check looks for its own; None when its question was answered with a no."""
    if answer.returncode:
        return None
    return picked(check.ask, answer, check.path) if check.path else []


def holds(check: Check, answer: Completed) -> bool:
    """Tell from the answer to its question whether a check holds."""
    texts = found(check, answer)
    so = texts is not None and (not check.path or (check.text in texts if check.text else bool(texts)))
    return so is not check.absent


def has_come(wait: Wait, answer: Completed) -> bool:
    """Tell whether a wait is over: what was waited for is there, or never will be."""
    if callable(wait.until):
        return wait.until(answer)
    return any(holds(check, answer) for check in (*wait.until, *wait.in_vain))
