"""Generated services for a real kernel: loop disks in sensible places, filesystems on them, addresses."""

from hypothesis import strategies as st

MIB_MIN = {"ext2": 8, "ext3": 16, "ext4": 16, "xfs": 304, "btrfs": 120}
"""The sizes that each filesystem can be made on."""
NESTED = ("ext2", "ext3", "ext4")
"""What is small enough for a disk whose file lies in another filesystem of the service."""


@st.composite
def stacks(draw: st.DrawFn) -> str:
    """A service of up to three loop disks, with filesystems and addresses; `LAB` is the directory of the lab."""
    sections = ["[DEFAULT]\n"]
    mounts: list[str] = []
    filesystems = 0
    for disk in range(draw(st.integers(1, 3))):
        inside = draw(st.sampled_from(("", *mounts)))
        kind = draw(st.sampled_from(NESTED if inside else tuple(MIB_MIN)))
        size = MIB_MIN[kind] + draw(st.integers(0, 40))
        above = inside or draw(st.sampled_from(("LAB/disk", "LAB/disk/deep/er")))
        sections.append(f"[disk#{disk}]\ntype = loop\nfile = {above}/{{svcname}}-{disk}.img\nsize = {size}M\n")
        subvolumes = draw(st.sampled_from(((), ("data",), ("data", "log")))) if kind == "btrfs" else ()
        for name in subvolumes or ("",):
            point = f"{draw(st.sampled_from(('LAB/srv', *mounts)))}/m{filesystems}"
            options = f"defaults,subvol={name}" if name else draw(st.sampled_from(("", "noatime", "nodev,nosuid")))
            chosen = f"mnt_opt = {options}\n" if options else ""
            dev = draw(st.sampled_from((f"{{disk#{disk}.file}}", f"{above}/{{svcname}}-{disk}.img")))
            sections.append(f"[fs#{filesystems}]\ntype = {kind}\ndev = {dev}\nmnt = {point}\n{chosen}")
            filesystems += 1
            mounts.append(point)
    for number, last in enumerate(sorted(draw(st.sets(st.integers(40, 99), max_size=2)))):
        sections.append(f"[ip#{number}]\nipname = 10.33.0.{last}\nipdev = eth0\n")
    return "\n".join(sections)
