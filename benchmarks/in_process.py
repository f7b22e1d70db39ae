"""What is measured without a process around it: planning many resources, provisioning in memory, and crashing that.

`python -m benchmarks.in_process plan N`, `... groups N` (what stands on N volume groups), `... provision N` and
`... evaluate N` (N options with references) print the seconds of that work alone; `... keep N` prints
the seconds that journal and contract add to each change, without the time for which a disk is waited, `... verify N`
the seconds that each of at least N crash points of the first template takes, on average.
"""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from core.answers import pick
from core.command import Command, Completed, Executor
from core.config.document import Document
from core.config.service import Service
from core.driver import load
from core.engine import Engine
from core.plan import Plan
from core.record import Record
from core.state import NodeState, copy, loads
from executors.layers.contract import Contract, Terms
from executors.layers.journal import Journal
from executors.layers.service_file import ServiceFile
from executors.simulated.node import SimulatedNode
from svcprov.action import EVERYTHING, Action, acting
from svcprov.commands.verify import COLLECT_EVERY
from svcprov.files import ServiceFiles
from svcprov.keeping import Unkept
from svcprov.verification.case import Case, Subject
from svcprov.verification.kills import once

FIXTURES = Path(__file__).parent.parent / "fixtures"
LOOP = "[disk#{0}]\ntype = loop\nfile = /srv/loops/{0}.img\nsize = 10m\n\n"
GROUP = "[disk#{0}]\ntype = vg\nname = group{0}\npvs = {1}\n\n"
VOLUME = "[disk#{0}]\ntype = lv\nvg = group{1}\nname = volume{0}\nsize = 4m\n\n"
FILESYSTEM = "[fs#{0}]\ntype = ext4\ndev = /dev/group{1}/volume{0}\nmnt = /srv/data/{0}\n\n"
DISKS_OF_A_GROUP, VOLUMES_OF_A_GROUP = 4, 8
REFERRING = """\
[fs#{0}]
type = ext4
dev = /dev/{{env.vg}}/{{svcname}}.{{rindex}}
mnt = /srv/{{svcname}}/{0}
mnt_opt = size=$({{env.size}}*2),{{nodes[$({{#nodes}}-1)]}}
comment = {{fs#{1}.mnt}}, then {{fs#{0}.dev}}
tags = {{fs#{0}.mnt}} {{{{.Name}}}}

"""
REFERRING_OPTIONS = 5
"""How many options of such a section refer to others: words, resources, lists, each other, and what is calculated."""
OF_A_GROUP = DISKS_OF_A_GROUP + 1 + 2 * VOLUMES_OF_A_GROUP
"""The resources of a group: its disks, itself, its volumes, and a filesystem on each of these."""


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
    return _planned("[DEFAULT]\n\n" + "".join(LOOP.format(index) for index in range(number)), number)


def plan_groups(number: int) -> float:
    """Seconds to plan `number` volume groups, each on four loop disks, with eight volumes that have a filesystem."""
    # A little one first: the modules are imported once, however many resources there are.
    _planned(_stacked(1), OF_A_GROUP)
    return _planned(_stacked(number), number * OF_A_GROUP)


def _stacked(number: int) -> str:
    disks, volumes = number * DISKS_OF_A_GROUP, number * VOLUMES_OF_A_GROUP
    sections = ["[DEFAULT]\n\n", *(LOOP.format(index) for index in range(disks))]
    for index in range(number):
        under = range(index * DISKS_OF_A_GROUP, (index + 1) * DISKS_OF_A_GROUP)
        sections.append(GROUP.format(disks + index, " ".join(f"{{disk#{disk}.file}}" for disk in under)))
    for index in range(disks + number, disks + number + volumes):
        group = disks + index % number
        sections += [VOLUME.format(index, group), FILESYSTEM.format(index, group)]
    return "".join(sections)


def _planned(text: str, number: int) -> float:
    """Seconds to plan a service of so many resources."""
    state = loads((FIXTURES / "nodes" / "debian.json").read_text())
    started = perf_counter()
    bench = service(text, state["hostname"])
    bench.check()
    action = Action(bench, "provision", SimulatedNode(state), lambda: state, Unkept(), Silent())
    plan = action.preview()
    seconds = perf_counter() - started
    if len(plan.order) != number:
        raise RuntimeError(f"{len(plan.order)} of {number} resources were planned")
    return seconds


def evaluate_options(number: int) -> float:
    """Seconds to evaluate `number` options with references, each of them once."""
    head = "[DEFAULT]\nnodes = n1 n2\n\n[env]\nsize = 5G\nvg = data\n\n"
    sections = (REFERRING.format(index, max(index - 1, 0)) for index in range(number // REFERRING_OPTIONS))
    bench = service(head + "".join(sections), "n1")
    keys = [(each.rid, option) for each in bench.resources() for option in bench.document.options(each.rid)]
    referring = [key for key in keys if "{" in (bench.document.get(*key) or "")]
    if len(referring) != number:
        raise RuntimeError(f"{len(referring)} of {number} options refer to something")
    started = process_time()
    for section, option in referring:
        bench.read(section, option)
    return process_time() - started


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


def keep_changes(times: int) -> float:
    """Seconds that journal, record, service file and contract add to a change of the first template, on the average.

    It is the difference to the bare engine, in turns. Everything is written to files; only the disk is not waited for.
    """
    state = loads((FIXTURES / "nodes" / "ec2.json").read_text())
    conf = Path(os.environ["OSVCETC"], "bench.conf")
    conf.parent.mkdir(parents=True, exist_ok=True)
    text = (FIXTURES / "templates" / "testec2docker.template").read_text()
    preview = service(text, state["hostname"])
    plan = Action(preview, "provision", SimulatedNode(state), lambda: state, Unkept(), Silent()).preview()
    for name in ("fsync", "fdatasync"):
        setattr(os, name, lambda _descriptor: None)
    seconds = {bare: 0.0, kept: 0.0}
    for _ in range(times):
        for way in seconds:
            conf.write_text(text)
            files = ServiceFiles("bench")
            for path in (files.record, files.journal):
                Path(path).unlink(missing_ok=True)
            seconds[way] += way(state, plan)
    changes = sum(command.kind == "changes" for command in plan.commands)
    return (seconds[kept] - seconds[bare]) / times / changes


class Identities:
    """An executor that finds what a command made where its answer says it, and remembers nothing."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    def run(self, command: Command) -> Completed:
        """Run a command."""
        answer, makes = self._inner.run(command), command.makes
        if makes is None:
            return answer
        found = pick(answer.stdout, makes.answer) if makes.answer and not answer.returncode else []
        return answer._replace(made=makes.identity or "".join(found[:1]))


def bare(fixture: NodeState, _plan: Plan) -> float:
    """Seconds of the engine on a node, with nothing between them that remembers or forbids."""
    state = copy(fixture)
    bench = ServiceFiles("bench").load(fixture["hostname"])
    return _acted(bench, lambda: Identities(ServiceFile(SimulatedNode(state), bench)))


def kept(fixture: NodeState, plan: Plan) -> float:
    """Seconds of the same under contract and journal."""
    state, files = copy(fixture), ServiceFiles("bench")
    bench = files.load(fixture["hostname"])

    def layers() -> Executor:
        files.journal_begins({"action": "provision"})
        inner = ServiceFile(SimulatedNode(state), bench, files.save_record, files.save_file)
        journal = Journal(inner, bench.record, files.journal_line, files.save_record)
        return Contract(journal, Terms(plan.commands, plan.conditional, plan.made_up))

    seconds = _acted(bench, layers)
    files.close()
    return seconds


def _acted(bench: Service, executor: Callable[[], Executor]) -> float:
    """Seconds of the processor: what waits, waits for a disk."""
    started = process_time()
    Engine(bench, executor(), Silent()).act("provision", acting(bench, "provision", EVERYTHING))
    return process_time() - started


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
    work = {
        "plan": plan_loops,
        "groups": plan_groups,
        "evaluate": evaluate_options,
        "provision": provision_template,
        "keep": keep_changes,
        "verify": verify_template,
    }[sys.argv[1]]
    print(work(int(sys.argv[2])))
