"""The simulated mkfs of each type, blkid, wipefs, blkdiscard, dd, cmp and lsblk: what a device holds."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.state import load
from core.tools import blkdiscard, blkid, blockdev, btrfs, cmp, dd, ext, files, mount, wipefs, xfs
from executors.simulated.node import SimulatedNode

UUID = "11111111-2222-4333-8444-555555555555"
MIB = 1024 * 1024
OLD = {"btrfs-progs": "3.12", "util-linux": "2.20.1", "xfsprogs": "3.1.9"}


def node(content: Any = "zero", size: Any = "1G", **state: Any) -> SimulatedNode:
    """A node with one disk of that content."""
    device = {"size": size, "content": content}
    return SimulatedNode(load({"devices": {"/dev/sdb": device}, "files": {"/mnt": "directory"}, **state}))


MAKERS = {
    "btrfs": btrfs.make_filesystem("/dev/sdb", (), "fs#1.filesystem", UUID),
    "ext2": ext.make_filesystem("ext2", "/dev/sdb", (), "fs#1.filesystem", UUID),
    "ext3": ext.make_filesystem("ext3", "/dev/sdb", (), "fs#1.filesystem", UUID),
    "ext4": ext.make_filesystem("ext4", "/dev/sdb", (), "fs#1.filesystem", UUID),
    "xfs": xfs.make_filesystem("/dev/sdb", (), "fs#1.filesystem", UUID),
}


@pytest.mark.parametrize("type_", MAKERS)
def test_what_is_formatted_is_recognised(type_: str) -> None:
    """After mkfs, blkid tells type and uuid, and wipefs shows a signature."""
    on = node()
    assert on.run(MAKERS[type_]).returncode == 0
    tags = blkid.tags(on.run(blkid.probe("/dev/sdb")))
    assert (tags["TYPE"], tags["UUID"], tags["USAGE"]) == (type_, UUID, "filesystem")
    assert UUID in on.run(wipefs.signatures("/dev/sdb")).stdout


@pytest.mark.parametrize("type_", MAKERS)
def test_a_mounted_device_is_never_formatted(type_: str) -> None:
    """Every mkfs refuses a device that is in use."""
    on = node({"type": "ext4"}, mounts=[{"device": "/dev/sdb", "mount_point": "/mnt", "type": "ext4"}])
    assert on.run(MAKERS[type_]).returncode == 1
    assert on.content(on.state["devices"]["/dev/sdb"])["uuid"] == ""


@pytest.mark.parametrize("type_, returncode", [("btrfs", 1), ("xfs", 1), ("ext4", 0)])
def test_a_signature_stops_some_mkfs(type_: str, returncode: int) -> None:
    """Both mkfs.btrfs and mkfs.xfs refuse to overwrite; mkfs.ext4 asks a terminal, and without one asks nobody."""
    assert node({"type": "swap"}).run(MAKERS[type_]).returncode == returncode


@pytest.mark.parametrize("type_, size", [("btrfs", 114294783), ("xfs", 300 * MIB - 1), ("ext4", 104 * 1024 - 1)])
def test_a_device_may_be_too_small(type_: str, size: int) -> None:
    """Each type has a least size; one byte less is refused."""
    assert node(size=size).run(MAKERS[type_]).returncode == 1
    assert node(size=size + 1).run(MAKERS[type_]).returncode == 0


def test_old_tools_choose_the_uuid() -> None:
    """The mkfs of 2015 takes no uuid; the one it chose is read afterwards."""
    on = node(tools=OLD)
    assert not btrfs.takes_uuid(on.run(btrfs.version()))
    assert not xfs.takes_uuid(on.run(xfs.version()))
    assert on.run(MAKERS["btrfs"]).returncode == 1
    assert on.run(MAKERS["xfs"]).returncode == 1
    command = btrfs.make_filesystem("/dev/sdb", (), "fs#1.filesystem")
    assert "Btrfs v3.12 IS EXPERIMENTAL" in on.run(command).stdout
    assert command.makes is not None
    assert command.makes.witness is not None
    assert on.run(command.makes.witness).stdout.strip() == on.content(on.state["devices"]["/dev/sdb"])["uuid"]


def test_new_tools_take_the_uuid() -> None:
    """The mkfs of today takes a uuid of ours."""
    assert btrfs.takes_uuid(node().run(btrfs.version()))
    assert xfs.takes_uuid(node().run(xfs.version()))


def test_a_uuid_is_used_once() -> None:
    """A uuid that another filesystem of the node has is refused by mkfs.btrfs."""
    on = node(devices={"/dev/sdb": "1G", "/dev/sdc": {"size": "1G", "content": {"type": "btrfs", "uuid": UUID}}})
    assert on.run(MAKERS["btrfs"])[::2] == (1, f"ERROR: non-unique UUID: {UUID}\n")


def test_a_preview_does_not_know_the_uuid() -> None:
    """With holes, what mkfs chooses is the hole of the thing it makes."""
    on = SimulatedNode(node(tools=OLD).state, holes=True)
    on.run(btrfs.make_filesystem("/dev/sdb", (), "fs#1.filesystem"))
    assert on.run(blkid.value("/dev/sdb", "UUID")).stdout == "«fs#1.filesystem»\n"


def test_nothing_found_and_unreadable_look_alike_to_blkid() -> None:
    """The answer of blkid is 2 for both; cmp tells them apart."""
    for content, compared in (("zero", 0), ("unknown", cmp.UNREADABLE)):
        on = node(content)
        assert on.run(blkid.probe("/dev/sdb")) == Completed(2)
        assert on.run(cmp.zeroes("/dev/sdb", 0, MIB)).returncode == compared


def test_wipefs_leaves_residue() -> None:
    """After wipefs -a no signature is found, but the first MiB is not zero."""
    on = node({"type": "ext4"})
    assert on.run(wipefs.erase("/dev/sdb", ())).stdout.startswith("/dev/sdb: 2 bytes were erased at offset 0x00000438")
    assert on.run(wipefs.signatures("/dev/sdb")) == Completed(0)
    assert on.run(cmp.zeroes("/dev/sdb", 0, MIB)).returncode == 1


@pytest.mark.parametrize("tool", [blkdiscard, dd])
def test_zeroes_at_both_ends_make_a_device_blank(tool: Any) -> None:
    """When the last and the first MiB were zeroed, the device is as it was before it was ever formatted."""
    on, size = node({"type": "ext4"}), 1024 * MIB
    assert on.run(tool.zero("/dev/sdb", size - MIB, MIB)).returncode == 0
    assert "TYPE" in blkid.tags(on.run(blkid.probe("/dev/sdb")))
    assert on.run(tool.zero("/dev/sdb", 0, MIB)).returncode == 0
    assert on.state["devices"]["/dev/sdb"]["content"] == {"kind": "zero"}


def test_one_end_is_not_enough() -> None:
    """Zeroes in the first MiB take the signature, and leave what is at the end."""
    on = node({"type": "ext4"})
    on.run(blkdiscard.zero("/dev/sdb", 0, MIB))
    assert on.run(blkid.probe("/dev/sdb")).returncode == 2
    assert on.run(cmp.zeroes("/dev/sdb", 1023 * MIB, MIB)).returncode == 1


@pytest.mark.parametrize("command", [wipefs.erase("/dev/sdb", ()), blkdiscard.zero("/dev/sdb", 0, MIB)])
def test_a_device_in_use_is_not_erased(command: Command) -> None:
    """Both wipefs -a and blkdiscard open the device exclusively."""
    on = node({"type": "ext4"}, mounts=[{"device": "/dev/sdb", "mount_point": "/mnt", "type": "ext4"}])
    assert "Device or resource busy" in on.run(command).stderr


def test_blkdiscard_came_late() -> None:
    """The util-linux of 2015 has no blkdiscard, so zeroes are written by dd."""
    assert not blkdiscard.can_zero(node(tools=OLD).run(blkdiscard.version()))
    assert blkdiscard.can_zero(node().run(blkdiscard.version()))


def test_blkdiscard_needs_whole_sectors() -> None:
    """An offset that is no multiple of the sector is refused."""
    assert "is not aligned to sector size 512" in node().run(blkdiscard.zero("/dev/sdb", 1, MIB)).stderr


def test_cmp_ends_with_the_device() -> None:
    """A comparison that goes past the end is a difference."""
    assert node().run(cmp.zeroes("/dev/sdb", 1023 * MIB + 1, MIB)).stdout == ""
    assert node().run(cmp.zeroes("/dev/sdb", 1023 * MIB + 1, MIB)).returncode == 1


def test_who_uses_a_device() -> None:
    """Mount points, swap and the devices made of it are users; a device of its own has none."""
    device = {"size": "1G", "content": {"type": "LVM2_member"}, "holders": ["/dev/vg/root"]}
    on = node(devices={"/dev/sdb": device, "/dev/sdc": "1G", "/dev/sdd": "1G"}, swaps=["/dev/sdc"])
    assert blockdev.users(on.run(blockdev.uses("/dev/sdb"))) == ["root"]
    assert blockdev.users(on.run(blockdev.uses("/dev/sdc"))) == ["[SWAP]"]
    assert blockdev.users(on.run(blockdev.uses("/dev/sdd"))) == []
    assert on.run(blockdev.uses("/mnt")).returncode == 32


def test_labels_are_read_where_they_were_written() -> None:
    """A label is set through a mount point, or a device that is not mounted, and blkid and findfs see it."""
    on = node({"type": "btrfs", "uuid": UUID})
    assert on.run(btrfs.set_label("/dev/sdb", "svc.fs.1", "/dev/sdb")).returncode == 0
    assert on.run(blkid.find("LABEL=svc.fs.1")).stdout == "/dev/sdb\n"
    on.run(mount.mount("btrfs", "", "/dev/sdb", "/mnt"))
    assert on.run(btrfs.label("/mnt")).stdout == "svc.fs.1\n"
    assert on.run(btrfs.set_label("/dev/sdb", "other", "/dev/sdb")).returncode == 255
    assert on.run(btrfs.label("/gone")).returncode == 255


def test_labels_have_a_length() -> None:
    """A label of more than 255 bytes is refused."""
    on = node({"type": "btrfs"})
    assert on.run(btrfs.set_label("/dev/sdb", "x" * 256, "/dev/sdb")).returncode == 255


def test_subvolumes_live_in_the_top() -> None:
    """A subvolume is created in a mounted filesystem, listed, and deleted, also while it is mounted elsewhere."""
    on = node({"type": "btrfs"}, files={"/mnt": "directory", "/srv": "directory"})
    on.run(mount.mount("btrfs", "subvolid=0", "/dev/sdb", "/mnt"))
    create = btrfs.create_subvolume("/mnt", "data", "fs#1.subvolume", "u:data")
    assert on.run(create).stdout == "Create subvolume '/mnt/data'\n"
    assert on.run(create).returncode == 1
    assert on.run(btrfs.recognise(create)).returncode == 0
    assert btrfs.paths(on.run(btrfs.subvolumes("/mnt"))) == ["data"]
    on.run(mount.mount("btrfs", "subvol=data", "/dev/sdb", "/srv"))
    assert on.run(btrfs.delete_subvolume("/mnt/data")).returncode == 0
    assert on.run(files.exists("/mnt/data")).returncode == 1
    assert mount.mounts(on.run(mount.at("/srv")))[0].root == "data//deleted"
    assert on.run(btrfs.delete_subvolume("/srv")).returncode == 1
    assert on.run(mount.umount("/srv")).returncode == 0


def test_a_subvolume_goes_after_those_inside_it() -> None:
    """A subvolume with another inside is not deleted."""
    on = node({"type": "btrfs", "subvolumes": {"data": {}, "data/inner": {}}})
    on.run(mount.mount("btrfs", "subvolid=0", "/dev/sdb", "/mnt"))
    assert "Directory not empty" in on.run(btrfs.delete_subvolume("/mnt/data")).stderr
    assert on.run(btrfs.delete_subvolume("/mnt/data/inner")).returncode == 0
    assert on.run(btrfs.delete_subvolume("/mnt/data")).returncode == 0


def test_subvolumes_need_a_btrfs() -> None:
    """No subvolume is created in a directory of another filesystem."""
    answer = node().run(btrfs.create_subvolume("/mnt", "data", "fs#1.subvolume", "u:data"))
    assert answer == Completed(1, "", "ERROR: not a btrfs filesystem: /mnt\n")


@pytest.mark.parametrize("content, returncode", [({"type": "ext4"}, 0), ("zero", 8), ({"type": "xfs"}, 8)])
def test_e2fsck_checks_only_ext(content: Any, returncode: int) -> None:
    """What is no ext filesystem has a bad superblock."""
    assert node(content).run(ext.check_filesystem("/dev/sdb")).returncode == returncode


@pytest.mark.parametrize(
    "line",
    ["blkid /dev/sdb", "blkid -p -o full /dev/sdb", "findfs", "wipefs -f /dev/sdb", "blkdiscard -s /dev/sdb",
     "cmp /dev/sdb /dev/zero", "dd if=/dev/sdb of=/dev/zero", "blockdev --setro /dev/sdb", "mkfs.btrfs -X /dev/sdb",
     "btrfs balance start /", "mkfs.ext4 -Y /dev/sdb", "mkfs.ext4 -q -U nix /dev/sdb", "e2fsck -y /dev/sdb",
     "mkfs.xfs -z /dev/sdb"],
)  # fmt: skip
def test_unknown_words_are_usage_errors(line: str) -> None:
    """What a simulated tool was not taught is refused, and changes nothing."""
    words = tuple(line.split())
    tools = {"findfs": "blkid", "mkfs.btrfs": "btrfs", "mkfs.ext4": "ext", "e2fsck": "ext", "mkfs.xfs": "xfs"}
    on = node({"type": "ext4"})
    before = repr(on.state)
    assert on.run(Command(words, tool=tools.get(words[0], words[0]))).returncode not in {0, 127}
    assert repr(on.state) == before


@pytest.mark.parametrize("type_", MAKERS)
def test_a_device_that_is_not_there(type_: str) -> None:
    """No tool invents the device that it is pointed to."""
    on = node(devices={})
    size = blockdev.size("/dev/sdb")
    zero = dd.zero("/dev/sdb", 0, MIB)
    commands = (MAKERS[type_], size, zero, wipefs.signatures("/dev/sdb"), blkdiscard.zero("/dev/sdb", 0, MIB))
    for command in (*commands, cmp.zeroes("/dev/sdb", 0, MIB), blkid.probe("/dev/sdb")):
        assert on.run(command).returncode not in {0, 127}
