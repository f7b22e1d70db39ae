"""The node VM itself: what the tests that use it rely on."""

import signal
import socketserver
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread, Timer

import pytest

from core.command import Command, Completed
from tests.conftest import REPOSITORY
from tests.node_vm import DEFAULT, OUTSIDE, VM, Lost
from tests.node_vm.disks import DISKS, Bus
from tests.node_vm.fixtures import Shared

FLAT = "lsblk --noheadings --list --output NAME,SERIAL,SIZE,TYPE --bytes"


def blocks(vm: VM) -> dict[str, tuple[str, ...]]:
    """The disks that the guest has, by name: serial, bytes."""
    rows = [line.split() for line in vm.did(*FLAT.split()).splitlines()]
    return {row[0]: tuple(row[1:-1]) for row in rows if row[-1] == "disk"}


def test_it_starts_with_the_disks_that_were_asked_for(vm: VM) -> None:
    """Blank disks of these sizes, with serials; a kernel that knows arrays and mapped devices; a Python for svcmgr."""
    found = blocks(vm)
    assert {name: found[name] for name in found if name != "vda"} == {
        f"vd{letter}": (f"disk{at}", str(512 << 20)) for at, letter in enumerate("bcde")
    }
    assert all(vm.run("cmp", "-n", "1048576", f"/dev/vd{letter}", "/dev/zero").returncode == 0 for letter in "bcde")
    assert vm.did("sh", "-c", "cat /proc/mdstat").startswith("Personalities : ")
    assert {"linear", "raid", "snapshot", "thin-pool"} <= {
        line.split()[0] for line in vm.did("dmsetup", "targets").splitlines()
    }
    vm.did("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 11))")


def test_a_restored_vm_has_forgotten(vm: VM) -> None:
    """What was written to files, disks and memory is gone, in the same process and in a new one; its clock is ours."""
    for another_process in (False, True):
        vm.shell("touch /root/written; vgcreate vg0 /dev/vdb; lvcreate -L 8M -n lv vg0; ip addr add 10.9.9.9/32 dev lo")
        process = vm.qemu.pid
        if another_process:
            vm.kill()
        vm.restore()
        assert (vm.qemu.pid != process) is another_process
        assert vm.did("sh", "-c", "ls /root; pvs; ls /dev/mapper; ip -o addr | grep 10.9.9.9; true").split() == [
            "control"
        ]
        assert abs(float(vm.did("date", "+%s.%N")) - time.time()) < 5


def test_a_snapshot_of_ones_own_is_restored(vm: VM) -> None:
    """A test goes back to where it was, with the disks that were plugged in then."""
    vm.plug("vol-1", 64)
    vm.shell("echo before >/dev/sda")
    vm.snapshot("mine")
    vm.shell("echo after >/dev/sda")
    vm.unplug("vol-1")
    vm.plug("vol-2", 64)
    vm.restore("mine")
    assert {"sda": ("vol-1", str(64 << 20))}.items() <= blocks(vm).items()
    assert vm.did("head", "-c", "6", "/dev/sda") == "before"
    assert "vol-2" not in str(blocks(vm))


def test_disks_come_and_go_while_it_runs(vm: VM) -> None:
    """A disk that is plugged in appears with its size and serial; unplugged it is gone; it comes back as it was."""
    before = blocks(vm)
    buses: tuple[Bus, ...] = ("scsi", "virtio")
    for bus in buses:
        device = vm.plug(f"vol-{bus}", 96, serial=f"vol0123456789{bus}", bus=bus)
        assert blocks(vm) == before | {device.removeprefix("/dev/"): (f"vol0123456789{bus}", str(96 << 20))}
        vm.shell(f"mkfs.ext4 -q {device}; mount {device} /mnt; echo kept >/mnt/file; umount /mnt")
        vm.unplug(f"vol-{bus}")
        vm.shell("udevadm settle")
        assert blocks(vm) == before
        device = vm.plug(f"vol-{bus}", serial=f"vol0123456789{bus}", bus=bus)
        assert vm.shell(f"mount {device} /mnt; cat /mnt/file; umount /mnt") == "kept\n"
        vm.unplug(f"vol-{bus}")


def test_the_digest_of_a_disk_is_that_of_its_bytes(vm: VM) -> None:
    """One byte makes another of it, wherever, and the old byte the old one; zeros, reads and the disk beside do not."""

    def after(line: str) -> str:
        vm.shell(line.replace("PUT", "dd of=/dev/vdb bs=1 conv=notrunc status=none"))
        return vm.digest("/dev/vdb")

    blank = vm.digest("/dev/vdb")
    assert blank == vm.digest("/dev/vdc")
    assert after("head -c 3M /dev/zero >/dev/vdb; cat /dev/vdb | head -c 9M >/dev/null; echo more >/dev/vdc") == blank
    found = [
        blank,
        after("printf s | PUT seek=300000000"),
        after("printf t | PUT seek=300000000"),
        after("printf t | PUT seek=300065536"),
        after(r"printf '\0' | PUT seek=300000000"),
        after("printf s | PUT seek=536870911"),
        after("mkfs.ext4 -q -F /dev/vdb"),
    ]
    assert len(set(found)) == len(found)
    vm.shell("mount /dev/vdb /mnt; echo one >/mnt/file; umount /mnt")
    kept = vm.digest("/dev/vdb")
    vm.snapshot("mine")
    assert after("printf s | PUT seek=1000") != kept
    assert after(r"printf '\0' | PUT seek=1000") == kept
    assert after("blkdiscard /dev/vdb") == blank
    vm.restore("mine")
    assert vm.digest("/dev/vdb") == kept
    vm.shell("printf s >/dev/vdb")
    changed = vm.digest("/dev/vdb")
    vm.kill()
    vm.boot()
    # What is seen outside is what is on the disk: a power loss leaves it.
    assert (vm.digest("/dev/vdb"), changed == kept) == (changed, False)


def test_a_power_loss_takes_what_was_not_written(vm: VM) -> None:
    """Killed and booted, it has what was synced and no more; arrays and groups are there again; the runtime is not."""
    vm.shell("""
        mdadm --create /dev/md/a --run --level=1 --metadata=1.2 --raid-devices=2 --assume-clean /dev/vdb /dev/vdc
        pvcreate /dev/md/a; vgcreate vg0 /dev/md/a; lvcreate -L 100M -n lv vg0
        mkfs.ext4 -q /dev/vg0/lv; mount /dev/vg0/lv /mnt
        echo kept >/mnt/synced; sync; echo lost >/mnt/unsynced; ip addr add 10.9.9.9/32 dev lo
    """)
    vm.kill()
    with pytest.raises(Lost, match="off"):
        vm.run("true")
    vm.boot()
    assert {"raid1", "vdb[0]", "vdc[1]"} <= set(vm.did("cat", "/proc/mdstat").split())
    assert vm.shell("mount /dev/vg0/lv /mnt; cat /mnt/synced; cat /mnt/unsynced 2>/dev/null || true") == "kept\n"
    assert "10.9.9.9" not in vm.did("ip", "addr")


def test_a_command_is_lost_with_the_power(vm: VM) -> None:
    """Who waits for a command when the VM is killed is told, at once."""
    Timer(0.5, vm.kill).start()
    with pytest.raises(Lost):
        vm.run("sleep", "60")


def test_it_reaches_nothing_but_what_it_was_given(shared_vm: Shared) -> None:
    """No packet leaves it: not to this machine, not to the world, not to a resolver; but to the port it was given."""
    shared_vm(DISKS, DEFAULT)
    with (
        socketserver.TCPServer(("127.0.0.1", 0), _Greeting) as given,
        socketserver.TCPServer(("127.0.0.1", 0), _Greeting) as other,
    ):
        for server in (given, other):
            Thread(target=server.serve_forever, daemon=True).start()
        with VM(DISKS, ports=(given.server_address[1],)) as vm:
            ask = "exec 3<>/dev/tcp/$0/$1 && timeout 2 cat <&3"
            asked = [
                vm.run("timeout", "3", "bash", "-c", ask, host, str(port)).stdout
                for host, port in (
                    (OUTSIDE, given.server_address[1]),
                    (OUTSIDE, other.server_address[1]),
                    ("10.0.2.2", given.server_address[1]),
                    ("192.0.2.1", 80),
                )
            ]
            assert asked == ["hello\n", "", "", ""]
            assert vm.run("timeout", "2", "getent", "hosts", "debian.example").returncode
        for server in (given, other):
            server.shutdown()


class _Greeting(socketserver.StreamRequestHandler):
    """Says hello."""

    def handle(self) -> None:
        """Say it."""
        self.wfile.write(b"hello\n")


def test_answers_may_be_long_or_binary(vm: VM) -> None:
    """Megabytes come back whole; what is no text is written as such; input arrives as it was."""
    long = vm.did("sh", "-c", "seq 1000000")
    assert (len(long), long[-8:]) == (6888896, "1000000\n")
    assert vm.did("printf", "a\\377\\000\u00abb\\n") == "a\\xff\0\\xabb\n"
    text = "".join(f"{at} ö\n" for at in range(100000))
    assert vm.did("cat", stdin=text) == text
    assert vm.run("sh", "-c", "cat; echo no >&2; exit 3") == Completed(3, "", "no\n")


def test_a_program_lies_at_the_same_addresses_each_time(vm: VM) -> None:
    """What qemu has translated of it is of use again; for one that lies elsewhere everything is translated anew."""
    assert vm.did("cat", "/proc/self/maps") == vm.did("cat", "/proc/self/maps")


def test_a_command_that_takes_too_long_is_ended(vm: VM) -> None:
    """It is reported as such, with its children gone; a program that is missing is reported, too."""
    began = time.monotonic()
    ended = vm.run("sh", "-c", "echo begun; sleep 61 & sleep 61", seconds_max=0.5)
    assert ended == Completed(124, "begun\n", "sh: no answer within 0.5 seconds: ended\n")
    assert time.monotonic() - began < 8
    assert vm.run("pgrep", "-f", "^sleep 61").returncode == 1
    assert vm.run("nosuch", "thing") == Completed(127, "", "nosuch: command not found\n")


def test_the_real_executor_runs_inside(vm: VM) -> None:
    """A `Machine` does with a command what it does on this machine: limits, modes, daemons, remedies, its own waits."""
    machine = vm.machine()
    assert machine.run(Command(("sh", "-c", "pwd; umask; echo $PATH $LC_ALL; cat"))).stdout.split() == [
        "/", "0077", *f"{machine.environment['PATH']} C.UTF-8".split(),
    ]  # fmt: skip
    assert machine.run(Command(("touch", "/root/public"), kind="changes", public=True)) == Completed(0)
    assert vm.did("stat", "-c", "%a", "/root/public") == "644\n"
    assert machine.run(Command(("mkfs.nosuch",), tool="mkfs")).returncode == 127
    assert machine.run(Command(("sleep", "0.1"), tool="engine")) == Completed(0)
    assert machine.run(Command(("sleep", "1000"), kind="changes", background=True)) == Completed(0)
    assert vm.run("pgrep", "-f", "^sleep 1000").returncode == 0
    machine.read_seconds_max = 0.5
    assert machine.run(Command(("sleep", "1000"))).returncode == 124


def test_files_are_copied_in(vm: VM, tmp_path: Path) -> None:
    """A file and a directory with modes and links, owned by root."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/tool").write_text("#!/bin/sh\necho it runs\n", encoding="ascii")
    (tmp_path / "bin/tool").chmod(0o755)
    (tmp_path / "link").symlink_to("bin/tool")
    vm.copy_in("/opt/there", tmp_path)
    vm.copy_in("/opt/more/file", b"\0bytes\xff")
    assert vm.did("/opt/there/link") == "it runs\n"
    assert vm.did("stat", "-c", "%U %s", "/opt/there/bin/tool", "/opt/more/file").split() == ["root", "23", "root", "7"]


def test_a_session_of_ones_own_runs_beside(vm: VM) -> None:
    """`ssh` goes in, with nothing of the user's configuration, while the agent is busy or not."""
    ended = subprocess.run(
        (*vm.ssh, "echo $SSH_CONNECTION | cut -d' ' -f3"), capture_output=True, text=True, check=True
    )
    assert ended.stdout == "10.0.2.15\n"


def test_a_killed_test_run_leaves_no_vm(vm: VM) -> None:
    """When the process that started a VM is killed, its qemu ends; the next VM removes the files that it left."""
    text = f"""
import time
from tests.node_vm import VM, Disk
vm = VM({DISKS!r})
vm.restore()
print(vm.qemu.pid, vm.directory, flush=True)
time.sleep(60)
"""
    child = subprocess.Popen((sys.executable, "-c", text), stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert child.stdout is not None
    pid, directory = child.stdout.readline().split()
    assert Path(directory).exists()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and Path("/proc", pid).exists():
        time.sleep(0.02)
    assert not Path("/proc", pid).exists()
    # Whoever starts the next one: that may be another test beside this one.
    VM().close()
    assert not Path(directory).exists()
