"""What was compared with a real service in this session."""

from collections import Counter
from collections.abc import Iterable

TIMES: Counter[tuple[str, str, str, tuple[str, ...]]] = Counter()


def compared(tool: str, form: str, outcome: str, differences: Iterable[str] = ()) -> None:
    """Enter one comparison that agreed, but for the known `differences`, each given by its reason."""
    TIMES[tool, form, outcome, tuple(sorted(differences))] += 1
