#!/bin/busybox sh
# shellcheck shell=dash
# What a service manager does when a node boots, as far as storage and networks notice it. systemd would do the same,
# and take three times as long. busybox does most of it itself: to start a program is what takes time here.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
here=/usr/local/lib/node-vm
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock /run/sshd /run/lvm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --make-rshared /
hostname -F /etc/hostname
ip link set lo up
# shellcheck disable=SC2046 # a list of words
modprobe -a $(cat $here/modules.wanted) 2>/run/modprobe.log
/lib/systemd/systemd-udevd --daemon
# Only what storage and networks need: for every other device a module would be loaded, and that takes its time here.
udevadm trigger --action=add --subsystem-match=block --subsystem-match=net --subsystem-match=bdi --subsystem-match=misc
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
/usr/sbin/sshd
udevadm settle
{
    mdadm --assemble --scan
    vgchange -ay
    udevadm settle
} >/run/late.log 2>&1
mkfifo /run/agent.ready
(
    cd $here/code || exit
    exec python3 -S -m agent
) >/run/agent.log 2>&1 </dev/null &
# Blocks until the agent opens it.
read -r _ </run/agent.ready
echo "node-vm: ready" >/dev/console
# The first process waits for children that lost their parents; it must not end.
exec busybox sh -c 'trap : CHLD; while :; do sleep 3600 & wait; done'
