"""Plans in files: saved by `plan -o`, read by `apply`, and why one does not fit any more."""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from core.errors import NodeChanged, Refused, Remedy, UsageError, beginning
from core.plan import Plan, Step
from core.saved_plan import (
    FORMAT,
    Content,
    Origin,
    Read,
    SavedPlan,
    opened,
    read_of,
    sealed,
    understood,
    written,
)
from svcprov import __version__
from svcprov.files import OWN_MODE
from svcprov.replace import replace
from svcprov.secrets import mask, reveal

if TYPE_CHECKING:
    from core.config.service import Service
    from svcprov.action import Unfinished
    from svcprov.files import ServiceFiles
    from svcprov.node import Node

PLAN_BYTES_MAX = 64 * 1024 * 1024
REASONS_MAX = 5
"""How many of the answers that have changed are named."""
ANSWER_SHOWN_MAX = 160


def save(path: str, plan: Plan, service: "Service", origin: Origin) -> None:
    """Write a plan to a file, secrets as holes. Raises UsageError where something else would be overwritten."""
    _may_overwrite(path)
    secrets = service.secrets()
    file = tuple(service.document.text.splitlines())
    content = written(plan, _identity(), origin._replace(file=file), __version__, lambda text: mask(text, secrets))
    replace(path, sealed(mask(content, secrets)).encode("utf-8", "backslashreplace"), OWN_MODE)


def _identity() -> str:
    from uuid import uuid4

    return str(uuid4())


def _may_overwrite(path: str) -> None:
    """Let a plan take the place of an older plan only: a file that is something else may be the only one of its kind.

    Raises UsageError.
    """
    try:
        with open(path, "rb") as file:
            begins = file.read(len(FORMAT) + 40)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"-o {path}: {error.strerror}") from None
    if begins and FORMAT.encode() not in begins:
        raise UsageError(f"-o {path}: this file is there, and is no saved plan; name another one")


def read(path: str) -> Content:
    """Read what a plan's file holds, secrets still as holes. Raises UsageError or SavedPlanError."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(PLAN_BYTES_MAX + 1) if size <= PLAN_BYTES_MAX else b""
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file; `svcmgr -s SERVICE plan -o {path}` makes it") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if size > PLAN_BYTES_MAX or len(data) > PLAN_BYTES_MAX:
        raise UsageError(f"{path}: the file has {size} bytes, and a plan at most {PLAN_BYTES_MAX} (64 MiB)")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8: this is no saved plan") from None
    return opened(text, path)


def origin_of(content: Content, path: str) -> Origin:
    """What the plan of a content was made of. Raises SavedPlanError."""
    return understood(content, path).origin


def understand(content: Content, service: "Service", path: str) -> SavedPlan:
    """The plan of a content, with the secrets of its service. Raises SavedPlanError."""
    return understood(reveal(content, service.secrets()), path)


def check_place(saved: Origin, node: "Node", service_name: str, path: str) -> None:
    """Raise UsageError for a plan of another service, or of another node."""
    if saved.service != service_name:
        raise UsageError(
            f"{path}: this is a plan of {saved.service}, not of {service_name}; "
            f"give -s {saved.service}, or no -s at all"
        )
    if saved.hostname != node.hostname:
        raise UsageError(
            f"{path}: this is a plan for the node {saved.hostname}, and this is {node.hostname}; apply it there"
        )
    if node.lock_path is not None and not saved.simulated:
        raise UsageError(
            f"{path}: this is a plan for the machine {saved.hostname} itself, and --node is a simulated one; "
            "apply it without --node"
        )


def check_unused(saved: SavedPlan, before: "Unfinished | None", files: "ServiceFiles") -> None:
    """Raise Refused for a plan that was run to its end, or whose service has another action to finish first."""
    if before is not None and before.header.get("plan") == saved.identity:
        return
    origin, svcmgr = saved.origin, f"svcmgr -s {saved.origin.service}"
    if files.has_used(saved.identity):
        raise Refused(
            f"this plan of {origin.service} was applied before, and a plan is applied once",
            Remedy("to see what is left to do", f"{svcmgr} plan {origin.verb}"),
        )
    if before is not None and not (origin.resumes and before.verb == origin.verb):
        raise Refused(
            f"{before.verb} of {origin.service} is unfinished, and this plan knows nothing of it",
            Remedy("to go on with that", f"{svcmgr} {before.verb}"),
        )


def stale(error: NodeChanged, saved: SavedPlan, attempted: Plan | None, service: "Service", again: str) -> NodeChanged:
    """The error of a plan that does not fit any more, with what has changed since it was made. Nothing was done yet."""
    answers = list(_changed_answers(saved.reads, attempted, service.secrets()))
    rid = error.expected.partition(": ")[0]
    of_it = [reason for reason in answers if reason.startswith(f"{rid}: ")]
    reasons = [*_changed_options(saved, service), *(of_it or answers)]
    shown = reasons[:REASONS_MAX]
    if len(reasons) > len(shown):
        shown.append(f"and {len(reasons) - len(shown)} more")
    remedy = Remedy("nothing was done; to plan again", again, whole=True)
    return NodeChanged(error.expected, error.actual, tuple(shown), (remedy,))


def _changed_options(saved: SavedPlan, service: "Service") -> Iterator[str]:
    from core.config.document import Document

    before = Document("\n".join((*saved.origin.file, "")), "")
    for section in {**dict.fromkeys(before.sections()), **dict.fromkeys(service.document.sections())}:
        options = {**dict.fromkeys(before.options(section)), **dict.fromkeys(service.document.options(section))}
        for option in options:
            was, now = before.get(section, option), service.document.get(section, option)
            known = service.record.keys.get(f"{section}.{option}")
            if was != now and (known is None or known.value != now):
                yield f"{section}.{option} of the service file: {_shown(was)} then, {_shown(now)} now"


def _changed_answers(before: tuple[Read, ...], attempted: Plan | None, secrets: Mapping[str, str]) -> Iterator[str]:
    """The questions of both plans that had another answer, in the order in which they were asked."""
    waiting: dict[tuple[str, tuple[str, ...]], list[Read]] = {}
    for asked in before:
        waiting.setdefault(asked[:2], []).append(asked)
    for event in () if attempted is None else attempted.events:
        if isinstance(event, Step) and not event.number:
            read = read_of(event, lambda text: mask(text, secrets))
            now = read._replace(stdout=reveal(read.stdout, secrets))
            same = waiting.get(now[:2])
            was = same.pop(0) if same else None
            if was is not None and was != now:
                yield f"{now.rid}: `{' '.join(now.argv)}` {_difference(was, now)}"


def _difference(was: Read, now: Read) -> str:
    """What two answers to one question have not in common: `2 then, 0 now`, lines that went and that came."""
    if was.returncode != now.returncode:
        return f"ended with {was.returncode} then, with {now.returncode} now{_quoted(now.stdout.splitlines())}"
    before, after = was.stdout.splitlines(), now.stdout.splitlines()
    gone, new = [line for line in before if line not in after], [line for line in after if line not in before]
    said = [f"{word}{_quoted(lines)}" for word, lines in (("said then", gone), ("says now", new)) if lines]
    return ", ".join(said) or "says the same in another order"


def _quoted(lines: list[str]) -> str:
    text = " / ".join(" ".join(line.split()) for line in lines)
    return f": {beginning(text, ANSWER_SHOWN_MAX)}" if text else ""


def _shown(text: str | None) -> str:
    return "nothing" if text is None else repr(text)
