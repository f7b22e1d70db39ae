"""A node VM with a Ceph cluster of its own: one monitor, one object store in a file, one pool. No key is asked for.

    with VM(recipe=CEPH) as vm:               # restored with the cluster at work; the first time it is made
        vm.did("rbd", "create", "--size", "64", "rbd/image")
        vm.kill()
        vm.boot()
        again(vm)                             # its daemons start

The daemons are Debian's. They notice nothing of a snapshot but that time has passed, which they do not mind: who does
not answer is not reported for an hour.
"""

from tests.node_vm.recipe import DEFAULT, PACKAGES
from tests.node_vm.vm import VM

POOL = "rbd"
UP = f"""
address=10.0.2.15
cluster=$(cat /proc/sys/kernel/random/uuid)
store=$(cat /proc/sys/kernel/random/uuid)
mkdir -p /etc/ceph /var/lib/ceph/mon/ceph-a /var/lib/ceph/osd/ceph-0 /var/run/ceph /var/log/ceph
cat >/etc/ceph/ceph.conf <<END
[global]
fsid = $cluster
mon initial members = a
mon host = [v2:$address:3300,v1:$address:6789]
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 1
mon warn on pool no redundancy = false
mon osd down out interval = 0
osd objectstore = bluestore
bluestore block size = 1073741824
bluestore fsck on mount = false
osd memory target = 939524096
osd heartbeat grace = 3600
END
monmaptool --create --addv a "[v2:$address:3300,v1:$address:6789]" --fsid "$cluster" /root/monmap --clobber
ceph-mon --mkfs -i a --monmap /root/monmap
ceph-mon -i a
ceph --connect-timeout 120 osd new "$store"
truncate -s 1G /var/lib/ceph/osd/ceph-0/block
ceph-osd -i 0 --mkfs --osd-uuid "$store" --no-mon-config
ceph-osd -i 0
ceph --connect-timeout 120 osd pool create {POOL} 8
"""
"""A cluster comes up for the first time."""
AGAIN = "ceph-mon -i a\nceph-osd -i 0\n"
"""Its daemons start again after a power loss."""
WORKS = f"rbd create --size 8 {POOL}/warm\nrbd info {POOL}/warm\nrbd rm --no-progress {POOL}/warm\nrbd-nbd --version\n"
"""What only a cluster at work answers; its tools are in memory then."""
CEPH = DEFAULT._replace(
    name="ceph",
    packages=(*PACKAGES, "ceph-common", "ceph-mon", "ceph-osd", "rbd-nbd"),
    warm_modules=(),
    warm_up=f"{UP}{WORKS}",
    memory_mebibytes=2560,
    build_seconds_max=1800,
)
"""rbd and nbd are not among the modules that are loaded: the tools load them."""


def again(vm: VM) -> None:
    """Start the cluster of a node that has booted, and wait until it works."""
    vm.shell(f"{AGAIN}{WORKS}")
