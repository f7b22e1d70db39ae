"""How far a run has come, and how it is drawn."""

import pytest
from rich.cells import cell_len

from core.command import Command, Completed, Note, Wait
from core.plan import Plan, Step
from executors.real.progress import Progress
from svcprov.course import DONE, FAILED, IDLE, RUNNING, WAITING, Course, duration
from svcprov.frame import Drawing
from svcprov.live import summary

ASK = Command(("test", "-e", "/dev/xvdh"), accepts=(0, 1))
APPEARS = Wait(ASK, lambda _answer: True, 1, 120, "/dev/xvdh to appear")
PAUSE = Command(("pause", "1"), quiet=True, tool="engine")


class Clock:
    """A clock that a test sets."""

    seconds = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def course(clock: Clock) -> Course:
    """A run of four resources, of which one has nothing to do."""
    plan = Plan("svc", "provision", ("ip#0", "disk#0", "fs#0", "fs#1"))
    for number, rid in enumerate(("ip#0", "fs#0", "fs#1"), start=1):
        plan.events.append(Step(number, change("true", rid=rid), Completed(0)))
    plan.purposes["fs#1"] = "a btrfs for /srv/data"
    return Course("provision", plan, clock)


def change(*argv: str, rid: str) -> Command:
    """A command that changes something."""
    return Command(argv, kind="changes", rid=rid)


def drawn(course: Course, columns: int = 80, rows: int = 24, encoding: str = "utf-8") -> list[str]:
    """The lines of a course, without colours."""
    drawing = Drawing(course, colors=False, encoding=encoding, masked=lambda text: text.replace("hunter2", "«secret»"))
    lines = drawing.lines(columns, rows)
    assert [line.width for line in lines] == [cell_len(line.text) for line in lines]
    return [line.text for line in lines]


def states(course: Course) -> list[str]:
    """The state of each row."""
    return [row.state for row in course.rows]


def test_states_follow_what_is_heard(course: Course) -> None:
    """Who begins runs, who was passed is done, who has no step has nothing to do; the end does the rest."""
    assert states(course) == [WAITING, IDLE, WAITING, WAITING]
    course.begins(change("mkfs", rid="fs#0"))
    assert states(course) == [DONE, IDLE, RUNNING, WAITING]
    course.begins(Command(("lsblk",), rid="disk#0"))
    assert states(course) == [DONE, RUNNING, DONE, WAITING]
    course.begins(change("mount", rid="fs#1"))
    assert states(course) == [DONE, IDLE, DONE, RUNNING]
    course.close(failed=False)
    assert states(course) == [DONE, IDLE, DONE, DONE]


def test_what_fails_is_where_the_run_ends(course: Course) -> None:
    """The resource of the last command has failed; those after it have not begun."""
    course.begins(change("mkfs", rid="fs#0"))
    course.close(failed=True)
    assert states(course) == [DONE, IDLE, FAILED, WAITING]
    assert summary(course) == "provision: 2 resources done, fs#0 failed, 1 not begun, 0s"


def test_a_failure_that_was_not_the_end(course: Course) -> None:
    """An optional resource whose last command failed is shown as failed, one that went on is not."""
    for rid, codes in (("ip#0", (1, 0)), ("fs#0", (0, 1))):
        for code in codes:
            course.begins(change("true", rid=rid))
            course.ended(change("true", rid=rid), Completed(code))
    course.begins(change("mount", rid="fs#1"))
    course.close(failed=False)
    assert states(course) == [DONE, IDLE, FAILED, DONE]
    assert summary(course) == "provision: 3 resources done, fs#0 failed, 0s"


def test_what_the_plan_does_not_have_is_added(clock: Clock, course: Course) -> None:
    """Triggers of no resource have a row where they come; a rollback, which has no plan, has rows as they are heard."""
    course.begins(change("before", rid="DEFAULT"))
    course.begins(change("mkfs", rid="ip#0"))
    assert [row.rid for row in course.rows][:2] == ["DEFAULT", "ip#0"]
    back = Course("rollback", None, clock)
    for rid in ("fs#0", "disk#0"):
        back.begins(change("undo", rid=rid))
    assert [(row.rid, row.state) for row in back.rows] == [("fs#0", DONE), ("disk#0", RUNNING)]
    assert summary(back) == "rollback: 1 resource done, 0s"


def test_a_wait_has_its_deadline(clock: Clock, course: Course) -> None:
    """It says what it waits for, then how it goes, and how long already, until another command than its own runs."""
    course.wait("fs#0", APPEARS)
    course.begins(ASK._replace(rid="fs#0"))
    assert drawn(course)[2].endswith(" waiting for /dev/xvdh to appear [0s of 120s]")
    course.note("fs#0", Note("/dev/xvdh is not present yet"))
    course.note("fs#0", Note("something else is wrong", "warning"))
    course.begins(PAUSE._replace(rid="fs#0"))
    clock.seconds += 20
    course.begins(ASK._replace(rid="fs#0"))
    assert drawn(course)[2].endswith("fs#0      20s /dev/xvdh is not present yet [20s of 120s]")
    assert drawn(course, columns=45)[2].endswith(" /dev/xvdh is … [20s of 120s]")
    course.begins(change("mkfs", "/dev/xvdh", rid="fs#0"))
    assert drawn(course)[2].endswith("fs#0      20s mkfs /dev/xvdh")


def test_a_row_for_each_resource(clock: Clock, course: Course) -> None:
    """Its sign, its name, its time; its command, how many there were, or what it is for."""
    for _ in range(2):
        course.begins(change("ifconfig", rid="ip#0"))
    clock.seconds += 65
    course.begins(change("mkfs", "-x", "hunter2", "a\x1b[31m\nb", rid="fs#0"))
    lines = drawn(course)
    assert lines[:2] == ["✓ ip#0    1m05s 2 commands", "– disk#0        nothing to do"]
    assert lines[2].endswith(" fs#0       0s mkfs -x «secret» a [31m b")
    assert lines[3:] == ["· fs#1          a btrfs for /srv/data", "provision: 2 of 4 resources, 1m05s"]
    plain = drawn(course, encoding="ANSI_X3.4-1968")
    assert [line[0] for line in plain[:2]] == ["+", "="]
    assert plain[2][0] in "-\\|/"
    assert plain[3][0] == "."


@pytest.mark.parametrize("columns", [1, 5, 20, 39, 40, 200])
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 9, 10, 24])
def test_there_is_always_room(course: Course, columns: int, rows: int) -> None:
    """However small the terminal is, the lines fit with a column and a row to spare, the current one is among them."""
    course.rows = [*course.rows, *(row for at in range(30) for row in Course("", Plan("", "", (f"fs#1{at}",))).rows)]
    course.begins(change("mkfs", "日本語" * 30, rid="fs#117"))
    for layer in range(9):
        course.progress(Progress("image", f"{layer:012x}", "Downloading", 10, 100))
    for encoding in ("utf-8", "ascii"):
        lines = drawn(course, columns, rows, encoding)
        assert 1 <= len(lines) <= max(1, rows - 1)
        assert max(map(cell_len, lines)) <= max(1, columns - 1)
        if columns > 10:
            assert any("fs#117" in line for line in lines)


def test_an_image_has_its_layers(course: Course) -> None:
    """How many are there, and of those on their way how much; the next command has none."""
    course.begins(change("docker", "pull", "web:1", rid="fs#0"))
    course.progress(Progress("web:1", "1", "Pulling from library/web"))
    course.progress(Progress("web:1", "a" * 12, "Already exists"))
    course.progress(Progress("web:1", "b" * 12, "Downloading", 5_000_000, 20_000_000))
    course.progress(Progress("web:1", "c" * 12, "Waiting"))
    lines = drawn(course)
    assert lines[2].endswith(" docker pull web:1 [1 of 3 layers]")
    assert lines[3] == f"    {'b' * 12} downloading {'━' * 5}{'─' * 15} 5.0 MB of 20.0 MB"
    assert drawn(course, encoding="ascii")[3] == f"    {'b' * 12} downloading {'#' * 5}{'.' * 15} 5.0 MB of 20.0 MB"
    course.progress(Progress("web:1", "b" * 12, "Pull complete"))
    assert (len(drawn(course)), drawn(course)[2].endswith("[2 of 3 layers]")) == (5, True)
    course.ended(change("docker", rid="fs#0"), Completed(0))
    assert drawn(course)[2].endswith(" docker pull web:1")


def test_colours_are_for_those_who_want_them(course: Course) -> None:
    """With colours there are some."""
    drawing = Drawing(course, colors=True, encoding="utf-8", masked=str)
    assert "\x1b[2m" in drawing.lines(80, 24)[0].text


@pytest.mark.parametrize("seconds,text", [(0, "0s"), (59, "59s"), (60, "1m00s"), (3599, "59m59s"), (3720, "1h02m")])
def test_times_are_as_people_read_them(seconds: int, text: str) -> None:
    """Seconds, minutes with seconds, hours with minutes."""
    assert duration(seconds) == text
