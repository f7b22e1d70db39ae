"""Generated services for the node VM: stacks of up to five layers on its disks, of which some hold foreign data."""

from typing import NamedTuple

from hypothesis import strategies as st

DISKS = ("/dev/vdb", "/dev/vdc", "/dev/vdd", "/dev/vde")
MEBIBYTES = 512
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


class Stacked(NamedTuple):
    """A device that something can be put on. name: as the file of the service names it."""

    name: str
    mebibytes: int
    layers: int


class Case(NamedTuple):
    """A service, how many stacks it has, and what is on the disks that it does not name."""

    file: str
    stacks: int
    foreign: tuple[tuple[str, str], ...]


class _Service:
    """A service file that grows."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.sections = ["[DEFAULT]\n"]
        self.disks = self.filesystems = 0

    def disk(self, type_: str, **options: object) -> int:
        """Add a disk; return its number."""
        self._add(f"disk#{self.disks}", type_, options)
        self.disks += 1
        return self.disks - 1

    def filesystem(self, below: Stacked, within: str, **options: object) -> str:
        """Put a filesystem on a device; return where it is mounted."""
        fitting = [type_ for type_, least in MIB_MIN.items() if least <= below.mebibytes]
        type_ = self.draw(st.sampled_from(fitting))
        mount_point = f"{within}/m{self.filesystems}"
        more = {"mnt_opt": "subvol=data"} if type_ == "btrfs" and self.draw(st.booleans()) else {}
        self._add(f"fs#{self.filesystems}", type_, {"dev": below.name, "mnt": mount_point, **options, **more})
        self.filesystems += 1
        return mount_point

    def _add(self, rid: str, type_: str, options: dict[str, object]) -> None:
        lines = "".join(f"{name} = {value}\n" for name, value in options.items())
        self.sections.append(f"[{rid}]\ntype = {type_}\n{lines}")


def _array(service: _Service, below: list[Stacked]) -> Stacked:
    """An array of these devices."""
    level = service.draw(st.sampled_from(("0", "1") if len(below) < 3 else ("0", "1", "5")))
    devs = " ".join(each.name for each in below)
    chunk = {} if level == "1" else {"chunk": "64k"}
    number = service.disk("md", uuid="", devs=devs, level=level, **chunk)
    least = min(each.mebibytes for each in below) - LOST_MIB
    times = {"0": len(below), "1": 1, "5": len(below) - 1}[level]
    return Stacked(f"/dev/md/{{svcname}}.disk.{number}", least * times, 1 + max(each.layers for each in below))


def _volumes(service: _Service, below: list[Stacked]) -> list[Stacked]:
    """A volume group of these devices, and one or two volumes in it: of a resource, or of the filesystem on them."""
    number = service.disk(
        service.draw(st.sampled_from(("lvm", "vg"))),
        name=f"g{service.disks}",
        pvs=" ".join(each.name for each in below),
    )
    room = sum(each.mebibytes - LOST_MIB for each in below)
    layers = 2 + max(each.layers for each in below)
    made = []
    for name in service.draw(st.sampled_from((("root",), ("root",), ("root", "data-1")))):
        size = service.draw(st.integers(30, max(31, room // 2)))
        room -= size + 4
        service.disk("lv", name=name, vg=f"g{number}", size=f"{size}M")
        made.append(Stacked(f"/dev/g{number}/{name}", size, layers))
    return made


def _file(service: _Service, mount_point: str, room: int, layers: int) -> Stacked:
    """A loop disk whose file lies in a filesystem of the service."""
    size = service.draw(st.integers(30, max(31, min(120, room // 2))))
    number = service.disk("loop", file=f"{mount_point}/d{service.disks}.img", size=f"{size}M")
    return Stacked(f"{{disk#{number}.file}}", size, layers + 1)


def _grow(service: _Service, below: list[Stacked]) -> None:
    """Stack something on these devices, and on that, until nothing fits any more."""
    draw = service.draw
    layers = max(each.layers for each in below)
    kinds = ["filesystem"]
    if layers < LAYERS_MAX - 1 and min(each.mebibytes for each in below) >= 60:
        # Lvm uses no logical volume as a physical one.
        kinds += ["volumes"] * 2 * (not any(each.name.startswith("/dev/g") for each in below))
        kinds += ["array"] * 3 * (len(below) > 1)
    kind = draw(st.sampled_from(kinds[::-1]))
    if kind == "array":
        _grow(service, [_array(service, below)])
    elif kind == "volumes":
        for each in _volumes(service, below):
            _grow(service, [each])
    else:
        for each in below:
            mount_point = service.filesystem(each, "/srv/{svcname}")
            if each.layers < LAYERS_MAX - 1 and each.mebibytes > 150 and draw(st.booleans()):
                _grow(service, [_file(service, mount_point, each.mebibytes, each.layers + 1)])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A service of some stacks on the disks of the VM; the disks that it leaves may be somebody's."""
    service = _Service(draw)
    left = list(draw(st.permutations(DISKS)))
    sizes = draw(st.sampled_from(((1, 1, 1, 1), (2, 1, 1), (1, 1, 1), (1, 1, 1, 1), (3, 1), (2, 1, 1), (1, 2), (2, 2))))
    for count in sizes:
        members, left = left[:count], left[count:]
        _grow(service, [Stacked(path, MEBIBYTES, 1) for path in members])
    foreign = tuple((path, draw(st.sampled_from(sorted(FOREIGN)))) for path in left)
    return Case("\n".join(service.sections), len(sizes), foreign)
