"""How a verb is acted out: locks, settle, preview, consent, header, run; and what is said when it fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from core.command import Executor, Note
from core.config.keywords import is_true
from core.config.service import Service
from core.errors import Failed, NodeChanged, Refused, Remedy, SvcprovError
from core.plan import Plan, Step
from executors.simulated.node import SimulatedNode
from svcprov import consent, settling, shell
from svcprov.account import Account
from svcprov.action import EVERYTHING, Action, Keeping, Listening, Selection, Unkept
from svcprov.files import ServiceFiles
from svcprov.invocation import RESULTS, SHOWING, Invocation
from svcprov.lock import Lock
from svcprov.log import LogLines
from svcprov.node import MACHINE, Node
from svcprov.presenting import Presented, present
from svcprov.render import header
from svcprov.who import boot, timestamp, who

if TYPE_CHECKING:
    from core.saved_plan import SavedPlan

INTERRUPTED = 130
PENDING = 2


class Task(NamedTuple):
    """A verb to be acted out on a service.

    load: makes the service for a node of this name. prepare: what comes between consent and run (create writes files).
    finish: what comes after it was done (the collector is told). following: the verb that comes after this one, where
    they are one action (restart). approve: makes the saved plan to which the action is held, of its service and node.
    typed: the words that go on with it, where they are not its verb.
    """

    verb: str
    files: ServiceFiles
    load: Callable[[str], Service]
    selection: Selection = EVERYTHING
    prepare: Callable[[], None] = lambda: None
    finish: Callable[[], None] = lambda: None
    following: str = ""
    approve: Callable[[Service, Node], "SavedPlan"] | None = None
    typed: tuple[str, ...] = ()


def begun(task: Task, service: Service, node: Node, executor: Executor, keep: Keeping, listener: Listening) -> Action:
    """The action of a task on a node; `executor` is that node, for questions or for changes.

    Raises Failed for a journal that is not ours, Refused when an unfinished action was one on another node.
    """
    approved = None if task.approve is None else task.approve(service, node)
    try:
        action = Action(
            service,
            task.verb,
            executor,
            node.observed,
            keep,
            listener,
            selection=task.selection,
            learn=node.learn,
            claim=node.claim,
            approved=approved,
        )
    except (KeyError, IndexError, TypeError) as error:
        said = f"{task.files.journal}: not a journal of this version ({error!r}); move it away to begin anew"
        raise Failed(said) from None
    before = action.unfinished
    elsewhere = node.identity if before is None else str(before.header.get("node", node.identity))
    if before is not None and elsewhere != node.identity:
        said = f"{before.verb} of {service.name} is unfinished on the node {elsewhere}, and this is {node.identity}"
        there = () if elsewhere == MACHINE else ("--node", elsewhere)
        line = shell.line(("svcmgr", "-s", service.name, *there, before.verb))
        raise Refused(said, Remedy("to go on there", line, whole=True))
    if approved is not None:
        from svcprov.plans import check_unused

        check_unused(approved, before, task.files)
    return action


def show(call: Invocation, task: Task) -> int:
    """Show what a task would run. Changes nothing, not even a lock."""
    node = call.node()
    service = task.load(node.hostname)
    call.check(service)
    if call.options.why is not None:
        from core.provenance import remembered

        service = remembered(service)
    log = LogLines(service, call.screen, debug=call.options.debug)
    action = begun(task, service, node, node.asking(log), task.files, log)
    for remark in task.files.remarks:
        log.note("", Note(remark, "warning"))
    plan = call.plan = _previewed(call, action, service)
    if task.following:
        plan = call.plan = _joined(call.action, plan, _after(action, task, log))
    typed = call.line(task.verb, *_selecting(call), *consent.words_allowed(call))
    if call.options.output is not None:
        typed = call.line("apply", call.options.output)
        _save(call, task, plan, service, node, resumes=action.unfinished is not None)
    elif call.options.dry_run:
        typed = shell.line(("svcmgr", *(word for word in call.argv if word not in SHOWING)))
    shown = Presented(plan, service, node.where, typed, resumable=action.unfinished is not None)
    if call.options.why is not None:
        from svcprov.why import explain

        explain(call, shown, action.bound)
    else:
        present(call, shown)
    return PENDING if call.options.detailed_exitcode and plan.steps else 0


def _previewed(call: Invocation, action: Action, service: Service) -> Plan:
    """The preview of an action. Raises NodeChanged, saying what has changed, where a saved plan does not fit any more.

    A plan that is seen to be out of date has done nothing yet, and is made again with one line.
    """
    try:
        return action.preview()
    except NodeChanged as error:
        if action.approved is None:
            raise
        from svcprov.plans import stale

        raise stale(error, action.approved, action.attempted, service, call.line(*call.planned_by)) from None


def _save(call: Invocation, task: Task, plan: Plan, service: Service, node: Node, *, resumes: bool) -> None:
    """Save a plan that is shown, for `apply`."""
    from time import strftime

    from core.saved_plan import Origin
    from svcprov.plans import save

    origin = Origin(
        service.name,
        task.verb,
        node.hostname,
        node.where,
        simulated=call.options.node is not None,
        made_at=strftime("%Y-%m-%dT%H:%M:%S%z"),
        made_by=str(who()),
        selection=tuple(task.selection),
        adopt=tuple(sorted(service.adopt)),
        allow_destroy=tuple(sorted(service.allow_destroy)),
        resumes=resumes,
    )
    save(call.options.output, plan, service, origin)


def _after(action: Action, task: Task, listener: Listening) -> Plan:
    """What follows a verb that was previewed, on the node as that will leave it."""
    if action.foreseen is None:
        raise AssertionError("nothing was previewed")
    service, state = action.foreseen
    node, nowhere = SimulatedNode(state), Unkept()
    then = Action(service, task.following, node, lambda: state, nowhere, listener, selection=task.selection)
    return then.preview()


def _joined(verb: str, first: Plan, then: Plan) -> Plan:
    """Two plans as one; the resources of both have to be the same."""
    plan = Plan(first.service, verb, first.order)
    plan.purposes |= first.purposes
    done = len(first.steps)
    plan.events += first.events
    plan.events += (
        event._replace(number=event.number + done) if isinstance(event, Step) and event.number else event
        for event in then.events
    )
    return plan


def _selecting(call: Invocation) -> list[str]:
    words = []
    for option in ("rid", "tags", "subsets", "adopt"):
        for value in getattr(call.options, option) or ():
            words += [f"--{option}", value]
    return words


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
    plan = call.plan = _previewed(call, action, service)
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
        whole = plan if call.done is None else _joined(call.action, call.done, plan)
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
    facts = {"argv": list(call.argv), "node": node.identity, "command": call.action, "changes": changes}
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
        words = task.typed or (task.verb, *_selecting(call), *consent.words_allowed(call))
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
