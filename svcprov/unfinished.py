"""What is still going on with a service, read from its journal: an action that runs, or one that did not end."""

from typing import TYPE_CHECKING, Any, NamedTuple

from core.config.service import Service
from core.errors import SvcprovError
from core.record import Record
from executors.layers.journal import ROLLBACK, Journal, unfinished
from svcprov import shell
from svcprov.lock import holder_of, is_held
from svcprov.node import MACHINE

if TYPE_CHECKING:
    from svcprov.files import ServiceFiles
    from svcprov.invocation import Invocation

SELECTING = ("rid", "tags", "subsets")


class Unfinished(NamedTuple):
    """An action that runs, or did not come to its end. What is not known is empty.

    by, since, pid, host: who began it, and when; of one that is running, who runs it. done, of: how many of its
    changes are in place. goes_on, undoes: the command lines that take it to its end, or back.
    """

    action: str
    running: bool
    node: str = ""
    by: str = ""
    since: str = ""
    pid: int | None = None
    host: str = ""
    done: int | None = None
    of: int | None = None
    goes_on: str = ""
    undoes: str = ""

    def __str__(self) -> str:
        """A sentence, with what to type."""
        facts = [f"{self.done} of {self.of} changes done"] if self.of else []
        facts += [f"by {self.by}"] if self.by else []
        facts += [f"pid {self.pid} on {self.host}"] if self.pid is not None else []
        facts += [f"on {self.node}"] if self.node else []
        text = f"{self.action} is {'running' if self.running else 'unfinished'}"
        text += f" since {self.since}" if self.since else ""
        text += f" ({', '.join(facts)})" if facts else ""
        lines = (("goes on", self.goes_on), ("undoes it", self.undoes))
        typed = ", ".join(f"`{line}` {does}" for does, line in lines if line)
        return f"{text}: {typed}" if typed else text


def look(call: "Invocation", files: "ServiceFiles", service: Service) -> Unfinished | None:
    """What goes on with a service; None when nothing does. What cannot be read is a remark of `files`."""
    if is_held(files.lock_path):
        held = holder_of(files.lock_path) or {}
        pid = held.get("pid") if isinstance(held.get("pid"), int) else None
        since, host = (str(held.get(name) or "") for name in ("since", "host"))
        action = str(held.get("action") or "an action")
        return Unfinished(action, running=True, by=_by(held), since=since, pid=pid, host=host)
    try:
        lines = files.journal_lines()
        header = unfinished(lines)
        if header is None:
            return None
        journal = Journal(_Nobody(), Record())
        for line in lines[1:]:
            journal.read(line)
        return _left(call, service.name, str(header["action"]), header, journal)
    except SvcprovError as error:
        files.remarks.append(str(error))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        files.remarks.append(f"{files.journal}: not a journal of this version ({error!r}); move it away to begin anew")
    return None


def _left(call: "Invocation", name: str, verb: str, header: dict[str, Any], journal: Journal) -> Unfinished:
    """What an action that did not end has left, and the ways on that `Action` lets it go."""
    node = str(header.get("node", ""))
    done = sum(entry.state == "done" and entry.command.verb != ROLLBACK for entry in journal.entries)
    planned = header.get("changes")
    place = () if node in {"", MACHINE} else ("--node", node)
    lost = verb == "unprovision" and journal.has_done(lambda each: bool(each.unmakes or each.destroys))

    def line(*words: str) -> str:
        return shell.line(("svcmgr", "-s", name, *place, *words))

    back = line(ROLLBACK)
    on = line(verb, *_selecting(header))
    if header.get("typed") == "apply":
        on = shell.line(("svcmgr", *map(str, header["argv"])))
    return Unfinished(
        f"the rollback of {verb}" if journal.rolling else verb,
        running=False,
        node="" if place == _place(call) else node,
        by=str(header.get("by", "")),
        since=str(header.get("since", "")),
        done=done if isinstance(planned, int) else None,
        of=max(planned, done) if isinstance(planned, int) and not journal.rolling else None,
        goes_on=back if journal.rolling else on,
        undoes="" if journal.rolling or lost else back,
    )


def _place(call: "Invocation") -> tuple[str, ...]:
    return () if call.options.node is None else ("--node", call.options.node)


def _selecting(header: dict[str, Any]) -> list[str]:
    """The options that name the same resources as the action had."""
    chosen = zip(SELECTING, header.get("selection", ()), strict=False)
    return [word for option, values in chosen for value in values for word in (f"--{option}", str(value))]


def _by(held: dict[str, Any]) -> str:
    from svcprov.who import Who

    return str(Who(*(str(held.get(field) or "") for field in Who._fields)))


class _Nobody:
    """A node that is not asked anything: a journal is only read."""

    def run(self, command: Any) -> Any:
        raise AssertionError(f"reading a journal would run {command}")
