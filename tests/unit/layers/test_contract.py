"""The contract: only what the plan shows may run, and only for a reason is something left out."""

from collections.abc import Sequence

import pytest

from core.command import Check, Command, Completed, Makes, Thing
from core.engine import ENGINE
from core.errors import NodeChanged
from executors.layers.contract import Contract, Terms
from tests.unit.layers.shelf import LIST, Life, Shelf, buy, has, put, take, wipe

A, B, C = put("a"), put("b"), put("c")
FRESH = Command(("fresh", "token", "r#0.token"), tool=ENGINE)
ANNOUNCE = Command(("arping",), kind="announces", rid="r#0", verb="provision")
USE = Command(("put", "on-«v»"), kind="changes", check=has("on-«v»"), rid="r#0", verb="provision")


def contract(planned: Sequence[Command], *things: str) -> tuple[Contract, Shelf, Life]:
    """A contract of these commands, on a shelf of these things."""
    life = Life(Shelf(*things))
    return Contract(life.begin(), Terms(planned)), life.shelf, life


def run(on: Contract, *commands: Command) -> list[Completed]:
    """Run commands under the contract."""
    return [on.run(command) for command in commands]


def used(volume: str) -> Command:
    """The planned use of a volume, as it is run."""
    return USE._replace(argv=("put", f"on-{volume}"), check=has(f"on-{volume}"))


def test_what_is_planned_runs() -> None:
    """The commands of the plan run in their order."""
    on, shelf, _ = contract([A, B])
    run(on, A, B)
    assert shelf.changes == ["put a", "put b"]


def test_reads_are_not_part_of_the_contract() -> None:
    """Questions may be asked at any time."""
    on, _, _ = contract([])
    assert run(on, LIST)[0].stdout == "[]"


def test_what_is_not_planned_does_not_run() -> None:
    """A command that the plan does not have raises before it did anything, with expected beside actual."""
    on, shelf, _ = contract([A])
    with pytest.raises(NodeChanged) as caught:
        run(on, C)
    assert (caught.value.expected, caught.value.actual) == ("r#0: put a", "r#0: put c")
    assert shelf.changes == []


def test_nothing_runs_after_the_plan() -> None:
    """When the plan is done, nothing more is."""
    on, shelf, _ = contract([A])
    with pytest.raises(NodeChanged, match="expected: nothing more"):
        run(on, A, A)
    assert shelf.changes == ["put a"]


@pytest.mark.parametrize("other", [{"rid": "r#1"}, {"verb": "start"}, {"makes": Makes("n", "thing", identity="a")}])
def test_equal_words_of_another_are_another_command(other: dict[str, object]) -> None:
    """A command is the planned one by its resource, its verb and what it makes, too."""
    on, _, _ = contract([A])
    with pytest.raises(NodeChanged):
        run(on, A._replace(**other))  # type: ignore[arg-type]


def test_the_input_is_part_of_the_contract() -> None:
    """A file of another content is another command."""
    on, _, _ = contract([A._replace(stdin="port 80\n")])
    with pytest.raises(NodeChanged):
        run(on, A._replace(stdin="port 81\n"))


def test_the_input_may_hold_holes() -> None:
    """What is filled into an input is the same input."""
    on, shelf, _ = contract([buy(), A._replace(stdin="use «v»\n")])
    run(on, buy(), A._replace(stdin="use vol-1\n"))
    assert shelf.changes == ["buy", "put a"]


@pytest.mark.parametrize(
    "planned, actual",
    [
        (wipe("sdb", blank=True), wipe("sdb")),
        (wipe("sdb"), wipe("sdb")._replace(destroys=(Thing("device", "other-disk"),))),
        (wipe("sdb"), wipe("sdb")._replace(destroys=(Thing("device", "sdb"), Thing("device", "sdc")))),
        (wipe("sdb")._replace(destroys=()), wipe("sdb")),
    ],
    ids=["not blank any more", "another thing", "more things", "unplanned loss"],
)
def test_no_more_is_lost_than_was_planned(planned: Command, actual: Command) -> None:
    """The same words that would destroy something else, or something that was thought blank, do not run."""
    on, shelf, _ = contract([planned])
    with pytest.raises(NodeChanged, match=r"\(destroys device "):
        run(on, actual)
    assert shelf.changes == []


def test_less_may_be_lost_than_was_planned() -> None:
    """A device that turned out blank may be formatted as planned."""
    on, shelf, _ = contract([wipe("sdb")])
    run(on, wipe("sdb", blank=True))
    assert shelf.changes == ["put wiped-sdb"]


def test_a_step_that_is_in_place_may_be_left_out() -> None:
    """When the check of a planned change holds by now, the driver need not do it."""
    on, shelf, _ = contract([A, B], "a")
    run(on, B)
    assert shelf.changes == ["put b"]


@pytest.mark.parametrize("planned", [A, A._replace(check=None), put("a", name="n"), buy()], ids=str)
def test_a_step_that_is_not_in_place_may_not_be_left_out(planned: Command) -> None:
    """Without a reason, the next step does not run before this one."""
    on, shelf, _ = contract([planned, B])
    with pytest.raises(NodeChanged):
        run(on, B)
    assert shelf.changes == []


def test_what_others_made_is_no_reason_to_make_nothing() -> None:
    """A thing to be made may be left out only when the journal made it: a stranger's is not ours."""
    on, _, _ = contract([put("a", name="n"), B], "a")
    with pytest.raises(NodeChanged, match="expected: r#0: put a"):
        run(on, B)


def test_what_this_action_made_need_not_be_made_again() -> None:
    """In a later life of the action, made things are skipped and their holes are bound."""
    life = Life(Shelf())
    life.begin().run(buy())
    on = Contract(life.begin(), Terms([buy(), USE]))
    run(on, used("vol-1"))
    assert life.shelf.changes == ["buy", "put on-vol-1"]


def test_what_this_action_made_is_answered_from_memory() -> None:
    """A driver that asks for it again gets the same, whether the plan has it or not."""
    life = Life(Shelf())
    life.begin().run(buy())
    assert run(Contract(life.begin(), Terms([])), buy())[0].made == "vol-1"


def test_what_this_action_made_and_lost_may_not_be_left_out() -> None:
    """A made thing whose check does not hold any more is missing."""
    life = Life(Shelf())
    life.begin().run(put("a", name="n"))
    on = Contract(life.begin(), Terms([put("a", name="n"), B]))
    life.shelf.things.clear()
    with pytest.raises(NodeChanged):
        run(on, B)


def test_a_made_thing_that_hangs_on_another_is_asked_for_by_both_names() -> None:
    """The check of a planned step is asked with every hole filled that is known."""
    life = Life(Shelf())
    journal = life.begin()
    journal.run(buy())
    attached = used("vol-1")._replace(makes=Makes("w", "thing", identity="on-vol-1"))
    journal.run(attached)
    on = Contract(life.begin(), Terms([buy(), USE._replace(makes=Makes("w", "thing", identity="on-«v»")), B]))
    run(on, B)
    assert not any("«" in word for command in life.shelf.ran for word in command.argv)


@pytest.mark.parametrize("done, left_out", [(True, True), (False, False)])
def test_a_loss_may_be_left_out_only_when_this_action_did_it(*, done: bool, left_out: bool) -> None:
    """That somebody wiped the device is not our having wiped it."""
    life = Life(Shelf())
    if done:
        life.begin().run(wipe("sdb"))
    else:
        life.shelf.things.append("wiped-sdb")
    on = Contract(life.begin(), Terms([wipe("sdb"), B]))
    if left_out:
        run(on, B)
        assert life.shelf.changes == ["put wiped-sdb", "put b"]
    else:
        with pytest.raises(NodeChanged):
            run(on, B)


def test_a_check_about_an_unknown_thing_is_no_reason() -> None:
    """Nothing is asked about a hole: a step whose thing is unknown may not be left out."""
    on, shelf, _ = contract([USE, B])
    with pytest.raises(NodeChanged):
        run(on, B)
    assert not any("«" in word for command in shelf.ran for word in command.argv)


def test_a_hole_binds_to_what_a_skipped_step_left() -> None:
    """A device whose name only the node tells is known from the check of the step that set it, for all later steps."""
    planned = A._replace(check=Check(LIST, path="[]", text="dev-«d»"))
    use = B._replace(argv=("put", "at-«d»"))
    on, shelf, _ = contract([planned, use], "x", "dev-f")
    with pytest.raises(NodeChanged):
        run(on, use._replace(argv=("put", "at-g")))
    run(on, use._replace(argv=("put", "at-f")))
    assert shelf.changes == ["put at-f"]


@pytest.mark.parametrize("check", [Check(LIST, path="[]", text="dev-«d»"), Check(LIST, text="«d»", absent=True)])
def test_a_hole_that_nothing_fits_is_no_reason(check: Check) -> None:
    """Where the node has nothing that the hole could stand for, the step is missing."""
    on, _, _ = contract([A._replace(check=check), B], "x")
    with pytest.raises(NodeChanged):
        run(on, B)


def test_something_that_should_be_absent_and_is_found_is_no_reason() -> None:
    """A check for absence does not hold for what is there, under any name."""
    gone = Check(LIST, path="[]", text="dev-«d»", absent=True)
    on, _, _ = contract([A._replace(check=gone), B], "dev-f")
    with pytest.raises(NodeChanged):
        run(on, B)


def test_holes_bind_to_their_producers_answer() -> None:
    """What the producer made is what later commands may use, and nothing else."""
    on, shelf, _ = contract([buy(), USE])
    run(on, buy())
    with pytest.raises(NodeChanged):
        run(on, used("vol-2"))
    run(on, used("vol-1"))
    assert shelf.things == ["vol-1", "on-vol-1"]


def test_a_made_up_value_binds_its_hole() -> None:
    """A token of the run is the token of the plan."""
    planned = A._replace(argv=("put", "«r#0.token»"))
    on, shelf, _ = contract([planned])
    (token,) = run(on, FRESH)
    with pytest.raises(NodeChanged):
        run(on, A._replace(argv=("put", "another")))
    run(on, A._replace(argv=("put", token.stdout)))
    assert shelf.things == ["fresh-1"]


def test_an_identity_that_only_a_later_read_tells_binds_at_its_first_use() -> None:
    """Without an identity from the answer, the first command that uses it decides, within its kind."""
    make = buy(answer="", witness=False)
    on, shelf, _ = contract([make, USE])
    run(on, make)
    with pytest.raises(NodeChanged):
        run(on, used("something"))
    run(on, used("vol-1"))
    assert shelf.changes == ["buy", "put on-vol-1"]


def test_an_announcement_may_come_more_often() -> None:
    """It leaves nothing behind."""
    on, shelf, _ = contract([ANNOUNCE, A])
    run(on, ANNOUNCE, ANNOUNCE, A, ANNOUNCE)
    assert shelf.changes == ["arping", "arping", "put a", "arping"]


def test_an_announcement_that_comes_twice_in_the_plan_may_be_repeated_in_between() -> None:
    """The second one of the plan does not make a repeated first one a skip of what lies between."""
    on, shelf, _ = contract([ANNOUNCE, A, ANNOUNCE])
    run(on, ANNOUNCE, ANNOUNCE, A, ANNOUNCE)
    assert shelf.changes == ["arping", "arping", "put a", "arping"]


def test_announcements_and_brackets_may_be_left_out() -> None:
    """What leaves nothing behind is missed by nobody."""
    on, shelf, _ = contract([ANNOUNCE, put("t", temporary=True), take("t", temporary=True), A])
    run(on, A)
    assert shelf.changes == ["put a"]


def test_a_bracket_may_be_opened_again() -> None:
    """A resumed driver mounts again what it had mounted for a while."""
    opens, closes = put("t", temporary=True), take("t", temporary=True)
    on, shelf, _ = contract([opens, A, closes])
    run(on, opens, A, closes, opens, closes)
    assert shelf.things == ["a"]


def test_a_bracket_that_was_never_planned_is_not_opened() -> None:
    """That it may be repeated does not mean that any may come."""
    on, _, _ = contract([A])
    with pytest.raises(NodeChanged):
        run(on, put("t", temporary=True))


def test_what_may_not_be_needed_may_be_left_out() -> None:
    """A conditional command is run where it is asked for, and left out without a reason where it is not."""
    for commands in ([A, B, C], [A, C]):
        life = Life(Shelf())
        run(Contract(life.begin(), Terms([A, B, C], {1})), *commands)
        assert life.shelf.changes == [" ".join(each.argv) for each in commands]
    with pytest.raises(NodeChanged):
        run(Contract(Life(Shelf()).begin(), Terms([A, B, C], {2})), A, C)


def test_a_hole_that_is_filled_at_its_first_use_stays_filled() -> None:
    """What nobody's answer has filled is filled by the first command that has it, and then for all that follow."""
    again = USE._replace(argv=("put", "also-on-«v»"), check=has("also-on-«v»"))
    on, shelf, _ = contract([USE, again])
    run(on, used("sdb"))
    with pytest.raises(NodeChanged):
        run(on, again._replace(argv=("put", "also-on-sdc"), check=has("also-on-sdc")))
    run(on, again._replace(argv=("put", "also-on-sdb"), check=has("also-on-sdb")))
    assert shelf.changes == ["put on-sdb", "put also-on-sdb"]


def test_a_plan_that_ends_early_has_a_reason_for_each_step_it_leaves_out() -> None:
    """At the end, a step whose check holds may be missing; one whose check does not is where the node has changed."""
    on, _, _ = contract([A, B], "b")
    run(on, A)
    on.finish()
    on, _, _ = contract([A, B])
    run(on, A)
    with pytest.raises(NodeChanged, match="expected: r#0: put b"):
        on.finish()


def test_what_an_earlier_life_wrote_over_itself_may_be_left_out() -> None:
    """A step whose check a later step of the same action has made untrue was run all the same: the journal says so."""
    life = Life(Shelf())
    journal = life.begin()
    journal.run(A)
    journal.run(take("a")._replace(rid="r#0", verb="provision"))
    on = Contract(life.begin(), Terms([A, take("a")._replace(rid="r#0", verb="provision"), B]))
    run(on, B)
    assert life.shelf.changes == ["put a", "take a", "put b"]


def test_what_an_earlier_life_filled_a_hole_with_is_known() -> None:
    """A hole that no answer fills (a part of what was made) is learnt from the command that ran in its place."""
    life = Life(Shelf())
    life.begin().run(used("1.2.3.4"))
    again = USE._replace(argv=("put", "also-on-«v»"), check=has("also-on-«v»"))
    on = Contract(life.begin(), Terms([USE, again]))
    with pytest.raises(NodeChanged):
        run(on, again._replace(argv=("put", "also-on-5.6.7.8"), check=has("also-on-5.6.7.8")))
    run(on, again._replace(argv=("put", "also-on-1.2.3.4"), check=has("also-on-1.2.3.4")))
