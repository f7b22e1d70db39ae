"""What a plan holds, and how the recorder writes it."""

from core.command import Command, Completed, Makes, Note, Thing, Wait
from core.engine import ENGINE, SVCMGR
from core.plan import Plan, PlannedNote, PlannedWait, Recorder, Step, merged


class Remembering:
    """A node that answers everything with 0, and some commands from memory."""

    def __init__(self, *known: Command) -> None:
        self._known = known

    def run(self, command: Command) -> Completed:
        """Answer."""
        return Completed(0, command.argv[0])

    def remembers(self, command: Command) -> bool:
        """Tell whether the command is one of the known ones."""
        return command in self._known


def change(*argv: str, rid: str = "disk#0") -> Command:
    """A command that changes something."""
    return Command(argv, kind="changes", rid=rid)


READ = Command(("blkid",), rid="fs#0")
MAKE = change("create-volume")._replace(makes=Makes("disk#0.volume.0", "volume"))
ATTACH = change("attach", "«disk#0.volume.0»", "«disk#0.token»", rid="disk#1")
CASCADE = change("svcmgr", "set", "disk#0.volumes", "x")._replace(tool=SVCMGR)
WIPE = change("wipefs")._replace(destroys=(Thing("device", "/dev/sdb"), Thing("device", "/dev/sdc", blank=True)))
NOTE, WAIT = Note("hello"), Wait(READ, lambda _answer: True, 1, 2, "a device")


def recorded(*commands: Command, known: tuple[Command, ...] = ()) -> Plan:
    """The plan of running these commands, then a note and a wait of fs#0."""
    plan = Plan("svc", "provision", ("disk#0", "fs#0"))
    recorder = Recorder(Remembering(*known), plan)
    for command in commands:
        assert recorder.run(command) == Completed(0, command.argv[0])
    recorder.note("fs#0", NOTE)
    recorder.wait("fs#0", WAIT)
    return plan


def test_steps_number_changes_and_not_reads() -> None:
    """The numbers are the same with reads and without."""
    plan = recorded(READ, MAKE, READ, ATTACH)
    assert [event.number for event in plan.events if isinstance(event, Step)] == [0, 1, 0, 2]


def test_announcements_are_steps() -> None:
    """What announces something is numbered as what changes something."""
    assert recorded(READ._replace(kind="announces")).steps[0].number == 1


def test_what_the_engine_asks_is_no_step() -> None:
    """Sleeping and making up values are not in the plan."""
    assert recorded(Command(("sleep", "1"), tool=ENGINE)).commands == []


def test_what_was_done_before_is_no_step() -> None:
    """A command that is answered from memory will not run, so the plan does not show it."""
    assert recorded(MAKE, ATTACH, known=(MAKE,)).commands == [ATTACH]


def test_the_answer_is_kept_with_the_step() -> None:
    """A step knows what came of its command in the preview."""
    assert recorded(MAKE).steps[0].answer == Completed(0, "create-volume")


def test_cascades_are_told_from_commands() -> None:
    """A step that writes the service file says so."""
    assert [step.is_cascade for step in recorded(MAKE, CASCADE).steps] == [False, True]


def test_what_is_lost_is_what_was_not_blank() -> None:
    """A thing proven blank is not lost, and only a loss makes a step destructive."""
    plan = recorded(MAKE, WIPE)
    assert [step.lost for step in plan.destructive] == [(Thing("device", "/dev/sdb"),)]


def test_events_are_found_by_resource() -> None:
    """Commands, notes and waits belong to their resource, in order."""
    plan = recorded(MAKE, READ)
    assert list(plan.of("fs#0")) == [
        Step(0, READ, Completed(0, "blkid")),
        PlannedNote("fs#0", NOTE),
        PlannedWait("fs#0", WAIT),
    ]


def test_holes_are_named_with_who_makes_them() -> None:
    """A hole belongs to the resource that makes its thing; one that nobody makes, to who used it first."""
    assert recorded(MAKE, ATTACH).holes() == {"disk#0.volume.0": "disk#0", "disk#0.token": "disk#1"}


def test_a_purpose_is_asked_for_when_a_turn_begins() -> None:
    """Each resource of the plan says once what it is for, at the first that is heard of it; sections say nothing."""
    plan = Plan("svc", "provision", ("disk#0", "fs#0", "fs#1"))
    asked: list[str] = []
    recorder = Recorder(Remembering(), plan)
    recorder.run(CASCADE._replace(rid="fs#1"))

    def purpose_of(rid: str) -> str:
        asked.append(rid)
        return f"{rid} after {len(plan.events)} events"

    recorder.purpose_of = purpose_of
    recorder.run(READ._replace(rid="DEFAULT"))
    recorder.run(MAKE)
    recorder.note("fs#0", NOTE)
    recorder.wait("disk#0", WAIT)
    recorder.meet("fs#1")
    assert plan.purposes == {
        "disk#0": "disk#0 after 2 events",
        "fs#0": "fs#0 after 3 events",
        "fs#1": "fs#1 after 5 events",
    }
    assert asked == ["disk#0", "fs#0", "fs#1"]


def test_what_only_one_supposition_needs_is_conditional() -> None:
    """Two plans of one action become one: what both have is certain, what one has is not; the numbers go on."""
    one, other = recorded(READ, MAKE, WIPE), recorded(READ, ATTACH, WIPE)
    plan = merged(one, other)
    assert [(step.number, step.command, step.conditional) for step in plan.steps] == [
        (1, MAKE, True),
        (2, ATTACH, True),
        (3, WIPE, False),
    ]
    assert plan.conditional == {0, 1}
    assert merged(one, one).conditional == frozenset()
