"""Small plans as scripts, run by `sh` as whoever runs the tests, with a memory and a node of their own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from core.command import Command, Completed, Wait
from core.config.document import Document
from core.config.service import Service
from core.plan import Plan, PlannedWait, Step
from core.record import Record
from svcprov.inventory import load_driver
from svcprov.presenting import Presented
from svcprov.script import written

FOR_ROOT = "[ \"$(id -u)\" -eq 0 ] || fail 'this is for root'\n"
CONF = "[DEFAULT]\n\n[disk#0]\ntype = loop\nfile = /srv/a\nsize = 1G\n"


def presented(*events: Command | Wait, conf: str = CONF, verb: str = "provision", fresh: str = "") -> Presented:
    """A plan of these commands and waits. fresh: the name of a uuid that is made up."""
    service = Service("web", Document(conf), os.uname().nodename.lower(), Record(), load_driver)
    plan = Plan("web", verb, ("disk#0",))
    number = 0
    for event in events:
        if isinstance(event, Wait):
            plan.events.append(PlannedWait("disk#0", event))
        else:
            number += event.kind != "reads"
            plan.events.append(Step(number, event._replace(rid="disk#0", verb=verb), Completed(0)))
    if fresh:
        plan.made_up[fresh] = "uuid"
    return Presented(plan, service, "REAL", f"svcmgr -s web {verb}", resumable=False)


def change(*argv: str) -> Command:
    """A change without anything around it."""
    return Command(argv, kind="changes")


def run(directory: Path, text: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a script, which remembers in this directory."""
    assert FOR_ROOT in text or "exit 0" in text
    script = directory / "script"
    script.write_text(text.replace(FOR_ROOT, ""), encoding="utf-8")
    around = {"PATH": os.environ["PATH"], "SVCPROV_MEMORY": f"{directory}/memory", **(environment or {})}
    return subprocess.run(("sh", str(script)), capture_output=True, text=True, check=False, env=around, timeout=60)


def ran(directory: Path, shown: Presented, environment: Mapping[str, str] | None = None) -> str:
    """Run the script of a plan, which has to come to its end; return what it said."""
    ended = run(directory, written(shown), environment)
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    return ended.stdout
