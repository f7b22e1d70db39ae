"""The snapshot that VMs are restored from: a node that has booted, and has run once what tests run."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.node_vm.disks import VIRTIO_PLUGS
from tests.node_vm.inside import ENVIRONMENT
from tests.node_vm.kept import digest, made
from tests.node_vm.qemu import ACCELERATOR, KERNEL_WORDS, PROCESSOR
from tests.node_vm.recipe import asked, program

if TYPE_CHECKING:
    from tests.node_vm.vm import VM

WARM = "warm"
WARM_UP = """
modprobe -a $MODULES
python3 -c 'import argparse, json, pathlib, socket, ssl, subprocess, tempfile, threading, urllib.request, zipfile'
mdadm --version; lsblk -J -O; blkid; findmnt -J; fuser -m /; ip -j addr
 losetup -a; docker --version; iptables --version
truncate -s 300M /var/tmp/warm
for make in 'btrfs -q -f' 'xfs -q -f' 'ext4 -q -F'; do mkfs.$make /var/tmp/warm; wipefs -a /var/tmp/warm; done
device=$(losetup -f --show /var/tmp/warm)
pvcreate -y $device; vgcreate warm $device; lvcreate -y -L 100M -n lv warm; pvs; vgs; lvs
mkfs.ext4 -q /dev/warm/lv; mount /dev/warm/lv /mnt; umount /mnt
vgremove -y warm; pvremove $device; losetup -d $device
rm -rf /var/tmp/warm /etc/lvm/backup/* /etc/lvm/archive/*
udevadm settle; sync
"""
"""Afterwards its programs are in memory; nothing of this remains on a disk."""
LEFT_BEHIND = ("console", "qmp", "qemu.log")


def copy_warm(vm: "VM") -> None:
    """Give a VM that is off copies of the files of a warm one. That is made the first time."""
    kept = made("snapshots", _name(vm), lambda directory: _warm(vm, directory))
    for file in vm.files:
        shutil.copyfile(kept / file.name, file)


def _name(vm: "VM") -> str:
    emulator = asked(program("qemu-system-x86_64"), "--version")
    recipe, ramdisk = vm.image.recipe, vm.image.initrd.parent.name
    machine = (KERNEL_WORDS, ACCELERATOR, PROCESSOR, VIRTIO_PLUGS, emulator)
    return digest(recipe, ramdisk, vm.disks, *machine, WARM_UP, ENVIRONMENT)


def _warm(vm: "VM", directory: Path) -> None:
    one = type(vm)(vm.disks, recipe=vm.image.recipe, directory=directory)
    try:
        one.boot()
        modules = " ".join(vm.image.recipe.warm_modules)
        one.run("sh", "-c", WARM_UP, environment={**ENVIRONMENT, "MODULES": modules})
        one.shell(vm.image.recipe.warm_up)
        one.snapshot(WARM)
    finally:
        one.kill()
    for name in LEFT_BEHIND:
        (directory / name).unlink(missing_ok=True)
