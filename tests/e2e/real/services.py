"""The services of these tests. `LAB` is the directory of the lab; an address is one of its network."""

DISK = """\
[DEFAULT]

[disk#0]
type = loop
file = LAB/disk/{svcname}.img
size = 400M

"""

BTRFS = """\
[fs#0]
type = btrfs
dev = {disk#0.file}
mnt = LAB/srv/docker
mnt_opt = defaults,subvol=docker

[fs#1]
type = btrfs
dev = {disk#0.file}
mnt = LAB/srv/data
mnt_opt = defaults,subvol=data

"""

ADDRESS = """\
[ip#0]
ipname = 10.33.0.21
ipdev = eth0

"""

FORMAT = """\
[fs#0]
type = FORMAT
dev = {disk#0.file}
mnt = LAB/srv/data

"""

STORAGE = f"{DISK}{BTRFS}{ADDRESS}"
"""A loop disk, two subvolumes on it, an address: what needs neither docker nor a cloud."""

EXT4 = DISK.replace("400M", "40M") + FORMAT.replace("FORMAT", "ext4")
XFS = DISK + FORMAT.replace("FORMAT", "xfs")
