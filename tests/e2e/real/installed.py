"""svcmgr as its users have it: the wheel, installed into an environment that knows nothing of the checkout.

A shim that ran the checkout would be a second cheaper and would prove less: a file that the wheel lacks, an entry point
that is misspelt and a module found only because of the current directory are what an installation gets wrong. What
svcprov depends on is taken from the environment of the tests, so nothing is fetched.
"""

import subprocess
import sys
import sysconfig
import venv
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tests.conftest import REPOSITORY


class Installed(NamedTuple):
    """The programs of an installed svcprov."""

    python: str
    svcmgr: str
    nodemgr: str


def install(directory: Path) -> Installed:
    """Install the checkout into a new environment in `directory`."""
    venv.create(directory, symlinks=True)
    python = str(directory / "bin/python")
    places = subprocess.run(
        (python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"),
        capture_output=True,
        text=True,
        check=True,
    )
    own = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # Environments may be stacked: what this one sees of others, the new one has to see as well.
    seen = [path for path in sys.path if path in own or path.endswith(("site-packages", "dist-packages"))]
    (Path(places.stdout.strip()) / "tested.pth").write_text("\n".join(seen) + "\n", encoding="utf-8")
    # Without the build backend in the environment of the tests, pip gets it as tox does.
    here = ("--no-build-isolation",) if find_spec("hatchling") else ()
    subprocess.run(
        (sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", *here, str(REPOSITORY)),
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    return Installed(python, str(directory / "bin/svcmgr"), str(directory / "bin/nodemgr"))
