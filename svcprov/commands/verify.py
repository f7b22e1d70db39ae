"""`verify`: a service is tried with everything that may go wrong, in memory; nothing on this machine is touched."""

import gc

from core.errors import UsageError
from core.state import NodeState
from svcprov.invocation import Invocation
from svcprov.verification.case import Case, Subject
from svcprov.verification.gathering import gathered
from svcprov.verification.progress import Progress
from svcprov.verification.report import ALONE, Report
from svcprov.verification.shrinking import shrunk
from svcprov.verification.trying import Tried, expected, replayed, tries

EXAMPLES = 10
INTERRUPTED = 130
COLLECT_EVERY = 400
"""How many tries leave so much behind that it is worth looking for: a run of minutes cannot keep it all."""


def verify(call: Invocation) -> int:
    """Try the service, print what came of it; 1 when anything is wrong."""
    examples = _examples(call)
    files = call.files()
    state = _node(call)
    service = files.load(state["hostname"])
    call.check(service)
    case = gathered(files, service, state, call.selection(), lambda: call.line("rollback"))
    where = (
        f"SIMULATED {call.options.node}" if call.options.node is not None else f"SIMULATED as {state['hostname']} is"
    )
    report = Report(service.name, where)
    if call.options.point is not None:
        report.hear(Tried(ALONE, case, replayed(Subject(case), call.options.point)))
    else:
        _try(case, examples, report)
    _write(call, report)
    return INTERRUPTED if report.interrupted else int(report.failed > 0)


def _examples(call: Invocation) -> int:
    given = call.options.examples
    if given is None:
        return EXAMPLES
    if given < 0 or given != int(given):
        raise UsageError("--examples takes a whole number from 0")
    return int(given)


def _node(call: Invocation) -> NodeState:
    """The state to begin with: of the file, or of this machine, which is only looked at."""
    if call.options.node is not None:
        return call.node().observed()
    from svcprov.observation import learnt

    return learnt(call.service_name)


def _try(case: Case, examples: int, report: Report) -> None:
    progress = Progress(0)
    try:
        if progress.is_shown:
            progress = Progress(expected(case, examples))
        for tried in tries(case, examples):
            report.hear(tried)
            progress.step(tried.kind)
            if report.tried % COLLECT_EVERY == 0:
                gc.collect()
        for number, failure in enumerate(report.failures):
            progress.say(f"verify: looking for the least that fails like {failure.verdict.code}")
            report.failures[number] = failure._replace(**shrunk(failure.case, failure.verdict)._asdict())
    except KeyboardInterrupt:
        report.interrupted = True
    finally:
        progress.end()


def _write(call: Invocation, report: Report) -> None:
    if call.json is not None:
        for line in report.objects():
            call.json.write(line)
    elif call.options.format == "junit":
        call.screen.out(report.junit())
    else:
        for text in report.text():
            call.screen.out(text)
