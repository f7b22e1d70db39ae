"""The exported script of a plan, run by `sh` on this machine: it leaves what svcprov leaves, and knows when to stop."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.state import NodeState, Question
from executors.real.machine import Machine
from tests import docker_lab
from tests.e2e.real.installed import Installed
from tests.e2e.real.lab import Ended, Lab, inside_of, opened
from tests.e2e.real.services import DOCKER, EXT4, STORAGE, XFS
from tests.square import RealWorld, differences, questions

CANARY = "nobody has to lose this"
PAGE = "wget -q -O - http://127.0.0.1:8081/page"


def exported(lab: Lab, *words: str) -> str:
    """Export the script of a plan of the lab's service; return its path."""
    plan = lab.svcmgr("plan", *words, "--format", "sh")
    assert (plan.code, plan.err) == (0, ""), plan
    path = Path(f"{lab.directory}/given/script.sh")
    path.write_text(plan.out, encoding="utf-8")
    return str(path)


def run(lab: Lab, script: str) -> Ended:
    """Run a script, which has to come to its end."""
    ended = lab.run("sh", script)
    assert ended.code == 0, ended
    return ended


def observed(lab: Lab) -> NodeState:
    """The lab as it is, in names that all labs have: whoever made it up."""
    world = RealWorld(
        lab.conf.read_text(encoding="utf-8"),
        lab.name,
        Machine(prefix=lab.inside()),
        str(lab.directory),
        os.uname().nodename.lower(),
    )
    state = world.observe()
    world.learn([Question("path", path) for path in lab.inventory().files])
    socket = f"{lab.directory}/var/{lab.name}/docker.sock"
    if lab.path(socket).exists():
        world.learn([Question("docker", socket)])
    world.learn(list(dict.fromkeys(questions(state))))
    named = json.dumps(state)
    if state["docker"]:
        listed = lab.done("docker", "-H", f"unix://{socket}", "ps", "-a", "--no-trunc")
        for line in listed.splitlines()[1:]:
            named = named.replace(line.split()[0], f"id of {line.split()[-1]}")
    for path, device in state["devices"].items():
        if device["file"].startswith(str(lab.directory)):
            named = re.sub(rf"{path}(?![0-9])", f"/dev/loop-of-{Path(device['file']).suffix}", named)
    named = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid", named)
    named = re.sub(r"svc-[0-9a-f]{8}", "svc-bridge", named)
    renamed: NodeState = json.loads(named.replace(str(lab.directory), "/LAB").replace(lab.name, "service"))
    return renamed


@pytest.mark.parametrize("text", [STORAGE, EXT4, XFS], ids=["btrfs and an address", "ext4", "xfs"])
def test_it_leaves_what_provision_leaves(lab: Lab, installed: Installed, text: str) -> None:
    """The node is the same after the script and after `provision`; the script, run again, changes nothing."""
    with opened(installed) as other:
        other.created(text, "--provision")
        by_svcprov = observed(other)
    lab.created(text)
    script = exported(lab)
    before = lab.inventory()
    run(lab, script)
    assert lab.is_up()
    assert lab.since(before) != []
    assert differences(by_svcprov, observed(lab), "/LAB") == []
    up = lab.inventory()
    run(lab, script)
    assert lab.since(up) == []
    again = lab.svcmgr("provision", "--format", "json")
    assert (again.code, again.commands) == (0, []), again.err


def scripted(lab: Lab) -> None:
    """Bring a service with containers up by its script, twice; it serves what lies in its filesystem."""
    script = exported(lab)
    run(lab, script)
    assert lab.is_up()
    page = lab.path(f"{lab.directory}/srv/data/page")
    page.write_text("served", encoding="utf-8")
    assert lab.done("busybox", *PAGE.split()) == "served"
    page.unlink()
    up = lab.inventory()
    run(lab, script)
    assert lab.since(up) == []


def provisioned(lab: Lab) -> None:
    """Bring a service up as ever."""
    ended = lab.svcmgr("provision")
    assert ended.code == 0, ended.err


def test_a_service_with_containers(with_docker: docker_lab.Lab, installed: Installed) -> None:
    """Loop disk, btrfs, address, a daemon of its own and two containers: the script leaves what `provision` leaves."""
    ends: list[NodeState] = []
    for bring_up in (provisioned, scripted):
        with inside_of(with_docker, installed) as lab:
            # What tests before this one left in the directory that they share is none of either's doing.
            lab.run("sh", "-c", "umount /run/opensvc/*/netns/*; rm -rf /run/opensvc")
            lab.created(DOCKER)
            bring_up(lab)
            ends.append(observed(lab))
            (data_root,) = (daemon["data_root"] for daemon in ends[-1]["docker"].values())
            assert data_root == "/LAB/srv/docker"
            stopped = lab.svcmgr("stop")
            assert stopped.code == 0, stopped.err
    # svcprov has its journal there, and made the directory for that before the daemon needed it.
    own = "file /LAB/var/service: "
    assert [line for line in differences(ends[0], ends[1], "/LAB") if not line.startswith(own)] == []


def everything(lab: Lab) -> tuple[str, ...]:
    """The words that let everything go that was made for the lab's service."""
    rids = re.findall(r"^\[(\w+#\w+)\]$", lab.conf.read_text(encoding="utf-8"), re.MULTILINE)
    return ("--allow-destroy", ",".join(rids))


@pytest.mark.parametrize("text", [STORAGE, EXT4], ids=["btrfs and an address", "ext4"])
def test_what_it_takes_away(lab: Lab, canary: Callable[[], bool], text: str) -> None:
    """The script of `unprovision` leaves nothing, and does nothing when it is run again."""
    before = lab.inventory()
    lab.created(text, "--provision")
    script = exported(lab, "unprovision", *everything(lab))
    run(lab, script)
    assert lab.since(before) == []
    again = run(lab, script)
    assert "has come to its end before" in again.out
    assert lab.since(before) == []
    assert canary()


def test_containers_are_taken_away(docked: Lab) -> None:
    """So it is with containers and their daemon."""
    before = docked.inventory()
    docked.created(DOCKER, "--provision")
    script = exported(docked, "unprovision", *everything(docked))
    run(docked, script)
    assert docked.since(before) == []


def foreign(lab: Lab, how: str) -> tuple[str, str]:
    """A service on a device that was blank when its plan was made: its script, and the device, now in use like this."""
    image = f"{lab.directory}/given/disk.img"
    lab.done("truncate", "--size=40M", image)
    device = lab.done("losetup", "--find", "--show", image).strip()
    lab.created(f"[DEFAULT]\n\n[fs#0]\ntype = ext4\ndev = {device}\nmnt = LAB/srv/data\n")
    script = exported(lab)
    lab.done("sh", "-c", how.replace("DEVICE", device).replace("LAB", str(lab.directory)))
    return script, device


@pytest.mark.parametrize(
    "how, said",
    [
        ("mkfs.ext4 -q DEVICE && debugfs -w -R 'mkdir kept' DEVICE", "was blank, and now holds ext4"),
        ("printf 'a database without a filesystem' >DEVICE", "bytes without a signature"),
        ("mkfs.ext4 -q DEVICE && mkdir LAB/elsewhere && mount -o ro,noload DEVICE LAB/elsewhere", "is in use"),
        ("mkswap DEVICE", "swap"),
    ],
    ids=["a filesystem", "plain data", "mounted", "swap"],
)
def test_data_that_has_come_since(lab: Lab, how: str, said: str) -> None:
    """What has come to a device between the export and the run stays: exit 3, saying what is there."""
    script, device = foreign(lab, how)
    before = lab.done("sha256sum", device)
    ended = lab.run("sh", script)
    assert (ended.code, lab.done("sha256sum", device)) == (3, before), ended
    assert said in ended.err
    assert f"step 3 (fs#0): {device}" in ended.err


def test_a_file_that_has_come_since(lab: Lab) -> None:
    """A file of somebody else's in the place of the disk's is neither attached nor formatted: exit 4."""
    lab.created(EXT4)
    script = exported(lab)
    image = f"{lab.directory}/disk/{lab.name}.img"
    lab.done("mkdir", f"{lab.directory}/disk")
    lab.done("truncate", "--size=40M", image)
    ended = lab.run("sh", script)
    assert ended.code == 4, ended
    assert "this script did not make it: make a new plan" in ended.err
    assert lab.inventory().loops == []


def test_another_filesystem_than_the_one_to_be_deleted(lab: Lab) -> None:
    """What is not the filesystem that was to be zeroed stays: exit 3."""
    lab.created(EXT4, "--provision")
    script = exported(lab, "unprovision", "--allow-destroy", "disk#0", "--allow-destroy", "fs#0")
    image = f"{lab.directory}/disk/{lab.name}.img"
    lab.done("umount", f"{lab.directory}/srv/data")
    lab.done("tune2fs", "-U", "random", image)
    # Named are the resources and what was made for them, not whatever is in their place.
    before = lab.done("sha256sum", image)
    ended = lab.run("sh", script)
    assert (ended.code, lab.done("sha256sum", image)) == (3, before), ended
    assert f"{image} holds ext4" in ended.err


def test_an_address_that_another_host_has(lab: Lab) -> None:
    """What the driver has asked is asked again: an address for which somebody answers by now is not taken."""
    lab.created(STORAGE)
    script = exported(lab)
    lab.done("ip", "-n", "neighbour", "addr", "add", "10.33.0.21/24", "dev", "eth0")
    ended = lab.run("sh", script)
    assert ended.code == 3, ended
    assert "10.33.0.21 is already up on another host" in ended.err
    assert lab.inventory().addresses["eth0"] == ["10.33.0.10"]


def test_a_directory_that_was_filled(lab: Lab) -> None:
    """Nothing is mounted over files that have come to the mount point: exit 3, before they are hidden."""
    lab.created(EXT4)
    script = exported(lab)
    lab.done("mkdir", "-p", f"{lab.directory}/srv/data")
    lab.path(f"{lab.directory}/srv/data/kept").write_text(CANARY, encoding="utf-8")
    ended = lab.run("sh", script)
    assert ended.code == 3, ended
    assert "is not empty, and a mount would hide" in ended.err
    assert lab.path(f"{lab.directory}/srv/data/kept").read_text(encoding="utf-8") == CANARY


def test_a_wait_in_vain(lab: Lab) -> None:
    """What does not come in time ends the script with 1, and is named."""
    lab.created(STORAGE)
    script = Path(exported(lab))
    # An address of this node is reached by way of lo.
    lab.done("ip", "link", "set", "lo", "down")
    script.write_text(re.sub("left=[0-9]+", "left=1", script.read_text(encoding="utf-8")), encoding="utf-8")
    ended = lab.run("sh", str(script))
    assert ended.code == 1, ended
    assert "ip#0: timeout waiting for ip activation of 10.33.0.21" in ended.err


def test_a_step_that_fails_in_a_bracket(lab: Lab) -> None:
    """What was mounted for a moment is unmounted when a step fails meanwhile; run again, the script goes on."""
    lab.created(STORAGE)
    script = exported(lab)
    failing = lab.script(
        "btrfs", 'case "$2" in create) echo no space >&2; exit 1 ;; esac', f'exec {lab.directory}/given/real "$@"'
    )
    lab.done("cp", "/usr/bin/btrfs", f"{lab.directory}/given/real")
    mounted = lab.inventory().mounts
    lab.done("mount", "--bind", failing, "/usr/bin/btrfs")
    ended = lab.run("sh", script)
    lab.done("umount", "/usr/bin/btrfs")
    assert ended.code == 1, ended
    assert "step 12 (fs#1): btrfs has ended with the return code 1" in ended.err
    assert "run it again to go on" in ended.err
    assert lab.inventory().mounts == mounted
    run(lab, script)
    assert lab.is_up()


def test_killed_before_any_step(lab: Lab) -> None:
    """Killed before each of its steps, one after the other, the script goes on every time, and nothing is left over."""
    lab.created(STORAGE)
    script = Path(exported(lab))
    text = script.read_text(encoding="utf-8")
    before = lab.inventory()
    steps = re.findall("^step='step ([0-9]+) ", text, re.MULTILINE)
    for step in steps:
        killed = Path(f"{script}.{step}")
        killed.write_text(text.replace(f"step='step {step} ", f"kill -KILL $$\nstep='step {step} "), encoding="utf-8")
        assert lab.run("sh", str(killed)).code == -9
    run(lab, str(script))
    assert lab.is_up()
    assert len(steps) > 20
    assert lab.inventory().mounts[: len(before.mounts)] == before.mounts
    assert len(lab.inventory().mounts) == len(before.mounts) + 2


def test_another_node(lab: Lab) -> None:
    """On a node that it was not planned for, the script does nothing: exit 4."""
    lab.created(STORAGE)
    script = exported(lab)
    before = lab.inventory()
    ended = lab.run("unshare", "--uts", "sh", "-c", f"hostname another && sh {script}")
    assert (ended.code, lab.since(before)) == (4, []), ended
    assert "this is the node another" in ended.err


def test_two_at_once(lab: Lab) -> None:
    """While the script is running, a second one of it ends with 5."""
    lab.created(STORAGE)
    script = exported(lab)
    memory = re.search(r"^memory=\$\{SVCPROV_MEMORY:-(.*)\}$", Path(script).read_text(encoding="utf-8"), re.MULTILINE)
    assert memory is not None
    ended = lab.run("sh", "-c", f"touch {memory[1]} && flock {memory[1]} sh {script}")
    assert ended.code == 5, ended
    assert "is running already" in ended.err
