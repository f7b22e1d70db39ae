"""Print how fast svcprov is, each figure beside its target; the exit code is 1 when one is missed or not measured.

The first figures are whole processes, as a user starts them. The others look inside: `python -m benchmarks.in_process`
plans or provisions in memory and prints the seconds that this alone took, so that a start-up is not measured twice:

    python -m benchmarks.in_process plan N        a service of N loop disks, planned on a simulated node
    python -m benchmarks.in_process groups N      N volume groups on loop disks, with volumes and filesystems
    python -m benchmarks.in_process evaluate N    N options with references, each evaluated once
    python -m benchmarks.in_process provision N   the first template provisioned N times, journal included, no files
    python -m benchmarks.in_process verify N      N crash points of the first template, each gone on with and judged

`--real` measures this machine in their place: `python -m benchmarks.real` says what.
"""

import argparse
import itertools
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.rounds import REPOSITORY, Case, Failed, Run, interleaved

LIMIT = "python -c pass"
HELP = "svcmgr --help"
VALIDATE = "validate config of the first template"
PLAN = "plan of the first template"
CREATE = "create --config, not provisioned"
GROUPS = "a disk, group, volume or fs, to a loop"
EVALUATED = "an option with references, evaluated"
PROVISIONS = "provisions of the first template"
KEPT = "journal and contract, for each change"
SIZES = (10, 100, 1000, 10_000)
MEMORY_SIZE = 1000
GROUPS_COUNT, GROUPS_RESOURCES = 50, 1050
"""200 disks, 50 groups, 400 volumes and 400 filesystems, beside as many loop disks."""
EVALUATED_SIZES = (1000, 10_000)
PROVISIONS_COUNT = 200
KEPT_COUNT = 50
MEMORY = "/dev/shm"
CRASHES = "crash points of the first template"
CRASHES_MEMORY = "memory of verifying it"
CRASHES_COUNT = 800
"""No more than its enumeration has: what a longer run remembers would not be measured as users meet it."""

HELP_RATIO_MAX = 2.5
VALIDATE_RATIO_MAX = 3.0
PLAN_RATIO_MAX = 4.0
CREATE_RATIO_MAX = 4.0
MARGINAL_MS_MAX = 0.1
GROUPS_RATIO_MAX = 2.0
MEMORY_MIB_MAX = 30.0
EVALUATED_US_MAX = 20.0
EVALUATED_GROWTH_MAX = 1.5
"""What one of ten times as many may cost, as a ratio: where that is linear, it is the noise of measuring."""
PROVISIONS_PER_SECOND_MIN = 300.0
KEPT_MS_MAX = 0.5
CRASHES_PER_SECOND_MIN = 200.0
CRASHES_MEMORY_MIB_MAX = 100.0
NOTICED_MS_MAX = 100.0
REAL_ROUNDS = 1
"""Each process of `benchmarks.real` takes turns itself."""

REAL = {
    "true": ("100 x true, to bash", 1.2),
    "aws": ("aws answered in-process, to the CLI", 1 / 20),
    "provision": ("real provisioning, to its plan in sh", 1.15),
    "template": ("second template in the VM, to its plan", 1.15),
    "observe": ("observing this machine, to its probes", 2.0),
}
"""The figures of `benchmarks.real` that are ratios: their names in the table, their limits."""
NOTICE = "a device is noticed after"

SVCMGR = "from svcprov.svcmgr import run; run()"

Measured = dict[str, Run | Failed]


class Row(NamedTuple):
    """A line of the table; `met` tells whether the target is, None for a line that has none."""

    name: str
    value: str
    target: str
    met: bool | None


def planned(size: int) -> str:
    """The name of the case that plans this many loop disks."""
    return f"plan of {size} loop disks"


def evaluated(size: int) -> str:
    """The name of the case that evaluates this many options."""
    return f"{size} options evaluated"


def cases(folder: str, memory: str) -> tuple[Case, ...]:
    """Everything that is measured; `folder` holds what the processes may write.

    memory: the same, on a filesystem that waits for no disk: on others even a rename does.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "OSVCETC": f"{folder}/etc",
        "OSVCVAR": f"{folder}/var",
    }
    in_memory = environment | {"OSVCETC": f"{memory}/etc", "OSVCVAR": f"{memory}/var"}
    svcmgr = (sys.executable, "-c", SVCMGR)
    in_process = (sys.executable, "-m", "benchmarks.in_process")
    template = str(REPOSITORY / "fixtures/templates/testec2docker.template")
    node = str(REPOSITORY / "fixtures/nodes/ec2.json")
    dry_run = ("-s", "t1", "create", "--config", template, "--provision", "--dry-run", "--node", node)
    return (
        Case(LIMIT, (sys.executable, "-c", "pass"), environment),
        Case(HELP, (*svcmgr, "--help"), environment),
        Case(VALIDATE, (*svcmgr, "validate", "config", "--config", template), environment),
        Case(PLAN, (*svcmgr, *dry_run), environment),
        # From the second time on it replaces itself, by the same way: links are looked at, the file is written.
        Case(CREATE, (*svcmgr, "-s", "t2", "create", "--config", template, "--force"), in_memory),
        *(Case(planned(size), (*in_process, "plan", str(size)), environment) for size in SIZES),
        Case(GROUPS, (*in_process, "groups", str(GROUPS_COUNT)), environment),
        *(Case(evaluated(size), (*in_process, "evaluate", str(size)), environment) for size in EVALUATED_SIZES),
        Case(PROVISIONS, (*in_process, "provision", str(PROVISIONS_COUNT)), environment),
        Case(KEPT, (*in_process, "keep", str(KEPT_COUNT)), in_memory),
        Case(CRASHES, (*in_process, "verify", str(CRASHES_COUNT)), environment),
    )


def real_cases() -> tuple[Case, ...]:
    """What is measured on this machine itself; each process measures its own limit in turn with it."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    real = (sys.executable, "-m", "benchmarks.real")
    return (
        *(Case(name, (*real, figure), environment) for figure, (name, _) in REAL.items()),
        Case(NOTICE, (*real, "notice"), environment),
    )


def not_measured(name: str, target: str, *results: Run | Failed) -> Row:
    """The line of a figure that lacks a measurement, with the reason."""
    reason = next(str(result) for result in results if isinstance(result, Failed))
    return Row(name, f"not measured: {reason}", target, met=False)


def process_row(measured: Measured, name: str, ratio_max: float) -> Row:
    """A whole process, as a ratio to the start of an interpreter."""
    limit, own = measured[LIMIT], measured[name]
    target = f"<= {ratio_max:g}x"
    if isinstance(limit, Failed) or isinstance(own, Failed):
        return not_measured(name, target, limit, own)
    ratio = own.seconds / limit.seconds
    return Row(name, f"{own.seconds * 1000:.1f} ms, {ratio:.2f}x", target, ratio <= ratio_max)


def marginal_row(measured: Measured, fewer: int, more: int) -> Row:
    """What one more resource costs between two sizes; a growth that is not linear shows in the larger ones."""
    name, target = f"one more loop disk, {fewer} to {more}", f"<= {MARGINAL_MS_MAX:g} ms"
    small, large = measured[planned(fewer)], measured[planned(more)]
    if isinstance(small, Failed) or isinstance(large, Failed):
        return not_measured(name, target, small, large)
    each_ms = (float(large.stdout) - float(small.stdout)) * 1000 / (more - fewer)
    return Row(name, f"{each_ms:.4f} ms", target, each_ms <= MARGINAL_MS_MAX)


def groups_row(measured: Measured) -> Row:
    """What a resource of stacks on volume groups costs, as a ratio to a loop disk among as many."""
    target = f"<= {GROUPS_RATIO_MAX:g}x"
    loops, own = measured[planned(MEMORY_SIZE)], measured[GROUPS]
    if isinstance(loops, Failed) or isinstance(own, Failed):
        return not_measured(GROUPS, target, loops, own)
    each, loop = float(own.stdout) / GROUPS_RESOURCES, float(loops.stdout) / MEMORY_SIZE
    return Row(GROUPS, f"{each * 1000:.3f} ms, {each / loop:.2f}x", target, each / loop <= GROUPS_RATIO_MAX)


def memory_row(measured: Measured) -> Row:
    """The most memory that a plan held, above that of an empty interpreter."""
    name, target = f"memory of a {planned(MEMORY_SIZE)}", f"<= {MEMORY_MIB_MAX:g} MiB"
    limit, own = measured[LIMIT], measured[planned(MEMORY_SIZE)]
    if isinstance(limit, Failed) or isinstance(own, Failed):
        return not_measured(name, target, limit, own)
    above = own.memory_mib - limit.memory_mib
    return Row(name, f"{above:.1f} MiB (RSS {own.memory_mib:.1f})", target, above <= MEMORY_MIB_MAX)


def evaluated_rows(measured: Measured) -> list[Row]:
    """What it costs to evaluate an option with references, among many, and whether more of them make each dearer."""
    fewer, more = EVALUATED_SIZES
    target, growth = f"<= {EVALUATED_US_MAX:g} us", f"<= {EVALUATED_GROWTH_MAX:g}x"
    few, many = measured[evaluated(fewer)], measured[evaluated(more)]
    name = f"the same of {more}, to one of {fewer}"
    if isinstance(few, Failed) or isinstance(many, Failed):
        return [not_measured(EVALUATED, target, few, many), not_measured(name, growth, few, many)]
    each, before = float(many.stdout) / more * 1e6, float(few.stdout) / fewer * 1e6
    return [
        Row(EVALUATED, f"{each:.1f} us", target, each <= EVALUATED_US_MAX),
        Row(name, f"{each / before:.2f}x", growth, each / before <= EVALUATED_GROWTH_MAX),
    ]


def provisions_row(measured: Measured) -> Row:
    """How often the first template can be provisioned in memory in a second: what a crash enumeration costs."""
    target = f">= {PROVISIONS_PER_SECOND_MIN:g} per second"
    own = measured[PROVISIONS]
    if isinstance(own, Failed):
        return not_measured(PROVISIONS, target, own)
    rate = PROVISIONS_COUNT / float(own.stdout)
    return Row(PROVISIONS, f"{rate:.0f} per second", target, rate >= PROVISIONS_PER_SECOND_MIN)


def kept_row(measured: Measured) -> Row:
    """What remembering a change costs, and holding it to the plan, beyond the waits for the disk."""
    target = f"<= {KEPT_MS_MAX:g} ms"
    own = measured[KEPT]
    if isinstance(own, Failed):
        return not_measured(KEPT, target, own)
    each_ms = float(own.stdout) * 1000
    return Row(KEPT, f"{each_ms:.3f} ms", target, each_ms <= KEPT_MS_MAX)


def crash_rows(measured: Measured) -> list[Row]:
    """How many crash points are tried in a second on one core, and the most memory that this held."""
    target, memory = f">= {CRASHES_PER_SECOND_MIN:g} per second", f"<= {CRASHES_MEMORY_MIB_MAX:g} MiB"
    own = measured[CRASHES]
    if isinstance(own, Failed):
        return [not_measured(CRASHES, target, own), not_measured(CRASHES_MEMORY, memory, own)]
    rate = 1 / float(own.stdout)
    return [
        Row(CRASHES, f"{rate:.0f} per second", target, rate >= CRASHES_PER_SECOND_MIN),
        Row(CRASHES_MEMORY, f"RSS {own.memory_mib:.1f} MiB", memory, own.memory_mib <= CRASHES_MEMORY_MIB_MAX),
    ]


def real_row(measured: Measured, name: str, target_max: float, unit: str) -> Row:
    """A figure of this machine. One that needs what is not here is told, and missed by nobody."""
    own, target = measured[name], f"<= {target_max:g}{unit}"
    if isinstance(own, Failed):
        return not_measured(name, target, own)
    try:
        value = float(own.stdout)
    except ValueError:
        return Row(name, own.stdout.strip(), target, None)
    return Row(name, f"{value:.3g}{unit}", target, value <= target_max)


def rows(measured: Measured) -> list[Row]:
    """The table, in the order in which it is read."""
    limit = measured[LIMIT]
    first = f"not measured: {limit}" if isinstance(limit, Failed) else f"{limit.seconds * 1000:.1f} ms, 1x"
    return [
        Row(LIMIT, first, "the limit", None),
        process_row(measured, HELP, HELP_RATIO_MAX),
        process_row(measured, VALIDATE, VALIDATE_RATIO_MAX),
        process_row(measured, PLAN, PLAN_RATIO_MAX),
        process_row(measured, CREATE, CREATE_RATIO_MAX),
        *(marginal_row(measured, fewer, more) for fewer, more in itertools.pairwise(SIZES)),
        groups_row(measured),
        memory_row(measured),
        *evaluated_rows(measured),
        provisions_row(measured),
        kept_row(measured),
        *crash_rows(measured),
    ]


def real_rows(measured: Measured) -> list[Row]:
    """The table of this machine."""
    return [
        *(real_row(measured, name, ratio_max, "x") for name, ratio_max in REAL.values()),
        real_row(measured, NOTICE, NOTICED_MS_MAX, " ms"),
    ]


def main() -> int:
    """Measure, print, and tell by the exit code whether every target is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed, as ratios to a measured limit.")
    parser.add_argument("--rounds", type=int, default=9, help="how often each case is run (default: 9)")
    parser.add_argument("--real", action="store_true", help="measure this machine (needs what the tests need)")
    given = parser.parse_args()
    place = MEMORY if Path(MEMORY).is_dir() else None
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir=place) as memory:
        if given.real:
            table = real_rows(interleaved(real_cases(), REAL_ROUNDS))
        else:
            table = rows(interleaved(cases(folder, memory), given.rounds))
    for row in table:
        verdict = {None: "", True: "met", False: "MISSED"}[row.met]
        print(f"{row.name:<38} {row.target:<18} {verdict:<7} {row.value}")
    return int(any(row.met is False for row in table))


if __name__ == "__main__":
    sys.exit(main())
