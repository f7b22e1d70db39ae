"""One virtual machine: its files on this machine, and what can be done to it.

It has a directory of its own with overlays over the image, a socket, and what its console said. Its qemu ends with the
thread that started it, so a test run that is killed leaves none. It emulates (no /dev/kvm is asked for), it reaches no
network, and it is reached through one forwarded port of this machine's loopback interface.
"""

import base64
import io
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from core.command import Completed
from executors.real.machine import Machine
from tests.node_vm import snapshots
from tests.node_vm.build import image
from tests.node_vm.connection import TO_THE_AGENT, Connection, Lost, ssh_words
from tests.node_vm.disks import Bus, Disk, Plugged, create, create_over, digest
from tests.node_vm.inside import ENVIRONMENT, Inside
from tests.node_vm.qemu import Qemu
from tests.node_vm.recipe import DEFAULT, Recipe

BOOT_SECONDS_MAX = 180
APPEAR_SECONDS_MAX = 30
READY = "node-vm: ready"
PREFIX = "node-vm-"


class VM:
    """A node that is emulated.

        with VM((Disk(512), Disk(512))) as vm:            # restored from a snapshot; the first time one is made
            vm.did("pvcreate", "/dev/vdb")
            vm.kill()
            vm.boot()

    disks: the blank disks that it starts with, /dev/vdb and so on. ports: the ports of this machine's loopback
    interface that the guest reaches, at OUTSIDE and the same number. directory: where its files are; a temporary one.
    """

    def __init__(
        self,
        disks: tuple[Disk, ...] = (),
        *,
        ports: tuple[int, ...] = (),
        recipe: Recipe = DEFAULT,
        directory: Path | None = None,
    ) -> None:
        self.image = image(recipe)
        self.disks = tuple(disk._replace(serial=disk.serial or f"disk{at}") for at, disk in enumerate(disks))
        self.directory = directory or _temporary_directory()
        self.seconds: dict[str, float] = {}
        """How long the last start of each kind took, until it answered (`boot`, `restore`)."""
        self._ports = ports
        self._qemu: Qemu | None = None
        self._connection: Connection | None = None
        self._plugged: dict[str, Plugged] = {}
        self._kept: dict[str, dict[str, Plugged]] = {}
        """The snapshots that can be restored, each with the disks that were plugged in when it was taken."""

    def __enter__(self) -> Self:
        try:
            self.restore()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def boot(self) -> None:
        """Switch it on, with the disks as they are."""
        assert self._qemu is None, "it runs already"
        began = time.monotonic()
        root, *data = self.files
        if not root.exists():
            create_over(root, self.image.directory / "root.qcow2")
        for file, disk in zip(data, self.disks, strict=True):
            if not file.exists():
                create(file, disk.mebibytes)
        self._start("")
        while READY not in self.console():
            if self.qemu.has_ended() or time.monotonic() - began > BOOT_SECONDS_MAX:
                said = self.qemu.log() + self.console()[-2000:]
                self.kill()
                raise RuntimeError(f"the guest did not come up: {said}")
            time.sleep(0.02)
        self._connect()
        self.seconds["boot"] = time.monotonic() - began

    def restore(self, name: str = snapshots.WARM) -> None:
        """Go back to a snapshot: what was done since has not happened, on no disk. `warm` is a node that did nothing.

        In the same process where the same disks are plugged in, in a new one otherwise. A disk that was plugged in for
        the first time since then is no more; one that was not plugged in at that time keeps its content.
        """
        began = time.monotonic()
        if name not in self._kept:
            self.kill()
            snapshots.copy_warm(self)
            self._kept[snapshots.WARM] = {}
        wanted = self._kept[name]
        if self._qemu is not None and wanted == self._plugged:
            self._disconnect()
            self._monitor(f"loadvm {name}")
        else:
            self.kill()
            self._plugged = dict(wanted)
            self._start(name)
        for file in set(self.directory.glob("plugged-*")) - {plugged.file for plugged in wanted.values()}:
            file.unlink()
        self._connect()
        self.seconds["restore"] = time.monotonic() - began

    def snapshot(self, name: str) -> None:
        """Keep the state of memory and disks under a name."""
        self._disconnect()
        # The guest takes note of the end of the connection: in a snapshot it would be open for ever.
        time.sleep(0.2)
        self._monitor(f"savevm {name}")
        self._kept[name] = dict(self._plugged)
        self._connect()

    def kill(self) -> None:
        """Power loss: what the guest has not written to a disk is gone. A command that runs inside raises Lost."""
        qemu, self._qemu = self._qemu, None
        if qemu is not None:
            qemu.kill()
        self._disconnect()

    def reboot(self) -> None:
        """Restart it when everything is written and its arrays are clean."""
        self.shell("sync; mdadm --wait-clean --scan || true; sync")
        self.kill()
        self.boot()

    def close(self) -> None:
        """End it, and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def plug(
        self, identity: str, mebibytes: int = 512, *, serial: str = "", bus: Bus = "scsi", wait: bool = True
    ) -> str:
        """Plug in a disk, as a cloud attaches a volume; return where the guest has it ("" for who does not wait).

        A disk of that identity that was there before comes back with what is on it.
        """
        assert identity not in self._plugged, "it is plugged in"
        file = self.directory / f"plugged-{identity}.qcow2"
        if not file.exists():
            create(file, mebibytes)
        used = {plugged.number for plugged in self._plugged.values() if (plugged.bus == "scsi") is (bus == "scsi")}
        number = next(number for number in range(len(used) + 1) if number not in used)
        plugged = Plugged(identity, file, serial or identity, bus, number)
        self.qemu.qmp("blockdev-add", **plugged.node)
        self.qemu.qmp("device_add", **plugged.device)
        self._plugged[identity] = plugged
        if not wait:
            return ""
        until = 'until [ -b "$0" ]; do sleep 0.02; done; udevadm settle; readlink -f "$0"'
        return self.did("sh", "-c", until, plugged.link, seconds_max=APPEAR_SECONDS_MAX).strip()

    def unplug(self, identity: str) -> None:
        """Pull a disk out, whatever the guest does with it. Its content is kept."""
        plugged = self._plugged[identity]
        self.qemu.qmp("device_del", id=identity)
        self.qemu.qmp.wait_for("DEVICE_DELETED", device=identity)
        self.qemu.qmp("blockdev-del", **{"node-name": plugged.node["node-name"]})
        del self._plugged[identity]

    def run(
        self,
        *argv: str,
        stdin: str | None = None,
        environment: Mapping[str, str] = ENVIRONMENT,
        seconds_max: float | None = None,
    ) -> Completed:
        """Run a program inside, to its end, as the real executor runs one; 124 when it took longer than it may."""
        return self._inside.run(argv, stdin, environment, public=True, seconds_max=seconds_max, live=None)

    def did(self, *argv: str, stdin: str | None = None, seconds_max: float | None = None) -> str:
        """Run a program inside that has to succeed; return what it printed."""
        ended = self.run(*argv, stdin=stdin, seconds_max=seconds_max)
        assert ended.returncode == 0, (argv, ended.stdout, ended.stderr)
        return ended.stdout

    def shell(self, text: str) -> str:
        """Run lines of shell inside that have to succeed; return what they printed."""
        return self.did("sh", "-e", "-c", text)

    def copy_in(self, path: str, content: bytes | Path) -> None:
        """Write a file, or a directory with all that is below it, into the guest."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            if isinstance(content, Path):
                archive.add(content, path.lstrip("/"), filter=_of_root)
            else:
                member = tarfile.TarInfo(path.lstrip("/"))
                member.size, member.mode, member.mtime = len(content), 0o644, int(time.time())
                archive.addfile(member, io.BytesIO(content))
        text = base64.b64encode(packed.getvalue()).decode("ascii")
        self.connection.ask({"do": "unpack", "archive": text})

    def digest(self, disk: str) -> str:
        """What is on a disk that it started with (`/dev/vdb`), to the byte, as a few letters.

        It is read outside: in the guest that would take seconds.
        """
        self.did("sync")
        number = "abcdefghijklmnopqrstuvwxyz".index(disk.removeprefix("/dev/vd"))
        # `sync` empties the guest's memory; where in the file things are, qemu may still have in its own.
        self._monitor(f"qemu-io d{number} flush")
        return digest(self.files[number])

    def machine(self, environment: Mapping[str, str] = ENVIRONMENT, **given: Any) -> Machine:
        """The executor of a real node, whose processes run inside. given: what else `Machine` takes."""
        return Machine(environment=environment, elsewhere=self._inside, **given)

    @property
    def files(self) -> list[Path]:
        """The files of its disks, the root disk first, without those that are plugged in."""
        return [self.directory / "root.qcow2", *(self.directory / f"disk{at}.qcow2" for at in range(len(self.disks)))]

    @property
    def ssh(self) -> tuple[str, ...]:
        """The words of a session of one's own; the text for a shell inside comes after them."""
        return ssh_words(self.image.directory, self.qemu.port)

    @property
    def is_on(self) -> bool:
        """Tell whether it runs."""
        return self._qemu is not None

    @property
    def qemu(self) -> Qemu:
        """The process that it is."""
        assert self._qemu is not None, "it is off"
        return self._qemu

    @property
    def connection(self) -> Connection:
        """The connection to the agent."""
        if self._connection is None:
            raise Lost("it is off")
        return self._connection

    def console(self) -> str:
        """What the guest's kernel said since it was started."""
        with suppress(FileNotFoundError):
            return (self.directory / "console").read_text(encoding="utf-8", errors="replace")
        return ""

    @property
    def _inside(self) -> Inside:
        return Inside(lambda: self.connection)

    def _start(self, snapshot: str) -> None:
        serials = ["root", *(disk.serial for disk in self.disks)]
        files = list(zip(self.files, serials, strict=True))
        self._qemu = Qemu(self.image, self.directory, files, [*self._plugged.values()], self._ports, snapshot)

    def _monitor(self, line: str) -> None:
        if said := self.qemu.qmp.monitor(line):
            raise RuntimeError(f"{line}: {said}")

    def _connect(self) -> None:
        self._connection = Connection(ssh_words(self.image.directory, self.qemu.port, *TO_THE_AGENT))
        try:
            self._connection.open()
        except Lost as error:
            said = self.qemu.log() + self.console()[-2000:]
            self.kill()
            raise RuntimeError(f"no answer from the guest: {error} {said}") from error

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _temporary_directory() -> Path:
    """A directory that says whose it is; what was left by processes that were killed goes."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = left.name.removeprefix(PREFIX).partition("-")[0]
        if not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def _of_root(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return None if "__pycache__" in member.name else member
