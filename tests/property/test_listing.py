"""A listing says what a look at every path would say."""

from hypothesis import given
from hypothesis import strategies as st

from core.listing import Listing

PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))
CHANGES = st.lists(st.tuples(st.booleans(), PATHS), max_size=30)


def looked_at(there: set[str], directory: str) -> set[str]:
    """The names below a directory, from all paths."""
    prefix = f"{directory}/"
    return {path[len(prefix) :].split("/")[0] for path in there if path.startswith(prefix)}


@given(st.sets(PATHS), CHANGES)
def test_a_listing_is_what_is_there(first: set[str], changes: list[tuple[bool, str]]) -> None:
    """Whatever comes and goes, in whatever order, each directory has the names that the paths give it."""
    there = set(first)
    listing = Listing(there)
    for comes, path in changes:
        if comes:
            there.add(path)
            listing.enter(path)
        elif path in there:
            there.remove(path)
            listing.leave(path, there)
        for directory in ("", "/a", "/a/b", "/a/b/c", "/b"):
            assert listing.below(directory) == looked_at(there, directory)
