"""The services of these tests. `LAB` is the directory of the lab; an address is one of its network."""

from tests import docker_lab

IMAGE = docker_lab.Lab.image

NETWORK = """
set -e
ip netns add neighbour
ip link add eth0 type veth peer name eth0 netns neighbour
ip addr add 10.33.0.10/24 dev eth0
ip link set eth0 up
ip -n neighbour addr add 10.33.0.1/24 dev eth0
ip -n neighbour link set eth0 up
echo 1 > /proc/sys/net/ipv4/neigh/eth0/mcast_solicit
echo 50 > /proc/sys/net/ipv4/neigh/eth0/retrans_time_ms
"""
"""A neighbour who has 10.33.0.1 on the network of 10.33.0.10.

That nobody has an address is known after one question and 50 ms: on a link of two ends, who is there answers at once.
"""

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

MOUNTED_ONLY = """\
[fs#8]
type = bind
dev = LAB/srv/data
mnt = LAB/srv/again
mnt_opt = ro

[fs#9]
type = tmpfs
mnt = LAB/srv/scratch
size = 1M

"""

EXT4 = DISK.replace("400M", "40M") + FORMAT.replace("FORMAT", "ext4")
XFS = DISK + FORMAT.replace("FORMAT", "xfs")

NESTED = (
    EXT4
    + """\
[disk#1]
type = loop
file = LAB/srv/data/inner.img
size = 24M

[fs#1]
type = ext3
dev = {disk#1.file}
mnt = LAB/srv/inner

[disk#2]
type = loop
file = {fs#1.mnt}/deep/innermost.img
size = 8M

[fs#2]
type = ext2
dev = {disk#2.file}
mnt = LAB/srv/innermost

"""
)
"""Disks whose files lie in filesystems of the service, so that nobody sees them while it is stopped."""

DOCKER = f"""\
{DISK.replace("[DEFAULT]", "[DEFAULT]" + chr(10) + "docker_data_dir = LAB/srv/docker")}{BTRFS}{ADDRESS}\
[container#0]
type = docker
run_image = {IMAGE}
run_args = --init -p 8081:8080 -v LAB/srv/data:/data
run_command = httpd -f -p 8080 -h /data

[container#1]
type = docker
run_image = {IMAGE}
run_args = --init --net=container:{{svcname}}.container.0
run_command = sleep 1000
"""
"""The storage, and a docker daemon on it: two containers, the second in the network of the first."""

CONTAINER = f"""\
[DEFAULT]

[container#0]
type = docker
run_image = {IMAGE}
run_args = --init
run_command = sleep 1000

"""
"""A container in the daemon of the node."""
