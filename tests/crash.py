"""`tox -e crash`: services crashed at every point, in every way, and gone on with; a table, and zero violations.

    python -m tests.crash            a sample of the second crashes where there are tens of thousands
    python -m tests.crash --full     every pair of crashes, which takes hours

The templates on the nodes that they can be provisioned on, the goldens of services and drivers, and generated services
(`SVCPROV_CRASHES` says how many) are tried with what `svcmgr verify` tries, and with all pairs of crashes: killed or
disturbed anywhere, and killed once more anywhere while going on. The exit code is 1 with any violation; the first ones
are shrunk, and printed as scripts that show them.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from time import monotonic, process_time
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

from core.config.document import Document
from core.config.service import Service
from core.driver import UnknownDriver, load
from core.record import Record
from core.state import loads
from svcprov.verification import kills
from svcprov.verification.case import Case, Subject, Verdict
from svcprov.verification.crashes import THEN
from svcprov.verification.script import pasteable
from svcprov.verification.shrinking import shrunk
from svcprov.verification.trying import KINDS
from tests import golden
from tests.conftest import REPOSITORY
from tests.property.generated import worlds
from tests.worlds import World

PROCESSES = 2
NODES = ("ec2", "ec2-2015", "ec2-nitro")
GENERATED = 16
GENERATED_AT_ONCE = 4
SAMPLED_KINDS = ("properties", "crash", "crash again", "answer lost", "command times out")
LOST = "answer lost, reboot"
PAIRS = "pairs of crashes"
PAIRS_CHANGES_MAX = 4
"""A service of at most so many changes has every pair of crashes tried; of a larger one it is one in `PAIRS_EVERY`."""
PAIRS_EVERY = 151
OVERFULL = "plain:room"
"""Generated services put disks into smaller ones; files are sparse, so that this is no matter for crashes."""
SHOWN_MAX = 5
NAME_WIDTH = 36


class Job(NamedTuple):
    """What one process does at a time: tries of one kind, of one service (of some, where they are generated)."""

    name: str
    kind: str
    case: Case | None
    then: str = ""
    reboot: bool = False
    every: int = 1
    first: int = 0


class Done(NamedTuple):
    """What came of a job: how many tries, how many of them failed, and scripts that show some."""

    job: Job
    tried: int
    failed: int
    shown: list[str]
    seconds: float = 0.0


def main() -> int:
    """Try everything, print the table; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description="Crash services at every point.")
    parser.add_argument("--full", action="store_true", help="every pair of crashes, instead of a sample")
    full = parser.parse_args().full
    began = monotonic()
    lacking = dict(_lacking())
    jobs = [*_jobs(full=full), *_generated(int(os.environ.get("SVCPROV_CRASHES", GENERATED)))]
    # The long ones first, so that no process waits for another at the end.
    jobs.sort(key=lambda job: (job.kind != PAIRS, -len(job.case.file) if job.case is not None else 0))
    rows: dict[str, list[Done]] = {name: [] for name in sorted({job.name for job in jobs})}
    with ProcessPoolExecutor(PROCESSES) as pool:
        for future in as_completed([pool.submit(_done, job) for job in jobs]):
            done = future.result()
            rows[done.job.name].append(done)
    print(f"{'':<{NAME_WIDTH}}{'tried':>9}{'pairs':>9}{'seconds':>9}{'violations':>12}")
    for name, dones in rows.items():
        pairs = sum(done.tried for done in dones if done.job.kind == PAIRS)
        failed, seconds = sum(done.failed for done in dones), sum(done.seconds for done in dones)
        print(f"{name:<{NAME_WIDTH}}{sum(done.tried for done in dones):>9}{pairs:>9}{seconds:>9.0f}{failed:>12}")
    for name, driver in lacking.items():
        print(f"{name:<{NAME_WIDTH}}not yet: {driver}")
    every = [done for dones in rows.values() for done in dones]
    found = [f"\n{done.job.name}, {done.job.kind}:\n{shown}" for done in every for shown in done.shown]
    print("\n".join(found[:SHOWN_MAX]))
    failed = sum(done.failed for done in every)
    print(f"\n{sum(done.tried for done in every)} tries, {failed} violations, {monotonic() - began:.0f} seconds")
    return int(failed > 0)


def _case(world: World) -> Case:
    files, beside = {world.name: world.first_file}, {world.name: world.beside}
    return Case(world.name, files, world.first_state, world.adopt, beside=beside)


def _services() -> Iterator[tuple[str, Case]]:
    """Every template on every node that it is for, and the goldens that are something else."""
    templates = []
    folder = REPOSITORY / "fixtures/templates"
    beside = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.cfg")}
    for path in sorted(folder.glob("*.template")):
        templates.append(path.stem)
        for node in NODES:
            state = loads((REPOSITORY / "fixtures/nodes" / f"{node}.json").read_text(encoding="utf-8"))
            interface = next(name for name in state["interfaces"] if name != "lo")
            text = path.read_text(encoding="utf-8").replace("= eth0", f"= {interface}")
            yield f"{path.stem} on {node}", Case("t1", {"t1": text}, state, beside={"t1": beside})
    for kind in ("services", "drivers"):
        for each in golden.folders(kind):
            world = golden.world_of(each)
            if each.name.removesuffix("-2015") not in templates:
                yield f"{kind[:-1]} {each.name}", _case(world)


def _missing(case: Case) -> str:
    """The driver that a service lacks in this version; nothing where it can be provisioned."""
    service = Service(case.name, Document(case.file), case.state["hostname"], Record(), load)
    for section in service.sections():
        if "#" in section:
            try:
                service.driver_of(section)
            except UnknownDriver as error:
                return f"{error.group}.{error.type}"
    return ""


def _lacking() -> Iterator[tuple[str, str]]:
    for name, case in _services():
        if missing := _missing(case):
            yield name, missing


def _jobs(*, full: bool) -> Iterator[Job]:
    for name, case in _services():
        if _missing(case):
            continue
        yield from (Job(name, kind, case) for kind in KINDS)
        yield Job(name, LOST, case)
        few = Subject(case).changes <= PAIRS_CHANGES_MAX
        for then in THEN:
            for reboot in (False, True):
                yield Job(name, PAIRS, case, then, reboot, 1 if full or few else PAIRS_EVERY)


def _generated(number: int) -> Iterator[Job]:
    for first in range(0, number, GENERATED_AT_ONCE):
        yield Job("generated services", "generated", None, every=min(GENERATED_AT_ONCE, number - first), first=first)


def _done(job: Job) -> Done:
    began = process_time()
    done = _done_generated(job) if job.case is None else _counted(job, _tries(job, Subject(job.case)), job.case)
    return done._replace(seconds=process_time() - began)


def _counted(job: Job, tries: Iterator[Verdict], case: Case) -> Done:
    tried = failed = 0
    shown: list[str] = []
    for verdict in tries:
        if job.case is None and verdict.code == OVERFULL:
            continue
        tried += 1
        if verdict.what:
            failed += 1
            if not shown:
                least = shrunk(case, verdict)
                script = pasteable(least.case, "--point", least.verdict.code)
                shown.append("\n".join((f"{verdict.code}:", *least.verdict.what[:5], script)))
    return Done(job, tried, failed, shown)


def _tries(job: Job, subject: Subject) -> Iterator[Verdict]:
    if job.kind == LOST:
        return kills.lost_answers(subject)
    if job.kind == PAIRS:
        then = next(each for each in THEN if each == job.then)
        return kills.pairs(subject, then, reboot=job.reboot, every=job.every)
    return KINDS[job.kind](subject, 1)


def _done_generated(job: Job) -> Done:
    """Some generated services; which ones, the job's number says."""
    dones: list[Done] = []

    @seed(job.first)
    @settings(
        max_examples=job.every,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds())
    def each(world: World) -> None:
        case = _case(world)
        subject = Subject(case)
        dones.extend(_counted(job, KINDS[kind](subject, 1), case) for kind in SAMPLED_KINDS)

    each()
    shown = [text for done in dones for text in done.shown][:1]
    return Done(job, sum(done.tried for done in dones), sum(done.failed for done in dones), shown)


if __name__ == "__main__":
    sys.exit(main())
