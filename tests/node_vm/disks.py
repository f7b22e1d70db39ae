"""The data disks of a VM: those it starts with, and those that are plugged in while it runs."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tests.node_vm.recipe import program

Bus = Literal["scsi", "virtio", "nvme"]
DRIVERS = {"virtio": "virtio-blk-pci", "nvme": "nvme"}
"""What is plugged into a PCI port. NVMe is what EC2 has; with one of these no snapshot can be taken."""
VIRTIO_PLUGS = 4
"""How many disks can be plugged in as virtio-blk or NVMe at a time."""
VIRTIO_SERIAL_CHARACTERS = 20
CLUSTER_BYTES = 64 * 1024
"""What a disk's file keeps together; its extents are whole ones."""


class Disk(NamedTuple):
    """A blank disk that a VM starts with. serial: what the guest reads from it; virtio keeps 20 characters."""

    mebibytes: int = 512
    serial: str = ""


DISKS = (Disk(), Disk(), Disk(), Disk())
"""Those of a VM for which nobody wishes anything else: every list of disks has a snapshot of its own."""


class Plugged(NamedTuple):
    """A disk that was plugged in. number: its place on its bus."""

    identity: str
    file: Path
    serial: str
    bus: Bus
    number: int

    @property
    def node(self) -> dict[str, Any]:
        """The disk's file, as qemu is told about it."""
        file = {"driver": "file", "filename": str(self.file), "cache": {"direct": False, "no-flush": True}}
        return {"driver": "qcow2", "node-name": f"file-{self.identity}", "discard": "unmap", "file": file}

    @property
    def device(self) -> dict[str, Any]:
        """The disk itself, as qemu is told about it."""
        common = {"id": self.identity, "drive": f"file-{self.identity}", "serial": self.serial}
        if self.bus != "scsi":
            return {"driver": DRIVERS[self.bus], "bus": f"port{self.number}", **common}
        return {"driver": "scsi-hd", "bus": "scsi0.0", "scsi-id": self.number, "device_id": self.serial, **common}

    @property
    def link(self) -> str:
        """The name that udev gives it in the guest."""
        if self.bus == "virtio":
            return f"/dev/disk/by-id/virtio-{self.serial[:VIRTIO_SERIAL_CHARACTERS]}"
        if self.bus == "nvme":
            return f"/dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_{self.serial}"
        return f"/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_{self.serial}"


def create(file: Path, mebibytes: int) -> None:
    """Make the file of a blank disk."""
    _create("-f", "qcow2", str(file), f"{mebibytes}M")


def create_over(file: Path, below: Path) -> None:
    """Make the file of a disk that differs in nothing yet from another, which is not changed."""
    _create("-f", "qcow2", "-b", str(below), "-F", "qcow2", str(file))


def digest(file: Path) -> str:
    """What the file of a disk holds, to the byte, as a few letters; a VM may run on it that has written everything.

    Zeros that were written are as those that never were.
    """
    words = (program("qemu-img"), "map", "--force-share", "--output=json", str(file))
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    whole = hashlib.sha256()
    with file.open("rb") as stream:
        for extent in json.loads(said):
            if not extent["data"] or extent["zero"]:
                continue
            # A compressed extent would have no place of its own: no VM writes one.
            stream.seek(extent["offset"])
            for at in range(extent["start"], extent["start"] + extent["length"], CLUSTER_BYTES):
                content = stream.read(CLUSTER_BYTES)
                if any(content):
                    whole.update(b"%d " % at + content)
    return whole.hexdigest()


def _create(*words: str) -> None:
    subprocess.run((program("qemu-img"), "create", "-q", *words), check=True)
