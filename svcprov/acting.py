"""How a verb is acted out: locks, settle, preview, consent, header, run; and what is said when it fails."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import NoReturn

from core.command import Note
from core.config.keywords import is_true
from core.config.service import Service
from core.errors import SvcprovError
from core.plan import Plan, Step
from svcprov import consent, settling
from svcprov.account import Account
from svcprov.action import Action
from svcprov.files import ServiceFiles
from svcprov.invocation import RESULTS, Invocation
from svcprov.listening import Listening
from svcprov.lock import Lock
from svcprov.node import Node
from svcprov.render import header
from svcprov.showing import show
from svcprov.task import Task, begun, joined, previewed, selecting
from svcprov.who import boot, timestamp, who

INTERRUPTED = 130


@contextmanager
def held(call: Invocation, files: ServiceFiles, node: Node | None) -> Iterator[None]:
    """Hold the locks of a service, and of the node that it acts on. Raises ServiceHeld."""
    wait_seconds = call.options.waitlock or 0.0
    lock = files.lock(call.action, wait_seconds)
    node_lock = None
    try:
        if node is not None and node.lock_path is not None:
            remedy = "have the node file on a local filesystem"
            node_lock = Lock(node.lock_path, node.identity, f"{call.action} of {files.name}", remedy)
            node_lock.take(wait_seconds)
        if node is not None:
            node.read()
        yield
    finally:
        if node is not None:
            node.release()
        if node_lock is not None:
            node_lock.release(remove=True)
        files.close()
        files.unlock(lock)


def act(call: Invocation, task: Task) -> int:
    """Act a task out, or show it with --dry-run; return the exit code. Raises what is found before anything is done."""
    if call.options.dry_run:
        return show(call, task)
    node = call.node()
    call.check(task.load(node.hostname))
    task.files.check_writable()
    node.check_writable()
    with held(call, task.files, node), _signals():
        return _act(call, task, node)


def _act(call: Invocation, task: Task, node: Node) -> int:
    settling.decide(call, task.files, node)
    service = task.load(node.hostname)
    call.check(service)
    account = Account(call, task.files, call.listener(service), task.verb)
    action = begun(task, service, node, node.acting(account), task.files, account)
    for remark in task.files.remarks:
        account.note("", Note(remark, "warning"))
    with node.deferring(call.screen.err):
        action.settle()
    plan = call.plan = previewed(call, action, service)
    consent.ask(call, task.verb, service, plan)
    _announce(call, action, plan, node, account)
    with account.kept(_followed(action, plan), call.done):
        task.prepare()
        _run(call, task, node, action, account)
    if account.half_undone:
        return _half_undone(call, task.verb)
    if account.exit_code:
        return _failed(call, task, account.exit_code, undone=account.undone)
    task.finish()
    if task.following:
        call.done = plan
    elif call.json is not None:
        whole = plan if call.done is None else joined(call.action, call.done, plan)
        call.json.summary(whole, whole.verb, "done")
    return 0


def _followed(action: Action, plan: Plan) -> list[Step]:
    """The steps whose numbers a run is told by: of the saved plan, where there is one."""
    return (action.approved or plan).steps


def _run(call: Invocation, task: Task, node: Node, action: Action, account: Account) -> None:
    """Do what was previewed; the account has how it ended."""
    plan = call.plan
    if plan is None:
        raise AssertionError("nothing was previewed")
    try:
        with node.deferring(call.screen.err), call.showing(task.verb, plan):
            action.run(plan, _facts(call, action, plan, node))
    except SvcprovError as error:
        call.complain(error)
        account.exit_code, account.error = error.exit_code, str(error)
        try:
            account.undone = _wants_rollback(call, action.service, task.verb) and _rolled_back(
                call, action, node, account
            )
        except KeyboardInterrupt:
            account.exit_code, account.half_undone = INTERRUPTED, True
    except KeyboardInterrupt:
        call.screen.err("svcmgr: interrupted")
        account.exit_code = INTERRUPTED
    finally:
        _tell_holes(action, account)
        node.flush()


def _facts(call: Invocation, action: Action, plan: Plan, node: Node) -> dict[str, object]:
    """What the journal says of an action, beside what it is: who, when, where, and by which saved plan."""
    changes = sum(command.kind == "changes" for command in plan.commands)
    facts = {"argv": list(call.argv), "node": node.identity, "typed": call.action, "changes": changes}
    saved = {} if action.approved is None else {"plan": action.approved.identity}
    return {**facts, "by": str(who()), "since": timestamp(), "boot": boot(), **saved}


def _tell_holes(action: Action, listener: Listening) -> None:
    """Say what each hole of a saved plan became, for whoever approved it."""
    saved = action.approved
    if saved is None:
        return
    learnt = [each for each in saved.commands if each.makes is not None and not each.makes.identity]
    makers = {each.makes.name: each.rid for each in learnt if each.makes is not None}
    for name, value in action.bound.items():
        if name in makers or name in saved.made_up:
            listener.note(makers.get(name, name.partition(".")[0]), Note(f"«{name}» became {value}"))


def tell_collector(call: Invocation, files: ServiceFiles) -> None:
    """What finishes a provision: the collector is told, if there is one."""
    from svcprov.collector import tell

    tell(call, files)


def _announce(call: Invocation, action: Action, plan: Plan, node: Node, listener: Listening) -> None:
    """Say where this is going to happen, then what was typed."""
    if call.json is not None:
        call.json.follow(_followed(action, plan), call.done)
        return
    call.screen.err(call.screen.styled(header(plan, node.where), "bold", error=True))
    listener.note("", Note(call.typed))


def _wants_rollback(call: Invocation, service: Service, verb: str) -> bool:
    if verb == "start":
        return not call.options.no_rollback and is_true(service.value("DEFAULT.rollback") or "")
    return bool(call.options.rollback)


def _rolled_back(call: Invocation, action: Action, node: Node, listener: Listening) -> bool:
    """Take back what a failed action did; tell whether that went well."""
    listener.note("", Note(f"trying to rollback {action.verb}"))
    try:
        with node.deferring(call.screen.err), call.showing(f"rollback of {action.verb}"):
            action.rollback()
    except SvcprovError as error:
        call.complain(error)
        listener.note("", Note(f"rollback {action.verb} failed", "error"))
        return False
    return True


def _failed(call: Invocation, task: Task, exit_code: int, *, undone: bool) -> int:
    """Say what to type next."""
    if undone:
        call.screen.err(f"what {task.verb} did was undone")
    else:
        words = task.typed or (task.verb, *selecting(call), *consent.words_allowed(call))
        call.screen.err(f"to go on:   {call.line(*words)}")
        if task.verb != "unprovision":
            # What that has deleted comes back by no rollback.
            call.screen.err(f"to undo it: {call.line('rollback')}")
    if call.json is not None:
        call.json.summary(call.plan, task.verb, "rolled back" if undone else RESULTS[exit_code], resumable=not undone)
    return exit_code


def _half_undone(call: Invocation, verb: str) -> int:
    """Say what to type next where a rollback was interrupted: nothing but a rollback goes on with that."""
    call.screen.err(f"svcmgr: interrupted\nto go on: {call.line('rollback', '--yes')}")
    if call.json is not None:
        call.json.summary(call.plan, verb, RESULTS[INTERRUPTED], resumable=True)
    return INTERRUPTED


def roll_back(call: Invocation, files: ServiceFiles) -> int:
    """Take back what the last interrupted or failed action did. Raises Refused when there is nothing to take back."""
    node = call.node()
    task = Task("rollback", files, files.load)
    files.check_writable()
    node.check_writable()
    with held(call, files, node), _signals():
        settling.decide(call, files, node)
        service = files.load(node.hostname)
        call.check(service)
        account = Account(call, files, call.listener(service))
        action = begun(task, service, node, node.acting(account), files, account)
        for remark in files.remarks:
            account.note("", Note(remark, "warning"))
        try:
            action.may_roll_back()
            before = action.unfinished
            if before is not None:
                consent.ask(call, "rollback", service, None)
                if call.json is None:
                    call.screen.err(f"{node.where}: rollback {files.name}: undoes {before.verb}")
                    account.note("", Note(call.typed))
            kept = account.kept() if before is not None else nullcontext()
            with kept, node.deferring(call.screen.err), call.showing("rollback"):
                action.rollback()
        except KeyboardInterrupt:
            return _half_undone(call, "rollback")
        finally:
            node.flush()
    if call.json is not None:
        call.json.summary(None, "rollback", "done")
    return 0


@contextmanager
def _signals() -> Iterator[None]:
    """Let a lost terminal and a polite kill end an action as Ctrl-C does."""
    import signal

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    try:
        before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    except ValueError:  # not the main thread: whoever runs us there has the signals
        yield
        return
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
