"""Right before something is destroyed, prove once more, on the node itself, that it is what may be destroyed.

A driver has proved it already, in the preview and again in the run. But time has passed since, and somebody else may
have formatted the disk, mounted it or put another one in its place. So the last word is asked of the node when nothing
is left to be done but the command:

- a device that counts as blank is blank: nobody uses it, it can be read, it holds no signature, its ends are zero;
- a filesystem that is zeroed has the uuid of ours, and a subvolume that is deleted lies in the filesystem of ours;
- a file that is removed is recorded, and neither a loop device nor a process has it open (of a file that something is
  mounted on, the kernel says so itself);
- a thing with proofs of its own (a volume group, an array, a pool) is recorded, and they hold;
- anything else (volumes, addresses, containers) is what the record says this service was given;
- where a file, a link or an alias is to be made, none is yet: `truncate`, `ln -f` and `ifconfig` ask nobody.

Before something is bought or formatted anew that the record has already, it asks, too: the record and the node
contradict each other, and who took the first one away may still have it.

What cannot be read is unknown, and unknown is refused. No word of the operator makes that known, or takes a thing from
who is using it. What `--allow-destroy` names (a device, an identity, or a rid for what was made for it) may be lost
whatever it is, except that a signature which has come to a device *since* it counted as blank is not what they named.

A command that destroys the very things which the one before it destroyed, with nothing but questions in between (the
first MiB of a filesystem after its last), goes by the same proof. A device does not: what counted as blank may hold by
now what that command put there.

Nothing counts as blank only because this action made it. Loop files and new volumes read as zero, so the proof finds
them blank; once, since what is written into them afterwards is found as well.

The order of the layers is contract, guard, journal. Outside the journal, since what is refused was never intended: an
intent without an answer would be settled by the next action. Inside the contract, since a command that the plan does
not have needs no proof, and so that nothing but the intent comes between the proof and the command. What the journal
answers from memory is not run, and not asked about. The questions go to the journal too, which hands them on, so that
no plan has them as steps.

A preview has the same layer around its simulated node, and shows the refusal before the first effect: what has a hole
for its name there was made by this very plan, and is found as it made it. An undo looks first whether its change is in
place and whether the filesystem holds what its provisioning did not put there; its destroying steps pass the guard as
well, since before a resumed rollback anything may have happened to a device that had been looked into already.
"""

from collections.abc import Callable
from operator import attrgetter
from shlex import join
from typing import Any

from core import evidence
from core.answers import pick
from core.checks import holds
from core.command import Command, Completed, Steps, Thing
from core.config.service import Service
from core.errors import Refused, Remedy
from core.holes import is_hole
from core.tools import blkid, cmp, files, find, ip, losetup, mount
from executors.layers.journal import ROLLBACK, Journal

SAID_BY_BLKID = (("uuid", "UUID"), ("label", "LABEL"))
MADE_ONCE = {"allocation", "dataset", "file", "filesystem", "logical volume", "rbd image", "subvolume", "volume"}
"""What is paid for or holds data: made again only when the record forgets the first one."""


class Guard:
    """An executor around the journal of an action of `service`."""

    def __init__(self, journal: Journal, service: Service) -> None:
        self._journal, self._service = journal, service
        self._destroying: tuple[Thing, ...] = ()
        """What the last command destroyed that was no question."""

    def remembers(self, command: Command) -> bool:
        """Tell whether `run` would answer this command from memory."""
        return self._journal.remembers(command)

    def run(self, command: Command) -> Completed:
        """Run a command; one that destroys, after the proof. Raises Refused, before anything happened, without it."""
        if command.kind == "reads":
            return self._journal.run(command)
        proven, self._destroying = self._destroying, ()
        if not self._journal.remembers(command):
            self._prove(command, proven)
        answer = self._journal.run(command)
        self._destroying = command.destroys
        return answer

    def _prove(self, command: Command, proven: tuple[Thing, ...]) -> None:
        """Ask all that has to be known before a command runs. Raises Refused."""
        for thing in command.destroys:
            if command.destroys == proven and thing.kind != "device":
                continue
            proof = _identified if thing.proofs else _PROOFS.get(thing.kind, _recorded)
            self._answered(command, proof(self._service, command, thing))
        if command.makes is not None and command.makes.kind in MADE_ONCE:
            self._made_once(command, command.makes.name)
        if command.argv[0] in WRITES_OVER:
            self._answered(command, WRITES_OVER[command.argv[0]](self._service, command))

    def _made_once(self, command: Command, name: str) -> None:
        """Raise Refused when the record has what a command is about to make: somebody took it away."""
        thing, service = self._service.record.made.get(name), self._service
        given_up = any(lost.identity in service.allow_destroy for lost in command.destroys)
        if thing is None or command.verb == ROLLBACK or given_up:
            return
        if self._journal.has_done(lambda done: done.makes is not None and done.makes.name == name):
            # Of this very action, which may have been killed before it was there: settling takes what it cannot see
            # yet (inside a filesystem that is not mounted) for done.
            return
        said = f"{command.rid}: the {thing.kind} {thing.identity} was made for it by {thing.action}, and is not there"
        remedy = Remedy("to make another", f"svcmgr -s {service.name} provision --forget {name}")
        raise Refused(said, "bring it back, or forget it", remedy)

    def _answered(self, command: Command, proof: Steps) -> None:
        """Ask the questions of a proof. Raises Refused where it does, and where a question has no answer."""
        answer: Any = None
        while True:
            try:
                question: Any = proof.send(answer)
            except StopIteration:
                return
            answer = self._journal.run(question._replace(rid=command.rid, verb=command.verb))
            if answer.returncode not in question.accepts:
                said = (answer.stderr or answer.stdout).strip() or f"return code {answer.returncode}"
                asked = " ".join(question.argv)
                unknown = f"{_lost(command)} is now" if command.destroys else f"{join(command.argv)} would write over"
                raise Refused(f"{command.rid}: what {unknown} cannot be known: {asked}: {said}", "look into it")


def _free_path(service: Service, command: Command) -> Steps:
    """Prove that nothing is at a path yet where a file or a link is to be made."""
    path = "" if command.makes is None else command.makes.identity
    if path and not (yield files.is_taken(path)).returncode:
        text = f"{command.rid}: {path} was to be made, and there is something of that name already"
        raise Refused(text, f"move {path} away", _going_on(service, command))


def _free_alias(service: Service, command: Command) -> Steps:
    """Prove that no address has the alias yet under which one is to be brought up."""
    alias = command.argv[1]
    if ":" not in alias or command.argv[-1] != "up":
        return
    interfaces = ip.parse((yield ip.show()).stdout)
    for held in (held for interface in interfaces.values() for held in interface.addresses if held.label == alias):
        text = f"{command.rid}: {alias} was free, and is now the alias of {held.address}"
        raise Refused(text, _going_on(service, command))


def _going_on(service: Service, command: Command) -> Remedy:
    return Remedy("to go on then", f"svcmgr -s {service.name} {command.verb}")


WRITES_OVER: dict[str, Callable[[Service, Command], Steps]] = {
    "ln": _free_path,
    "truncate": _free_path,
    "ifconfig": _free_alias,
}
"""What makes something in a place, and would take what is there in its stead without a word."""


def _device(service: Service, command: Command, thing: Thing) -> Steps:
    """Prove that a device is blank, or that the operator gave up what is on it."""
    device = thing.at or thing.identity
    found: evidence.Evidence = yield from evidence.look(device)
    if found.users:
        raise _in_use(command, thing.identity, found.users)
    if found.unreadable:
        raise _unreadable(command, thing.identity, found.unreadable)
    probed = yield blkid.probe(device)
    signature = _signature(probed) or found.signatures
    held = _signature(probed) or found.held
    given_up = yield from evidence.is_named(device, (thing.identity,), service.allow_destroy)
    if thing.blank and signature:
        text = f"{command.rid}: {thing.identity} was blank, and now holds {held}"
        raise Refused(text, _allowing(service, command, thing.identity))
    if held and not given_up:
        text = f"{command.rid}: {thing.identity} is not blank: it holds {held}"
        raise Refused(text, _allowing(service, command, thing.identity))


def _filesystem(service: Service, command: Command, thing: Thing) -> Steps:
    """Prove that a device or a loop file holds the filesystem of this uuid, and that nobody uses it."""
    if users := (yield from evidence.users(thing.at)):
        raise _in_use(command, thing.at, tuple(users))
    probed = yield blkid.probe(thing.at)
    if blkid.tags(probed).get("UUID") == thing.identity:
        return
    yield from _expected(service, command, thing, thing.at, probed)


def _expected(service: Service, command: Command, thing: Thing, place: str, probed: Completed) -> Steps:
    """Refuse what is at a place, since it is not the thing: unless it can be read, and the operator named it."""
    uuid = blkid.tags(probed).get("UUID", "")
    first = yield cmp.zeroes(place, 0, evidence.MEBIBYTE)
    if first.returncode == cmp.UNREADABLE:
        raise _unreadable(command, place, first.stderr.strip())
    if not (yield from evidence.is_named(place, (uuid,) if uuid else (), service.allow_destroy)):
        wanted = "that of this service" if is_hole(thing.identity) else thing.identity
        held = _signature(probed) or "no filesystem any more"
        text = f"{command.rid}: {place} holds {held}, and {thing.kind} {wanted} was to be destroyed there"
        raise Refused(text, _allowing(service, command, place))


def _subvolume(service: Service, command: Command, thing: Thing) -> Steps:
    """Prove that a path is the subvolume, or lies in it, and that the filesystem mounted above it has its uuid."""
    uuid, _, name = thing.identity.rpartition(":")
    path = f"{thing.at}/{name}"
    here = mount.mounts((yield mount.at(thing.at)))
    if not here or here[-1].root or not f"{command.argv[-1]}/".startswith(f"{path}/"):
        what = f"{here[-1].device}, subvolume {here[-1].root or 'none'}" if here else "nothing"
        text = f"{command.rid}: subvolume {thing.identity} was to be deleted in {thing.at}, where {what} is mounted"
        raise Refused(text, "mount nothing there")
    probed = yield blkid.probe(here[-1].device)
    if blkid.tags(probed).get("UUID") == uuid:
        return
    yield from _expected(service, command, thing, here[-1].device, probed)


def _file(service: Service, command: Command, thing: Thing) -> Steps:
    """Prove that a file is recorded, and that nothing has it open."""
    yield from _recorded(service, command, thing)
    if loops := pick((yield losetup.associated(thing.identity)).stdout, "lines"):
        raise _in_use(command, thing.identity, tuple(loops))
    real = (yield files.read_link(thing.identity)).stdout.strip() or thing.identity
    if pids := find.pids((yield find.openers(real))):
        raise _in_use(command, thing.identity, tuple(f"pid {pid}" for pid in pids))


def _identified(service: Service, command: Command, thing: Thing) -> Steps:
    """Prove that a thing is what the record has, and that its own proofs hold: they tie the command to its identity."""
    if not _is_given(service, command, thing):
        raise _not_recorded(service, command, thing)
    for check in thing.proofs:
        if not holds(check, (yield check.ask)):
            said = check.otherwise or f"{thing.at or thing.identity} is not {thing.kind} {thing.identity} any more"
            raise Refused(f"{command.rid}: {said}", _allowing(service, command, thing.identity))


def _is_given(service: Service, command: Command, thing: Thing) -> bool:
    named = service.allow_destroy.intersection((thing.identity, thing.at, *command.argv))
    given = thing.identity in map(attrgetter("identity"), service.record.made.values())
    return bool(given or named or command.rid in service.adopt)


def _not_recorded(service: Service, command: Command, thing: Thing) -> Refused:
    text = f"{command.rid}: {thing.kind} {thing.identity} is not recorded as this service's"
    return Refused(text, _allowing(service, command, thing.identity))


def _recorded(service: Service, command: Command, thing: Thing) -> Steps:
    """Prove that a thing is what the record has (or the operator named), and that the command is about it."""
    yield from ()
    if thing.identity not in command.argv or not _is_given(service, command, thing):
        raise _not_recorded(service, command, thing)


_PROOFS: dict[str, Callable[[Service, Command, Thing], Steps]] = {
    "device": _device,
    "filesystem": _filesystem,
    "subvolume": _subvolume,
    "file": _file,
}
"""How it is proved of each kind of thing; of all others the record answers."""


def _signature(probed: Completed) -> str:
    """What `blkid -p` recognised, in words: `ext4, uuid ..., label ...`; "" for nothing."""
    if probed.returncode == blkid.AMBIVALENT:
        return "several signatures at once"
    tags = blkid.tags(probed)
    type_ = tags.get("TYPE") or (f"a partition table ({tags['PTTYPE']})" if "PTTYPE" in tags else "")
    named = "".join(f", {word} {tags[tag]}" for word, tag in SAID_BY_BLKID if tag in tags)
    return f"{type_}{named}" if type_ else ""


def _lost(command: Command) -> str:
    return ", ".join(f"{thing.kind} {thing.identity}" for thing in command.destroys)


def _in_use(command: Command, place: str, users: tuple[str, ...]) -> Refused:
    return Refused(f"{command.rid}: {place} is in use ({', '.join(users)})", "free it: what is in use is not destroyed")


def _unreadable(command: Command, place: str, said: str) -> Refused:
    return Refused(f"{command.rid}: {place} cannot be read, so nobody knows what it holds", said)


def _allowing(service: Service, command: Command, name: str) -> Remedy:
    return Remedy("to destroy it", f"svcmgr -s {service.name} {command.verb} --allow-destroy {name}")
