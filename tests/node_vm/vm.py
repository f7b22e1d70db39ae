"""One virtual machine: its processes and files on this machine, and what can be done to it.

A VM has a directory of its own: overlays over the image, a socket, what its console said. Its qemu ends when the thread
that started it does, so a test run that is killed leaves none. It emulates (no /dev/kvm is asked for), it reaches no
network (`restrict=on`), and it is reached through one forwarded port of this machine's loopback interface.
"""

import base64
import io
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from core.command import Completed
from executors.real.machine import PATH, Machine
from executors.real.processes import Live
from tests.node_vm.build import Image, image
from tests.node_vm.connection import Connection, Lost, ssh_words
from tests.node_vm.qmp import Qmp
from tests.node_vm.recipe import DEFAULT, Recipe, cache_directory, digest, program

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": PATH, "HOME": "/root"}
OUTSIDE = "10.0.2.100"
"""Where a guest finds the ports of this machine that were forwarded to it."""
KERNEL_WORDS = (
    "console=ttyS0 quiet rw mitigations=off nokaslr tsc=reliable no_timer_check net.ifnames=0 random.trust_cpu=on "
    "cryptomgr.notests audit=0 apparmor=0"
)
ACCELERATOR = "tcg,thread=multi,tb-size=256"
PORTS_FOR_DISKS = 4
"""How many disks can be plugged as virtio-blk; the others are SCSI."""
BOOT_SECONDS_MAX = 90
APPEAR_SECONDS_MAX = 20
STARTS_MAX = 5
READY = "node-vm: ready"
WARM_UP = """
python3 -c 'import json, subprocess, argparse, pathlib, socket, ssl, threading, tempfile, urllib.request, zipfile'
lvm version; mdadm --version; pvs; vgs; lvs; lsblk -J -O; blkid; findmnt -J; udevadm settle; fuser -m / ; wipefs --version
ip -j addr; losetup -a; docker --version; dmsetup ls; cat /proc/mdstat; iptables --version
for size in 64M 300M; do truncate -s $size /var/tmp/warm; done
mkfs.btrfs -q -f /var/tmp/warm; mkfs.ext4 -q -F /var/tmp/warm; mkfs.xfs -q -f /var/tmp/warm
device=$(losetup -f --show /var/tmp/warm); pvcreate -q -ff -y $device; vgcreate -q warm $device; lvcreate -q -y -L 100M -n lv warm
mkfs.ext4 -q /dev/warm/lv; mount /dev/warm/lv /mnt; umount /mnt; vgremove -q -y warm; pvremove -q $device; losetup -d $device
rm -rf /var/tmp/warm /etc/lvm/backup/* /etc/lvm/archive/* /run/lvm/*; udevadm settle; sync
"""
"""What a node has done before a test begins: its programs are in memory then."""


class Disk(NamedTuple):
    """A blank data disk. serial: what the guest reads from it; virtio keeps 20 characters."""

    mebibytes: int = 512
    serial: str = ""


class Plugged(NamedTuple):
    """A disk that was plugged in. number: its place on its bus."""

    identity: str
    file: Path
    serial: str
    bus: str
    number: int


class VM:
    """A node that is emulated.

        with VM(disks=(Disk(512), Disk(512))) as vm:      # restored from a snapshot; the first time one is made
            vm.did("pvcreate", "/dev/vdb")
            vm.kill()
            vm.boot()

    disks: the blank disks that it starts with, /dev/vdb and so on. ports: the ports of this machine's loopback
    interface that the guest reaches, at OUTSIDE and the same number.
    """

    def __init__(
        self,
        disks: tuple[Disk, ...] = (),
        *,
        ports: tuple[int, ...] = (),
        recipe: Recipe = DEFAULT,
        directory: Path | None = None,
    ) -> None:
        self.image: Image = image(recipe)
        self.disks = tuple(disk._replace(serial=disk.serial or f"disk{at}") for at, disk in enumerate(disks))
        self.directory = directory or Path(tempfile.mkdtemp(prefix="node-vm-", dir="/tmp"))
        self._ports = ports
        self._qemu: subprocess.Popen[bytes] | None = None
        self._qmp: Qmp | None = None
        self._connection: Connection | None = None
        self._port = 0
        self._plugged: dict[str, Plugged] = {}
        self._taken: dict[str, dict[str, Plugged]] = {}
        self.seconds: dict[str, float] = {}
        """How long the last start of each kind took (`boot`, `restore`)."""

    # Starts and ends.

    def boot(self) -> None:
        """Switch it on, with the disks as they are."""
        assert self._qemu is None, "it runs already"
        began = time.monotonic()
        for file, mebibytes in self._files():
            if not file.exists():
                over = ("-b", str(self.image.directory / "root.qcow2"), "-F", "qcow2") if mebibytes is None else ()
                size = () if mebibytes is None else (f"{mebibytes}M",)
                subprocess.run((program("qemu-img"), "create", "-q", "-f", "qcow2", *over, str(file), *size), check=True)
        self._start()
        self._wait_for_console(began)
        self._connect()
        self.seconds["boot"] = time.monotonic() - began

    def restore(self, name: str = "warm") -> None:
        """Go back to a snapshot: what was done since has not happened, on no disk.

        In the same process where the same disks are plugged in, in a new one otherwise.
        """
        began = time.monotonic()
        if name not in self._taken:
            self.kill()
            _copy_warm(self)
            self._taken["warm"] = {}
        if self._qemu is not None and self._taken[name] == self._plugged:
            self._disconnect()
            assert self._qmp is not None
            if said := self._qmp.monitor(f"loadvm {name}"):
                raise RuntimeError(f"loadvm: {said}")
        else:
            self.kill()
            self._plugged = dict(self._taken[name])
            self._start("-loadvm", name)
        self._connect()
        self.seconds["restore"] = time.monotonic() - began

    def snapshot(self, name: str) -> None:
        """Keep the state of memory and disks under a name."""
        self._disconnect()
        assert self._qmp is not None
        # The guest takes note of the end of its connection; a snapshot of a running session would hold one for ever.
        time.sleep(0.2)
        if said := self._qmp.monitor(f"savevm {name}"):
            raise RuntimeError(f"savevm: {said}")
        self._taken[name] = dict(self._plugged)

    def kill(self) -> None:
        """Power loss: what the guest has not written to a disk is gone."""
        self._disconnect()
        if self._qmp is not None:
            self._qmp.close()
            self._qmp = None
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()
            self._qemu = None

    def reboot(self) -> None:
        """Restart it in order: everything is written, arrays are clean."""
        self.did("sh", "-c", "sync; mdadm --wait-clean --scan; sync")
        self.kill()
        self.boot()

    def close(self) -> None:
        """End it, and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.restore()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Disks.

    def plug(self, identity: str, mebibytes: int = 512, *, serial: str = "", bus: str = "scsi") -> str:
        """Plug in a disk, as a cloud attaches a volume; return where the guest has it.

        A disk of that identity that was there before comes back with what is on it. bus: `scsi` or `virtio`.
        """
        file = self.directory / f"plugged-{identity}.qcow2"
        if not file.exists():
            create = (program("qemu-img"), "create", "-q", "-f", "qcow2", str(file), f"{mebibytes}M")
            subprocess.run(create, check=True)
        used = {plugged.number for plugged in self._plugged.values() if plugged.bus == bus}
        number = next(number for number in range(100) if number not in used)
        plugged = Plugged(identity, file, serial or identity, bus, number)
        assert self._qmp is not None
        self._qmp(
            "blockdev-add",
            **{"driver": "qcow2", "node-name": f"b-{identity}"},
            file={"driver": "file", "filename": str(file), "cache": {"direct": False, "no-flush": True}},
        )
        self._qmp("device_add", **_device(plugged))
        self._plugged[identity] = plugged
        return self._appeared(plugged)

    def unplug(self, identity: str) -> None:
        """Pull a disk out, whatever the guest does with it. Its content is kept."""
        assert self._qmp is not None
        self._qmp("device_del", id=identity)
        self._qmp.wait_for("DEVICE_DELETED", device=identity)
        self._qmp("blockdev-del", **{"node-name": f"b-{identity}"})
        del self._plugged[identity]

    def _appeared(self, plugged: Plugged) -> str:
        link = (
            f"/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_{plugged.serial}"
            if plugged.bus == "scsi"
            else f"/dev/disk/by-id/virtio-{plugged.serial[:20]}"
        )
        wait = 'until [ -b "$0" ]; do sleep 0.02; done; udevadm settle; readlink -f "$0"'
        return self.did("sh", "-c", wait, link, seconds_max=APPEAR_SECONDS_MAX).strip()

    # Commands.

    def run(
        self,
        *argv: str,
        stdin: str | None = None,
        environment: Mapping[str, str] = ENVIRONMENT,
        public: bool = True,
        seconds_max: float | None = None,
    ) -> Completed:
        """Run a program inside, to its end."""
        return _completed(
            self.connection.ask({
                "do": "run", "argv": argv, "stdin": stdin, "environment": dict(environment), "public": public,
                "seconds_max": seconds_max,
            })  # fmt: skip
        )

    def did(self, *argv: str, stdin: str | None = None, seconds_max: float | None = None) -> str:
        """Run a program inside that has to succeed; return what it printed."""
        ended = self.run(*argv, stdin=stdin, seconds_max=seconds_max)
        assert ended.returncode == 0, (argv, ended.stdout, ended.stderr)
        return ended.stdout

    def shell(self, text: str) -> str:
        """Run lines of shell inside that have to succeed; return what they printed."""
        return self.did("sh", "-e", "-c", text)

    def copy_in(self, path: str, content: bytes | Path) -> None:
        """Write a file, or the files below a directory, into the guest."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            if isinstance(content, Path):
                archive.add(content, path.lstrip("/"), filter=_of_root)
            else:
                member = tarfile.TarInfo(path.lstrip("/"))
                member.size, member.mode, member.mtime = len(content), 0o644, int(time.time())
                archive.addfile(member, io.BytesIO(content))
        self.connection.ask({"do": "unpack", "archive": base64.b64encode(packed.getvalue()).decode("ascii")})

    def machine(self, environment: Mapping[str, str] = ENVIRONMENT, **given: Any) -> Machine:
        """The executor of the real node, whose processes run inside."""
        return Machine(environment=environment, elsewhere=Inside(self), **given)

    @property
    def connection(self) -> Connection:
        """The connection to the agent."""
        assert self._connection is not None, "it is off"
        return self._connection

    @property
    def ssh(self) -> tuple[str, ...]:
        """The words that run a program inside through a session of its own (`*vm.ssh, "127.0.0.1"`)."""
        return ssh_words(self.image.directory, self._port)

    @property
    def pid(self) -> int:
        """The process that it is."""
        assert self._qemu is not None, "it is off"
        return self._qemu.pid

    def console(self) -> str:
        """What the kernel said."""
        return (self.directory / "console").read_text(encoding="utf-8", errors="replace")

    # How it is started.

    def _files(self) -> list[tuple[Path, int | None]]:
        data = [(self.directory / f"disk{at}.qcow2", disk.mebibytes) for at, disk in enumerate(self.disks)]
        return [(self.directory / "root.qcow2", None), *data]

    def _start(self, *more: str) -> None:
        for attempt in range(1, STARTS_MAX + 1):
            # Somebody else may take the port in between; then there is another.
            with socket.create_server(("127.0.0.1", 0)) as free:
                self._port = free.getsockname()[1]
            for name in ("console", "qmp"):
                (self.directory / name).unlink(missing_ok=True)
            with (self.directory / "qemu.log").open("wb") as log:
                self._qemu = subprocess.Popen(
                    (program("setpriv"), "--pdeathsig", "KILL", "--", *self._words(), *more),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            try:
                self._qmp = Qmp(self.directory / "qmp", self._gone)
                return
            except ConnectionError:
                said = (self.directory / "qemu.log").read_text(errors="replace")
                self.kill()
                if "forwarding rule" not in said or attempt == STARTS_MAX:
                    raise RuntimeError(f"qemu ended: {said}") from None

    def _gone(self) -> bool:
        return self._qemu is None or self._qemu.poll() is not None

    def _words(self) -> tuple[str, ...]:
        recipe = self.image.recipe
        forwards = [
            f"guestfwd=tcp:{OUTSIDE}:{port}-cmd:{program('socat')} - TCP:127.0.0.1:{port}" for port in self._ports
        ]
        network = ",".join(("user,id=n0,restrict=on", f"hostfwd=tcp:127.0.0.1:{self._port}-:22", *forwards))
        words = [
            *(program("qemu-system-x86_64"), "-M", "q35", "-accel", ACCELERATOR, "-cpu", "max"),
            *("-smp", str(recipe.processors), "-m", str(recipe.memory_mebibytes)),
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-serial", f"file:{self.directory}/console", "-qmp", f"unix:{self.directory}/qmp,server=on,wait=off"),
            *("-kernel", str(self.image.directory / "vmlinuz"), "-initrd", str(self.image.initrd)),
            *("-append", KERNEL_WORDS, "-netdev", network, "-device", "virtio-net-pci,netdev=n0"),
            *("-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0"),
        ]
        for at, (file, _) in enumerate(self._files()):
            serial = "root" if at == 0 else self.disks[at - 1].serial
            words += ["-drive", f"if=none,id=d{at},file={file},format=qcow2,cache=unsafe,discard=unmap"]
            words += ["-device", f"virtio-blk-pci,drive=d{at},serial={serial}"]
        words += ["-device", "virtio-scsi-pci,id=scsi0"]
        for number in range(PORTS_FOR_DISKS):
            words += ["-device", f"pcie-root-port,id=port{number},slot={number + 1}"]
        for plugged in self._plugged.values():
            node = f"driver=qcow2,node-name=b-{plugged.identity},file.driver=file,file.filename={plugged.file}"
            words += ["-blockdev", node, "-device", ",".join(f"{name}={value}" for name, value in _device(plugged).items())]
        return tuple(words)

    def _wait_for_console(self, began: float) -> None:
        while READY not in (self.console() if (self.directory / "console").exists() else ""):
            if self._gone() or time.monotonic() - began > BOOT_SECONDS_MAX:
                said = self.console()[-2000:]
                self.kill()
                raise RuntimeError(f"the guest did not come up: {said}")
            time.sleep(0.02)

    def _connect(self) -> None:
        self._connection = Connection((*self.ssh,))
        try:
            self._connection.open()
        except Lost as error:
            self.kill()
            raise RuntimeError(f"no answer from the guest: {error}") from error

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Inside:
    """The processes of a guest, for `executors.real.machine.Machine`."""

    def __init__(self, vm: VM) -> None:
        self._vm = vm

    def run(
        self,
        argv: tuple[str, ...],
        given: str | None,
        environment: Mapping[str, str],
        *,
        public: bool,
        seconds_max: float | None,
        live: Live | None,
    ) -> Completed:
        """Run a program to its end."""
        done = self._vm.run(*argv, stdin=given, environment=environment, public=public, seconds_max=seconds_max)
        if live is not None:
            live(done.stdout + done.stderr)
        return done

    def start(self, argv: tuple[str, ...], environment: Mapping[str, str], log: str | None) -> Completed:
        """Start a daemon."""
        request = {"do": "start", "argv": argv, "environment": dict(environment), "log": log}
        return _completed(self._vm.connection.ask(request))


def _completed(answer: dict[str, Any]) -> Completed:
    return Completed(answer["returncode"], answer["stdout"], answer["stderr"])


def _of_root(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return None if "__pycache__" in member.name else member


def _device(plugged: Plugged) -> dict[str, Any]:
    """What qemu is told about a disk, plugged in or there from the start."""
    common = {"id": plugged.identity, "drive": f"b-{plugged.identity}", "serial": plugged.serial}
    if plugged.bus == "virtio":
        return {"driver": "virtio-blk-pci", "bus": f"port{plugged.number}", **common}
    place = {"bus": "scsi0.0", "scsi-id": plugged.number, "device_id": plugged.serial}
    return {"driver": "scsi-hd", **place, **common}


def _copy_warm(vm: VM) -> None:
    """Give a VM copies of the files that hold a node that has booted and warmed up. They are made the first time."""
    kept = cache_directory() / "snapshots" / digest(
        vm.image.initrd.parent.name, vm.disks, vm.image.recipe, KERNEL_WORDS, ACCELERATOR, WARM_UP, PORTS_FOR_DISKS,
    )  # fmt: skip
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix="making-", dir=kept.parent))
        one = VM(vm.disks, recipe=vm.image.recipe, directory=making)
        try:
            one.boot()
            one.run("sh", "-c", WARM_UP)
            one.snapshot("warm")
            one.kill()
            for name in ("console", "qmp", "qemu.log"):
                (making / name).unlink(missing_ok=True)
            with suppress(OSError):
                making.rename(kept)
        finally:
            one.close()
    os.utime(kept)
    for file, _ in vm._files():
        shutil.copyfile(kept / file.name, file)
