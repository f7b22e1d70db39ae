"""A pool of ZFS."""

from binascii import crc32
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.block_device import block_device
from core.command import Check, Note, Steps
from core.config.keywords import Keyword
from core.driver import Driver, Holding, Tie
from core.drivers import blank, vdevs
from core.errors import CommandFailed, Failed, Refused, Remedy
from core.signature import member, signature
from core.stacked import pool
from core.status import Remark, Status
from core.tools import mount, zfs, zpool

if TYPE_CHECKING:
    from core.config.service import Resource
    from core.state import Content

DEAD = ("FAULTED", "SUSPENDED", "UNAVAIL")
"""What is said of the health of a pool that lacks more than it can do without."""
ELSEWHERE = "previously in use from another system"


class Zpool(Driver):
    """A pool, made of blank devices, imported when the service starts and exported when it stops.

    Nobody else imports it: it is in no cache file. Its comment is the name of its resource, so that a node which has no
    record of it knows whose it is.
    """

    unique = ("name",)
    keywords = (
        Keyword("name", "The name of the pool.", required=True, syntax=vdevs.name_complaint),
        Keyword(
            "vdev",
            "What it is made of, in the words of `zpool create`: devices and files, `mirror`, `raidz1` to `raidz3`, "
            "`log`, `cache`, `spare`.",
            kind="words",
            provisioning=True,
            syntax=vdevs.complaint,
        ),
    )

    def label(self, disk: "Resource") -> str:
        """Say which pool it is."""
        return f"zpool {disk['name']}"

    def purpose(self, disk: "Resource") -> str:
        """Say what provisioning brings about."""
        return f"the pool {disk['name']} of {' '.join(disk.words('vdev')) or 'what it was made of'}"

    def gives(self, disk: "Resource") -> Iterable[Tie]:
        """Give the pool, by its name."""
        return (Tie("device", disk["name"]),)

    def needs(self, disk: "Resource") -> Iterable[Tie]:
        """Need its devices, and the tree that its files are in."""
        for device in zpool.devices(disk.words("vdev")):
            yield Tie("device", device)
            if not device.startswith("/dev/"):
                yield Tie("path", device.rpartition("/")[0] or "/")

    def left(self, disk: "Resource") -> "dict[str, Content]":
        """The labels of the pool that was made for the resource: of a whole disk, in the first of its partitions."""
        guid, words = disk.made("pool"), disk.words("vdev")
        if guid is None:
            return {}
        resources = disk.service.resources()
        whole = {device for each in resources for device in each.driver.backing(each)}
        found: dict[str, Content] = {}
        for position, word in enumerate(zpool.devices(words)):
            label: Content = member(zpool.MEMBER, guid, guid, disk["name"], role=str(position))
            if word in vdevs.auxiliary(words):
                label = {"kind": "residue", "head": True, "tail": True}
            parts = {"1": block_device(0, content=label), "9": block_device(0)}
            found[word] = signature("gpt", "", mountable=False, partitions=parts) if word in whole else label
        return found

    def recalled(self, disk: "Resource") -> "dict[str, dict[str, Any]]":
        """What they say together: not which datasets there are."""
        guid = disk.made("pool")
        return {} if guid is None else {"pools": {guid: pool(disk["name"], disk.words("vdev"), mark(disk))}}

    def provision(self, disk: "Resource") -> Steps:
        """Make the pool of blank devices, where there is none. One that is there is used when it is ours."""
        here = zpool.pool(disk["name"], (yield zpool.of_name(disk["name"])))
        made = False
        if here is not None:
            yield from self._used(disk, here)
        else:
            made = yield from self._made(disk)
        yield Note("provisioned" if made else "already provisioned")
        yield from self.start(disk)

    def start(self, disk: "Resource") -> Steps:
        """Import the pool; one that another node used last is refused."""
        name = disk["name"]
        here = zpool.pool(name, (yield zpool.of_name(name)))
        if here is not None:
            if disk.made("pool") not in {None, here.guid}:
                raise Refused(f"{disk.rid}: another pool is called {name}: {here.guid}", "export it, or rename it")
            yield Note(f"{name} is already up")
            return
        places = vdevs.searched((yield from vdevs.present(disk)))
        identity = disk.made("pool") or (yield from self._only_one(disk, places)).guid
        try:
            yield zpool.import_(name, identity, places)
        except CommandFailed as failure:
            if ELSEWHERE not in failure.stderr:
                raise
            said = f"{disk.rid}: {name} was last used by another node, and was not exported there"
            force = Remedy("when it is certain that no other node uses it", f"zpool import -f {identity}", whole=True)
            raise Refused(said, "export it there", force) from failure

    def stop(self, disk: "Resource") -> Steps:
        """Export the pool. When something of it is mounted, say where; nothing is unmounted by force."""
        name = disk["name"]
        here = zpool.pool(name, (yield zpool.of_name(name)))
        if here is None:
            yield Note(f"{name} is already down")
            return
        if disk.made("pool") not in {None, here.guid}:
            yield Note(f"the pool {here.guid} is called {name}, is not of this service, and stays", "warning")
            return
        leaves = yield from vdevs.present(disk)
        if disk.made("pool") is None and not (yield from self._is_named(disk, here, leaves)):
            said = f"the pool {here.guid} is called {name}, is on none of the devices of vdev, and stays"
            yield Note(f"{said}: `start` would not find it again", "warning")
            return
        yield from self._free(disk)
        places = vdevs.searched(leaves)
        again = zpool.import_(name, here.guid, places)._replace(undo=())
        yield zpool.export(name)._replace(undo=(again,))

    def unprovision(self, disk: "Resource") -> Steps:
        """Destroy the pool that was made for this service, and leave its devices blank."""
        identity = disk.made("pool")
        if identity is None:
            yield from self.stop(disk)
            yield Note("no pool was made for this resource")
            return
        name = disk["name"]
        leaves = yield from vdevs.present(disk)
        here = zpool.pool(name, (yield zpool.of_name(name)))
        if here is None and (yield from self._can_be_imported(identity, leaves)):
            yield zpool.import_(name, identity, vdevs.searched(leaves))
            here = zpool.pool(name, (yield zpool.of_name(name)))
        if here is not None and here.guid == identity:
            if here.health in DEAD:
                said = f"{disk.rid}: {name} is {here.health}, and zpool would wait for its devices without an end"
                raise Failed(f"{said}; attach them, or restart this node: then it can be unprovisioned without them")
            yield from self._free(disk)
            yield from self._only_ours(disk)
            yield zpool.destroy(name)._replace(destroys=(vdevs.ours(name, identity),))
        yield from vdevs.cleared(disk, identity, leaves)

    def holds(self, disk: "Resource") -> Steps:
        """The pool."""
        here = zpool.pool(disk["name"], (yield zpool.of_name(disk["name"])))
        return [] if here is None else [Holding("pool", "pool", here.guid)]

    def status(self, disk: "Resource") -> Steps:
        """Up when it is imported and every device works, warn when one does not."""
        name = disk["name"]
        here = zpool.pool(name, (yield zpool.of_name(name)))
        if here is None:
            return Status("down")
        if disk.made("pool") not in {None, here.guid}:
            return Status("warn", (Remark(f"another pool is called {name}: {here.guid}"),))
        if here.health == "ONLINE":
            return Status("up")
        sick = tuple(map(Remark, zpool.sick((yield zpool.status(name)))))
        state = Remark(f"{name} is {here.health}")
        return Status("warn" if here.health == "DEGRADED" else "down", (state, *sick))

    def _used(self, disk: "Resource", found: "zpool.Pool") -> Steps:
        """Use a pool that is there already: recorded, with the name of the resource as its comment, or adopted."""
        if disk.made("pool") == found.guid or disk.rid in disk.service.adopt:
            return
        if not _is_what_a_killed_run_made(disk, found):
            raise self._stranger(disk, found)
        leaves = yield from vdevs.present(disk)
        # It is what a run that was killed has made: the devices were blank then.
        command = zpool.recognise(found.name, f"{disk.rid}.pool", found.guid)
        yield command._replace(**(yield from self._undo(disk, leaves)))

    def _made(self, disk: "Resource") -> Steps:
        """Make the pool, unless it is on its devices already; return whether it was made."""
        name, leaves = disk["name"], (yield from vdevs.leaves(disk))
        if not leaves:
            if disk.made("pool") is not None:
                return False
            raise disk.service.error(disk.rid, "vdev", f"there is no pool {name}, and nothing says what to make it of")
        places = vdevs.searched(leaves)
        if labelled := (yield from vdevs.labels(leaves)):
            there = zpool.pools((yield zpool.importable(places)))
            if (found := next((each for each in there if each.name == name), None)) is not None:
                if disk.made("pool") == found.guid or disk.rid in disk.service.adopt:
                    return False
                if _is_what_a_killed_run_made(disk, found):
                    yield zpool.import_(name, found.guid, places)
                    yield from self._used(disk, found)
                    return False
            if not (yield from vdevs.are_given_up(disk, [leaf for leaf in leaves if leaf.word in labelled])):
                allowing = [blank.allowing(disk, word) for word in labelled]
                if found is not None:
                    raise self._stranger(disk, found, *allowing)
                word, pool = next(iter(labelled.items()))
                raise Refused(f"{disk.rid}: {word} has the label of the pool {pool}", allowing[0])
        lost = []
        for leaf in leaves:
            yield from vdevs.large_enough(disk, leaf)
            blank_one, _ = yield from blank.prove(disk, leaf.device, leaf.word)
            lost.append(blank_one)
        first = vdevs.first(disk, leaves)
        create = zpool.create(name, vdevs.spoken(disk, leaves), first.place, mark(disk), f"{disk.rid}.pool")
        yield create._replace(destroys=tuple(lost), **(yield from self._undo(disk, leaves)))
        return True

    def _undo(self, disk: "Resource", leaves: list[vdevs.Leaf]) -> Steps:
        """How a pool that was made is reached after a reboot, and taken back: not when anything else is in it."""
        name, identity = disk["name"], f"«{disk.rid}.pool»"
        again = zpool.import_(name, identity, vdevs.searched(leaves))._replace(undo=())
        alone = Check(
            zfs.below(name),
            path="words[1]",
            absent=True,
            otherwise=f"{name} has datasets that its provisioning did not make",
        )
        destroy = zpool.destroy(name)._replace(destroys=(vdevs.ours(name, identity),))
        zeroes = yield from vdevs.zeroing(disk, identity, leaves)
        return {"again": again, "undo": (again, alone, destroy, *vdevs.unmaking(zeroes))}

    def _stranger(self, disk: "Resource", found: "zpool.Pool", *allowing: Remedy) -> Refused:
        said = f"{disk.rid}: the pool {found.name} is not recorded as this service's: guid {found.guid}"
        use = Remedy("to use it", f"svcmgr -s {disk.service.name} provision --adopt {disk.rid}")
        return Refused(f"{said}, comment {found.comment}" if found.comment else said, use, *allowing)

    def _only_one(self, disk: "Resource", places: tuple[str, ...]) -> Steps:
        """The pool of this name that can be imported. Raises Failed where there is none, or more than one."""
        name = disk["name"]
        found = [each for each in zpool.pools((yield zpool.importable(places))) if each.name == name]
        if not found:
            where = f" on {' '.join(places)}" if places else ""
            raise Failed(f"{disk.rid}: no pool {name} is found{where}; provision makes it")
        if len(found) > 1:
            guids = ", ".join(each.guid for each in found)
            raise Failed(f"{disk.rid}: several pools are called {name}: {guids}; import the right one by its guid")
        return found[0]

    def _can_be_imported(self, identity: str, leaves: list[vdevs.Leaf]) -> Steps:
        if not (yield from vdevs.labels(leaves)):
            return False
        found = zpool.pools((yield zpool.importable(vdevs.searched(leaves))))
        health = next((each.health for each in found if each.guid == identity), "")
        if health in DEAD:
            said = f"the pool {identity} cannot be imported without the devices that are missing"
            yield Note(f"{said}, so nobody sees what is in it", "warning")
        return bool(health) and health not in DEAD

    def _is_named(self, disk: "Resource", here: "zpool.Pool", leaves: list[vdevs.Leaf]) -> Steps:
        """Tell whether a pool that nobody recorded is what the file names: by its name, and on devices of `vdev`."""
        if not disk.words("vdev"):
            return True
        labelled = yield from vdevs.labels(leaves)
        return any(label.endswith(f", guid {here.guid}") for label in labelled.values())

    def _free(self, disk: "Resource") -> Steps:
        """See that nothing of the pool is mounted: zpool would unmount it without a word."""
        name = disk["name"]
        mounts = mount.mounts((yield mount.of_type("zfs")))
        if busy := [each for each in mounts if each.device == name or each.device.startswith(f"{name}/")]:
            said = ", ".join(f"{each.device} is mounted on {each.mount_point}" for each in busy)
            raise Failed(f"{disk.rid}: {name} is busy: {said}; umount {busy[-1].mount_point}")

    def _only_ours(self, disk: "Resource") -> Steps:
        """See that every dataset was made for a resource of this service, before they go with their pool."""
        service = disk.service
        ours = {resource.name for resource in service.resources()}
        for dataset in (yield zfs.below(disk["name"])).stdout.splitlines()[1:]:
            found = zfs.values((yield zfs.properties(dataset)))
            if found.get(zfs.MARK) not in ours:
                said = f"{disk.rid}: {dataset} in the pool {disk['name']} was not made for this service"
                raise Refused(said, f"zfs destroy {dataset}, or move what it holds")


def _is_what_a_killed_run_made(disk: "Resource", found: "zpool.Pool") -> bool:
    """Tell whether a pool is one that a run has made without a chance to record it: it says so, and is whole.

    One that lacks devices is what is left on a disk that was away when the pool was unprovisioned.
    """
    return found.comment == mark(disk) and disk.made("pool") is None and found.health == "ONLINE"


def mark(disk: "Resource") -> str:
    """The comment of the pool of a resource: its name, or what is made of that where a comment cannot hold it."""
    if len(disk.name) <= zpool.COMMENT_BYTES_MAX:
        return disk.name
    return f"{disk.name[: zpool.COMMENT_BYTES_MAX - 9]}-{crc32(disk.name.encode()):08x}"


driver = Zpool()
