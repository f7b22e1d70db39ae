"""What is directly below each directory of a filesystem, from the paths of everything that is in it."""

from collections.abc import Collection, Iterable


class Listing:
    """The names below each directory; one that is itself in no path given counts as there, as long as it has some."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._names: dict[str, set[str]] = {}
        for path in paths:
            self.enter(path)

    def below(self, directory: str) -> set[str]:
        """The names directly below a directory, which has no slash at its end."""
        return set(self._names.get(directory, ()))

    def enter(self, path: str) -> None:
        """Take note that something is at a path."""
        above, _, name = path.rpartition("/")
        while name:
            names = self._names.setdefault(above, set())
            if name in names:
                return
            names.add(name)
            above, _, name = above.rpartition("/")

    def leave(self, path: str, there: Collection[str]) -> None:
        """Take note that nothing is at a path any more. there: the paths at which something still is."""
        above, _, name = path.rpartition("/")
        while name and path not in there and not self._names.get(path):
            self._names.get(above, set()).discard(name)
            path = above
            above, _, name = path.rpartition("/")
