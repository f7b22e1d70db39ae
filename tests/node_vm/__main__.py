"""`python -m tests.node_vm build|run|shell|times`: make the node VM, look into one, measure it."""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from tests.node_vm import VM, Disk, Unavailable, image
from tests.node_vm.recipe import missing


def main() -> int:
    """Do what the first word says."""
    parser = argparse.ArgumentParser(prog="python -m tests.node_vm", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("build", help="build the image, where it is not there yet")
    words.add_parser("times", help="measure starts and commands")
    for word, help_ in (("run", "run lines of shell in a fresh VM"), ("shell", "a shell in a fresh VM")):
        one = words.add_parser(word, help=help_)
        one.add_argument(
            "--disks", default="512,512,512,512", help="sizes of its blank disks, in MiB (default: %(default)s)"
        )
        one.add_argument("--boot", action="store_true", help="switch it on instead of restoring it")
        if word == "run":
            one.add_argument("text", help="the lines; `-` reads them from standard input")
    given = parser.parse_args()
    if why := missing():
        print(f"no node VM here: {why}", file=sys.stderr)
        return 1
    try:
        match given.word:
            case "build":
                return _build()
            case "times":
                return _times()
            case word:
                return _inside(given.disks, given.text if word == "run" else None, boot=given.boot)
    except Unavailable as error:
        print(f"no node VM here: {error}", file=sys.stderr)
        return 1


def _build() -> int:
    made = image()
    print((made.directory / "facts.json").read_text(encoding="utf-8"))
    print(made.directory)
    return 0


def _disks(text: str) -> tuple[Disk, ...]:
    return tuple(Disk(int(size)) for size in text.split(",") if size)


def _inside(disks: str, text: str | None, *, boot: bool) -> int:
    vm = VM(_disks(disks))
    try:
        if boot:
            vm.boot()
        else:
            vm.restore()
        print(f"# {'boot' if boot else 'restore'}: {vm.seconds['boot' if boot else 'restore']:.2f} s", file=sys.stderr)
        if text is None:
            return subprocess.call((*vm.ssh, "-t"), env={**os.environ, "LC_ALL": "C.UTF-8"})
        ended = vm.run("sh", "-c", sys.stdin.read() if text == "-" else text)
        print(ended.stdout, end="")
        print(ended.stderr, end="", file=sys.stderr)
        return ended.returncode
    finally:
        vm.close()


def _times() -> int:
    made = image()
    print(f"image: {(made.directory / 'facts.json').read_text(encoding='utf-8').split('packages')[0]}")
    disks = _disks("512,512")
    vm = VM(disks)
    try:
        _shown("boot (power on to the first answer)", vm.boot)
        vm.kill()
        _shown("boot again, after a power loss", vm.boot)
        vm.kill()
        began = time.monotonic()
        vm.restore()
        print(f"{time.monotonic() - began:7.2f} s  the first restore (its snapshot is made, unless it is kept already)")
        for _ in range(3):
            _shown("restore, same process", vm.restore)
        for _ in range(3):
            vm.kill()
            _shown("restore, new process", vm.restore)
        for argv in (
            ("true",),
            ("pvs",),
            ("vgs", "-o", "+vg_tags"),
            ("blkid", "-p", "/dev/vdb"),
            ("python3", "-c", ""),
        ):
            _shown(" ".join(argv), partial(vm.run, *argv), times=7)
        for text in (
            "pvcreate /dev/vdb", "vgcreate vg0 /dev/vdb", "lvcreate -y -L 300M -n lv0 vg0", "mkfs.xfs -q /dev/vg0/lv0",
            "mkfs.ext4 -q -F /dev/vg0/lv0", "mkfs.btrfs -q -f /dev/vg0/lv0", "mount /dev/vg0/lv0 /mnt", "umount /mnt",
            "vgremove -q -y vg0", "wipefs -a /dev/vdb",
            "mdadm --create /dev/md/m --run --level=1 --raid-devices=2 /dev/vdb /dev/vdc",
        ):  # fmt: skip
            _shown(text, partial(vm.shell, text))
        _shown("plug a disk (scsi)", lambda: vm.plug("a", 64))
        _shown("plug a disk (virtio)", lambda: vm.plug("b", 64, bus="virtio"))
        _shown("unplug it (scsi)", lambda: vm.unplug("a"))
        _shown("unplug it (virtio)", lambda: vm.unplug("b"))
    finally:
        vm.close()
    return 0


def _shown(what: str, do: Callable[[], object], times: int = 1) -> None:
    """Measure something; of several times the median is shown."""
    taken = []
    for _ in range(times):
        began = time.monotonic()
        do()
        taken.append(time.monotonic() - began)
    print(f"{statistics.median(taken):7.3f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
