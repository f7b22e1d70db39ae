"""What all filesystems on a device have in common: the device, the format when it is blank, what is taken back.

A format that exists is used only when it is ours: recorded, labelled by us, or adopted by name. What one driver adds
is how it formats, and for btrfs its subvolume and its label.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from core.command import Check, Command, Completed, Fresh, Note, Steps, Thing
from core.config.keywords import Keyword
from core.config.sizes import human
from core.driver import Holding, Tie
from core.drivers import blank, directories, emptiness, logical_volume, volume_path
from core.drivers.mounting import Mounting
from core.errors import Failed, Refused, Remedy
from core.signature import signature
from core.tools import blkid, blockdev, files, losetup, mount

if TYPE_CHECKING:
    from core.config.service import Resource
    from core.state import Content

TAGS = ("LABEL=", "UUID=")


class Held(NamedTuple):
    """How many bytes of its device a filesystem has, how many it may leave free, and the answer that said so."""

    size: int
    spare: int
    answer: Completed


class Filesystem(Mounting):
    """A filesystem on a device, mounted. `type` is what `mount -t` and blkid call it."""

    keywords: tuple[Keyword, ...] = (
        Keyword(
            "dev",
            "The device with the filesystem: a path, `LABEL=...`, `UUID=...`, or the file of a loop disk.",
            kind="device",
            required=True,
        ),
        *Mounting.keywords,
        Keyword("mkfs_opt", "Further options of mkfs.", kind="words", default="", provisioning=True),
        Keyword("vg", "The volume group of the logical volume `dev`.", provisioning=True, only_with=("size", ())),
        Keyword(
            "size",
            "The size of the logical volume `dev`: 15G, 80%FREE.",
            kind="size",
            unit="M",
            provisioning=True,
            only_with=("vg", ()),
        ),
    )

    def purpose(self, fs: "Resource") -> str:
        """Say what provisioning brings about."""
        return f"the {self.type} filesystem on {fs['dev']}, mounted on {self.mount_point(fs)}"

    def needs(self, fs: "Resource") -> Iterable[Tie]:
        """Need the device, and the tree that the mount point is in."""
        return (*volume_path.needed(fs), *super().needs(fs))

    def gives(self, fs: "Resource") -> Iterable[Tie]:
        """Give the tree below the mount point, and the logical volume that it makes."""
        return (*super().gives(fs), *volume_path.given(fs))

    def problems(self, fs: "Resource") -> Iterable[tuple[str, str]]:
        """A logical volume is in the group that is named."""
        found = volume_path.named(fs["dev"])
        if fs["vg"] and fs["size"] and (found is None or found[0] != fs["vg"]):
            yield "dev", f"{fs['dev']} is no volume of {fs['vg']}; write /dev/{fs['vg']}/NAME, or take vg away"

    def left(self, fs: "Resource") -> "dict[str, Content]":
        """The filesystem that was made for the resource."""
        uuid = fs.made("filesystem")
        if uuid is None:
            return {}
        made = fs.service.record.made.values()
        prefix = f"{uuid}:"
        inside = [each.identity for each in made if each.kind == "subvolume" and each.identity.startswith(prefix)]
        content: Content = signature(
            self.type,
            uuid,
            self.label_given(fs),
            known=False,
            subvolumes={identity.removeprefix(prefix): {} for identity in inside},
        )
        return {fs["dev"]: content}

    def label_given(self, fs: "Resource") -> str:
        """The label that a filesystem has after its provisioning."""
        del fs
        return ""

    def uuid(self, fs: "Resource") -> Steps:
        """Return the uuid that a format gets; a filesystem says "" where its mkfs chooses one itself."""
        return (yield Fresh(f"{fs.rid}.uuid", "uuid"))

    def make(self, fs: "Resource", device: str) -> Steps:
        """Return the command that formats the device; a filesystem says how."""
        raise NotImplementedError

    def populate(self, fs: "Resource", device: str, temporary: str) -> Steps:
        """Make what has to be in the filesystem before it is mounted; return whether anything was made."""
        del fs, device, temporary
        yield from ()
        return False

    def grow(self, fs: "Resource", device: str) -> Steps:
        """Grow a filesystem that is mounted to the size of its device, where it is smaller."""
        held: Held | None = yield from self.held(fs, device)
        room = int((yield blockdev.size(device)).stdout)
        if held is None or room - held.size <= held.spare:
            return
        if "ro" in self.options(fs).split(","):
            yield Note(f"{fs['dev']} is larger than its filesystem, which is mounted read-only and stays", "warning")
            return
        sizes = f"from {human(held.size)} to {human(room)}"
        yield Note(f"grow the {self.type} filesystem on {fs['dev']} {sizes}, which cannot be taken back", "warning")
        yield from self.growth(fs, device, held)

    def held(self, fs: "Resource", device: str) -> Steps:
        """Return what a mounted filesystem has of its device (`Held`), None where nobody can tell."""
        del fs, device
        yield from ()

    def growth(self, fs: "Resource", device: str, held: Held) -> Steps:
        """Let a mounted filesystem have all of its device."""
        raise NotImplementedError

    def clear(self, fs: "Resource", device: str) -> Steps:
        """The inverse of `populate`."""
        del fs, device
        yield from ()

    def inspection_options(self) -> str:
        """The mount options for a look at everything that the filesystem holds."""
        return "ro"

    def provision(self, fs: "Resource") -> Steps:
        """Make the mount point, format the device when it is blank, fill it, mount it."""
        yield from self.made_mount_point(fs)
        yield from logical_volume.provision_own(fs)
        device = yield from self.device(fs)
        here = yield from self.mounted(fs, device)
        made = False
        if here is None:
            temporary = yield Fresh(f"{fs.rid}.tmp", "tmpdir")
            made = yield from self._formatted(fs, device, temporary)
            made = (yield from self.populate(fs, device, temporary)) or made
        yield Note("provisioned" if made else "already provisioned")
        yield from self.start(fs)
        if not made and self.is_sized(fs):
            yield from self.grow(fs, device)

    def unprovision(self, fs: "Resource") -> Steps:
        """Unmount it, take back what was made in it, zero what was formatted, remove the mount point."""
        yield from self.stop(fs)
        yield from logical_volume.reach(fs)
        device = yield from self.device_or_none(fs)
        if device is not None:
            yield from self.clear(fs, device)
            yield from self._wiped(fs, device)
        else:
            yield from self._gone_with_its_disk(fs)
        yield from directories.remove_made(fs, self.mount_point(fs))
        yield from logical_volume.remove_own(fs, device)

    def holds(self, fs: "Resource") -> Steps:
        """The directory, the filesystem, and the logical volume that it makes."""
        found: list[Holding] = yield from super().holds(fs)
        if (named := volume_path.own(fs)) is not None:
            found += yield from logical_volume.held(*named)
        device = yield from self.device(fs)
        return [*found, *(yield from self.holds_on(fs, device))]

    def holds_on(self, fs: "Resource", device: str) -> Steps:
        """What it holds on its device: the filesystem."""
        del fs
        uuid = blkid.tags((yield blkid.probe(device))).get("UUID", "")
        return [Holding("filesystem", "filesystem", uuid)] if uuid else []

    def file(self, fs: "Resource", device: str) -> str:
        """The file that the device is a loop device of, when `dev` names it; else nothing.

        Checks and undos are about the file: after a reboot it is there, and the loop device is not.
        """
        return fs["dev"] if fs["dev"] != device and not fs["dev"].startswith(TAGS) else ""

    def device(self, fs: "Resource") -> Steps:
        """Return the block device that `dev` names. Raises Failed when there is none."""
        device = yield from self.device_or_none(fs)
        if device is not None:
            return device
        dev = fs["dev"]
        if dev.startswith(TAGS):
            raise Failed(f"{fs.rid}: no filesystem is found by {dev}")
        if not (yield files.is_file(dev)).returncode:
            raise Failed(f"{fs.rid}: {dev} is a file without a loop device; a [disk#...] of type loop attaches it")
        made_by = "; vg and size together make the logical volume" if fs["vg"] or fs["size"] else ""
        raise Failed(f"{fs.rid}: device does not exist {dev}{made_by}")

    def device_or_none(self, fs: "Resource") -> Steps:
        """Return the block device that `dev` names: a path as it is, the loop device of a file, the owner of a tag."""
        dev = fs["dev"]
        if dev.startswith(TAGS):
            return (yield blkid.find(dev)).stdout.strip() or None
        if not (yield blockdev.is_block_device(dev)).returncode:
            return dev
        if (yield files.is_file(dev)).returncode:
            return None
        from core.answers import pick

        loops = pick((yield losetup.associated(dev)).stdout, "lines")
        return loops[0] if loops else None

    def _formatted(self, fs: "Resource", device: str, temporary: str) -> Steps:
        """Format a blank device; use a filesystem that is ours; refuse any other. Return whether it was formatted."""
        answer = yield blkid.probe(device)
        tags = blkid.tags(answer)
        if "TYPE" in tags:
            if tags["TYPE"] == self.type and (yield from self._is_used(fs, device, tags, temporary)):
                return False
            if fs["dev"].startswith(TAGS) or not (yield from blank.is_given_up(fs, device)):
                raise self._stranger(fs, tags)
        else:
            yield Note(f"{fs['dev']} is not formatted")
        lost, size = yield from blank.prove(fs, device)
        undo = yield from self._unformat(fs, device, temporary, size)
        command = yield from self.make(fs, device)
        yield command._replace(destroys=(lost,), undo=undo)
        return True

    def _is_used(self, fs: "Resource", device: str, tags: dict[str, str], temporary: str) -> Steps:
        """Tell whether an existing filesystem is ours, or was made ours by name.

        A run that was killed in mkfs, on a node that then came up without the device (a loop device), could not know
        what it had made. The uuid is a `Fresh` value, the same as in that run, so it is recognised by it.
        """
        if self._is_ours(fs, tags):
            return True
        if (yield from self.uuid(fs)) != tags.get("UUID"):
            return False
        undo = yield from self._unformat(fs, device, temporary)
        yield blkid.recognise(self.file(fs, device) or device, f"{fs.rid}.filesystem", tags["UUID"])._replace(undo=undo)
        return True

    def _unformat(self, fs: "Resource", device: str, temporary: str, size: int | None = None) -> Steps:
        """Return the undo of a format: it refuses when data is there, and leaves the device blank.

        By then the device may have another name, and this name be another disk's: what is zeroed has to be ours.
        """
        zeroes = yield from blank.zeroing(device, self.file(fs, device), size)
        ours = Thing("filesystem", f"«{fs.rid}.filesystem»", at=self.file(fs, device) or device)
        zeroes_ours = (command._replace(destroys=(ours,)) for command in zeroes)
        return (*self._emptiness(fs, device, temporary), *zeroes_ours)

    def _is_ours(self, fs: "Resource", tags: dict[str, str]) -> bool:
        service = fs.service
        recorded = {thing.identity for thing in service.record.made.values() if thing.kind == "filesystem"}
        labels = {resource.name for resource in service.resources() if resource.group == fs.group}
        return tags.get("UUID") in recorded or tags.get("LABEL") in labels or fs.rid in service.adopt

    def _stranger(self, fs: "Resource", tags: dict[str, str]) -> Refused:
        named = "".join(f", {tag.lower()} {tags[tag]}" for tag in ("UUID", "LABEL") if tag in tags)
        what = f"{fs.rid}: {fs['dev']} holds a filesystem that is not recorded as this service's: {tags['TYPE']}{named}"
        if tags["TYPE"] != self.type:
            return Refused(f"{what}; {self.type} is asked for", blank.allowing(fs))
        use = Remedy("to use it", f"svcmgr -s {fs.service.name} provision --adopt {fs.rid}")
        return Refused(what, use, *(() if fs["dev"].startswith(TAGS) else (blank.allowing(fs),)))

    def _emptiness(self, fs: "Resource", device: str, temporary: str) -> tuple[Command | Check, ...]:
        """The part of an undo that refuses when the filesystem holds what its provisioning did not put there."""
        if self.is_store(fs):
            return ()
        file = self.file(fs, device)
        options = self.inspection_options() + (",loop" if file else "")
        look = mount.mount(self.type, options, file or device, temporary, temporary=True)
        return emptiness.inside(look, temporary, emptiness.holds_nothing(temporary, f"{fs['dev']} holds data"))

    def is_sized(self, fs: "Resource") -> bool:
        """Tell whether the file says how large the device is: else nobody asks for a filesystem that grows with it."""
        return any(each.given("size") for each in (fs, *fs.service.givers(Tie("device", fs["dev"]))))

    def is_store(self, fs: "Resource") -> bool:
        """Tell whether the mount point lies in a directory that a resource of the service fills by itself."""
        point = self.mount_point(fs)
        return any(point == store or point.startswith(f"{store.rstrip('/')}/") for store in fs.service.stores())

    def _wiped(self, fs: "Resource", device: str) -> Steps:
        """Zero the device when the service formatted it and nothing of the service is left on it."""
        made = fs.service.record.made
        uuid = blkid.tags((yield blkid.probe(device))).get("UUID", "")
        yield from self._strayed(fs, uuid)
        name = next((name for name, each in made.items() if each.kind == "filesystem" and each.identity == uuid), "")
        if not name or any(each.kind == "subvolume" and each.identity.startswith(f"{uuid}:") for each in made.values()):
            return
        if name != f"{fs.rid}.filesystem" and not self.leaves_a_trace(fs, made[name].rid):
            return
        if users := blockdev.users((yield blockdev.uses(device))):
            yield Note(f"{fs['dev']} stays formatted: it is in use ({', '.join(users)})", "warning")
            return
        zeroes = yield from blank.zeroing(device, self.file(fs, device))
        lost = (Thing("filesystem", uuid, at=self.file(fs, device) or device),)
        for command in zeroes[:-1]:
            yield command._replace(destroys=lost)
        # The first MiB goes last, with the entry in the record: until then the uuid says what this is.
        yield zeroes[-1]._replace(destroys=lost, unmakes=(name,))

    def _strayed(self, fs: "Resource", uuid: str) -> Steps:
        """Forget what the record has of another filesystem than the one that is there, unless some device holds it."""
        found: dict[str, list[str]] = {}
        for name, thing in fs.service.record.made.items():
            other = thing.identity.partition(":")[0]
            if thing.rid == fs.rid and thing.kind in {"filesystem", "subvolume"} and other != uuid:
                found.setdefault(other, []).append(name)
        for other, names in found.items():
            if device := (yield blkid.find(f"UUID={other}")).stdout.strip():
                yield Note(f"{other}, which was made on {fs['dev']}, is on {device} now, and is let be", "warning")
            else:
                yield Note(f"{other}, which was made on {fs['dev']}, is gone already", "warning")
                yield blkid.forget(f"UUID={other}", tuple(names))

    def leaves_a_trace(self, fs: "Resource", maker: str) -> bool:
        """Tell whether the record shows that the filesystem's maker has been unprovisioned already."""
        del fs, maker
        return False

    def _gone_with_its_disk(self, fs: "Resource") -> Steps:
        """Forget what was made on a device that is not there, when the service made the disk and so deletes it."""
        made = [name for name, thing in fs.service.record.made.items() if thing.rid == fs.rid]
        apart = (f"{fs.rid}.directory.", *(f"{fs.rid}.{name}" for name in (logical_volume.MADE, logical_volume.BLANK)))
        names = tuple(name for name in made if not name.startswith(apart))
        if not names:
            return
        disks = [giver.rid for giver in fs.service.givers(Tie("device", fs["dev"]))]
        made_disks = (thing for thing in fs.service.record.made.values() if thing.kind not in {"directory", "link"})
        if not any(thing.rid in disks for thing in made_disks):
            start = f"svcmgr -s {fs.service.name} start --rid disk"
            raise Failed(f"{fs.rid}: device does not exist {fs['dev']}: what was made on it cannot be deleted; {start}")
        yield Note(f"device does not exist {fs['dev']}: what was made on it goes with its disk")
        yield blockdev.forget(fs["dev"], names)


def with_rules(syntax: Callable[[str], str | None]) -> tuple[Keyword, ...]:
    """The keywords of a filesystem whose mkfs has options that are not for a service file."""
    return tuple(each._replace(syntax=syntax) if each.name == "mkfs_opt" else each for each in Filesystem.keywords)
