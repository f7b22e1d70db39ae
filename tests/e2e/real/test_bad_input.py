"""A machine that does not do as it is told: each thing is said with what to do about it, and can be gone on from."""

import pytest

from tests.e2e.real.lab import NOBODY, Ended, Lab
from tests.e2e.real.services import ADDRESS, DISK, EXT4, STORAGE, XFS

HIDE = """
mkdir -p /run/hidden/upper /run/hidden/work
mount -t overlay -o lowerdir=/usr/sbin,upperdir=/run/hidden/upper,workdir=/run/hidden/work overlay /usr/sbin
rm /usr/sbin/{program}
"""


def said(ended: Ended, code: int, *texts: str) -> None:
    """Check what a command line came to, that it says all of these, and that nobody reads Python."""
    assert ended.code == code, ended
    assert "Traceback" not in ended.err + ended.out
    assert [text for text in texts if text not in ended.err + ended.out] == [], ended


def goes_on(lab: Lab) -> None:
    """The same command goes on, once nothing is in its way."""
    again = lab.svcmgr("provision")
    assert again.code == 0, again.err
    assert lab.is_up()


@pytest.mark.parametrize("verb", ["provision", "start", "stop"])
def test_without_root_nothing_is_begun(lab: Lab, verb: str) -> None:
    """Who is not root is told so before anything happens."""
    lab.created(EXT4)
    lab.conf.chmod(0o644)
    lab.done("chown", "-R", "65534", f"{lab.directory}/etc", f"{lab.directory}/var")
    before = lab.inventory()
    said(lab.run(*NOBODY, *lab.words(verb)), 1, "needs root", "--node FILE")
    assert lab.since(before) == []


def test_without_root_one_may_look(lab: Lab) -> None:
    """`plan` and `status` work for everybody, as far as everybody may see."""
    lab.created(STORAGE)
    lab.conf.chmod(0o644)
    plan = lab.run(*NOBODY, *lab.words("plan"))
    said(plan, 0, "mkfs.btrfs")
    said(lab.run(*NOBODY, *lab.words("status")), 0, "down")


def test_a_missing_tool_is_named_with_its_package(lab: Lab) -> None:
    """That mkfs.xfs is not installed is found before the disk is made; with it, the same command works."""
    lab.created(XFS)
    before = lab.inventory()
    lab.done("sh", "-ec", HIDE.format(program="mkfs.xfs"))
    said(lab.svcmgr("provision"), 1, "mkfs.xfs", "xfsprogs")
    lab.done("umount", "/usr/sbin")
    assert [change for change in lab.since(before) if "/run/" not in change] == []
    goes_on(lab)


def test_a_device_that_goes_away(lab: Lab) -> None:
    """A loop device that somebody detaches between two commands ends the action; the next one attaches it again."""
    once = f"{lab.directory}/given/once"
    away = lab.script("away", f"test -e {once} && exit", f"touch {once}", "losetup -d $(losetup -n -O NAME -j $1)")
    lab.created(EXT4.replace("[fs#0]", f"[fs#0]\npre_provision = {away} {{disk#0.file}}"))
    ended = lab.svcmgr("provision")
    assert ended.code in {1, 4}, ended
    said(ended, ended.code, "fs#0", "to go on:")
    goes_on(lab)


def test_a_full_filesystem_under_the_file(lab: Lab) -> None:
    """A loop file that cannot grow makes mkfs fail; with room, the same command goes on."""
    lab.done("mkdir", f"{lab.directory}/disk")
    lab.done("mount", "-t", "tmpfs", "-o", "size=2M", "tmpfs", f"{lab.directory}/disk")
    lab.created(EXT4)
    said(lab.svcmgr("provision"), 1, "mkfs.ext4", "to go on:")
    lab.done("mount", "-o", "remount,size=100M", f"{lab.directory}/disk")
    goes_on(lab)


def test_an_address_that_is_somebody_elses(lab: Lab) -> None:
    """An address for which a neighbour answers is not taken, and no disk is made for a service that cannot come up."""
    lab.created(EXT4 + ADDRESS.replace("10.33.0.21", "10.33.0.1"))
    before = lab.inventory()
    said(lab.svcmgr("provision"), 1, "10.33.0.1 is already up on another host")
    assert lab.since(before) == []


def test_an_interface_that_is_not_there(lab: Lab) -> None:
    """An interface that is missing is found before anything is done, and those that are there are named."""
    lab.created(EXT4 + ADDRESS.replace("eth0", "eth9"))
    before = lab.inventory()
    said(lab.svcmgr("provision"), 1, "interface eth9 not found", "eth0")
    assert lab.since(before) == []


def test_a_file_that_is_somebody_elses(lab: Lab) -> None:
    """A file with data where the disk should be made is refused, with what would allow it, and stays as it is."""
    lab.done("mkdir", f"{lab.directory}/disk")
    image = f"{lab.directory}/disk/{lab.name}.img"
    lab.done("truncate", "--size=40M", image)
    lab.done("mkfs.ext4", "-q", image)
    sum_before = lab.done("md5sum", image)
    lab.created(EXT4)
    said(lab.svcmgr("provision"), 3, image, "--adopt disk#0")
    # Adopting the disk is no consent to what it holds.
    said(lab.svcmgr("provision", "--adopt", "disk#0"), 3, "fs#0", "--adopt fs#0")
    assert lab.done("md5sum", image) == sum_before


def test_a_busy_filesystem_is_named_with_its_user(lab: Lab) -> None:
    """`stop` of a filesystem in use fails, saying who uses it, and kills nobody."""
    lab.created(EXT4, "--provision")
    user = lab.done("sh", "-c", f"cd {lab.directory}/srv/data && sleep 100 > /dev/null 2>&1 & echo $!").strip()
    said(lab.svcmgr("stop"), 1, f"busy, pid {user} (root, sleep)", "to go on:")
    lab.done("kill", user)
    lab.did("stop")


def test_a_disk_without_a_filesystem_driver(lab: Lab) -> None:
    """A filesystem that nobody speaks is an error of the file, found before anything is done."""
    lab.created(DISK)
    before = lab.inventory()
    lab.conf.write_text(lab.conf.read_text() + "[fs#0]\ntype = zfs9\ndev = {disk#0.file}\nmnt = /srv\n")
    said(lab.svcmgr("provision"), 6, "zfs9")
    assert lab.since(before) == []


@pytest.mark.parametrize("way", [("provision",), ("rollback", "--yes")], ids=["provision", "rollback"])
def test_no_room_for_what_has_to_be_remembered(lab: Lab, way: tuple[str, ...]) -> None:
    """With OSVCVAR full from some page on, the action stops where it could not be remembered; with room it ends."""
    lab.created(EXT4)
    before = lab.inventory()
    var = f"{lab.directory}/var"
    tried = 0
    for kilobytes in range(8, 120, 8 if way[0] == "provision" else 12):
        lab.done("mount", "-t", "tmpfs", "-o", f"size={kilobytes}K", "tmpfs", var)
        full = lab.svcmgr("provision")
        if full.code:
            said(full, 1, "No space left on device")
            tried += 1
        lab.done("mount", "-o", "remount,size=10M", var)
        if full.code:
            again = lab.svcmgr(*way)
            assert again.code == 0 or "came to its end" in again.err, (kilobytes, again.err)
            if way[0] == "provision":
                assert lab.is_up(), kilobytes
        assert lab.unprovision().code == 0
        lab.done("umount", var)
        assert (kilobytes, lab.since(before)) == (kilobytes, [])
        if full.code == 0:
            break
    assert tried > 1


def test_what_has_to_be_remembered_on_a_disk_that_is_read_only(lab: Lab) -> None:
    """With OSVCVAR read-only, whatever acts is refused before anything is done; what only looks works."""
    lab.created(EXT4)
    before = lab.inventory()
    var = f"{lab.directory}/var"
    lab.done("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", var)
    for words in (("provision",), ("start",), ("stop",), ("rollback", "--yes"), ("unprovision", "--yes")):
        said(lab.svcmgr(*words), 1, "cannot be written to", "nothing was changed")
    said(lab.svcmgr("plan"), 0, "mkfs.ext4")
    said(lab.svcmgr("status"), 0, "down")
    lab.done("umount", var)
    assert lab.since(before) == []
    goes_on(lab)
