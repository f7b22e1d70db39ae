"""The guard: what it lets pass, what it refuses, and that nothing at all was done or intended then."""

from typing import Any

import pytest

from core.command import Command, Completed, Makes, Thing
from core.config.service import Service
from core.errors import Refused
from core.plan import Plan, Recorder
from core.record import MadeThing
from core.state import load
from core.tools import aws, btrfs, dd, docker, ext, files, wipefs
from executors.layers.guard import Guard
from executors.layers.journal import Journal
from executors.simulated.node import SimulatedNode
from svcprov.keeping import Unkept
from tests.unit.drivers.drive import service

UUID = "5a1d0c5e-8c1e-4f6a-9d41-2a7b8c9d0e1f"
OTHER = "77777777-8c1e-4f6a-9d41-2a7b8c9d0e1f"
OURS = {"type": "ext4", "uuid": UUID, "label": "svc1.fs.1"}
STRANGER = {"type": "ext4", "uuid": OTHER, "label": "payroll", "files": {"/kept": "text"}}
TOP = {"type": "btrfs", "uuid": UUID, "subvolumes": {"data": {}, "data/inner": {}, "payroll": {"/kept": "text"}}}
MADE = {
    "fs#1.filesystem": ("filesystem", UUID, "fs#1"),
    "fs#1.subvolume": ("subvolume", f"{UUID}:data", "fs#1"),
    "disk#0.file": ("file", "/srv/l.img", "disk#0"),
    "disk#0.volume.0": ("volume", "vol-0a", "disk#0"),
    "ip#0.eip": ("allocation", "eipalloc-0a", "ip#0"),
    "container#0.container": ("container", "c" * 64, "container#0"),
}
DEVICE = Thing("device", "/dev/sdb", blank=True, at="/dev/sdb")
MKFS = ext.make_filesystem("ext4", "/dev/sdb", (), "fs#2.filesystem", OTHER)._replace(
    destroys=(DEVICE,), rid="fs#1", verb="provision"
)
ERASE = wipefs.erase("/dev/sdb", (DEVICE._replace(blank=False),))._replace(rid="fs#1", verb="provision")


class Watched:
    """An executor that keeps what reaches the node."""

    def __init__(self, node: SimulatedNode) -> None:
        self.node = node
        self.asked: list[Command] = []

    def run(self, command: Command) -> Completed:
        """Run a command and keep it."""
        self.asked.append(command)
        return self.node.run(command)


class Stand:
    """A guard around a journal around a node: with its journal's lines, and what was done on the node."""

    def __init__(
        self, content: Any = "zero", *, allow: tuple[str, ...] = (), adopt: tuple[str, ...] = (), **state: Any
    ) -> None:
        device = {"size": "1G", "content": content, **state.pop("device", {})}
        files = {"/srv": "directory", "/mnt": "directory", **state.pop("files", {})}
        self.node = SimulatedNode(load({"devices": {"/dev/sdb": device}, "files": files, **state}))
        self.service: Service = service("[fs#1]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/a\n")
        self.service.allow_destroy, self.service.adopt = frozenset(allow), frozenset(adopt)
        self.service.record.made |= {name: MadeThing(*made, "provision") for name, made in MADE.items()}
        kept = Unkept()
        self.lines = kept.lines
        self.watched = Watched(self.node)
        self.journal = Journal(self.watched, self.service.record, kept.journal_line)
        self.guard = Guard(self.journal, self.service)

    def passes(self, command: Command) -> bool:
        """Tell whether a command reached the node."""
        self.guard.run(command)
        return command in self.watched.asked

    def refuses(self, command: Command) -> str:
        """What the refusal of a command says; nothing but questions has reached the node, and no intent the journal."""
        with pytest.raises(Refused) as refusal:
            self.guard.run(command)
        assert [asked.argv for asked in self.watched.asked if asked.kind != "reads"] == []
        assert self.lines == []
        return str(refusal.value)


def zero(place: str = "/dev/sdb") -> Command:
    """The command that zeroes the filesystem of the record."""
    lost = (Thing("filesystem", UUID, at=place),)
    return dd.zero(place, 0, 1024 * 1024)._replace(destroys=lost, rid="fs#1", verb="unprovision")


def test_a_blank_device_is_formatted() -> None:
    """Where the proof holds, the command runs."""
    assert Stand().passes(MKFS)


SINCE: dict[str, tuple[Any, dict[str, Any], str]] = {
    "signature": (STRANGER, {}, f"was blank, and now holds ext4, uuid {OTHER}, label payroll; to destroy it: svcmgr"),
    "residue": ({"kind": "residue"}, {}, "is not blank: it holds bytes without a signature; to destroy it: svcmgr"),
    "unreadable": ({"kind": "unknown"}, {}, "cannot be read, so nobody knows what it holds; cmp: /dev/sdb: Input/"),
    "holder": ("zero", {"device": {"holders": ["/dev/dm-0"]}}, "is in use (dm-0); free it"),
    "swap": ("zero", {"swaps": ["/dev/sdb"]}, "is in use ([SWAP])"),
    "mounted": (
        STRANGER,
        {"mounts": [{"device": "/dev/sdb", "mount_point": "/mnt", "type": "ext4"}]},
        "is in use (/mnt)",
    ),
}


@pytest.mark.parametrize("name", SINCE)
def test_what_has_come_to_a_blank_device_since_is_refused(name: str) -> None:
    """A device that is not blank any more is refused, with what is there and the line that allows it or what to do."""
    content, state, said = SINCE[name]
    assert f"fs#1: /dev/sdb {said}" in Stand(content, **state).refuses(MKFS)


def test_both_ends_go_by_one_proof() -> None:
    """The second command that destroys the same thing asks nothing; after any other change it asks again."""
    stand = Stand(OURS)
    last = zero()._replace(argv=dd.zero("/dev/sdb", 1023 * 1024 * 1024, 1024 * 1024).argv)
    asked = []
    for command in (last, last, files.make_directory("/srv/other", ""), last):
        before = len(stand.watched.asked)
        stand.guard.run(command)
        asked.append([each.argv[0] for each in stand.watched.asked[before:] if each.kind == "reads"])
    assert asked == [["test", "lsblk", "blkid"], [], [], ["test", "lsblk", "blkid"]]


def test_a_device_is_not_blank_twice() -> None:
    """What a format of ours has put on a device since it counted as blank is found, right after it, too."""
    stand = Stand()
    assert stand.passes(MKFS)
    with pytest.raises(Refused, match="was blank, and now holds ext4"):
        stand.guard.run(MKFS._replace(makes=None))


def test_a_device_that_has_gone_is_refused() -> None:
    """A question that fails is no proof: the refusal says which, and what was answered."""
    stand = Stand()
    del stand.node.state["devices"]["/dev/sdb"]
    assert "what device /dev/sdb is now cannot be known: lsblk -nrbo SIZE,NAME,MOUNTPOINT" in stand.refuses(MKFS)


class Blindfolded(SimulatedNode):
    """A node whose `wipefs` sees nothing."""

    def run(self, command: Command) -> Completed:
        """Run a command, but for this one."""
        return Completed(0) if command.argv[:2] == ("wipefs", "-n") else super().run(command)


@pytest.mark.parametrize("content", [{**STRANGER, "tail": False}, STRANGER])
def test_two_tools_have_to_see_no_signature(content: Any) -> None:
    """What `blkid -p` recognises counts, whatever `wipefs` says."""
    stand = Stand(content)
    stand.watched.node = Blindfolded(stand.node.state)
    assert "was blank, and now holds ext4" in stand.refuses(MKFS)


@pytest.mark.parametrize("held", ["a partition table", "several signatures"])
def test_what_has_no_type_is_a_signature_too(held: str) -> None:
    """A partition table, and signatures that contradict each other, are no blank device."""
    answer = Completed(0, "DEVNAME=/dev/sdb\nPTTYPE=gpt\n") if "table" in held else Completed(8, "", "ambivalent\n")
    stand = Stand()
    stand.node.state["programs"]["blkid"] = answer._asdict()
    del stand.node.state["programs"]["blkid"]["made"]
    assert f"was blank, and now holds {held}" in stand.refuses(MKFS)


@pytest.mark.parametrize("name", ["/dev/sdb", "/dev/disk/by-id/x"])
def test_what_the_operator_named_may_go(name: str) -> None:
    """Bytes without a signature, and a command that was planned to erase what is there, pass where they are named."""
    link = {"/dev/disk/by-id/x": {"kind": "link", "target": "/dev/sdb"}}
    by_link = tuple(thing._replace(identity=name, at=name) for thing in MKFS.destroys)
    assert Stand({"kind": "residue"}, allow=(name,), files=link).passes(MKFS._replace(destroys=by_link))
    assert Stand(STRANGER, allow=("/dev/sdb",), files=link).passes(ERASE)


def test_what_nobody_named_may_not_go() -> None:
    """A command that erases what is there is refused where the device is not named; a rid is not its name."""
    assert f"is not blank: it holds ext4, uuid {OTHER}" in Stand(STRANGER, allow=("fs#1", "/dev/sdc")).refuses(ERASE)


def test_a_new_signature_is_not_what_was_named() -> None:
    """A device that counted as blank and has a signature now is refused even where it is named: they named another."""
    assert "was blank, and now holds" in Stand(STRANGER, allow=("/dev/sdb",)).refuses(MKFS)


@pytest.mark.parametrize("name", ["unreadable", "holder", "swap", "mounted"])
def test_no_word_allows_what_is_unknown_or_in_use(name: str) -> None:
    """--allow-destroy is no answer to what cannot be read, and takes nothing from who is using it."""
    content, state, said = SINCE[name]
    for command in (MKFS, ERASE):
        assert said in Stand(content, allow=("/dev/sdb",), **state).refuses(command)


def test_a_filesystem_of_ours_is_zeroed() -> None:
    """On the device, or in the file of a loop device, the uuid of the record is what lets it go."""
    assert Stand(OURS).passes(zero())
    image = {"/srv/l.img": {"size": "1G", "content": OURS}}
    assert Stand(files=image).passes(zero("/srv/l.img"))


def test_another_filesystem_is_not_zeroed() -> None:
    """Another uuid at the place is refused, naming both; a rid does not cover it, the device's or its own name does."""
    said = Stand(STRANGER, allow=("fs#1",)).refuses(zero())
    assert f"/dev/sdb holds ext4, uuid {OTHER}, label payroll, and filesystem {UUID} was to be destroyed there" in said
    assert said.endswith("svcmgr -s svc1 unprovision --allow-destroy /dev/sdb")
    assert Stand(STRANGER, allow=("/dev/sdb",)).passes(zero())
    assert Stand(STRANGER, allow=(OTHER,)).passes(zero())


def test_where_no_filesystem_is_there_is_none_to_zero() -> None:
    """Bytes without a uuid are refused, and so is what cannot be read, whoever named it."""
    assert "holds no filesystem any more" in Stand({"kind": "residue"}).refuses(zero())
    assert "cannot be read" in Stand({"kind": "unknown"}, allow=("/dev/sdb",)).refuses(zero())


def test_a_filesystem_in_use_is_not_zeroed() -> None:
    """A mounted filesystem is not zeroed, through its device or through the file of its loop device."""
    mounts = [{"device": "/dev/sdb", "mount_point": "/mnt", "type": "ext4"}]
    assert "is in use (/mnt)" in Stand(OURS, mounts=mounts, allow=("/dev/sdb",)).refuses(zero())
    image, loop = {"/srv/l.img": {"size": "1G", "content": OURS}}, {"file": "/srv/l.img", "size": "1G"}
    stand = Stand(files=image)
    stand.node.state["devices"] |= load({"devices": {"/dev/loop7": loop}})["devices"]
    stand.node.state["mounts"] += load({"mounts": [{**mounts[0], "device": "/dev/loop7"}]})["mounts"]
    assert "/srv/l.img is in use (/mnt)" in stand.refuses(zero("/srv/l.img"))


def subvolume(path: str = "/mnt/data", identity: str = f"{UUID}:data") -> Command:
    """The command that deletes the subvolume of the record."""
    lost = (Thing("subvolume", identity, at="/mnt"),)
    return btrfs.delete_subvolume(path)._replace(destroys=lost, rid="fs#1", verb="unprovision")


def mounted(content: Any, subvolume: str = "", **more: Any) -> Stand:
    """A node on which a btrfs is mounted at /mnt: all of it, or one subvolume."""
    mount = {"device": "/dev/sdb", "mount_point": "/mnt", "type": "btrfs", "subvolume": subvolume}
    return Stand(content, mounts=[mount], **more)


def test_a_subvolume_of_ours_is_deleted() -> None:
    """In the filesystem of the record, the subvolume of the record goes, and what lies in it."""
    assert mounted(TOP).passes(subvolume("/mnt/data/inner"))
    assert mounted(TOP).passes(subvolume())


def test_another_subvolume_is_not_deleted() -> None:
    """Another subvolume, one in another filesystem, and one below something else, are refused."""
    assert "was to be deleted in /mnt, where" in mounted(TOP).refuses(subvolume("/mnt/payroll"))
    assert "where nothing is mounted" in Stand(TOP).refuses(subvolume())
    assert "subvolume payroll is mounted" in mounted(TOP, "payroll").refuses(subvolume())
    said = mounted({**TOP, "uuid": OTHER}, allow=("fs#1",)).refuses(subvolume())
    assert f"/dev/sdb holds btrfs, uuid {OTHER}, and subvolume {UUID}:data was to be destroyed there" in said
    assert mounted({**TOP, "uuid": OTHER}, allow=("/dev/sdb",)).passes(subvolume())


def remove(path: str = "/srv/l.img") -> Command:
    """The command that removes a loop file."""
    return files.remove(path, destroys=(Thing("file", path),))._replace(rid="disk#0", verb="unprovision")


IMAGES = {
    "/srv/l.img": {"size": "1M"},
    "/srv/other.img": {"size": "1M"},
    "/srv/link": {"kind": "link", "target": "/srv/l.img"},
}


def test_the_recorded_file_is_removed() -> None:
    """A file that the record has, and that nothing uses, goes; another one only where it is named or adopted."""
    assert Stand(files=IMAGES).passes(remove())
    said = Stand(files=IMAGES).refuses(remove("/srv/other.img"))
    assert said.startswith("disk#0: file /srv/other.img is not recorded as this service's")
    assert said.endswith("svcmgr -s svc1 unprovision --allow-destroy /srv/other.img")
    assert Stand(files=IMAGES, allow=("/srv/other.img",)).passes(remove("/srv/other.img"))
    assert Stand(files=IMAGES, adopt=("disk#0",)).passes(remove("/srv/other.img"))


def test_a_file_in_use_is_not_removed() -> None:
    """A loop device of the file, or a process that has it open under any name, is named."""
    attached = Stand(files=IMAGES, allow=("/srv/l.img",))
    attached.node.state["devices"] |= load({"devices": {"/dev/loop7": {"file": "/srv/l.img", "size": "1M"}}})["devices"]
    assert "disk#0: /srv/l.img is in use (/dev/loop7)" in attached.refuses(remove())
    opened = {"4711": {"program": "qemu", "user": "root", "files": ["/srv/link"]}}
    assert "disk#0: /srv/l.img is in use (pid 4711)" in Stand(files=IMAGES, processes=opened).refuses(remove())


CLI = aws.Cli()
HERE = docker.Client("docker", (20, 10))
GIVEN = {
    "volume": aws.delete_volume(CLI, "vol-0a", ()),
    "address": aws.release_elastic(CLI, "eipalloc-0a", "ip#0.eip"),
    "container": docker.remove(HERE, "c" * 64),
}


@pytest.mark.parametrize("kind", GIVEN)
def test_what_has_an_identity_goes_when_the_record_has_it(kind: str) -> None:
    """Volumes, addresses and containers go by their identity; one that nobody was given needs to be named."""
    command = GIVEN[kind]._replace(rid="r#0", verb="unprovision")
    (lost,) = command.destroys
    assert Stand().passes(command)
    strange = command._replace(
        argv=tuple(word.replace(lost.identity, "vol-0b") for word in command.argv),
        destroys=(lost._replace(identity="vol-0b"),),
    )
    assert f"r#0: {kind} vol-0b is not recorded as this service's" in Stand().refuses(strange)
    assert Stand(allow=("vol-0b",)).passes(strange)
    assert Stand(adopt=("r#0",)).passes(strange)


def test_a_command_is_about_what_it_says_that_it_destroys() -> None:
    """The identity that was proven is one of the words that the node gets."""
    command = GIVEN["volume"]._replace(rid="r#0", verb="unprovision")
    strange = command._replace(argv=tuple(word.replace("vol-0a", "vol-0b") for word in command.argv))
    assert "is not recorded as this service's" in Stand(adopt=("r#0",)).refuses(strange)


def test_what_destroys_nothing_is_not_asked_about() -> None:
    """Any other command goes to the journal as it is."""
    stand = Stand()
    stand.guard.run(Command(("mkdir", "/srv/a"), kind="changes", tool="files"))
    assert [command.argv for command in stand.watched.asked] == [("mkdir", "/srv/a")]


def test_what_was_done_already_is_not_asked_about() -> None:
    """A format that the journal remembers is answered by it, although the device is not blank any more, of course."""
    stand = Stand()
    stand.guard.run(MKFS._replace(makes=Makes("fs#2.filesystem", "filesystem", identity=OTHER)))
    stand.watched.asked.clear()
    assert stand.guard.remembers(MKFS)
    assert stand.guard.run(MKFS).made == OTHER
    assert {command.argv[0] for command in stand.watched.asked} == {"blkid"}


def test_questions_are_asked_for_the_resource_and_are_no_steps() -> None:
    """The reads of a proof carry the rid and verb of their command, and a plan does not have them."""
    stand = Stand()
    plan = Plan("svc1", "provision", ("fs#1",))
    Recorder(stand.guard, plan).run(MKFS)
    assert [step.command for step in plan.steps] == [MKFS]
    assert len(plan.events) == 1
    assert {(command.rid, command.verb) for command in stand.watched.asked} == {("fs#1", "provision")}
    assert len(stand.watched.asked) > 1
