"""A cloud on this machine: a moto server that is EC2, an instance in it that is this machine, and its volumes.

`ec2_server` is the cloud. An `Instance` in it, `running()`, has a metadata service; its `environment` is what svcmgr
(or `monkeypatch.setenv`) needs. `Plugged(instance, directory).running()`, which needs root, plays the hypervisor.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any

from tests.e2e.metadata_service import MetadataService

REGION, ZONE = "us-west-2", "us-west-2b"
POLL_SECONDS = 0.1
START_SECONDS_MAX = 60

# It ends with its standard input, so it outlives nobody; port 0 is any that is free.
# EC2 keeps the first four addresses of a subnet and its last one, which moto gives to services, too.
_SERVER = """
import sys
from ipaddress import IPv4Address, IPv4Network
from moto.ec2.models import elastic_network_interfaces as interfaces
from moto.server import ThreadedMotoServer
of_subnet = interfaces.random_private_ip
def assignable(cidr=None, ipv6=False):
    address = of_subnet(cidr, ipv6)
    while cidr and not ipv6 and IPv4Address(address) not in list(IPv4Network(cidr))[4:-1]:
        address = of_subnet(cidr, ipv6)
    return address
interfaces.random_private_ip = assignable
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


@contextmanager
def ec2_server() -> Iterator[str]:
    """A moto server of its own on loopback; its address."""
    environment = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    with subprocess.Popen(
        (sys.executable, "-c", _SERVER),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.wait(START_SECONDS_MAX)


def credentials(url: str) -> dict[str, str]:
    """The variables with which a program reaches such a server, and nothing else."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def client(url: str) -> Any:
    """A client of boto3 for such a server."""
    import boto3

    return boto3.client(
        "ec2", endpoint_url=url, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
    )


class Instance:
    """An instance of a cloud, which this machine takes itself for: the metadata service says its id.

    identity, interface: its ids. subnet: where its addresses come from. ec2: a client of boto3.
    """

    def __init__(self, url: str) -> None:
        self.url, self.ec2 = url, client(url)
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        network = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=ZONE)["Subnet"]
        self.subnet = str(network["CidrBlock"])
        ran = self.ec2.run_instances(
            ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=network["SubnetId"], InstanceType="t3.micro"
        )
        (made,) = ran["Instances"]
        self.identity = str(made["InstanceId"])
        (held,) = made["NetworkInterfaces"]
        self.interface, self.address = str(held["NetworkInterfaceId"]), str(held["PrivateIpAddress"])
        about = {
            "instance-id": self.identity,
            "local-ipv4": self.address,
            "placement/availability-zone": ZONE,
            "placement/region": REGION,
        }
        self.metadata = MetadataService(about, only_sessions=True)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a program on this machine a program on the instance."""
        return {**credentials(self.url), "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata.url}

    def addresses(self) -> list[str]:
        """The private addresses that it has now."""
        found = self.ec2.describe_network_interfaces(NetworkInterfaceIds=[self.interface])["NetworkInterfaces"]
        return [str(each["PrivateIpAddress"]) for each in found[0]["PrivateIpAddresses"]]

    def volumes(self) -> dict[str, str]:
        """The volumes of the account that are not its root: the device name each is attached as, or ""."""
        found = self.ec2.describe_volumes()["Volumes"]
        names = {each["VolumeId"]: next((a["Device"] for a in each["Attachments"]), "") for each in found}
        return {volume: name for volume, name in names.items() if name != "/dev/sda1"}

    @contextmanager
    def running(self) -> Iterator["Instance"]:
        """Have its metadata service answer."""
        with self.metadata.running():
            yield self


class Plugged:
    """What the hypervisor does: an attached volume becomes a block device, which goes when it is detached.

    A volume is a sparse file in `directory`, named by its id, and a loop device of it; `/dev/sdX`, the name that it is
    attached as, is a link to that. Files are kept, as a volume keeps its content. Only one process on this machine
    plugs at a time: the names of devices are the machine's.
    """

    def __init__(self, instance: Instance, directory: Path) -> None:
        self._instance, self._directory = instance, directory
        self.loops: dict[str, tuple[str, str]] = {}
        """Of each volume that is plugged, the link and the loop device."""
        self.failed: BaseException | None = None
        self._ends, self._round = Event(), Lock()
        self._thread = Thread(target=self._follow)

    @contextmanager
    def running(self) -> Iterator["Plugged"]:
        """Plug and unplug, until everything is unplugged in the end."""
        with Path("/tmp/svcprov-plugged.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._thread.start()
            try:
                yield self
            finally:
                self._ends.set()
                self._thread.join()
                for volume in list(self.loops):
                    self._unplug(volume)
        assert self.failed is None, self.failed

    def wait(self) -> None:
        """Wait until everything is plugged that is attached now, and nothing else."""
        until = monotonic() + START_SECONDS_MAX
        while not self._is_done():
            assert monotonic() < until, (self.loops, self.failed)
            sleep(POLL_SECONDS)

    def _is_done(self) -> bool:
        with self._round:
            return self.loops.keys() == self._attached(client(self._instance.url)).keys()

    def _attached(self, ec2: Any) -> dict[str, tuple[str, int]]:
        """The volumes of the instance, but its root: the name of each, and its GiB."""
        filters = [{"Name": "attachment.instance-id", "Values": [self._instance.identity]}]
        found = ec2.describe_volumes(Filters=filters)["Volumes"]
        # One that is being detached may be listed, and attached nowhere.
        return {
            each["VolumeId"]: (attachment["Device"], each["Size"])
            for each in found
            for attachment in each["Attachments"]
            if attachment["Device"] != "/dev/sda1"
        }

    def _follow(self) -> None:
        ec2 = client(self._instance.url)
        try:
            while not self._ends.wait(POLL_SECONDS):
                with self._round:
                    self._follow_once(self._attached(ec2))
        except Exception as error:  # noqa: BLE001 - the test that waits for the device shall say why none came
            self.failed = error

    def _follow_once(self, held: dict[str, tuple[str, int]]) -> None:
        for volume in self.loops.keys() - held.keys():
            self._unplug(volume)
        for volume in held.keys() - self.loops.keys():
            name, size = held[volume]
            self._plug(volume, name, size << 30)

    def _plug(self, volume: str, name: str, size: int) -> None:
        file = self._directory / volume
        file.touch()
        os.truncate(file, size)
        loop = _ran("losetup", "--find", "--show", str(file))
        self.loops[volume] = name, loop
        Path(name).symlink_to(loop)

    def _unplug(self, volume: str) -> None:
        name, loop = self.loops.pop(volume)
        Path(name).unlink()
        _ran("losetup", "--detach", loop)


def _ran(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=START_SECONDS_MAX).stdout.strip()
