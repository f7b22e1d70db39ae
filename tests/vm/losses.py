"""Power losses of a guest that is provisioning: what is known of it before, at the moment, and when it is on again.

The service is created once, and a snapshot is what each moment starts from. Beside svcmgr a program runs in the guest
that writes a canary as soon as the service's data filesystem is mounted where it belongs, and says so on the console
when it is on the disk: a power loss after that has to keep it.
"""

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.node_vm import Disk
from tests.vm.instance import Node, opened
from tests.vm.templates import CANARY, NAME, created, is_up

CREATED = "created"
OTHERS = "/dev/vdb"
"""A disk that no service names: somebody's salaries are on it."""
OTHERS_MEBIBYTES = 16
FOREIGN = f"mkfs.ext4 -q -L payroll {OTHERS}; mount {OTHERS} /mnt; echo salaries >/mnt/payroll; umount /mnt; sync"
WRITTEN, ENDED = "the canary is written", "provisioning ended"
KEEPER = f"""
import os, time
while not os.path.ismount({CANARY.rpartition("/")[0]!r}):
    time.sleep(0.05)
with open({CANARY!r}, 'w') as canary:
    canary.write('salaries\\n')
os.sync()
with open('/dev/console', 'w') as console:
    console.write({WRITTEN!r})
"""
SLOWLY = "modprobe md_mod; echo 1000 >/proc/sys/dev/raid/speed_limit_max"
"""New arrays of gigabytes would be synchronised all the while, by the processor that emulates everything else."""
DURATION_SECONDS_MAX = 600


class Moment(NamedTuple):
    """A power loss, and what was wrong after it. written: the canary was on the disk by then."""

    seconds: float
    written: bool
    ended: bool
    recovery_seconds: float
    wrong: list[str]


class Provisions:
    """A node on which one service is provisioned again and again, each time as the first time."""

    def __init__(self, node: Node, template: str) -> None:
        self.node = node
        self._volumes = node.instance.volumes().keys()
        node.vm.shell(f"{FOREIGN}; {SLOWLY}")
        self._bought = created(node, template).count("<size=")
        self._others = node.vm.digest(OTHERS)
        # No snapshot is taken of a guest with such a disk as EC2 has.
        node.hypervisor.unplug()
        node.vm.snapshot(CREATED)

    def began(self) -> None:
        """Go back to where nothing is provisioned, and begin to provision."""
        instance = self.node.instance
        for volume, name in instance.volumes().items():
            if volume not in self._volumes:
                if name:
                    instance.ec2.detach_volume(VolumeId=volume, InstanceId=instance.identity, Device=name)
                instance.ec2.delete_volume(VolumeId=volume)
        self.node.hypervisor.forget()
        self.node.vm.restore(CREATED)
        self.node.hypervisor.follow()
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.node.environment.items())
        line = f"env {words} svcmgr -s {NAME} provision; echo {ENDED} with $? >/dev/console"
        self.node.vm.shell(f"setsid -f python3 -S -c {shlex.quote(KEEPER)}")
        self.node.vm.shell(f"setsid -f sh -c {shlex.quote(line)} >/root/provision.log 2>&1")

    def measured(self) -> float:
        """Provision undisturbed; return how many seconds that takes."""
        self.began()
        start = time.monotonic()
        while f"{ENDED} with" not in self.node.vm.console():
            assert time.monotonic() < start + DURATION_SECONDS_MAX, self.node.vm.shell("cat /root/provision.log")
            time.sleep(0.1)
        seconds = time.monotonic() - start
        assert f"{ENDED} with 0" in self.node.vm.console(), self.node.vm.shell("cat /root/provision.log")
        assert (is_up(self.node), WRITTEN in self.node.vm.console()) == (True, True)
        return seconds

    def lost(self, seconds: float) -> Moment:
        """Provision, lose power so many seconds later, provision again; what has to hold then does, or is named."""
        self.began()
        time.sleep(seconds)
        console = self.node.hypervisor.power_off()
        start = time.monotonic()
        self.node.hypervisor.power_on()
        self.node.addressed()
        self.node.vm.shell(SLOWLY)
        wrong = list(self._wrong(WRITTEN in console))
        return Moment(seconds, WRITTEN in console, ENDED in console, time.monotonic() - start, wrong)

    def _wrong(self, written: bool) -> Iterator[str]:  # noqa: FBT001 - one fact
        ended = self.node.svcmgr(NAME, "provision")
        if ended.code:
            yield f"provision ended with {ended.code}: {ended.out}{ended.err}"
        elif not is_up(self.node):
            yield f"not up: {self.node.svcmgr(NAME, 'status')}"
        volumes = self.node.instance.volumes().keys() - self._volumes
        if len(volumes) != self._bought:
            yield f"{len(volumes)} volumes, not {self._bought}"
        if written and (found := self.node.run("cat", CANARY)).out != "salaries\n":
            yield f"the canary is lost: {found}"
        if self.node.vm.digest(OTHERS) != self._others:
            yield f"{OTHERS} is not what it was"


@contextmanager
def provisions(template: str) -> Iterator[Provisions]:
    """A node with the service of a template created, in a cloud of its own."""
    with opened((Disk(OTHERS_MEBIBYTES),)) as node:
        yield Provisions(node, template)
