"""What errors say."""

from core.errors import PROBLEMS_SHOWN_MAX, ConfigError, Problem


def problems(count: int) -> list[Problem]:
    """Problems that are told apart by their lines."""
    return [Problem("web.conf", line, "fs#0", "dev", "wrong", "") for line in range(1, count + 1)]


def test_all_problems_are_said_while_a_person_can_read_them() -> None:
    """As many as are shown are shown whole, without a count."""
    error = ConfigError(*problems(PROBLEMS_SHOWN_MAX))
    assert str(error).splitlines()[-1] == f"web.conf:{PROBLEMS_SHOWN_MAX}: fs#0.dev: wrong"


def test_a_flood_of_problems_is_cut_and_counted() -> None:
    """The first ones are shown, then how many there are beside them; the error keeps all of them."""
    error = ConfigError(*problems(PROBLEMS_SHOWN_MAX + 7))
    *shown, last = str(error).splitlines()
    assert (len(shown), last) == (PROBLEMS_SHOWN_MAX, "... and 7 problems more")
    assert len(error.problems) == PROBLEMS_SHOWN_MAX + 7
