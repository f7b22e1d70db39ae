"""What is measured without a process around it: planning many resources, provisioning in memory, and crashing that.

`python -m benchmarks.in_process plan N` and `... provision N` print the seconds of that work alone, `... verify N` the
seconds that each of at least N crash points of the first template takes, on average.
"""

import gc
import sys
from pathlib import Path
from time import perf_counter

from core.config.document import Document
from core.config.service import Service
from core.driver import load
from core.record import Record
from core.state import copy, loads
from executors.simulated.node import SimulatedNode
from svcprov.action import Action, Unkept
from svcprov.commands.verify import COLLECT_EVERY
from svcprov.verification.case import Case, Subject
from svcprov.verification.kills import once

FIXTURES = Path(__file__).parent.parent / "fixtures"
LOOP = "[disk#{0}]\ntype = loop\nfile = /srv/loops/{0}.img\nsize = 10m\n\n"


class Silent:
    """Hears everything, says nothing."""

    def note(self, rid: str, note: object) -> None:
        """Hear a note."""

    def wait(self, rid: str, wait: object) -> None:
        """Hear of a wait."""

    def begins(self, command: object) -> None:
        """Hear that a command begins."""

    def ended(self, command: object, answer: object) -> None:
        """Hear that a command has ended."""


def service(text: str, nodename: str) -> Service:
    """A service in memory, with nothing recorded."""
    return Service("bench", Document(text), nodename, Record(), load)


def plan_loops(number: int) -> float:
    """Seconds to plan a service of `number` loop disks."""
    state = loads((FIXTURES / "nodes" / "debian.json").read_text())
    text = "[DEFAULT]\n\n" + "".join(LOOP.format(index) for index in range(number))
    started = perf_counter()
    bench = service(text, state["hostname"])
    bench.check()
    action = Action(bench, "provision", SimulatedNode(state), lambda: state, Unkept(), Silent())
    plan = action.preview()
    seconds = perf_counter() - started
    if len(plan.order) != number:
        raise RuntimeError(f"{len(plan.order)} of {number} resources were planned")
    return seconds


def provision_template(times: int) -> float:
    """Seconds to provision the first template `times` times: in memory, journal included, no files."""
    fixture = loads((FIXTURES / "nodes" / "ec2.json").read_text())
    text = (FIXTURES / "templates" / "testec2docker.template").read_text()
    bench = service(text, fixture["hostname"])
    plan = Action(bench, "provision", SimulatedNode(fixture), lambda: fixture, Unkept(), Silent()).preview()
    seconds = 0.0
    for _ in range(times):
        state = copy(fixture)
        bench = service(text, fixture["hostname"])
        started = perf_counter()
        Action(bench, "provision", SimulatedNode(state), lambda: state, Unkept(), Silent()).run(plan)  # noqa: B023
        seconds += perf_counter() - started
    return seconds


def verify_template(points: int) -> float:
    """Seconds for each crash point of the first template: one accident and one way of going on, judged."""
    fixture = loads((FIXTURES / "nodes" / "ec2.json").read_text())
    text = (FIXTURES / "templates" / "testec2docker.template").read_text()
    done = 0
    started = perf_counter()
    while done < points:
        # Nothing is remembered from one round to the next, as nothing is from one `verify` to the next.
        for verdict in once(Subject(Case("bench", {"bench": text}, fixture))):
            if verdict.what:
                raise RuntimeError(f"{verdict.code}: {verdict.what[0]}")
            done += 1
            if done % COLLECT_EVERY == 0:
                gc.collect()
    return (perf_counter() - started) / done


if __name__ == "__main__":
    gc.disable()  # as the command line does
    work = {"plan": plan_loops, "provision": provision_template, "verify": verify_template}[sys.argv[1]]
    print(work(int(sys.argv[2])))
