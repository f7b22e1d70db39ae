"""What this machine costs: its commands, its cloud, its disks, each beside a limit that is measured in the same run.

`python -m benchmarks.real FIGURE` prints a ratio (or, for `notice`, milliseconds), or why nothing can be measured here:

    true       100 x `true` through the real executor, to a bash script that runs /bin/true 100 times
    aws        a call that boto3 answers in-process, to the same argv answered by the program, against one moto server
    provision  the end-to-end service, docker included, to a shell script of its own plan (see `provisioning`)
    template   the documentation's second template in the node VM, to a shell script of its own plan (see `template`)
    observe    `nodemgr observe`, to a shell script of the questions that it asks
    notice     a device that comes while the engine waits for it
"""

import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import ioctl
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.in_process import Silent, service
from benchmarks.provisioning import provisioning
from benchmarks.rounds import REPOSITORY, Unmeasured, seconds_of
from core.command import Command, Completed, Steps, Wait
from core.driver import Driver
from core.engine import Engine
from core.tools import files
from executors.real.machine import Machine

AWS = "/usr/bin/aws"
TRUES = 100
CALLS = 20
TURNS = 3
NOTICES = 5
COMES_SECONDS = 0.4
LOOP_CTL_ADD, LOOP_CTL_REMOVE = 0x4C80, 0x4C81
SERVED_SECONDS_MAX = 30
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-west-2",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}
SERVER = "import sys; from moto.server import main; main(sys.argv[1:])"
NODEMGR = (sys.executable, "-c", "import sys; from svcprov.nodemgr import main; sys.exit(main())")


def ratio(own: Callable[[], object], limit: Callable[[], object], turns: int) -> float:
    """Do both in turn, after once to warm up; the ratio of the medians."""
    own()
    limit()
    pairs = [(seconds_of(own), seconds_of(limit)) for _ in range(turns)]
    return statistics.median(pair[0] for pair in pairs) / statistics.median(pair[1] for pair in pairs)


def run(*argv: str, environment: dict[str, str] | None = None) -> str:
    """Run a program that has to succeed; return what it said."""
    ended = subprocess.run(
        argv, capture_output=True, text=True, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    if ended.returncode:
        words = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
        raise RuntimeError(f"{argv[0]}: return code {ended.returncode}: {words[-1] if words else 'it said nothing'}")
    return ended.stdout


def needs_root() -> None:
    """Raise Unmeasured for anybody else."""
    if os.geteuid():
        raise Unmeasured("it needs root")


def trues() -> float:
    """The real executor beside bash, each starting the same program 100 times."""
    if shutil.which("bash") is None:
        raise Unmeasured("bash is not installed")
    machine, command = Machine(), Command(("/bin/true",))
    script = f"for i in {{1..{TRUES}}}; do /bin/true; done"
    return ratio(
        lambda: [machine.run(command) for _ in range(TRUES)], lambda: run("/bin/bash", "-c", script), TURNS * 3
    )


def aws_call() -> float:
    """An `aws` argv answered in-process beside the program."""
    if find_spec("executors.real.tools.aws") is None:
        raise Unmeasured("aws is not answered in-process yet")
    if find_spec("moto") is None or find_spec("flask") is None:
        raise Unmeasured("moto is not installed, pip install 'moto[ec2,server]'")
    if not Path(AWS).exists():
        raise Unmeasured("the program is not installed, install awscli")
    argv = ("ec2", "describe-volumes", "--output", "json")
    with cloud() as address:
        environment = CREDENTIALS | {"AWS_ENDPOINT_URL": address, "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        machine = Machine(environment=environment)
        os.environ |= environment
        command = Command(("aws", *argv), tool="aws")
        # The first call imports botocore and reads its models; a service asks many times.
        if (answer := machine.run(command)).returncode:
            raise RuntimeError(answer.stderr)
        calls = ratio(
            lambda: [machine.run(command) for _ in range(CALLS)],
            lambda: run(AWS, "--endpoint-url", address, *argv, environment=environment),
            TURNS,
        )
    return calls / CALLS


@contextmanager
def cloud() -> Iterator[str]:
    """A moto server of this benchmark's own on a free port of loopback: its address."""
    with tempfile.TemporaryFile("w+") as said:
        server = subprocess.Popen(
            (sys.executable, "-c", SERVER, "-H", "127.0.0.1", "-p", "0"),
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | CREDENTIALS,
        )
        try:
            yield _address(said, server)
        finally:
            server.terminate()
            server.wait()


def _address(said: Any, server: subprocess.Popen[bytes]) -> str:
    """Where a server says that it runs. Raises Unmeasured when it does not."""
    for _ in range(SERVED_SECONDS_MAX * 20):
        said.seek(0)
        found = [word for word in said.read().split() if word.startswith("http://127.0.0.1:")]
        if found:
            return str(found[0])
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise Unmeasured("the moto server does not start")


def observing() -> float:
    """`nodemgr observe` beside a script of its questions."""
    from svcprov.observation import observe

    asked: list[Command] = []
    run_command = Machine.run

    def noted(machine: Machine, command: Command) -> Completed:
        asked.append(command)
        return run_command(machine, command)

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {"PATH": os.environ["PATH"], "OSVCETC": f"{folder}/etc", "OSVCVAR": f"{folder}/var"}
        with patch.dict(os.environ, environment), patch.object(Machine, "run", noted):
            observe()
        script = "\n".join(f"{shlex.join(command.argv)} >/dev/null 2>&1" for command in asked)
        output = f"{folder}/node.json"
        return ratio(
            lambda: run(*NODEMGR, "observe", "-o", output, environment=environment),
            lambda: run("/bin/sh", "-c", f"{script}\ntrue"),
            TURNS,
        )


class _Waiting(Driver):
    """A driver that waits for a device."""

    def __init__(self, path: str) -> None:
        self._path = path

    def start(self, resource: object) -> Steps:
        """Wait until it is there."""
        yield Wait(files.exists(self._path), lambda answer: answer.returncode == 0, 1, 10, self._path)


def noticing() -> float:
    """Milliseconds between a device being there and the engine going on."""
    needs_root()
    try:
        control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise Unmeasured(f"/dev/loop-control: {error.strerror}") from None
    taken = {path.name for path in Path("/sys/block").iterdir()}
    number = next(each for each in range(2000 + os.getpid() % 1000, 100_000) if f"loop{each}" not in taken)
    bench = service("[disk#0]\ntype = raw\ndevs = /dev/x\n", "bench")
    (resource,) = bench.resources()
    resource.driver = _Waiting(f"/dev/loop{number}")
    found, came = [], []

    def come() -> None:
        ioctl(control, LOOP_CTL_ADD, number)
        came.append(time.perf_counter())

    for _ in range(NOTICES):
        timer = threading.Timer(COMES_SECONDS, come)
        timer.start()
        Engine(bench, Machine(), Silent()).act("start", [resource])
        found.append(time.perf_counter() - came[-1])
        timer.join()
        ioctl(control, LOOP_CTL_REMOVE, number)
    os.close(control)
    return statistics.median(found) * 1000


def template() -> float:
    """The second template, where there is the node VM and what its cloud needs."""
    from benchmarks.template import provisioning as in_the_vm

    return in_the_vm()


FIGURES: dict[str, Callable[[], float]] = {
    "true": trues,
    "aws": aws_call,
    "provision": provisioning,
    "template": template,
    "observe": observing,
    "notice": noticing,
}


if __name__ == "__main__":
    try:
        print(FIGURES[sys.argv[1]]())
    except Unmeasured as reason:
        print(f"not measured: {reason}")
