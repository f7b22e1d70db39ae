"""What somebody who wrote a wrong word may have meant."""

from collections.abc import Iterable

NAMES_MAX = 1000
"""Among how many names one is looked for: a comparison takes tens of microseconds."""


def closest(word: str, names: Iterable[str]) -> str:
    """Return the name that is most like a word, in any case, or that begins with it; "" where none does."""
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in names}
    if len(by_lower) > NAMES_MAX:
        alike = [name for name in by_lower if name[:1] == word[:1].lower()]
        by_lower = {name: by_lower[name] for name in alike[:NAMES_MAX]}
    near = get_close_matches(word.lower(), by_lower, n=1)
    if not near and word:
        near = [name for name in by_lower if name.startswith(word.lower())]
    return by_lower[near[0]] if near else ""


def meant(word: str, names: Iterable[str]) -> str:
    """Return `; did you mean 'devs'?` where a name is close to a word, else nothing."""
    near = closest(word, names)
    return f"; did you mean {near!r}?" if near else ""
