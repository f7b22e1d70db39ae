"""What needs a Ceph cluster and the kernel's client of it: a node VM with both (`tox -e vm-ceph`)."""
