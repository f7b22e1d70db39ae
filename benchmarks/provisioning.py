"""The end-to-end service, provisioned on this machine, beside a shell script of its own plan.

A loop disk, btrfs with two subvolumes, a docker daemon of the service's own, an image from a registry, two containers
and an address: the service of the end-to-end tests, in a laboratory of namespaces as they have it.

In the script is what somebody would type who knows this machine: every change and every announcement of the plan, in
its order; where the plan waits, its question again and again until the answer is yes; in front of each change that has
one, its check, as in a script that can be run twice; and the two questions that nobody careful leaves out: whether
somebody has the address (`ping`), and whether anything is on the disk (`wipefs`). Not in it are the plan's other
questions: to ask these is what `svcmgr` takes its share of time for, besides its start, its observation and preview of
the node, the proof of the guard, its journal and its record.
"""

import json
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.rounds import REPOSITORY, Unmeasured, seconds_of
from core.holes import HOLE, open_holes
from executors.real.machine import made_up
from tests import docker_lab
from tests.e2e.real import services

TURNS = 5
SVCMGR = "from svcprov.svcmgr import run; run()"
DAEMON = "dockerd"
CAREFUL = frozenset(("ping", "wipefs"))
POLL_SECONDS = "0.05"
SAID_NOTHING = ">/dev/null 2>&1"
Lines = list[dict[str, Any]]

CLEAN = """
docker -H unix://{own}/docker.sock rm -f $(docker -H unix://{own}/docker.sock ps -aq)
daemon=$(cat {own}/docker.pid)
kill $daemon
while test -e /proc/$daemon; do sleep 0.05; done
ip link delete dev {bridge}
ip addr del 10.33.0.21/24 dev eth0
umount -R {folder}/srv/data
umount -R {folder}/srv/docker
losetup -d $(losetup -n -O NAME -j {folder}/disk/{name}.img)
rm -r {folder}/disk {folder}/srv {folder}/etc {folder}/var
mkdir {folder}/etc {folder}/var
"""
"""Takes away what either has made; nothing of it is measured."""


class Provisioning:
    """A laboratory with a service that is not provisioned yet."""

    def __init__(self, lab: docker_lab.Lab, folder: str) -> None:
        self._lab, self._folder, self._name = lab, folder, Path(folder).name
        for name in ("etc", "var"):
            Path(folder, name).mkdir()
        config = Path(folder, "service.conf")
        config.write_text(services.DOCKER.replace("LAB", folder), encoding="utf-8")
        self._environment = docker_lab.ENVIRONMENT | {
            "OSVCETC": f"{folder}/etc",
            "OSVCVAR": f"{folder}/var",
            "PYTHONPATH": str(REPOSITORY),
        }
        words = ("-s", self._name, "create", "--config", str(config), "--provision")
        self.svcmgr = (sys.executable, "-c", SVCMGR, *words)
        """The words that provision it."""
        lab.did("sh", "-c", f"mkdir -p /run/opensvc\n{services.NETWORK}")

    def run(self, *argv: str) -> str:
        """Run a program in the laboratory that has to succeed; return what it said."""
        ended = subprocess.run(
            (*self._lab.prefix, *argv),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        if ended.returncode:
            words = ended.stderr.strip().splitlines() or ["it said nothing"]
            raise RuntimeError(f"{argv[0]}: return code {ended.returncode}: {words[-1]}")
        return ended.stdout

    def planned(self) -> Lines:
        """Its plan, questions included."""
        text = self.run(*self.svcmgr, "--dry-run", "--format", "json", "--reads")
        return [json.loads(line) for line in text.splitlines()]

    def script(self, plan: Lines) -> str:
        """The shell script of a plan."""
        return "\n".join((f"mkdir -p {self._folder}/var/{self._name}", *script(plan), "true"))

    def cleaning(self, plan: Lines) -> str:
        """The shell script that takes away what the plan makes."""
        bridge = next(line["argv"][4] for line in plan if line.get("argv", [])[:3] == ["ip", "link", "add"])
        own = f"{self._folder}/var/{self._name}"
        return CLEAN.format(own=own, folder=self._folder, name=self._name, bridge=bridge)


def script(plan: Lines) -> Iterator[str]:
    """The lines of a shell script that does what a plan does."""
    made = _variables(plan)
    values: dict[str, str] = {}
    known: set[str] = set()
    waits = False
    for line in plan:
        if line["type"] != "command":
            waits = line["type"] == "wait" or (waits and line["type"] == "note")
            continue
        fresh = set(open_holes(line["argv"])).difference(made, values)
        values |= {name: made_up("tmpdir" if name.endswith(".tmp") else "uuid") for name in fresh}
        known |= fresh
        text = _words(line["argv"], values, made)
        if line["kind"] == "reads":
            if waits:
                yield f"until {text} {SAID_NOTHING}; do sleep {POLL_SECONDS}; done"
            elif line["argv"][0] in CAREFUL:
                yield f"{text} {SAID_NOTHING}"
            waits = False
            continue
        if line["check"] and known.issuperset(open_holes(line["check"])):
            yield f"{_words(line['check'], values, made)} {SAID_NOTHING}"
        if line["argv"][0] == DAEMON:
            yield f"{text} {SAID_NOTHING} &"
        elif line["makes"] in made:
            yield f"{made[line['makes']]}=$({text} 2>/dev/null) || exit 1"
            known.add(line["makes"])
        else:
            yield f"{text} {SAID_NOTHING} || exit 1"


def _variables(plan: Lines) -> dict[str, str]:
    """The shell variables for what commands make and others name."""
    used = {name for line in plan if line["type"] == "command" for name in open_holes(line["argv"])}
    makes = [line["makes"] for line in plan if line["type"] == "command" and line["makes"] in used]
    return {name: f"made{number}" for number, name in enumerate(makes)}


def _words(argv: list[str], values: dict[str, str], made: dict[str, str]) -> str:
    filled = [HOLE.sub(lambda match: values.get(match[1], match[0]), word) for word in argv]
    return HOLE.sub(lambda match: f"'\"${made[match[1]]}\"'", shlex.join(filled))


def provisioning() -> float:
    """Provision the service, and run the script of its plan, in turn; the ratio of the medians."""
    if why := docker_lab.missing():
        raise Unmeasured(why)
    owns, limits = [], []
    with docker_lab.lab() as lab, tempfile.TemporaryDirectory(prefix="bench", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        bench = Provisioning(lab, folder)
        plan = bench.planned()
        by_hand, cleaning = bench.script(plan), bench.cleaning(plan)
        for _ in range(TURNS):
            owns.append(seconds_of(lambda: bench.run(*bench.svcmgr)))
            bench.run("sh", "-c", cleaning)
            limits.append(seconds_of(lambda: bench.run("sh", "-c", by_hand)))
            bench.run("sh", "-c", cleaning)
    return statistics.median(owns) / statistics.median(limits)
