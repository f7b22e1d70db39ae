"""All functions that a script may have: it has only those that it uses."""

from collections.abc import Iterable

from svcprov.script.functions import FUNCTIONS, Function
from svcprov.script.proofs import PROOFS

ALL = FUNCTIONS | PROOFS


def wanted(names: Iterable[str]) -> list[Function]:
    """These functions with all that they need, in the order in which they are declared."""
    found: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += ALL[name].functions
    return [function for name, function in ALL.items() if name in found]
