"""aws(1) as this machine answers it in process, and as the real program does, against one cloud on loopback.

Every command line of the goldens is asked on both sides, of things that exist there. Return code, JSON and words have
to be the same; what a command changes is made anew for each side. The program is Debian's, by its path.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from shlex import join, split
from typing import Any

import pytest

from core.command import Command, Completed
from core.holes import HOLE
from executors.real.machine import Machine
from executors.real.tools import aws
from tests.conftest import REPOSITORY
from tests.e2e.cloud import Instance, credentials, ec2_server
from tests.fidelity.ledger import compared, is_of, package_version

CLI = "/usr/bin/aws"
GOLDENS = REPOSITORY / "tests/goldens"
CHECKS = (
    (
        "describe-volumes --filters Name=volume-id,Values=«disk#0.volume.0» "
        "Name=attachment.instance-id,Values=i-40753486 Name=attachment.status,Values=attaching,attached"
    ),
    (
        "describe-volumes --filters Name=tag:svcprov:nonce,Values=«disk#0.volume.0.token» "
        "Name=status,Values=creating,available,in-use"
    ),
    "describe-volumes --filters Name=availability-zone,Values=us-west-2b Name=size,Values=15",
    "describe-addresses --filters Name=tag:svcprov:nonce,Values=«ip#0.eip.token»",
    "describe-addresses --filters Name=allocation-id,Values=«ip#0.eip» Name=private-ip-address,Values=«ip#0.address»",
    "describe-volumes",
    "describe-addresses",
)
"""What checks and witnesses ask, which goldens do not show."""
ATTACHED = ("detach-volume",)
"""Verbs that need their volume attached. Those of addresses that are there already:"""
ASSIGNED = ("unassign-private-ip-addresses", "associate-address", "disassociate-address")
CHANGING = re.compile(r"(create|delete|attach|detach|assign|unassign|allocate|release|associate|disassociate)-")
VOLATILE = re.compile(
    r"\b(?:(?:vol|eipalloc|eipassoc|eni|i)-[0-9a-f]{8,}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+]{14,}|token-[0-9]+"
    r"|10\.0\.0\.[0-9]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
)
PUBLIC = re.compile(r'"PublicIp": "[0-9.]+"')

pytestmark = pytest.mark.skipif(not shutil.which(CLI), reason=f"{CLI} is not installed: apt install awscli")


def forms() -> dict[str, str]:
    """The command lines of the goldens, one for each form: numbers of volumes and letters of devices do not matter."""
    found = {f"aws --output=json ec2 {words}": f"aws --output=json ec2 {words}" for words in CHECKS}
    for path in sorted(path for path in GOLDENS.glob("*/*/*") if path.is_file()):
        for line in path.read_text(encoding="utf-8").splitlines():
            if (match := re.match(r"  [$?<~] +(?:< )?(aws --output=json .*)", line)) or (
                match := re.match(r" +[$?<~] (aws --output=json .*)", line)
            ):
                form = re.sub(r"/dev/sd[a-z]", "DEVICE", re.sub(r"volume\.[0-9]", "volume", match[1]))
                form = re.sub(r"Value=[a-z0-9.]+\}", "Value=SERVICE}", join(split(form)))
                found.setdefault(form, match[1])
    return found


class Things:
    """What the holes of one command line stand for, made in the cloud for one side."""

    def __init__(self, instance: Instance, verb: str) -> None:
        self._instance, self._verb, self._found = instance, verb, dict[str, str]()

    def identity(self, name: str) -> str:
        """The identity of the thing that a hole names."""
        kind = re.sub(r"\.[0-9]+", "", name.partition(".")[2])
        if name not in self._found:
            self._found[name] = getattr(self, f"_{kind.replace('.', '_')}")(name)
        return self._found[name]

    def _volume(self, _name: str) -> str:
        ec2 = self._instance.ec2
        volume = str(ec2.create_volume(AvailabilityZone="us-west-2b", Size=1)["VolumeId"])
        if self._verb in ATTACHED:
            ec2.attach_volume(InstanceId=self._instance.identity, VolumeId=volume, Device="/dev/sdf")
        return volume

    def _volume_token(self, _name: str) -> str:
        return "token-1"

    _eip_token = _volume_token

    def _address(self, _name: str) -> str:
        before = self._instance.addresses()
        free = next(host for number in range(200, 250) if (host := f"10.0.0.{number}") not in before)
        if self._verb in ASSIGNED:
            self._instance.ec2.assign_private_ip_addresses(
                NetworkInterfaceId=self._instance.interface, PrivateIpAddresses=[free]
            )
        return free

    def _eip(self, name: str) -> str:
        made = self._instance.ec2.allocate_address(Domain="vpc")
        self._found[f"{name}.public"] = str(made["PublicIp"])
        return str(made["AllocationId"])

    def _eip_public(self, name: str) -> str:
        self.identity(name.removesuffix(".public"))
        return self._found[name]

    def _association(self, _name: str) -> str:
        allocation = self._eip("eip")
        ec2 = self._instance.ec2
        return str(ec2.associate_address(AllocationId=allocation, InstanceId=self._instance.identity)["AssociationId"])


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """A cloud for the tests of this file."""
    is_of("aws (in process)", f"botocore, with awscli {package_version('awscli')}")
    with ec2_server() as url:
        yield url


@pytest.fixture(autouse=True)
def _reaching(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables to reach it."""
    for name, value in credentials(cloud).items():
        monkeypatch.setenv(name, value)


def in_process(argv: list[str]) -> Completed:
    """What this machine answers, in this process."""
    answer = aws.run(Machine(), Command(tuple(argv), tool="aws"))
    assert answer is not None, argv
    return answer


def by_program(argv: list[str], url: str) -> Completed:
    """What the real program answers; the one of Debian does not read AWS_ENDPOINT_URL."""
    ended = subprocess.run(
        (CLI, "--endpoint-url", url, *argv[1:]), capture_output=True, text=True, check=False, timeout=60
    )
    return Completed(ended.returncode, ended.stdout, ended.stderr)


def settled(text: str) -> str:
    """An answer without what differs from call to call."""
    return PUBLIC.sub('"PublicIp": "PUBLIC"', VOLATILE.sub("VOLATILE", text))


def read(answer: Completed) -> tuple[int, Any, str]:
    """Return code, JSON (empty for nothing) and words of an answer, settled."""
    return (
        answer.returncode,
        json.loads(settled(answer.stdout)) if answer.stdout else "",
        re.sub(r" \(reached max retries: [0-9]\)", "", settled(answer.stderr)),
    )


def placed(word: str, things: Things, instance: Instance) -> str:
    """A word of a golden, of things that exist in the cloud."""
    for there, here in (("i-40753486", instance.identity), ("eni-033adc4b", instance.interface)):
        word = word.replace(there, here)
    return HOLE.sub(lambda match: things.identity(match[1]), word)


@pytest.mark.parametrize("form", forms())
def test_a_command_line_of_the_goldens_is_answered_as_the_program_answers(form: str, cloud: str) -> None:
    """Return code and JSON of the in-process answer are those of the program."""
    argv = split(forms()[form])
    instance = Instance(cloud)
    things = Things(instance, argv[3])
    here = read(in_process([placed(word, things, instance) for word in argv]))
    if CHANGING.match(argv[3]):
        instance = Instance(cloud)
        things = Things(instance, argv[3])
    there = read(by_program([placed(word, things, instance) for word in argv], cloud))
    assert here == there
    assert here[0] == 0
    compared("aws (in process)", form.replace("aws --output=json ec2 ", ""), "0")


REFUSALS = {
    "a volume that is not there": "describe-volumes --volume-ids vol-12345678",
    "a delete of what is not there": "delete-volume --volume-id vol-12345678",
    "an interface that is not there": (
        "unassign-private-ip-addresses --network-interface-id eni-12345678 --private-ip-address 10.0.0.9"
    ),
    "an unknown key": "describe-volumes --filters Nme=a,Values=b",
    "a wait for what is not there": "wait volume-available --volume-ids vol-12345678",
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_the_code_and_the_words_of_the_program(name: str, cloud: str) -> None:
    """What EC2, or botocore before it, refuses ends with the same return code and the same words."""
    argv = ["aws", "--output=json", "ec2", *split(REFUSALS[name])]
    here = read(in_process(argv))
    assert here == read(by_program(argv, cloud))
    assert here[0] != 0
    compared("aws (in process)", REFUSALS[name], str(here[0]))


ACCOUNTS: dict[str, tuple[tuple[str, ...], dict[str, str | None], str]] = {
    "no credentials": ((), {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, ""),
    "half of the credentials": ((), {"AWS_SECRET_ACCESS_KEY": None}, ""),
    "no region": ((), {"AWS_DEFAULT_REGION": None}, ""),
    "an unknown profile": (("--profile", "staging"), {}, ""),
    "nobody at the endpoint": ((), {}, "http://127.0.0.1:1"),
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_an_account_that_cannot_be_asked_ends_as_with_the_program(
    name: str, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing credentials, profile, region or cloud end with the return code and the words of the program."""
    options, environment, endpoint = ACCOUNTS[name]
    for variable, value in environment.items():
        monkeypatch.delenv(variable) if value is None else monkeypatch.setenv(variable, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint or cloud)
    argv = ["aws", "--output=json", *options, "ec2", "describe-volumes"]
    here = read(in_process(argv))
    assert here == read(by_program(argv, endpoint or cloud))
    assert here[0] != 0
    compared("aws (in process)", f"describe-volumes, {name}", str(here[0]))
