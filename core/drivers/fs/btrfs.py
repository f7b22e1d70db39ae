"""btrfs: a subvolume of a filesystem that several resources may share."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.command import Check, Command, Completed, Fresh, Steps, Thing, Wait
from core.driver import Holding, Tie
from core.drivers import emptiness, mkfs_options
from core.drivers.filesystem import Filesystem, Held, with_rules
from core.tools import blkid, btrfs, files, mount

if TYPE_CHECKING:
    from core.config.service import Resource

LABEL_SECONDS_MAX = 40
TOP = "subvolid=0"
"""The mount option for the whole filesystem, whatever its default subvolume is."""


REFUSED = {
    **dict.fromkeys(("-U", "--uuid"), mkfs_options.UUID),
    **dict.fromkeys(("-f", "--force"), mkfs_options.FORCE),
    **dict.fromkeys(("-V", "--version"), mkfs_options.NOTHING_MADE),
}
WITH_VALUE = "AbdLlmnOrRsU"
_LONG = "byte-count checksum csum data features label leafsize metadata nodesize rootdir runtime-features sectorsize"
LONG_WITH_VALUE = frozenset(f"--{word}" for word in _LONG.split())


class BtrfsFilesystem(Filesystem):
    """A subvolume (`subvol=NAME` in `mnt_opt`) of a btrfs, which is formatted and labelled by whoever comes first.

    The label is the name of the resource that formatted the device: `SERVICE.fs.1`. It is what the mount names, so
    that the service finds its filesystem under whatever name the device has tomorrow. `dev` stays as it is written.
    Without `subvol=` there is no subvolume and no label, and the device is mounted by its own name.
    """

    type = "btrfs"
    keywords = with_rules(lambda value: mkfs_options.complaint(value, REFUSED, WITH_VALUE, LONG_WITH_VALUE))

    def gives(self, fs: "Resource") -> Iterable[Tie]:
        """Give the tree below the mount point, and the label that others may name."""
        return (*super().gives(fs), Tie("device", f"LABEL={fs.name}"))

    def purpose(self, fs: "Resource") -> str:
        """Name the subvolume, where there is one."""
        subvolume = self.subvolume(fs)
        if not subvolume:
            return super().purpose(fs)
        return f"subvolume {subvolume} of the btrfs on {fs['dev']}, mounted on {self.mount_point(fs)}"

    def label_given(self, fs: "Resource") -> str:
        """Where there is a subvolume, its filesystem is labelled with the name of the resource that made it."""
        return fs.name if self.subvolume(fs) else ""

    def subvolume(self, fs: "Resource") -> str:
        """The subvolume that the mount options name; the last one counts, as it does for mount."""
        names = [word.partition("=")[2] for word in fs["mnt_opt"].split(",") if word.startswith("subvol=")]
        return names[-1].strip("/") if names else ""

    def uuid(self, fs: "Resource") -> Steps:
        """A uuid of ours, where mkfs takes one."""
        return (yield from super().uuid(fs)) if btrfs.takes_uuid((yield btrfs.version())) else ""

    def make(self, fs: "Resource", device: str) -> Steps:
        """Format, with a uuid of ours where mkfs takes one."""
        uuid = yield from self.uuid(fs)
        options, name = tuple(fs.words("mkfs_opt")), f"{fs.rid}.filesystem"
        return btrfs.make_filesystem(device, options, name, uuid, self.file(fs, device))

    def populate(self, fs: "Resource", device: str, temporary: str) -> Steps:
        """Label the filesystem when it has no label, and create the subvolume."""
        subvolume = self.subvolume(fs)
        if not subvolume:
            return False
        made = False
        uuid = blkid.tags((yield blkid.probe(device))).get("UUID", "")
        yield from self._open(device, temporary)
        label = (yield btrfs.label(temporary)).stdout.strip()
        if not label:
            label = fs.name
            place = self.file(fs, device) or device
            unlabel = btrfs.set_label(place, "", place)
            has_none = Check(
                blkid.value(place, "LABEL"), path=".", absent=True, otherwise=f"{place} has a label by now"
            )
            yield btrfs.set_label(temporary, label, place)._replace(undo=(unlabel,), only_if=(has_none,))
            made = True
        yield Wait(
            blkid.find(f"LABEL={label}"),
            until=(Check(blkid.find(f"LABEL={label}")),),
            every_seconds=2,
            seconds_max=LABEL_SECONDS_MAX,
            subject="label to become usable",
            note=_not_usable_yet,
        )
        create = self._creation(fs, device, temporary, f"{uuid}:{subvolume}")
        recorded = {thing.identity for thing in fs.service.record.made.values()}
        if (yield files.exists(f"{temporary}/{subvolume}")).returncode:
            yield create
            made = True
        elif uuid in recorded and f"{uuid}:{subvolume}" not in recorded:
            # A filesystem that this service formatted holds only what it created: this is of a run that was killed.
            yield btrfs.recognise(create)
        yield from self._close(temporary)
        return made

    def _creation(self, fs: "Resource", device: str, temporary: str, identity: str) -> Command:
        """The command that creates the subvolume, with an undo that brings its own temporary mount."""
        subvolume = self.subvolume(fs)
        path, file = f"{temporary}/{subvolume}", self.file(fs, device)
        top = mount.mount("btrfs", f"{TOP},loop" if file else TOP, file or device, temporary, temporary=True)
        proof = (
            ()
            if self.is_store(fs)
            else (emptiness.holds_nothing(path, f"subvolume {subvolume} of {fs['dev']} holds data"),)
        )
        ours = Thing("subvolume", identity, at=temporary)
        undo = emptiness.inside(top, temporary, *proof, btrfs.delete_subvolume(path)._replace(destroys=(ours,)))
        return btrfs.create_subvolume(temporary, subvolume, f"{fs.rid}.subvolume", identity)._replace(undo=undo)

    def holds_on(self, fs: "Resource", device: str) -> Steps:
        """The filesystem, and the subvolume in it."""
        found: list[Holding] = yield from super().holds_on(fs, device)
        subvolume = self.subvolume(fs)
        inside = [Holding("subvolume", "subvolume", f"{each.identity}:{subvolume}") for each in found]
        return found + inside if subvolume else found

    def clear(self, fs: "Resource", device: str) -> Steps:
        """Delete the subvolume that was made for this resource, with those inside it."""
        identity = fs.made("subvolume")
        if identity is None:
            return
        name, subvolume = f"{fs.rid}.subvolume", identity.rpartition(":")[2]
        temporary = yield Fresh(f"{fs.rid}.tmp", "tmpdir")
        yield from self._open(device, temporary)
        path = f"{temporary}/{subvolume}"
        there = btrfs.paths((yield btrfs.subvolumes(temporary)))
        lost = (Thing("subvolume", identity, at=temporary),)
        for inner in reversed([each for each in there if each.startswith(f"{subvolume}/")]):
            yield btrfs.delete_subvolume(f"{temporary}/{inner}")._replace(destroys=lost)
        if subvolume in there:
            yield btrfs.delete_subvolume(path)._replace(destroys=lost, unmakes=(name,))
        else:
            yield files.forget(path, (name,))
        yield from self._close(temporary)

    def held(self, fs: "Resource", device: str) -> Steps:
        """What the kernel says of all its devices: one that has several grows with none of them."""
        del device
        if not btrfs.takes_uuid((yield btrfs.version())):
            # The tools of then do not say it in bytes.
            return None
        answer = yield btrfs.usage(self.mount_point(fs))
        size = btrfs.size(answer)
        return None if size is None else Held(size, btrfs.SPARE_BYTES, answer)

    def growth(self, fs: "Resource", device: str, held: Held) -> Steps:
        """Grow it, which is possible only while it is mounted."""
        del device
        yield btrfs.grow(self.mount_point(fs), held.answer)

    def prepare(self, fs: "Resource", device: str) -> Steps:
        """Have the kernel look for the filesystem; a subvolume is mounted by the label, when that is one of ours."""
        label = yield from self._own_label(fs, device)
        yield btrfs.scan()
        return f"LABEL={label}" if label else fs["dev"] if fs["dev"].startswith("LABEL=") else device

    def is_right(self, fs: "Resource", found: "mount.Mount") -> bool:
        """Without `subvol=`, whatever subvolume is the default is right."""
        return not self.subvolume(fs) or found.root == self.subvolume(fs)

    def inspection_options(self) -> str:
        """Look at all subvolumes."""
        return f"ro,{TOP}"

    def label_found(self, fs: "Resource", device: str | None) -> Steps:
        """Name the filesystem by its label, when that is one of ours."""
        label = "" if device is None else (yield from self._own_label(fs, device))
        return f"LABEL={label}@{self.mount_point(fs)}" if label else self.label(fs)

    def leaves_a_trace(self, fs: "Resource", maker: str) -> bool:
        """A maker with a subvolume is gone when its subvolume is; one without cannot be told from one that is up."""
        resources = {resource.rid: resource for resource in fs.service.resources()}
        return maker not in resources or bool(self.subvolume(resources[maker]))

    def _own_label(self, fs: "Resource", device: str) -> Steps:
        """The label of the device, if this is a subvolume and the label is the name of a filesystem of the service."""
        if not self.subvolume(fs):
            return ""
        label = (yield blkid.value(device, "LABEL")).stdout.strip()
        names = {resource.name for resource in fs.service.resources() if resource.group == fs.group}
        return label if label in names else ""

    def _open(self, device: str, temporary: str) -> Steps:
        """Mount the whole filesystem somewhere for a moment."""
        yield files.make_directory(temporary, temporary=True)
        yield mount.mount("btrfs", TOP, device, temporary, temporary=True)

    def _close(self, temporary: str) -> Steps:
        yield mount.umount(temporary, temporary=True)
        yield files.remove_directory(temporary, temporary=True)


def _not_usable_yet(answer: Completed) -> str | None:
    return f"label is not usable yet ({answer.stderr.strip()})" if answer.returncode else None


driver = BtrfsFilesystem()
