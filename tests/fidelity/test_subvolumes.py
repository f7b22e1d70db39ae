"""btrfs: labels, subvolumes, and what the kernel hears of them."""

from core.command import Command
from core.tools import blkid, btrfs, files, mount
from tests.fidelity.answers import without
from tests.fidelity.twins import Known, Twins

SIZE = 160 * 1024 * 1024
GENERATIONS = without(r"gen \d+")
NAME = without(r"(?s)\n\tName:.*")
"""Of `subvolume show` drivers read the return code; what it tells of uuids and times is not simulated."""
NUMBERS = Known("stdout", "subvolumes are counted, so that after a deletion the later ones have other numbers")
NUMBERS_SHOWN = (
    Known("findmnt -P -o SOURCE,TARGET,FSTYPE,OPTIONS -S DEVICE", NUMBERS.reason),
    Known("findmnt -P -o SOURCE,TARGET,FSTYPE,OPTIONS PATH", NUMBERS.reason),
)


def opened(twins: Twins, name: str = "disk", point: str = "point") -> tuple[str, str]:
    """Make a btrfs on both sides and mount all of it; return its device and where it is mounted."""
    device, place = twins.attach(name, SIZE), twins.path(point)
    twins.run(files.make_directory(place, "fs#0.directory"))
    twins.run(btrfs.make_filesystem(device, (), "fs#0.filesystem", twins.uuid()))
    twins.run(mount.mount("btrfs", "subvolid=0", device, place))
    return device, place


def created(directory: str, name: str) -> Command:
    """The command that creates a subvolume."""
    return btrfs.create_subvolume(directory, name, "fs#0.subvolume", f"uuid:{name}")


def test_a_uuid_that_mkfs_chooses(twins: Twins) -> None:
    """Without a uuid of ours mkfs chooses one, which every read shows from then on."""
    device = twins.attach("disk", SIZE)
    twins.run(btrfs.make_filesystem(device, ("-L", "named"), "fs#0.filesystem"))
    twins.run(blkid.value(device, "UUID"))
    twins.run(blkid.find("LABEL=named"))


def test_labels(twins: Twins) -> None:
    """A label is read and written where the filesystem is mounted, and by its device only when it is not."""
    device, point = opened(twins)
    for command in (btrfs.label(point), btrfs.set_label(point, "first", device), btrfs.label(point),
                    btrfs.label(device), btrfs.label(twins.path("disk")), btrfs.set_label(device, "second", device),
                    btrfs.set_label(point, "x" * 256, device), btrfs.set_label(point, "x" * 254, device),
                    btrfs.set_label(point, "", device)):  # fmt: skip
        twins.run(command)
    twins.run(mount.umount(point))
    twins.run(btrfs.set_label(device, "third", device))
    twins.run(btrfs.set_label(twins.path("disk"), "fourth", device))
    for place in (point, str(twins.directory), "/dev/nosuch"):
        twins.run(btrfs.label(place))


def test_two_filesystems_with_one_label(twins: Twins) -> None:
    """A label may be there twice: one of the two is found, and both of them show it."""
    for name in ("one", "other"):
        twins.run(btrfs.make_filesystem(twins.attach(name, SIZE), ("-L", "twice"), "fs", twins.uuid()))
    # Which one is found is the order of the kernel's devices, and not compared.
    twins.run(blkid.find("LABEL=twice"), read=lambda answer: (answer.returncode, len(answer.stdout.split())))


def test_subvolumes_come_and_go(twins: Twins) -> None:
    """Subvolumes are created, also in one another, listed from where one looks, and deleted from the inside out."""
    _, point = opened(twins)
    twins.run(created(point, "data"))
    twins.run(created(point, "data"))
    twins.run(created(f"{point}/data", "inner"))
    twins.run(created(point, "other"))
    for place in (point, f"{point}/data"):
        twins.run(btrfs.subvolumes(place), read=GENERATIONS)
    twins.run(btrfs.recognise(created(point, "data")), read=NAME)
    twins.run(btrfs.delete_subvolume(f"{point}/data"))
    twins.run(btrfs.delete_subvolume(f"{point}/data/inner"))
    twins.run(btrfs.delete_subvolume(f"{point}/data"))
    twins.run(btrfs.subvolumes(point), NUMBERS, read=GENERATIONS)
    twins.run(mount.umount(point))


def test_what_is_no_subvolume(twins: Twins) -> None:
    """A directory, a path that is not there, the top, another filesystem: each has its refusal."""
    _, point = opened(twins)
    twins.run(files.make_directory(f"{point}/directory", "x"))
    for path in (f"{point}/directory", f"{point}/missing", point, str(twins.directory)):
        twins.run(btrfs.delete_subvolume(path))
    for parent, name in ((point, "directory"), (point, "missing")):
        twins.run(btrfs.recognise(created(parent, name)))
    for parent in (f"{point}/missing", str(twins.directory)):
        twins.run(created(parent, "new"))
    for place in (str(twins.directory), twins.path("missing")):
        twins.run(btrfs.subvolumes(place))


def test_a_subvolume_is_mounted(twins: Twins) -> None:
    """A subvolume is mounted by its name beside the whole filesystem; one that is not there is not."""
    device, point = opened(twins)
    other = twins.path("other")
    twins.run(files.make_directory(other, "fs#1.directory"))
    twins.run(created(point, "data"))
    twins.run(files.make_directory(f"{point}/data/inside", "x"))
    twins.run(mount.mount("btrfs", "subvol=data", device, other))
    twins.run(mount.mount("btrfs", "subvol=data", device, other))
    twins.run(created(other, "deeper"))
    twins.run(btrfs.subvolumes(other), read=GENERATIONS)
    twins.run(mount.umount(other))
    twins.run(mount.mount("btrfs", "subvol=/data", device, other))
    twins.run(mount.umount(point))
    twins.run(mount.umount(other))
    twins.run(mount.mount("btrfs", "subvol=missing", device, other))
    twins.run(mount.mount("btrfs", "subvolid=256", device, other))
    twins.run(mount.umount(other))
    twins.run(mount.mount("btrfs", "subvolid=999", device, other))


def test_a_mounted_subvolume_is_deleted_all_the_same(twins: Twins) -> None:
    """Where the whole filesystem is mounted a subvolume can be deleted that is mounted elsewhere: nothing is busy."""
    device, point = opened(twins)
    other = twins.path("other")
    twins.run(files.make_directory(other, "fs#1.directory"))
    twins.run(created(point, "data"))
    twins.run(mount.mount("btrfs", "subvol=data", device, other))
    twins.run(btrfs.delete_subvolume(f"{point}/data"))
    twins.run(btrfs.delete_subvolume(other))
    twins.run(mount.umount(other))


def test_a_read_only_mount_keeps_its_subvolumes(twins: Twins) -> None:
    """Nothing is created or deleted through a read-only mount, though the same filesystem may be writable elsewhere."""
    device, point = opened(twins)
    other = twins.path("other")
    twins.run(files.make_directory(other, "fs#1.directory"))
    twins.run(created(point, "data"))
    twins.run(mount.mount("btrfs", "ro,subvolid=0", device, other))
    twins.run(created(other, "new"))
    twins.run(btrfs.delete_subvolume(f"{other}/data"))
    twins.run(created(point, "new"))


def test_the_kernel_looks_for_btrfs(twins: Twins) -> None:
    """The scan ends well, whatever it finds; which devices it names is this machine's affair."""
    opened(twins)
    twins.run(btrfs.scan(), read=lambda answer: (answer.returncode, answer.stdout.splitlines()[0]))


def test_words_that_are_not_understood(twins: Twins) -> None:
    """An unknown group, command or option, and a missing operand, are refused in the words of btrfs."""
    for line in ("btrfs frobnicate", "btrfs filesystem frobnicate", "btrfs subvol list", "btrfs subvol delete --foo x",
                 "btrfs subvol create --foo x"):  # fmt: skip
        twins.run(Command(tuple(line.split()), tool=btrfs.TOOL))
