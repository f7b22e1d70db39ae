"""An action from its beginning to its end: settle, mend, preview, ask, run under the contract of the preview.

Every acting verb goes this way, so a missing `eth9` of ip#2 is found before the address of ip#0 is paid for, and
nothing runs that the preview did not show.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from core.command import Executor, Note
from core.config.service import Resource, Service
from core.engine import UNDOING, Engine, Listener, set_key
from core.errors import Refused, Remedy, SvcprovError
from core.order import order, relations
from core.plan import Plan, Recorder, merged
from core.recollection import recall
from core.state import NodeState, Question, copy
from executors.layers.contract import Contract, Terms
from executors.layers.guard import Guard
from executors.layers.journal import ROLLBACK, Journal, unfinished
from executors.layers.log import Log
from executors.layers.service_file import ServiceFile
from executors.simulated.node import SimulatedNode
from svcprov.keeping import Keeping, Lines
from svcprov.listening import Listening

if TYPE_CHECKING:
    from core.saved_plan import SavedPlan

ROUNDS_MAX = 100
"""How often a preview asks the real node for what it did not know, and begins anew: a stack is seen layer by layer."""


class _Attempt(NamedTuple):
    """A run on a copy of everything: the plan so far, the service and node that it left, why it ended early."""

    plan: Plan
    service: Service
    node: SimulatedNode
    error: SvcprovError | None


class Selection(NamedTuple):
    """Which resources an action takes; empty tuples mean all."""

    rids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    subsets: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Tell whether nothing was selected, which means all."""
        return not (self.rids or self.tags or self.subsets)

    def takes(self, resource: Resource) -> bool:
        """Tell whether a resource is selected: by rid or group (`disk`), by tag, by subset."""
        return self.everything or (
            resource.rid in self.rids
            or resource.group in self.rids
            or any(tag in self.tags for tag in resource.tags)
            or (resource.subset in self.subsets if resource.subset else False)
        )


EVERYTHING = Selection()


class Unfinished(NamedTuple):
    """An action that did not come to its end."""

    verb: str
    header: dict[str, Any]


def acting(service: Service, verb: str, selection: Selection) -> list[Resource]:
    """The resources that a verb takes, in its order. Raises Refused when the selection matches nothing."""
    whole = order([resource for resource in service.resources() if not resource.driver.verbs_do_nothing])
    taken = [
        resource
        for resource in whole
        if not resource.disabled and "noaction" not in resource.tags and selection.takes(resource)
    ]
    if not taken and not selection.everything:
        raise SvcprovError("no resource match the given --rid, --subset and --tags specifiers")
    return taken[::-1] if verb in UNDOING else taken


def _terms(plan: "Plan | SavedPlan") -> Terms:
    return Terms(plan.commands, plan.conditional, plan.made_up)


def _purpose(resource: Resource, verb: str) -> str:
    """What a verb brings about, where that is worth a sentence, else what the resource is."""
    return resource.driver.purpose(resource) if verb == "provision" else resource.driver.label(resource)


class Action:
    """One verb on one service and one node.

    node: where it acts. observed: the state to preview from (for a simulated node, its own). learn: looks up on the
    node what that state does not say, so that `observed` says it; returns the questions that it answered.
    claim: keeps other actions from what this one chose; tells whether it is ours.
    keep: where journal, record and service file go. listener: who hears of it.
    around: wraps the node inside the journal, outside: wraps the journal (faults, in tests).
    approved: the plan that was saved beforehand, to which both the preview and the run are held.
    """

    def __init__(  # noqa: PLR0913 - the pieces of an action; each is one thing
        self,
        service: Service,
        verb: str,
        node: Executor,
        observed: Callable[[], NodeState],
        keep: Keeping,
        listener: Listening,
        *,
        selection: Selection = EVERYTHING,
        learn: Callable[[list[Question]], list[Question]] = lambda _questions: [],
        claim: Callable[[str], bool] = lambda _name: True,
        around: Callable[[Executor], Executor] = lambda inner: inner,
        outside: Callable[[Executor], Executor] = lambda inner: inner,
        approved: "SavedPlan | None" = None,
    ) -> None:
        self._service, self.verb, self._observed, self._keep = service, verb, observed, keep
        self._learn, self._claim, self.approved = learn, claim, approved
        self._listener, self._selection, self._outside = listener, selection, outside
        inner = around(ServiceFile(node, service, keep.save_record, keep.save_file, claim))
        self._logged = Log(inner, listener)
        self.foreseen: tuple[Service, NodeState] | None = None
        """The service and the node as the last preview left them; None before the first."""
        self.attempted: Plan | None = None
        """The last preview as far as it came, also where it ended with an error."""
        self._journal, self._header = self._remembered(self._logged)

    def _remembered(self, inner: Executor) -> tuple[Journal, dict[str, Any] | None]:
        """The journal of the unfinished action, if there is one, and its header."""
        lines = self._keep.journal_lines()
        journal = Journal(inner, self._service.record, self._keep.journal_line, self._keep.save_record)
        header = unfinished(lines)
        for line in lines[1:] if header is not None else ():
            journal.read(line)
        return journal, header

    @property
    def service(self) -> Service:
        """The service that it acts on."""
        return self._service

    @property
    def unfinished(self) -> Unfinished | None:
        """The action that was interrupted or failed before this one; None when the last one came to its end."""
        return None if self._header is None else Unfinished(str(self._header["action"]), self._header)

    def _may_begin(self) -> None:
        """Refuse what would lose the thread of an unfinished action. Raises Refused with what to type."""
        before = self.unfinished
        if before is None or (self.verb == "unprovision" and before.verb != self.verb):
            return
        if self._journal.rolling:
            raise Refused(
                f"the rollback of {before.verb} of {self._service.name} is unfinished",
                Remedy("to finish it", f"svcmgr -s {self._service.name} rollback"),
            )
        if before.verb == self.verb:
            chosen = [list(words) for words in self._selection]
            if self._selection.everything or before.header.get("selection", chosen) == chosen:
                return
            raise Refused(
                f"{before.verb} of {self._service.name} is unfinished, and this would go on with a part of it",
                Remedy("to go on with all of it", f"svcmgr -s {self._service.name} {before.verb}"),
            )
        is_making = before.verb == "provision"
        if is_making or before.verb == "unprovision":
            raise Refused(
                f"{before.verb} of {self._service.name} is unfinished",
                *([Remedy("to undo it", f"svcmgr -s {self._service.name} rollback")] if is_making else []),
                Remedy("to go on with it", f"svcmgr -s {self._service.name} {before.verb}"),
            )

    def preview(self) -> Plan:
        """Run the action on a copy of everything, with holes for what nobody knows yet. Changes nothing.

        What the state does not say is asked of the node, and the run begins anew. What cannot be seen before the action
        is there (the inside of a filesystem that is not mounted) is supposed both ways: a step that only one of them
        needs is conditional. Raises what the action would raise.
        """
        self._may_begin()
        hopeless: set[Question] = set()
        attempt = self._informed(hopeless, supposes=False)
        plans = [attempt.plan] if attempt.error is None else []
        if attempt.node.guesses:
            other = self._informed(hopeless, supposes=True)
            plans += [other.plan] if other.error is None else []
            attempt = attempt if attempt.error is None else other
        if not plans:
            raise attempt.error or AssertionError("an attempt without plan and error")
        self.foreseen = attempt.service, attempt.node.state
        return plans[0] if len(plans) == 1 else merged(plans[0], plans[1], attempt.node.guesses)

    def inquire(self) -> None:
        """Let a preview ask for everything that it needs to know, whatever comes of it."""
        self._informed(set(), supposes=False)

    def _informed(self, hopeless: set[Question], *, supposes: bool) -> _Attempt:
        """Try the action until nothing is asked any more; what nobody can answer is added to `hopeless`."""
        asked: set[Question] = set()
        rounds = 0
        while True:
            attempt = self._attempt(hopeless, supposes=supposes)
            questions = attempt.node.questions
            if not questions:
                return attempt
            answered = self._learn(questions) if rounds < ROUNDS_MAX else []
            # What is asked again found no answer that helps.
            hopeless |= (set(questions) - set(answered)) | (asked & set(questions))
            asked |= set(questions)
            rounds += 1

    def _attempt(self, hopeless: Collection[Question], *, supposes: bool) -> _Attempt:
        service = self._service.copy()
        state = copy(self._observed())
        hidden = {} if state["complete"] else recall(state, service)
        node = SimulatedNode(state, holes=True, hopeless=hopeless, supposes=supposes, hidden=hidden)
        resources = acting(service, self.verb, self._selection)
        plan = Plan(service.name, self.verb, tuple(resource.rid for resource in resources))
        self.attempted = plan
        try:
            self._rehearse(service, node, plan, resources)
        except SvcprovError as error:
            return _Attempt(plan, service, node, error)
        return _Attempt(plan, service, node, None)

    def _rehearse(self, service: Service, node: SimulatedNode, plan: Plan, resources: list[Resource]) -> None:
        inner = ServiceFile(node, service, claim=self._claim)
        journal = self._journal.again(inner, service.record) if self._continues else Journal(inner, service.record)
        if self._header is not None:
            settling = journal if self._continues else self._journal.again(inner, service.record)
            settling.settle(reaching=self._continues)
        recorder = Recorder(Guard(journal, service), plan)
        contract = None if self.approved is None else Contract(journal, _terms(self.approved), recorder)
        executor = recorder if contract is None else contract
        self._mend(service, executor, recorder)
        recorder.purpose_of = lambda rid: _purpose(service.resource(rid), self.verb)
        engine = Engine(service, executor, recorder)
        try:
            engine.act(self.verb, resources)
        except SvcprovError as error:
            if node.questions:
                self._ask_on(engine, resources, error.rid)
            raise
        if contract is not None:
            contract.finish()
        journal.close_brackets()
        for rid in plan.order:
            recorder.meet(rid)

    def _ask_on(self, engine: Engine, resources: list[Resource], failed: str) -> None:
        """Let the resources behind one that failed ask as well: a round for each were more than there are.

        It may have failed only since nobody has looked yet, and so may they. What stands on one that failed has to
        wait: a path below its mount point is another one until it is mounted.
        """
        related: defaultdict[str, set[str]] = defaultdict(set)
        for before, after, *_ in relations(resources):
            related[before].add(after)
            related[after].add(before)
        rids, waiting = [resource.rid for resource in resources], {failed}
        for resource in resources[rids.index(failed) + 1 :] if failed in rids else ():
            if not related[resource.rid].isdisjoint(waiting):
                waiting.add(resource.rid)
                continue
            try:
                engine.act(self.verb, [resource])
            except SvcprovError:
                waiting.add(resource.rid)

    @property
    def _continues(self) -> bool:
        return self._header is not None and self._header["action"] == self.verb

    @property
    def bound(self) -> dict[str, str]:
        """What the holes of the plan have become, by their names."""
        return self._journal.bound | self._journal.fresh

    @property
    def memory(self) -> Lines:
        """What an earlier life of this action did and has not taken back: what a preview goes by, beside the node."""
        return [] if self._header is None else [self._header, *self._journal.lines(but_gone=True)]

    def settle(self) -> None:
        """Decide what an earlier action left in flight, on the node itself. The first thing of every action.

        A rollback does it by itself, when it has mounted again what a reboot unmounted.
        """
        if self._header is not None and self.verb != ROLLBACK:
            self._journal.settle(reaching=self._continues)

    def run(self, plan: Plan, header: dict[str, Any] | None = None) -> None:
        """Do what the plan says, and nothing else.

        On failure what was temporary is closed, and the rest stays as it is: the same action goes on, `rollback` takes
        it back. Raises what the failing driver raised.
        """
        self._may_begin()
        if not self._continues:
            if self._header is not None:
                self._keep.journal_line({"end": "superseded"})
            self._header = {
                "action": self.verb,
                "selection": [list(words) for words in self._selection],
                **(header or {}),
            }
            self._keep.journal_begins(self._header)
            self._journal = Journal(self._logged, self._service.record, self._keep.journal_line, self._keep.save_record)
        guard = Guard(self._journal, self._service)
        contract = Contract(self._journal, _terms(self.approved or plan), guard)
        executor = self._outside(contract)
        resources = acting(self._service, self.verb, self._selection)
        try:
            self._mend(self._service, executor, self._listener)
            Engine(self._service, executor, self._listener).act(self.verb, resources)
            contract.finish()
        except SvcprovError:
            self._close()
            raise
        self._journal.settle()
        self._keep.journal_line({"end": "done"})

    def _close(self) -> None:
        try:
            self._journal.close_brackets()
        except SvcprovError as error:
            self._listener.note("", Note(f"left for the next action: {error}", "warning"))

    def may_roll_back(self) -> None:
        """Raise Refused, with what to type, when there is nothing to take back, or no way to."""
        if self._header is None:
            raise Refused(
                "the last action came to its end, so there is nothing to roll back; use unprovision",
                Remedy("to take back what was provisioned", f"svcmgr -s {self._service.name} unprovision"),
            )
        lost = self._journal.may_have_done(lambda done: bool(done.unmakes or done.destroys))
        if self._header["action"] == "unprovision" and lost:
            raise Refused(
                f"unprovision of {self._service.name} has deleted what a rollback cannot bring back",
                Remedy("to finish it", f"svcmgr -s {self._service.name} unprovision"),
            )

    def rollback(self) -> None:
        """Take back what the unfinished action did. Raises Refused as `may_roll_back` does."""
        self.may_roll_back()
        self._journal.rollback(Guard(self._journal, self._service))
        self._keep.journal_line({"end": "rolled back"})

    def _mend(self, service: Service, executor: Executor, listener: Listener) -> None:
        """Give a re-templated file the values that were allocated for its text, before anything is allocated again.

        Raises Refused, naming both, where the file asks for something else than what was allocated.
        """
        if self.verb == "unprovision":
            return
        for key, known in list(service.record.keys.items()):
            text = service.text(key)
            # A resource that left the file, and whose things were kept, asks for nothing.
            has_left = "#" in key and not service.document.has(key.partition(".")[0])
            if has_left or known.shared or (text or "") == known.value:
                continue
            if text != known.text:
                raise Refused(
                    f"{key} says {text!r}, but {known.value!r} was allocated for {known.text!r}",
                    "put one of these two back, or unprovision first",
                    Remedy("to unprovision it", f"svcmgr -s {service.name} unprovision"),
                )
            rid = key.partition(".")[0]
            listener.note(
                rid, Note(f"{key} says {text!r} again, for which {known.value!r} was allocated: mended", "warning")
            )
            # Not to be undone: what was allocated before this action stays allocated after its rollback.
            executor.run(set_key(key, known.value, text)._replace(rid=rid, verb=self.verb, undo=()))


def natural(resources: Sequence[Resource]) -> list[Resource]:
    """All resources in the natural order, the accessory ones (syncs) last."""
    accessory = [resource for resource in resources if resource.driver.verbs_do_nothing]
    return order([resource for resource in resources if not resource.driver.verbs_do_nothing]) + accessory
