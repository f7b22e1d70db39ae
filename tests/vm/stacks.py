"""Generated services for the node VM: stacks of up to five layers on its disks, of which some hold foreign data."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import NamedTuple

DISKS = tuple(f"/dev/vd{letter}" for letter in "bcdefghi")
MEBIBYTES = 384
LAYERS_MAX = 5
MIB_MIN = {"ext2": 16, "ext3": 24, "ext4": 24, "xfs": 310, "btrfs": 130}
"""The sizes that each filesystem can be made on."""
LOST_MIB = 12
"""What a layer may keep for itself, at most."""
FOREIGN = {
    "ext4": "mkfs.ext4 -q -L payroll DISK && mount DISK /mnt && echo salaries >/mnt/payroll && umount /mnt",
    "a physical volume": "pvcreate -q DISK && vgcreate -q theirs DISK && lvcreate -q -y -n data -L 64M theirs",
    "an array": "mdadm --create /dev/md/theirs --run --level=1 --raid-devices=2 DISK missing",
    "bytes": "printf salaries | dd of=DISK bs=1 seek=12345 conv=notrunc status=none",
}
"""What others may have put on a disk, and how."""
KINDS = {
    *("md 0", "md 1", "md 5", "lvm", "vg", "lv", "loop", "ext2", "ext3", "ext4", "xfs", "btrfs", "btrfs subvolume"),
    *(f"foreign: {what}" for what in FOREIGN),
}
"""All that a layer can be, and all that the disks of others can hold: in what CI tries, each occurs."""


class Stacked(NamedTuple):
    """A device that something can be put on. name: as the file of the service names it."""

    name: str
    mebibytes: int
    layers: int


class Case(NamedTuple):
    """A service, and what is on the disks that it does not name.

    stacks: how many filesystems it has with nothing on them, each with all that is below it. piles: how many of these
    have no device in common. kinds: how many layers of each kind there are. layers: how many the highest has on a disk.
    """

    file: str
    stacks: int
    piles: int
    layers: int
    kinds: Mapping[str, int]
    foreign: tuple[tuple[str, str], ...]


def flip(dice: Random, share: float = 1 / 2) -> bool:
    """Tell how a coin fell that falls on this side so often."""
    return dice.random() < share


class _Service:
    """A service file that grows, as the dice fall."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.sections = ["[DEFAULT]\n"]
        self.disks = self.filesystems = self.stacks = self.layers = 0
        self.kinds: Counter[str] = Counter()

    def disk(self, type_: str, **options: object) -> int:
        """Add a disk; return its number."""
        self._add(f"disk#{self.disks}", type_, options)
        self.disks += 1
        return self.disks - 1

    def filesystem(self, below: Stacked, within: str, **options: object) -> str:
        """Put a filesystem on a device; return where it is mounted."""
        fitting = [type_ for type_, least in MIB_MIN.items() if least <= below.mebibytes]
        type_ = self.dice.choice(fitting)
        mount_point = f"{within}/m{self.filesystems}"
        more = {"mnt_opt": "subvol=data"} if type_ == "btrfs" and flip(self.dice) else {}
        self.kinds["btrfs subvolume"] += bool(more)
        self._add(f"fs#{self.filesystems}", type_, {"dev": below.name, "mnt": mount_point, **options, **more})
        self.filesystems += 1
        return mount_point

    def _add(self, rid: str, type_: str, options: dict[str, object]) -> None:
        self.kinds[f"{type_} {options.get('level', '')}".strip()] += 1
        lines = "".join(f"{name} = {value}\n" for name, value in options.items())
        self.sections.append(f"[{rid}]\ntype = {type_}\n{lines}")


def _array(service: _Service, below: list[Stacked]) -> Stacked:
    """An array of these devices."""
    level = service.dice.choice(("0", "1") if len(below) < 3 else ("0", "1", "5"))
    devs = " ".join(each.name for each in below)
    chunk = {} if level == "1" else {"chunk": "64k"}
    number = service.disk("md", uuid="", devs=devs, level=level, **chunk)
    least = min(each.mebibytes for each in below) - LOST_MIB
    times = {"0": len(below), "1": 1, "5": len(below) - 1}[level]
    return Stacked(f"/dev/md/{{svcname}}.disk.{number}", least * times, 1 + max(each.layers for each in below))


def _volumes(service: _Service, below: list[Stacked]) -> list[Stacked]:
    """A volume group of these devices, and one or two volumes in it: of a resource, or of the filesystem on them."""
    number = service.disk(
        service.dice.choice(("lvm", "vg")),
        name=f"g{service.disks}",
        pvs=" ".join(each.name for each in below),
    )
    room = sum(each.mebibytes - LOST_MIB for each in below)
    layers = 2 + max(each.layers for each in below)
    made = []
    for name in service.dice.choice((("root",), ("root",), ("root", "data-1"))):
        size = service.dice.randint(30, max(31, room // 2))
        room -= size + 4
        service.disk("lv", name=name, vg=f"g{number}", size=f"{size}M")
        made.append(Stacked(f"/dev/g{number}/{name}", size, layers))
    return made


def _file(service: _Service, mount_point: str, room: int, layers: int) -> Stacked:
    """A loop disk whose file lies in a filesystem of the service."""
    size = service.dice.randint(30, max(31, min(120, room // 2)))
    number = service.disk("loop", file=f"{mount_point}/d{service.disks}.img", size=f"{size}M")
    return Stacked(f"{{disk#{number}.file}}", size, layers + 1)


def _grow(service: _Service, below: list[Stacked]) -> None:
    """Stack something on these devices, and on that, until nothing fits any more."""
    dice = service.dice
    layers = max(each.layers for each in below)
    kinds = ["filesystem"] * 2
    if layers < LAYERS_MAX - 1 and min(each.mebibytes for each in below) >= 60:
        # Lvm uses no logical volume as a physical one.
        kinds += ["volumes"] * (1 + (len(below) > 1)) * (not any(each.name.startswith("/dev/g") for each in below))
        kinds += ["array"] * 3 * (len(below) > 1)
    kind = dice.choice(kinds)
    if kind == "array":
        half = len(below) // 2
        pairs = (below[:half], below[half:]) if half > 1 and flip(dice) else (below,)
        _grow(service, [_array(service, each) for each in pairs])
    elif kind == "volumes":
        for each in _volumes(service, below):
            _grow(service, [each])
    else:
        for each in below:
            mount_point = service.filesystem(each, "/srv/{svcname}")
            service.layers = max(service.layers, each.layers)
            if each.layers < LAYERS_MAX - 1 and each.mebibytes > 150 and flip(dice, 1 / 3):
                _grow(service, [_file(service, mount_point, each.mebibytes, each.layers + 1)])
            else:
                service.stacks += 1


SIZES = ((1, 1, 1, 1, 3), (2, 1, 3, 1), (4, 1, 1, 1), (3, 1, 1, 2), (1, 1, 1, 1, 1, 2), (2, 2, 1, 1, 1), (1, 3, 2, 1))
"""How many disks each pile may have: of those that are left, some hold data of others."""


def case(dice: Random) -> Case:
    """A service of some stacks on the disks of the VM; the disks that it leaves may be somebody's."""
    service = _Service(dice)
    left = dice.sample(DISKS, len(DISKS))
    sizes = dice.choice(SIZES)
    for count in sizes:
        members, left = left[:count], left[count:]
        _grow(service, [Stacked(path, MEBIBYTES, 1) for path in members])
    foreign = tuple((path, dice.choice(sorted(FOREIGN))) for path in left)
    service.kinds.update(f"foreign: {what}" for _, what in foreign)
    file = "\n".join(service.sections)
    return Case(file, service.stacks, len(sizes), service.layers, service.kinds, foreign)
