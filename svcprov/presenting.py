"""A plan that is only shown: as text, JSON Lines, a script or a document, and saved where that was asked for."""

from typing import TYPE_CHECKING, NamedTuple

from core.plan import Plan
from svcprov.render import PlanText

if TYPE_CHECKING:
    from core.config.service import Service
    from svcprov.invocation import Invocation


class Presented(NamedTuple):
    """A plan, and what is said about it.

    service: as it was before the plan. where: the beginning of the header line. typed: the command line that does what
    the plan shows. resumable: whether an unfinished action goes on with it.
    """

    plan: Plan
    service: "Service"
    where: str
    typed: str
    resumable: bool


def present(call: "Invocation", shown: Presented) -> None:
    """Write a plan to standard output, in the format that was asked for."""
    if call.json is not None:
        call.json.plan(shown.plan)
        call.json.summary(shown.plan, shown.plan.verb, "planned", resumable=shown.resumable)
        return
    if call.options.format == "sh":
        from svcprov.script import script

        call.screen.out(script(call, shown))
        return
    if call.options.format == "md":
        from svcprov.markdown import document

        call.screen.out(document(shown))
        return
    for line in PlanText(shown.plan, call.screen).lines(shown.where, shown.typed):
        call.screen.out(line)
