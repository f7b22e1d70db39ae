"""ip.amazon: a private address of this instance's network interface, and an elastic one that leads to it.

EC2 routes the address here, nothing more: it is a plain `ip` resource that puts it on the interface. So this driver
tells others what it allocated (`cascade_allocation`), and the service's docker daemon where to publish its ports.
"""

import re
from collections.abc import Iterable

from core.command import Command, Note, SetKey, Steps, Thing, UnsetKey
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.driver import Driver, Holding, Tie
from core.drivers import ec2
from core.drivers.allocation import ALLOCATE
from core.errors import Failed, Refused
from core.status import Remark, Status
from core.tools import aws
from core.tools import ip as iproute

DOCKER_ARGS = "DEFAULT.docker_daemon_args"

_ADDRESS = Keyword("address", "", kind="address")
_DAEMON_IP = r"(?:^|[ \t]+)--ip[ =](\S+)"


def _address_or_allocate(value: str) -> str | None:
    said = None if value == ALLOCATE else _ADDRESS.complaint(value)
    return said and f"{said}, or {ALLOCATE}"


class AmazonAddress(Driver):
    """A private address that EC2 routes to this instance, and, if wanted, an elastic address that leads to it.

    It only has the address sent here: an `ip` resource without `type`, which `cascade_allocation` names, brings it up.
    """

    keywords = (
        Keyword(
            "ipname",
            f"The private address, or {ALLOCATE}: the address that EC2 gives then takes its place.",
            required=True,
            syntax=_address_or_allocate,
        ),
        Keyword("ipdev", "The interface whose network interface of EC2 gets the address.", required=True),
        Keyword(
            "eip",
            f"The elastic address that leads to the private one, or {ALLOCATE}.",
            syntax=_address_or_allocate,
        ),
        Keyword(
            "cascade_allocation",
            "Keywords that get the allocated address: `rid.keyword` or `rid.keyword@scope`, separated by blanks.",
            kind="words",
            provisioning=True,
        ),
        Keyword(
            "docker_daemon_ip",
            "The service's docker daemon publishes ports on the address: `--ip` in docker_daemon_args.",
            kind="boolean",
            provisioning=True,
        ),
    )

    def label(self, ip: Resource) -> str:
        """Name the addresses."""
        return f"ec2 ip {ip['ipname']}@{ip['ipdev']}" + (f", eip {ip['eip']}" if ip["eip"] else "")

    def purpose(self, ip: Resource) -> str:
        """Say which addresses are allocated, and who is told."""
        address, elastic = ip["ipname"], ip["eip"]
        said = "a private address of EC2" if address == ALLOCATE else f"the private address {address} of EC2"
        said += f" for {ip['ipdev']}"
        if elastic:
            leading = "an elastic address" if elastic == ALLOCATE else f"the elastic address {elastic}"
            said += f", {leading} leading to it"
        told = [*ip.words("cascade_allocation"), *(["the docker daemon"] if ip.flag("docker_daemon_ip") else [])]
        return f"{said}, told to {' and to '.join(told)}" if told else said

    def gives(self, ip: Resource) -> Iterable[Tie]:
        """What is cascaded has to be there before its owner reads it."""
        return [Tie("key", entry.partition("@")[0]) for entry in ip.words("cascade_allocation") if "." in entry]

    def provision(self, ip: Resource) -> Steps:
        """Allocate what says so, tell the others, and start."""
        here = yield from ec2.cloud(ip)
        yield from self._allocated(ip, here)
        yield from self._rented(ip, here)
        if ip.flag("docker_daemon_ip"):
            now = ip.raw(DOCKER_ARGS) or ""
            args = _with_daemon_ip(now, ip.origin(DOCKER_ARGS) or "", ip["ipname"])
            if args != now:
                yield SetKey(DOCKER_ARGS, args, shared=True)
        yield from self._cascaded(ip)
        yield Note("provisioned")
        yield from self._started(ip, here)

    def _allocated(self, ip: Resource, here: "ec2.Cloud") -> Steps:
        text, made = ip["ipname"], ip.made("address")
        if text != ALLOCATE:
            if made not in {None, text}:
                raise Refused(f"{ip.rid}.ipname says {text}, but {made} was assigned for it", _undecided(made))
            yield Note("private ip already provisioned")
            return
        if made is not None:
            yield Note(f"ipname says {ALLOCATE} again, for which {made} was assigned", "warning")
        else:
            instance = yield from ec2.instance(here)
            interface = yield from _interface(ip, instance)
            answer = yield aws.assign_new_address(here.cli, here.instance, interface, f"{ip.rid}.address")
            made = answer.made
        yield SetKey(f"{ip.rid}.ipname", made)

    def _rented(self, ip: Resource, here: "ec2.Cloud") -> Steps:
        text, made = ip["eip"], ip.made("eip")
        if text != ALLOCATE and made is None:
            yield Note("public ip already provisioned")
            return
        if made is None:
            mark = yield from ec2.mark(ip, here, "eip")
            made = (yield aws.allocate_elastic(here.cli, f"{ip.rid}.eip", mark)).made
        elastic = aws.elastic((yield aws.find_elastic(here.cli, allocation_id=made)))
        if elastic is None:
            raise Failed(f"{ip.rid}: {made} was allocated, and is gone; --forget {ip.rid}.eip")
        if text not in {ALLOCATE, elastic.public_ip}:
            said = f"{ip.rid}.eip says {text or 'nothing'}, but {elastic.public_ip} was allocated for it"
            raise Refused(said, _undecided(elastic.public_ip))
        if text != ALLOCATE:
            yield Note("public ip already provisioned")
        yield SetKey(f"{ip.rid}.eip", elastic.public_ip)

    def _cascaded(self, ip: Resource) -> Steps:
        address = ip["ipname"]
        for entry in ip.words("cascade_allocation"):
            rid, _, parameter = entry.partition(".")
            if not parameter.partition("@")[0]:
                text = f"misformatted cascade entry: {entry} (expected <rid>.<param>[@<scope>])"
                yield Note(text, "warning")
            elif "#" not in rid or not ip.service.document.has(rid):
                yield Note(f"misformatted cascade entry: {entry} (rid does not exist)", "warning")
            elif ip.raw(entry) != address:
                yield Note(f"cascade {address} to {entry}")
                yield SetKey(entry, address)

    def start(self, ip: Resource) -> Steps:
        """Assign the address unless it is, and let the elastic one lead to it. Nothing is taken from anybody."""
        yield from self._started(ip, (yield from ec2.cloud(ip)))

    def _started(self, ip: Resource, here: "ec2.Cloud") -> Steps:
        address = ip["ipname"]
        if ALLOCATE in {address, ip["eip"]}:
            raise Failed(f"{ip.rid}: no address is allocated; provision the service first")
        instance = yield from ec2.instance(here)
        if address in instance.addresses:
            yield Note(f"ec2 ip {address} is already assigned to this node")
        else:
            interface = yield from _interface(ip, instance)
            yield aws.assign_address(here.cli, here.instance, interface, address, f"{ip.rid}.address")
        if not ip["eip"]:
            return
        elastic = aws.elastic((yield aws.find_elastic(here.cli, public_ip=ip["eip"])))
        if elastic is None:
            raise Failed(f"{ip.rid}: eip {ip['eip']} is not allocated")
        if elastic.private_ip == address:
            yield Note(f"eip {ip['eip']} is already associated to private ip {address}")
        elif elastic.association:
            who = elastic.private_ip or elastic.association
            raise Refused(f"{ip.rid}: eip {ip['eip']} is associated to {who}", "disassociate it there first")
        else:
            yield aws.associate_elastic(here.cli, here.instance, elastic, address, f"{ip.rid}.association")

    def stop(self, ip: Resource) -> Steps:
        """Let the elastic address lead nowhere, and give the private one back to its subnet."""
        address = ip["ipname"]
        if address == ALLOCATE:
            return
        here = yield from ec2.cloud(ip)
        if ip["eip"] not in {"", ALLOCATE}:
            elastic = aws.elastic((yield aws.find_elastic(here.cli, public_ip=ip["eip"])))
            if elastic is not None and elastic.private_ip == address:
                yield from _disassociated(ip, here, elastic)
        instance = yield from ec2.instance(here)
        if address not in instance.addresses:
            yield Note(f"ec2 ip {address} is already unassigned from this node")
        else:
            back = _unassign(ip, here, instance, address)
            # One that EC2 chose stays in the record: the file goes on naming it, and `<allocate>` means it again.
            yield back._replace(unmakes=()) if ip.origin("ipname") == ALLOCATE else back

    def unprovision(self, ip: Resource) -> Steps:
        """Give back the addresses that the record says are ours, and every changed key its text; `ipname` is last."""
        here = yield from ec2.cloud(ip)
        if (association := ip.made("association")) is not None:
            elastic = aws.elastic((yield aws.find_elastic(here.cli, association_id=association)))
            if elastic is not None:
                yield from _disassociated(ip, here, elastic)
            else:
                yield aws.forget(aws.is_disassociated(here.cli, association), f"{ip.rid}.association")
        address = ip.made("address") or ip["ipname"]
        if ip.made("address") is not None:
            instance = yield from ec2.instance(here)
            if address in instance.addresses:
                lost = (Thing("address", address),)
                yield _unassign(ip, here, instance, address)._replace(destroys=lost)
            else:
                yield aws.forget(aws.is_unassigned(here.cli, here.instance, address), f"{ip.rid}.address")
        if (allocation := ip.made("eip")) is not None:
            if aws.elastic((yield aws.find_elastic(here.cli, allocation_id=allocation))) is not None:
                yield aws.release_elastic(here.cli, allocation, f"{ip.rid}.eip")
            else:
                yield Note(f"{allocation} is gone already", "warning")
                yield aws.forget(aws.is_released(here.cli, allocation), f"{ip.rid}.eip")
        yield from _given_back(ip, address)

    def holds(self, ip: Resource) -> Steps:
        """The private address, unless it is the instance's own; the elastic one, and that it leads there."""
        here = yield from ec2.cloud(ip)
        instance = yield from ec2.instance(here)
        address, found = ip["ipname"], []
        if address in instance.addresses and address not in instance.primary:
            found.append(Holding("address", "address", address))
        elastic = aws.elastic((yield aws.find_elastic(here.cli, public_ip=ip["eip"]))) if ip["eip"] else None
        if elastic is not None:
            found.append(Holding("eip", "allocation", elastic.allocation))
        if elastic is not None and elastic.private_ip == address:
            found.append(Holding("association", "association", elastic.association))
        return found

    def status(self, ip: Resource) -> Steps:
        """Up when the address is one of this instance's."""
        if ip["ipname"] == ALLOCATE:
            return Status("down", (Remark("no address is allocated"),))
        instance = yield from ec2.instance((yield from ec2.cloud(ip)))
        return Status("up" if ip["ipname"] in instance.addresses else "down")


def _undecided(made: str | None) -> str:
    return f"write {made} again, or unprovision the service first"


def _interface(ip: Resource, instance: "aws.Instance") -> Steps:
    """Return the network interface of EC2 that has one of the addresses of `ipdev`."""
    device = iproute.parse((yield iproute.show()).stdout).get(ip["ipdev"])
    if device is None:
        raise Failed(f"{ip.rid}: interface {ip['ipdev']} not found")
    for held in device.addresses:
        if held.address in instance.addresses:
            return instance.addresses[held.address]
    raise Failed(f"{ip.rid}: could not find ec2 network interface for {ip['ipdev']}")


def _unassign(ip: Resource, here: "ec2.Cloud", instance: "aws.Instance", address: str) -> Command:
    interface = instance.addresses[address]
    return aws.unassign_address(here.cli, here.instance, interface, address, f"{ip.rid}.address")


def _disassociated(ip: Resource, here: "ec2.Cloud", elastic: "aws.Elastic") -> Steps:
    name = f"{ip.rid}.association"
    again = aws.associate_elastic(here.cli, here.instance, elastic, elastic.private_ip, name)
    yield aws.disassociate_elastic(here.cli, elastic.association, name, again)


def _with_daemon_ip(args: str, users: str, address: str) -> str:
    """Return the options of the docker daemon with `--ip ADDRESS` at their end, in place of one of an earlier address.

    users: the options as the user wrote them; an `--ip` of theirs stays.
    """
    theirs = set(re.findall(_DAEMON_IP, users))
    if address in re.findall(_DAEMON_IP, args):
        return args
    kept = re.sub(_DAEMON_IP, lambda match: match[0] if match[1] in theirs else "", args)
    return f"{kept} --ip {address}".strip()


def _given_back(ip: Resource, address: str) -> Steps:
    now, before = ip.raw(DOCKER_ARGS), ip.origin(DOCKER_ARGS)
    if address in re.findall(_DAEMON_IP, now or "") and address not in re.findall(_DAEMON_IP, before or ""):
        left = re.sub(_DAEMON_IP, lambda match: "" if match[1] == address else match[0], now or "")
        if left.split() == (before or "").split():
            yield UnsetKey(DOCKER_ARGS) if before is None else SetKey(DOCKER_ARGS, before, shared=True)
        else:
            yield SetKey(DOCKER_ARGS, left, shared=True)
    own = [f"{ip.rid}.eip", f"{ip.rid}.ipname"]
    keys = ip.service.record.keys.items()
    cascaded = [
        key for key, text in keys if text.value == address and not text.shared and key.partition("@")[0] not in own
    ]
    for key in (*cascaded, *own):
        before = ip.origin(key)
        if before != ip.raw(key):
            yield UnsetKey(key) if before is None else SetKey(key, before)


driver = AmazonAddress()
