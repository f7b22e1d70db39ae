"""A dataset of a pool of ZFS, mounted.

Its mountpoint is `legacy`, and mount(8) mounts it, as it does every other filesystem here: so it is mounted by nobody
else, at no import and no boot, `findmnt` tells where, options are those of the service file, and the directory is one
that the record knows. With a mountpoint of its own, zfs would make and remove that directory by itself, and an export
would unmount it without a word.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.command import Check, Command, Fresh, Note, Steps, Thing
from core.config.keywords import Keyword
from core.config.sizes import Share, human
from core.driver import Holding, Tie
from core.drivers import directories
from core.drivers.emptiness import holds_nothing, inside
from core.drivers.mounting import Mounting
from core.errors import CommandFailed, Failed, Refused, Remedy
from core.holes import is_hole
from core.tools import mount, zfs

if TYPE_CHECKING:
    from core.config.service import Resource

LEGACY = "legacy"
_DATASET = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]*(/[A-Za-z0-9_.:-]+)+")


def _complaint(value: str) -> str | None:
    if _DATASET.fullmatch(value):
        return None
    return f"{value!r} is no dataset; write POOL/NAME, such as tank/data"


class ZfsFilesystem(Mounting):
    """A dataset, made where it is missing. `size` is what its files may take; snapshots of it do not count."""

    type = "zfs"
    unique: tuple[str, ...] = ("dev", "mnt")
    keywords = (
        Keyword("dev", "The dataset: POOL/NAME.", required=True, syntax=_complaint),
        *Mounting.keywords,
        Keyword(
            "size",
            "What the files in it may take (its `refquota`): 15G; raised when it is changed, lowered only to what they "
            "do not take yet.",
            kind="size",
            unit="M",
            provisioning=True,
        ),
    )

    def purpose(self, fs: "Resource") -> str:
        """Say what provisioning brings about."""
        return f"the dataset {fs['dev']}, mounted on {self.mount_point(fs)}"

    def gives(self, fs: "Resource") -> Iterable[Tie]:
        """Give the dataset to those in it, and the tree below the mount point."""
        return (Tie("device", fs["dev"]), *super().gives(fs))

    def needs(self, fs: "Resource") -> Iterable[Tie]:
        """Need the pool, the datasets above it, and the tree that the mount point is in."""
        parts = fs["dev"].split("/")
        above = (Tie("device", "/".join(parts[:depth])) for depth in range(1, len(parts)))
        return (*above, *super().needs(fs))

    def provision(self, fs: "Resource") -> Steps:
        """Make the mount point, the dataset where it is missing, give it its size, mount it."""
        yield from self.made_mount_point(fs)
        found = zfs.values((yield zfs.properties(fs["dev"])))
        made = False
        if is_hole(found.get("guid", "")) and fs.made("dataset") is not None:
            # The pool is only going to be imported: what is in it is what the record has.
            yield Note("already provisioned")
            yield from self.start(fs)
            return
        if not found or is_hole(found["guid"]):
            yield from self._made(fs)
            made = True
        else:
            yield from self._used(fs, found)
            made = yield from self._sized(fs, found)
        yield Note("provisioned" if made else "already provisioned")
        yield from self.start(fs)

    def unprovision(self, fs: "Resource") -> Steps:
        """Unmount it, destroy what was made for the resource, remove the mount point."""
        yield from self.stop(fs)
        identity = fs.made("dataset")
        if identity is None:
            yield Note("no dataset was made for this resource")
        else:
            yield from self._destroyed(fs, identity)
        yield from directories.remove_made(fs, self.mount_point(fs))

    def holds(self, fs: "Resource") -> Steps:
        """The directory, and the dataset."""
        found = zfs.values((yield zfs.properties(fs["dev"])))
        directory: list[Holding] = yield from super().holds(fs)
        return [*directory, Holding("dataset", "dataset", found["guid"])] if found else directory

    def device(self, fs: "Resource") -> Steps:
        """Return the dataset. Raises Failed where there is none, or where mount(8) cannot mount it."""
        found = zfs.values((yield zfs.properties(fs["dev"])))
        if not found:
            raise Failed(f"{fs.rid}: no dataset {fs['dev']}: it is not made yet, or its pool is not imported")
        if found.get("mountpoint") != LEGACY:
            said = f"{fs.rid}: {fs['dev']} has the mountpoint {found.get('mountpoint')}, so zfs mounts it by itself"
            raise Failed(f"{said}; zfs set mountpoint=legacy {fs['dev']}")
        return fs["dev"]

    def device_or_none(self, fs: "Resource") -> Steps:
        """Return the dataset, None where there is none (yet)."""
        return fs["dev"] if zfs.values((yield zfs.properties(fs["dev"]))) else None

    def shows(self, fs: "Resource", device: str, found: "mount.Mount") -> Steps:
        """Tell whether what is mounted is the dataset."""
        del fs
        yield from ()
        return found.device == device

    def _made(self, fs: "Resource") -> Steps:
        """Make the dataset in what is above it, which has to be there."""
        dataset, above = fs["dev"], fs["dev"].rpartition("/")[0]
        around = zfs.values((yield zfs.properties(above)))
        if not around:
            maker = "a [fs#...] of type zfs" if "/" in above else "a [disk#...] of type zpool"
            raise Failed(
                f"{fs.rid}: there is no {above} to make {dataset} in; {maker} makes it, `start` imports a pool"
            )
        size = _size(fs)
        available = int(around.get("available", "0"))
        if available < zfs.DATASET_BYTES_MIN:
            raise _full(fs, above, f"{above} has {human(available)} left")
        yield from _pointless(size, above, available)
        create = zfs.create(dataset, fs.name, size, f"{fs.rid}.dataset")
        try:
            yield create._replace(undo=(yield from self._undo(fs)))
        except CommandFailed as failure:
            if zfs.FULL not in failure.stderr:
                raise
            raise _full(fs, above, f"{above} has no space left") from failure

    def _used(self, fs: "Resource", found: dict[str, str]) -> Steps:
        """Use a dataset that is there already: recorded, marked as this resource's, or adopted."""
        if found.get("type") != "filesystem":
            raise Failed(f"{fs.rid}: {fs['dev']} is a {found.get('type')}, and nothing that is mounted as zfs")
        recorded = fs.made("dataset")
        if recorded == found["guid"] or fs.rid in fs.service.adopt:
            return
        if recorded is not None or found.get(zfs.MARK) != fs.name:
            use = Remedy("to use it", f"svcmgr -s {fs.service.name} provision --adopt {fs.rid}")
            raise Refused(f"{fs.rid}: the dataset {fs['dev']} is not recorded as this service's", use)
        # It is what a run that was killed has made.
        command = zfs.recognise(fs["dev"], f"{fs.rid}.dataset", found["guid"])
        yield command._replace(undo=(yield from self._undo(fs)))

    def _sized(self, fs: "Resource", found: dict[str, str]) -> Steps:
        """Give the dataset the size that the file has, unless its files take more; return whether it changed."""
        size, before = _size(fs), int(found.get("refquota", "0"))
        if not fs["size"] or size == before:
            return False
        used = int(found.get("used", "0"))
        if size < used:
            line = fs.service.problem(fs.rid, "size", "").line
            said = f"{fs.rid}: size: {fs['dev']} holds {human(used)}, and {human(size)} is asked for on line {line}"
            raise Refused(said, f"write size = {human(used)} or more, or delete some of what it holds")
        above = fs["dev"].rpartition("/")[0]
        around = zfs.values((yield zfs.properties(above)))
        yield from _pointless(size, above, used + int(around.get("available", "0")))
        yield zfs.set_refquota(fs["dev"], size, before)
        return True

    def _undo(self, fs: "Resource") -> Steps:
        """How the dataset is taken back: not when anything is in it."""
        dataset, name = fs["dev"], f"«{fs.rid}.dataset»"
        temporary = yield Fresh(f"{fs.rid}.tmp", "tmpdir")
        proof: tuple[Command | Check, ...] = ()
        if not self._is_store(fs):
            look = mount.mount(self.type, "ro", dataset, temporary, temporary=True)
            proof = inside(look, temporary, holds_nothing(temporary, f"{dataset} holds data"))
        alone = Check(
            zfs.below(dataset), path="words[1]", absent=True, otherwise=f"{dataset} has datasets or snapshots in it"
        )
        return (*proof, alone, zfs.destroy(dataset)._replace(destroys=(_ours(dataset, name),)))

    def _is_store(self, fs: "Resource") -> bool:
        """Tell whether the mount point lies in a directory that a resource of the service fills by itself."""
        point = self.mount_point(fs)
        stores = [store for resource in fs.service.resources() for store in resource.driver.stores(resource)]
        return any(point == store or point.startswith(f"{store.rstrip('/')}/") for store in stores)

    def _destroyed(self, fs: "Resource", identity: str) -> Steps:
        """Destroy the dataset that was made, where it is; what is in it has to be gone."""
        dataset, names = fs["dev"], (f"{fs.rid}.dataset",)
        found = zfs.values((yield zfs.properties(dataset)))
        if not found:
            yield from self._gone(fs, names)
            return
        if found["guid"] != identity:
            yield Note(f"{dataset} is another one than was made here ({identity}), and is let be", "warning")
            return
        if others := (yield zfs.below(dataset)).stdout.splitlines()[1:]:
            said = f"{fs.rid}: {', '.join(others)} is in {dataset}, and was not made for this resource"
            raise Refused(said, f"zfs destroy {others[-1]}, or move what it holds")
        yield zfs.destroy(dataset, names)._replace(destroys=(_ours(dataset, identity),))

    def _gone(self, fs: "Resource", names: tuple[str, ...]) -> Steps:
        """Forget a dataset whose pool is not imported, when that was made for this service and so goes as well."""
        pool = fs["dev"].partition("/")[0]
        disks = fs.service.givers(Tie("device", pool))
        is_there = not (yield zfs.guid(pool)).returncode
        if not is_there and not any(disk.made("pool") for disk in disks):
            raise Failed(
                f"{fs.rid}: the pool {pool} is not imported, so what was made in it cannot be deleted; import it"
            )
        if is_there:
            yield Note(f"no dataset {fs['dev']}: it is gone already", "warning")
        else:
            yield Note(f"no dataset {fs['dev']}: it goes with its pool")
        yield zfs.forget(fs["dev"], names)


def _ours(dataset: str, identity: str) -> Thing:
    return Thing("dataset", identity, at=dataset, proofs=(zfs.is_of(dataset, identity),))


def _full(fs: "Resource", above: str, said: str) -> Exception:
    pool = above.partition("/")[0]
    return fs.service.error(
        fs.rid, "dev", f"{fs['dev']} cannot be made: {said}", f"free some, or give the pool {pool} another device"
    )


def _pointless(size: int, above: str, available: int) -> Steps:
    """Say of a size that the dataset can never reach it: zfs takes it, and limits nothing by it."""
    if size > available:
        yield Note(f"size {human(size)} is more than {above} has: {human(available)}", "warning")


def _size(fs: "Resource") -> int:
    """The size in bytes; 0 for none."""
    if not fs["size"]:
        return 0
    size = fs.size("size")
    if isinstance(size, Share):
        raise Failed(f"{fs.rid}: a dataset has no size such as {size}; write one such as 10G")
    return size


driver = ZfsFilesystem()
