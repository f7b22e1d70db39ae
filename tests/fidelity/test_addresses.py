"""ip and ifconfig: the real programs in a network namespace of their own, beside their simulated twins.

After each command line the return codes have to be the same, and so have the addresses that `ip addr` lists.
"""

import json
import subprocess
import sys

import pytest

from core.command import Command, Completed
from core.state import load
from core.tools import ip
from executors.simulated.node import SimulatedNode

SET_UP = (
    "ip link set lo up",
    "ip link add eth0 type veth peer name peer0",
    "ip link set eth0 up",
    "ip link set peer0 up",
    "ip addr add 10.9.0.5/24 dev eth0",
)
SHOW = "ip addr"
RUNNER = """
import json, subprocess, sys
for line in json.load(sys.stdin):
    ended = subprocess.run(line.split(), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    print(json.dumps([ended.returncode, ended.stdout, ended.stderr]))
"""

SEQUENCES = {
    "an alias of iproute2": (
        "ip addr add 10.9.0.6/24 dev eth0 label eth0:1",
        "ip addr add 10.9.0.6/24 dev eth0 label eth0:1",
        "ip -o addr show to 10.9.0.6",
        "ip -o addr show to 10.9.0.7",
        "ip addr del 10.9.0.6/24 dev eth0",
        "ip addr del 10.9.0.6/24 dev eth0",
    ),
    "an alias of net-tools": (
        "ifconfig eth0:3 10.9.0.8 netmask 255.255.255.0 up",
        "ifconfig eth0:3 10.9.0.9 netmask 255.255.255.0 up",
        "ifconfig eth0:3 down",
        "ifconfig eth0:3 down",
    ),
    "aliases of both": (
        "ifconfig eth0:1 10.9.0.8 netmask 255.255.255.0 up",
        "ip addr add 10.9.0.9/24 dev eth0 label eth0:2",
        "ip addr del 10.9.0.8/24 dev eth0",
        "ifconfig eth0:2 down",
    ),
    "another network": (
        "ip addr add 192.168.77.1/30 dev eth0 label eth0:1",
        "ip addr add 192.168.77.2/30 dev eth0 label eth0:2",
        "ip addr del 192.168.77.2/30 dev eth0",
        "ip addr del 192.168.77.1/30 dev eth0",
    ),
    "what is not there": (
        "ip addr add 10.9.0.6/24 dev eth9",
        "ifconfig eth9:1 10.9.0.6 netmask 255.255.255.0 up",
        "ip link show dev eth9",
    ),
}


def real(lines: list[str]) -> list[Completed]:
    """Run command lines in one new network namespace. Skips the test where nobody may make one."""
    ended = subprocess.run(
        ("unshare", "--net", "--map-root-user", sys.executable, "-c", RUNNER),
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    if ended.returncode:
        pytest.skip(f"no network namespace can be made here: {ended.stderr.strip()[-200:]}")
    answers = [Completed(*json.loads(line)) for line in ended.stdout.splitlines()]
    failed = [line for line, answer in zip(SET_UP, answers, strict=False) if answer.returncode]
    if failed:
        pytest.skip(f"the namespace cannot be set up: {failed[0]}")
    return answers[len(SET_UP) :]


def held(answer: Completed) -> set[tuple[str, int]]:
    """The IPv4 addresses that eth0 has, with their prefix lengths."""
    return {
        (each.address, each.prefix) for each in ip.parse(answer.stdout)["eth0"].addresses if ":" not in each.address
    }


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_has_the_same_return_codes_and_addresses(name: str) -> None:
    """Each command line ends with the same return code on both sides, and eth0 has the same addresses after it."""
    lines = [each for line in SEQUENCES[name] for each in (line, SHOW)]
    expected = real([*SET_UP, *lines])
    node = SimulatedNode(
        load({"interfaces": {"lo": {}, "eth0": {"addresses": ["10.9.0.5/24"]}}, "tools": {"net-tools": "2.10"}})
    )
    for line, known in zip(lines, expected, strict=True):
        argv = tuple(line.split())
        answer = node.run(Command(argv, tool="ip_link" if argv[:2] == ("ip", "link") else argv[0]))
        if line == SHOW:
            assert held(answer) == held(known)
        else:
            assert (line, answer.returncode) == (line, known.returncode), (answer.stderr, known.stderr)
