"""A server of NFS in the VM itself: the guest exports directories to its own loopback."""

from tests.node_vm import VM

SERVER = "127.0.0.1"
EXPORTED, SECRET = "/export/data", "/export/secret"
"""What is exported, and what is not."""
SERVE = f"""
mkdir -p {EXPORTED} {SECRET} /proc/fs/nfsd
modprobe nfsd
mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
rpcbind -w
rpc.statd
exportfs -o rw,no_root_squash,no_subtree_check,fsid=1 {SERVER}:{EXPORTED}
rpc.mountd
rpc.nfsd --grace-time 1 2
rpcinfo -t {SERVER} nfs 3
"""


def serve(vm: VM) -> str:
    """Have the guest serve; return the export as clients call it."""
    vm.shell(SERVE)
    return f"{SERVER}:{EXPORTED}"
