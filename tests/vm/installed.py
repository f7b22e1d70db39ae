"""svcprov as a node has it that nobody installed anything on: the wheel's files, and configobj, in a directory."""

import compileall
import importlib.util
import io
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.node_vm import VM

LIBRARY = "usr/lib/python3/dist-packages"
"""Where the guest's Python looks by itself."""
PROGRAM = "#!/usr/bin/python3\nimport sys\nfrom svcprov.{name} import main\nsys.exit(main())\n"


@cache
def archive() -> bytes:
    """A tar archive of all that the guest needs, compiled here: in the guest that would take a minute."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / LIBRARY
        here = ("--no-build-isolation",) if find_spec("hatchling") else ()
        subprocess.run(
            (
                sys.executable,
                "-m",
                "pip",
                "install",
                "-q",
                "--no-deps",
                *here,
                "--target",
                str(library),
                str(REPOSITORY),
            ),
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
        )
        for name in ("configobj", "validate"):
            place = Path(str(importlib.util.find_spec(name).origin)).parent  # type: ignore[union-attr]
            subprocess.run(("cp", "-r", str(place), str(library)), check=True)
        compileall.compile_dir(
            str(library),
            quiet=2,
            stripdir=folder,
            invalidation_mode=__import__("py_compile").PycInvalidationMode.UNCHECKED_HASH,
        )
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w") as packed:
            packed.add(library, LIBRARY, filter=_of_root)
            for name in ("svcmgr", "nodemgr"):
                _add(packed, f"usr/local/bin/{name}", PROGRAM.format(name=name).encode())
            _add(packed, "usr/local/bin/aws", (Path(__file__).parent / "aws.sh").read_bytes())
        return written.getvalue()


def _add(packed: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.mode, member.size = 0o755, len(content)
    packed.addfile(member, io.BytesIO(content))


def _of_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def install(vm: VM) -> None:
    """Put svcmgr, nodemgr and the stand-in for aws into a guest."""
    vm.copy_in("/root/svcprov.tar", archive())
    vm.shell("tar -x -C / -f /root/svcprov.tar; rm /root/svcprov.tar")
