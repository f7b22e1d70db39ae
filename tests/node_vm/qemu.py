"""One qemu process: its words, its start, its end."""

import json
import socket
import subprocess
from pathlib import Path

from tests.node_vm.build import Image
from tests.node_vm.disks import VIRTIO_PLUGS, Plugged
from tests.node_vm.qmp import Qmp
from tests.node_vm.recipe import program

OUTSIDE = "10.0.2.100"
"""Where a guest finds the ports of this machine that were forwarded to it."""
KERNEL_WORDS = (
    "console=ttyS0 quiet rw mitigations=off nokaslr norandmaps tsc=reliable no_timer_check net.ifnames=0 "
    "random.trust_cpu=on cryptomgr.notests audit=0 apparmor=0"
)
"""Addresses that are not random are what makes most of the speed: a translated block is found again by its address, so
that a program which lies elsewhere each time is translated anew each time. It takes three times as long then.
"""
ACCELERATOR = "tcg,thread=multi,tb-size=256"
PROCESSOR = "max,erms=off,fsrm=off,smap=off,smep=off,umip=off,pku=off,la57=off"
"""All that qemu can emulate, but for what makes kernels slow here: with erms and fsrm they clear and copy pages byte by
byte, the guards end a translated block each time they are lifted, and page tables of five levels take longer to walk.
"""
STARTS_MAX = 5

WAIT_SECONDS = 3600
"""How long a forwarded connection stays open for the answer when the guest has said all that it has to say."""


class Qemu:
    """A running qemu.

    files: the disks that it starts with, each with its serial, the root disk first. plugged: disks that are plugged in
    already (after a snapshot was taken). ports: those of this machine's loopback interface that the guest reaches.
    load: the snapshot to go on from; empty switches it on.
    """

    def __init__(
        self,
        image: Image,
        directory: Path,
        files: list[tuple[Path, str]],
        plugged: list[Plugged],
        ports: tuple[int, ...],
        load: str,
    ) -> None:
        self._directory = directory
        for attempt in range(1, STARTS_MAX + 1):
            # Somebody else may take the port in between; then there is another.
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port: int = free.getsockname()[1]
            for name in ("console", "qmp"):
                (directory / name).unlink(missing_ok=True)
            words = [*_machine(image), *self._channels(ports), *_disks(files, plugged)]
            self._process = self._started([*words, "-loadvm", load] if load else words)
            try:
                self.qmp = Qmp(directory / "qmp", self.has_ended)
            except ConnectionError:
                said = self.log()
                self._process.kill()
                self._process.wait()
                if "forwarding rule" not in said or attempt == STARTS_MAX:
                    raise RuntimeError(f"qemu did not start: {said}") from None
            else:
                break

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Tell whether it has ended by itself."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End it as a power loss does."""
        self._process.kill()
        self._process.wait()
        self.qmp.close()

    def log(self) -> str:
        """What qemu itself had to say."""
        return (self._directory / "qemu.log").read_text(encoding="utf-8", errors="replace")

    def _started(self, words: list[str]) -> subprocess.Popen[bytes]:
        with (self._directory / "qemu.log").open("wb") as log:
            # It dies with the thread that started it; Ctrl-C in a terminal is for that one alone.
            return subprocess.Popen(
                (program("setpriv"), "--pdeathsig", "KILL", "--", *words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _channels(self, ports: tuple[int, ...]) -> list[str]:
        forwards = [
            f"guestfwd=tcp:{OUTSIDE}:{port}-cmd:{program('socat')} -t {WAIT_SECONDS} - TCP:127.0.0.1:{port}"
            for port in ports
        ]
        network = ",".join(("user,id=n0,restrict=on", f"hostfwd=tcp:127.0.0.1:{self.port}-:22", *forwards))
        return [
            *("-netdev", network, "-device", "virtio-net-pci,netdev=n0"),
            *("-serial", f"file:{self._directory}/console", "-qmp", f"unix:{self._directory}/qmp,server=on,wait=off"),
        ]


def _machine(image: Image) -> list[str]:
    recipe = image.recipe
    return [
        *(program("qemu-system-x86_64"), "-M", "q35", "-accel", ACCELERATOR, "-cpu", PROCESSOR),
        *("-smp", str(recipe.processors), "-m", str(recipe.memory_mebibytes)),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-kernel", str(image.directory / "vmlinuz"), "-initrd", str(image.initrd), "-append", KERNEL_WORDS),
        *("-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0"),
    ]


def _disks(files: list[tuple[Path, str]], plugged: list[Plugged]) -> list[str]:
    words = []
    for at, (file, serial) in enumerate(files):
        # What the guest flushes goes into the file, and that outlives a killed qemu: no need to wait for our own disk.
        words += ["-drive", f"if=none,id=d{at},file={file},format=qcow2,cache=unsafe,discard=unmap"]
        words += ["-device", f"virtio-blk-pci,drive=d{at},serial={serial}"]
    words += ["-device", "virtio-scsi-pci,id=scsi0"]
    for number in range(VIRTIO_PLUGS):
        words += ["-device", f"pcie-root-port,id=port{number},slot={number + 1}"]
    for disk in plugged:
        words += ["-blockdev", json.dumps(disk.node), "-device", json.dumps(disk.device)]
    return words
