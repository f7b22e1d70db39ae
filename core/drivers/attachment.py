"""Attaching a volume of EC2 to this node: a free device name, and the block device that the kernel makes of it.

The name that EC2 is asked for (`/dev/sdh`) is not the kernel's. Xen guests have `/dev/xvdh`; the instances of today
number NVMe disks as they come, and only the serial number tells which volume a disk is.
"""

import re
from collections.abc import Iterable, Iterator

from core.command import Check, Completed, Note, Steps, Wait
from core.drivers import claims, ec2
from core.errors import Failed
from core.tools import aws, files, lsblk

CREATE_SECONDS_MAX = 30
DETACH_SECONDS_MAX = 60
APPEAR_SECONDS_MAX = 60

LETTERS_OF_OLD = "abcdefghijklmnopqrstuvwxyz"
LETTERS = "fghijklmnopqrstuvwxyzbcde"
"""Amazon recommends f to p; a is the root."""

_NAME = re.compile(r"(?:/dev/)?(?:sd|xvd)([a-z]+)[0-9]*")


def attached(here: "ec2.Cloud", volume: "aws.Volume", name: str) -> Steps:
    """Attach a volume where it is not, and wait for its block device; return the path of that device.

    name: of the attachment in the record. Raises Failed when no device name is free.
    """
    identity = volume.identity
    instance = yield from ec2.instance(here)
    disks = lsblk.names((yield lsblk.disks()))
    if volume.is_attached_to(here.instance):
        yield Note(f"{identity} is already attached")
        device = instance.mapped[identity]
    else:
        if volume.state != "available":
            yield from available(here, identity)
        letter = yield from claims.first(f"device:{here.instance}", _free_letters(here, instance, disks))
        if letter is None:
            raise Failed(f"no device name is free on {here.instance}: {len(instance.mapped)} volumes are attached")
        device = f"/dev/sd{letter}"
        yield aws.attach_volume(here.cli, here.instance, identity, device, name)
    if any(disk.startswith("nvme") for disk in disks):
        return (yield from _numbered(identity))
    prefix = "/dev/xvd" if any(disk.startswith("xvd") for disk in disks) else "/dev/sd"
    return (yield from _named(re.sub(r"^/dev/(?:sd|xvd)", prefix, device)))


def detached(here: "ec2.Cloud", volume: str, device: str, name: str, link: str) -> Steps:
    """Detach a volume, and wait until EC2 has let go of it: it does not while anything here uses the device.

    device, link: the name that it is attached as, and the link to its block device; taking this back waits for that.
    """
    now = aws.volumes((yield aws.describe_volumes(here.cli, volume)))[volume]
    if now.is_attached_to(here.instance):
        numbered = any(disk.startswith("nvme") for disk in lsblk.names((yield lsblk.disks())))
        there = lsblk.is_there(volume) if numbered else Check(files.exists(link))
        there = there._replace(otherwise=f"the device of {volume} did not appear", seconds_max=APPEAR_SECONDS_MAX)
        command = aws.detach_volume(here.cli, here.instance, volume, device, name)
        yield command._replace(undo=(*command.undo, there))
    yield Wait(
        aws.describe_volumes(here.cli, volume),
        (aws.is_in_state(here.cli, volume, "available"),),
        1,
        DETACH_SECONDS_MAX,
        f"{volume} to become available: something on this node may still use {device}",
        unless=aws.is_gone(here.cli, volume),
    )


def available(here: "ec2.Cloud", volume: str) -> Steps:
    """Wait until a volume that was created, or is being detached, can be attached. Raises Failed when it never will."""
    answer = yield Wait(
        aws.describe_volumes(here.cli, volume),
        (aws.is_in_state(here.cli, volume, "available"),),
        1,
        CREATE_SECONDS_MAX,
        f"{volume} to become available",
        lambda answer: f"{volume} state: {_state(answer)}",
        in_vain=(aws.is_in_state(here.cli, volume, "error"),),
        unless=aws.is_attached(here.cli, here.instance, volume),
    )
    if _state(answer) == "error":
        raise Failed(f"EC2 could not make {volume}: its state is error")


def _state(answer: Completed) -> str:
    return next(volume.state for volume in aws.volumes(answer).values())


def _free_letters(here: "ec2.Cloud", instance: "aws.Instance", disks: Iterable[str]) -> Iterator[str]:
    """The letters of device names that neither EC2 nor the kernel uses, `sd` and `xvd` being the same."""
    used = {match[1] for name in (*instance.mapped.values(), *disks) if (match := _NAME.fullmatch(name))}
    return (letter for letter in (LETTERS if here.cli.tokens else LETTERS_OF_OLD) if letter not in used)


def _named(path: str) -> Steps:
    yield Wait(
        files.exists(path),
        (files.is_there(path),),
        1,
        APPEAR_SECONDS_MAX,
        f"{path} to appear",
        lambda answer: f"{path} is not present yet" if answer.returncode else None,
    )
    return path


def _numbered(volume: str) -> Steps:
    answer = yield Wait(
        lsblk.serials(),
        lambda answer: volume in lsblk.by_serial(answer),
        1,
        APPEAR_SECONDS_MAX,
        f"the device of {volume} to appear",
        lambda answer: None if volume in lsblk.by_serial(answer) else f"{volume} is not present yet",
    )
    return lsblk.by_serial(answer)[volume]
