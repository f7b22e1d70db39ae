#!/bin/busybox sh
# The first program of the guest: finds the root disk, brings what is ours to it, and goes on there.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
for module in $($b cat /modules/order); do
    $b insmod "/modules/$module"
done
i=0
while [ ! -b /dev/vda ] && [ $i -lt 500 ]; do
    $b usleep 10000
    i=$((i + 1))
done
$b mount -t ext4 -o rw,noatime /dev/vda /new || { echo "node-vm: no root disk" >/dev/console; exec $b sh; }
$b mkdir -p /new/usr/local/lib/node-vm
$b cp -a /guest/. /new/usr/local/lib/node-vm/
$b umount /proc
$b mount --move /dev /new/dev
exec $b switch_root /new /bin/busybox sh /usr/local/lib/node-vm/init.sh
