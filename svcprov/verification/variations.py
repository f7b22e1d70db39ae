"""The service with other values in `[env]`, where that says how they may vary: the outermost ones first."""

from collections.abc import Iterator

from core.config import variations
from core.config.document import Document
from svcprov.verification.case import Case


def cases(case: Case, most: int) -> Iterator[Case]:
    """At most this many variations of a case, always the same ones.

    First each value alone, from the outermost on; then all first ones together, all second ones, and so on: what two
    sizes do to each other shows there.
    """
    service = case.world(case.name, case.state).service
    found = variations.values(service)
    deepest = max(map(len, found.values()), default=0)
    alone = [{name: values[rank]} for rank in range(deepest) for name, values in found.items() if rank < len(values)]
    together = [{name: values[rank] for name, values in found.items() if rank < len(values)} for rank in range(deepest)]
    tried: list[dict[str, str]] = []
    for choice in (*alone, *together):
        if choice not in tried and len(tried) < most:
            tried.append(choice)
            yield case.with_file(_with(case.file, choice))


def _with(text: str, choice: dict[str, str]) -> str:
    document = Document(text)
    for name, value in choice.items():
        document.set("env", name, value)
    return document.text
