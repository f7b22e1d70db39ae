"""A size that is raised: the file, its loop device and the filesystem grow, once, whatever is killed on the way."""

import pytest

from core.compare import same_world
from core.errors import ConfigError
from core.state import copy
from tests.golden import services
from tests.worlds import World

SIZES = {"ext2": ("10m", "20m"), "ext4": ("100m", "300m"), "xfs": ("400m", "600m"), "btrfs": ("400m", "600m")}
GROWS = {
    "ext2": "resize2fs /dev/loop0",
    "ext4": "resize2fs /dev/loop0",
    "xfs": "xfs_growfs /srv/data",
    "btrfs": "btrfs filesystem resize max /srv/data",
}
SERVICE = """[disk#0]
type = loop
file = /srv/images/disk.img
size = {size}
allocate = {allocate}

[fs#0]
type = {type}
dev = {{disk#0.file}}
mnt = /srv/data
"""


def grown(type_: str, *, allocate: bool = False, subvolume: bool = False) -> World:
    """A world that was provisioned with the smaller size, and whose file now has the larger one."""
    before, after = SIZES[type_]
    text = SERVICE.format(type=type_, size=before, allocate=str(allocate).lower())
    text += "mnt_opt = subvol=data\n" if subvolume else ""
    world = World(text, services()["stack"].first_state)
    world.act("provision")
    world.disk.file = world.disk.file.replace(f"size = {before}", f"size = {after}")
    return world


def changes(world: World, verb: str = "provision") -> list[str]:
    """Act; return the changes that were made."""
    world.act(verb)
    return [" ".join(command.argv) for command in world.heard.changes]


@pytest.mark.parametrize("type_", SIZES)
def test_it_grows_once(type_: str) -> None:
    """The file, the device and the filesystem grow while they are in use; a second provision runs nothing."""
    world = grown(type_)
    size = int(SIZES[type_][1].removesuffix("m")) * 1024**2
    assert changes(world) == [
        f"truncate -s {size} /srv/images/disk.img", "losetup -c /dev/loop0", GROWS[type_],
    ]  # fmt: skip
    notes = [note.text for _, note in world.heard.notes]
    assert sum("cannot be taken back" in note for note in notes) == 2
    assert changes(world) == []
    assert world.availstatus == "up"


def test_with_all_its_space_at_once() -> None:
    """A file that has its space from the beginning grows the same way."""
    assert changes(grown("ext4", allocate=True))[0].startswith("fallocate -l ")


def test_one_that_several_share_grows_once() -> None:
    """The subvolumes of a btrfs have one size."""
    world = grown("btrfs", subvolume=True)
    assert [line for line in changes(world) if "resize" in line] == [GROWS["btrfs"]]


@pytest.mark.parametrize("type_", SIZES)
def test_a_stopped_service_grows(type_: str) -> None:
    """What is neither attached nor mounted comes up, and grows then."""
    world = grown(type_)
    world.act("stop")
    ran = changes(world)
    assert ran[-1] == GROWS[type_]
    assert not any(line.startswith("losetup -c") for line in ran)
    assert changes(world) == []


@pytest.mark.parametrize("stopped", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("reboot", [False, True], ids=["kill", "reboot"])
@pytest.mark.parametrize("type_", SIZES)
def test_every_kill_is_resumed(type_: str, reboot: bool, stopped: bool) -> None:  # noqa: FBT001
    """Killed before or after any step, another provision ends as an undisturbed one, and one more runs nothing."""
    world = grown(type_)
    if stopped:
        world.act("stop")
    end = world.fork()
    end.act("provision")
    for point, killed in world.fork().kills("provision"):
        if reboot:
            killed.reboot()
        killed.act("provision")
        assert same_world(end.state, killed.state) == [], point
        assert end.record == killed.record, point
        assert changes(killed) == [], point


@pytest.mark.parametrize("type_", SIZES)
def test_unprovision_is_the_inverse(type_: str) -> None:
    """Nothing is left of what has grown."""
    world = grown(type_)
    first = copy(world.first_state)
    world.act("provision")
    world.act("unprovision")
    assert same_world(first, world.state) == []
    assert world.record.is_empty


@pytest.mark.parametrize("size, said", [("50m", "50m is less than"), ("1k", "1k is less than")])
def test_nothing_shrinks(size: str, said: str) -> None:
    """A smaller size is refused before anything runs, with both sizes and the line."""
    world = grown("ext4")
    world.disk.file = world.disk.file.replace("size = 300m", f"size = {size}")
    with pytest.raises(ConfigError, match=f":4: disk#0.size: {said} .* has, 100M; .*write 100M"):
        world.act("provision")


def test_without_a_size_nothing_grows() -> None:
    """A file of another size than the default is used as it is."""
    world = grown("ext4")
    world.disk.file = world.disk.file.replace("size = 300m\n", "")
    assert changes(world) == []
