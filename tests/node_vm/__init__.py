"""A node VM: a whole Debian under qemu's software emulation, for what needs a kernel of its own (LVM, md, power loss).

    with VM((Disk(512), Disk(512))) as vm:     # a second: restored from a snapshot that is kept in the cache
        vm.did("pvcreate", "/dev/vdb")         # what it printed; AssertionError where it fails
        vm.run("vgs", "nothing")               # Completed(5, "", "...")
        vm.plug("vol-1", 1024)                 # '/dev/sda': so does a volume of a cloud arrive
        vm.kill()                              # power loss
        vm.boot()                              # on again, on the same disks
        vm.machine().run(command)              # the executor of the real node, its processes inside

It is built by `build`, from Debian's archive as this machine's apt knows it, with no root and no /dev/kvm (`recipe`
says of what). Images and snapshots are kept by content in $SVCPROV_VM_CACHE (default: ~/.cache/svcprov/node-vm).
`python -m tests.node_vm` builds, measures, and opens a shell in one. Tests take the fixture `vm` (`fixtures`).
"""

from tests.node_vm.build import image
from tests.node_vm.connection import Lost
from tests.node_vm.disks import Disk
from tests.node_vm.qemu import OUTSIDE
from tests.node_vm.recipe import DEFAULT, Recipe, Unavailable
from tests.node_vm.vm import VM

__all__ = ["DEFAULT", "OUTSIDE", "VM", "Disk", "Lost", "Recipe", "Unavailable", "image"]
