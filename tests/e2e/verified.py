"""Services to verify, and what is shown of their failures, pasted into a shell."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.e2e.bench import Bench

CLOUD = """\
[ip#0]
type = amazon
ipname = <allocate>
ipdev = eth0
cascade_allocation = ip#1.ipname

[ip#1]
ipname = localhost
ipdev = eth0

[disk#0]
type = loop
file = /srv/{svcname}.img
size = 100M
"""
SIZES = """\
[env]
size = 5G
size.candidates = 1G 5G 12G
owner = nobody

[disk#0]
type = loop
file = /srv/a.img
size = {env.size}

[disk#1]
type = loop
file = /srv/b.img
size = {env.size}

[fs#0]
type = ext4
dev = /srv/a.img
mnt = /srv/a
"""


def program(folder: Path) -> Path:
    """A folder with `svcmgr` in it, for a shell that somebody pastes into."""
    folder.mkdir()
    path = folder / "svcmgr"
    path.write_text(f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} -m svcprov.svcmgr "$@"\n')
    path.chmod(0o755)
    return folder


def scripts(said: str) -> list[str]:
    """The scripts that a text shows failures with."""
    return re.findall(r"^cd \"\$\(mktemp -d\)\".*?^svcmgr [^\n]*--point [^\n]*$", said, re.DOTALL | re.MULTILINE)


def pasted(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a shell."""
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "TMPDIR": str(folder)}
    return subprocess.run(("sh", "-c", script), env=environment, capture_output=True, text=True, check=False)


def complaint(said: str) -> str:
    """The first thing that a text complains of."""
    return said.partition("\nto see it:")[0].rpartition("\n\n")[2].splitlines()[1].strip()


def service(bench: Bench, name: str, text: str) -> None:
    """Have a service, as its author wrote it."""
    (bench.etc / f"{name}.conf").write_text(text, encoding="utf-8")
