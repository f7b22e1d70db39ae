"""The driver of EC2's addresses."""

import json

import pytest

from core.command import Command, Thing
from core.compare import same_world
from core.config.service import Resource
from core.errors import CommandFailed, Failed, Refused
from core.holes import fill_check
from core.state import copy
from tests.unit.drivers.drive import Run, drive, service
from tests.unit.ec2_nodes import NAMES, aws, holds, node, undo

ENI = "--network-interface-id eni-033adc4b"


def address(options: str = "", ipname: str = "<allocate>", name: str = "ec2", args: str | None = "") -> Resource:
    """The resource ip#0 of a service that has an ip#1 as well."""
    given = "" if args is None else f"docker_daemon_args ={args and ' '}{args}"
    device = "ens5" if name == "ec2-nitro" else "eth0"
    text = (
        f"[DEFAULT]\napp = x\n{given}\n[ip#0]\ntype = amazon\nipname = {ipname}\nipdev = {device}\n{options}\n"
        "[ip#1]\nipname = localhost\nipdev = eth0\n"
    )
    return service(text, "svc1", "node12.nsx.lab.net").resource("ip#0")


def ec2_lines(run: Run) -> list[str]:
    """The changes of a run, without what stands before the operation."""
    return [" ".join(command.argv[3:]) for command in run.changes]


def made_by(resource: Resource) -> dict[str, str]:
    """What the record has, by name: the holes that an undo has to have filled."""
    return {name: thing.identity for name, thing in resource.service.record.made.items()}


TRANSCRIPT = "docker_daemon_ip = true\ncascade_allocation = ip#1.ipname"


def test_provision_says_and_runs_what_the_transcript_shows() -> None:
    """On the node of 2015, notes and commands are those of the transcript."""
    resource = address(TRANSCRIPT)
    run = drive(resource, "provision", node("ec2-2015"))
    assert run.lines == [
        f"aws --output=json ec2 assign-private-ip-addresses {ENI} --secondary-private-ip-address-count 1"
    ]
    assert run.notes == [
        "public ip already provisioned",
        "cascade 10.0.0.221 to ip#1.ipname",
        "provisioned",
        "ec2 ip 10.0.0.221 is already assigned to this node",
    ]
    service_ = resource.service
    keys = ("ip#0.ipname", "ip#1.ipname", "docker_daemon_args")
    assert [service_.text(key) for key in keys] == ["10.0.0.221", "10.0.0.221", "--ip 10.0.0.221"]


def test_with_an_elastic_address() -> None:
    """`eip = <allocate>` rents a public address, writes it to the file, and lets it lead to the private one."""
    on, resource = node("ec2-2015"), address("eip = <allocate>")
    run = drive(resource, "provision", on)
    to = "--private-ip-address 10.0.0.221 --instance-id i-40753486"
    assert ec2_lines(run) == [
        f"assign-private-ip-addresses {ENI} --secondary-private-ip-address-count 1",
        "allocate-address --domain vpc",
        f"associate-address --allocation-id {resource.made('eip')} {to}",
    ]
    assert resource.driver.label(resource) == "ec2 ip 10.0.0.221@eth0, eip 203.0.113.1"


@pytest.mark.parametrize("name", NAMES)
def test_a_second_provision_runs_nothing(name: str) -> None:
    """What is provisioned is left alone, in the words of the agent."""
    on, resource = node(name), address(f"eip = <allocate>\n{TRANSCRIPT}", name=name)
    drive(resource, "provision", on)
    text = resource.service.document.text
    run = drive(resource, "provision", on)
    private, public = resource["ipname"], resource["eip"]
    assert (run.changes, resource.service.document.text) == ([], text)
    assert run.notes == [
        "private ip already provisioned",
        "public ip already provisioned",
        "provisioned",
        f"ec2 ip {private} is already assigned to this node",
        f"eip {public} is already associated to private ip {private}",
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("args", [None, "", "--storage-driver=btrfs", "--ip 10.9.9.9 -s overlay"])
def test_unprovision_gives_back_node_and_file(name: str, args: str | None, *, stopped: bool) -> None:
    """After unprovision, also of a stopped service, no address is left and every text is the user's."""
    on, resource = node(name), address(f"eip = <allocate>\n{TRANSCRIPT}", name=name, args=args)
    before, text = copy(on.state), resource.service.document.text
    drive(resource, "provision", on)
    if stopped:
        drive(resource, "stop", on)
    drive(resource, "unprovision", on)
    assert same_world(before, on.state) == []
    assert (resource.service.document.text, made_by(resource)) == (text, {})


@pytest.mark.parametrize("name", NAMES)
def test_undoing_a_provision_leaves_nothing(name: str) -> None:
    """The undos of a provision, last first, give back the node."""
    on, resource = node(name), address("eip = <allocate>", name=name)
    before = copy(on.state)
    run = drive(resource, "provision", on)
    undo(on, run, made_by(resource))
    assert same_world(before, on.state) == []


@pytest.mark.parametrize("name", NAMES)
def test_undoing_a_stop_starts_again(name: str) -> None:
    """The undo of a stop assigns the same address again, and lets the elastic one lead to it."""
    on, resource = node(name), address("eip = <allocate>", name=name)
    drive(resource, "provision", on)
    run = drive(resource, "stop", on)
    undo(on, run, made_by(resource))
    assert drive(resource, "start", on).changes == []


def test_a_preview_computes_nothing_on_the_address() -> None:
    """In a preview the address is a hole, in the file as in the commands."""
    resource = address(f"eip = <allocate>\n{TRANSCRIPT}")
    run = drive(resource, "provision", node(holes=True))
    assert resource.service.text("docker_daemon_args") == "--ip «ip#0.address»"
    assert (resource.service.text("ip#1.ipname"), resource["eip"]) == ("«ip#0.address»", "«ip#0.eip.public»")
    assert "--allocation-id «ip#0.eip» --private-ip-address «ip#0.address»" in run.lines[-1]


def test_a_check_holds_when_the_change_is_in_place() -> None:
    """After provisioning the checks of its changes hold, with the identities filled in, and none of their undos'."""
    on, resource = node("ec2-2015"), address("eip = <allocate>")
    run = drive(resource, "provision", on)
    made = made_by(resource)
    checks = [command.check for command in run.changes if command.check is not None]
    undos = [step.check for command in run.changes for step in command.undo if isinstance(step, Command) and step.check]
    assert [holds(on, fill_check(check, made)) for check in checks] == [True] * 3
    assert [holds(on, fill_check(check, made)) for check in undos] == [False] * 3


def test_cascades_to_keywords_of_resources_only() -> None:
    """Entries that name no resource, or no keyword, are warnings; a scope may have dots."""
    entries = "ip#1.ipname@nodes foo DEFAULT.app ip#9.ipname ip#1. ip#1.ipname@node12.nsx.lab.net"
    run = drive(address(f"cascade_allocation = {entries}"), "provision", node("ec2-2015"))
    assert run.notes[1:-2] == [
        "cascade 10.0.0.221 to ip#1.ipname@nodes",
        "misformatted cascade entry: foo (expected <rid>.<param>[@<scope>])",
        "misformatted cascade entry: DEFAULT.app (rid does not exist)",
        "misformatted cascade entry: ip#9.ipname (rid does not exist)",
        "misformatted cascade entry: ip#1. (expected <rid>.<param>[@<scope>])",
        "cascade 10.0.0.221 to ip#1.ipname@node12.nsx.lab.net",
    ]


def test_false_is_false() -> None:
    """`docker_daemon_ip = false` leaves the arguments of the daemon alone."""
    resource = address("docker_daemon_ip = false", args="-s btrfs")
    drive(resource, "provision", node())
    assert resource.service.text("docker_daemon_args") == "-s btrfs"


@pytest.mark.parametrize(
    "args, then",
    [
        (None, "--ip 10.0.0.222"),
        ("", "--ip 10.0.0.222"),
        ("--storage-driver=btrfs", "--storage-driver=btrfs --ip 10.0.0.222"),
        ("--ip 10.0.0.222", "--ip 10.0.0.222"),
        ("--ip=10.0.0.222 -s x", "--ip=10.0.0.222 -s x"),
    ],
)
def test_the_daemon_gets_the_address_once(args: str | None, then: str) -> None:
    """The address is appended with one blank, and not where it is already."""
    resource = address("docker_daemon_ip = true", ipname="10.0.0.222", args=args)
    drive(resource, "provision", node())
    drive(resource, "provision", node())
    assert resource.service.text("docker_daemon_args") == then


def test_another_address_replaces_the_first() -> None:
    """When the address changes, the daemon's argument is replaced; an `--ip` of the user stays."""
    resource = address("docker_daemon_ip = true", ipname="10.0.0.222", args="--ip 10.9.9.9 -s x")
    drive(resource, "provision", node())
    resource.service.set("ip#0.ipname", "10.0.0.223")
    resource.service.record.drop("ip#0.address")
    drive(resource, "provision", node())
    assert resource.service.text("docker_daemon_args") == "--ip 10.9.9.9 -s x --ip 10.0.0.223"


def test_what_the_user_added_to_a_shared_key_stays() -> None:
    """Unprovisioning takes the address out of the daemon's arguments, and nothing else."""
    on, resource = node(), address("docker_daemon_ip = true", args="-s x")
    drive(resource, "provision", on)
    resource.service.set("docker_daemon_args", f"-s x --ip {resource['ipname']} --debug")
    drive(resource, "unprovision", on)
    assert resource.service.text("docker_daemon_args") == "-s x --debug"


def test_a_text_that_was_allocated_for_takes_what_was_allocated() -> None:
    """When the file again says `<allocate>`, the recorded addresses take its place and none is allocated."""
    on, resource = node(), address("eip = <allocate>")
    drive(resource, "provision", on)
    known = (resource["ipname"], resource["eip"])
    resource.service.set("ip#0.ipname", "<allocate>")
    resource.service.set("ip#0.eip", "<allocate>")
    run = drive(resource, "provision", on)
    assert (run.changes, (resource["ipname"], resource["eip"])) == ([], known)


@pytest.mark.parametrize("key, text", [("ipname", "10.0.0.250"), ("eip", "198.51.100.7")])
def test_another_text_is_refused(key: str, text: str) -> None:
    """When the file names another address than was allocated for it, nothing runs, and both are named."""
    on, resource = node(), address("eip = <allocate>")
    drive(resource, "provision", on)
    known = resource[key]
    resource.service.set(f"ip#0.{key}", text)
    with pytest.raises(Refused, match=rf"{key} says {text}, but {known} was"):
        drive(resource, "provision", on)


def test_start_takes_no_address_from_anybody() -> None:
    """An address that another interface has is not taken: EC2 refuses, and no option makes it."""
    with pytest.raises(CommandFailed, match=r"\[10\.0\.0\.99\] assigned, but move is not allowed"):
        drive(address(ipname="10.0.0.99"), "start", node())


def test_start_takes_no_elastic_address_from_anybody() -> None:
    """An elastic address that leads elsewhere stays there."""
    on, resource = node(), address(ipname="10.0.0.222")
    answer = json.loads(aws(on, "allocate-address", "--domain", "vpc").stdout)
    to = ("--instance-id", "i-40753486", "--private-ip-address", "10.0.0.61")
    aws(on, "associate-address", "--allocation-id", answer["AllocationId"], *to)
    resource.service.set("ip#0.eip", answer["PublicIp"])
    with pytest.raises(Refused, match=r"is associated to 10\.0\.0\.61; disassociate it there first"):
        drive(resource, "start", on)


def test_stop_and_start() -> None:
    """Stop gives the address back, says so the second time, and start assigns the same one again."""
    on, resource = node("ec2-2015"), address()
    drive(resource, "provision", on)
    stopped, again = drive(resource, "stop", on), drive(resource, "stop", on)
    started = drive(resource, "start", on)
    assert ec2_lines(stopped) == [f"unassign-private-ip-addresses {ENI} --private-ip-address 10.0.0.221"]
    assert (again.lines, again.notes) == ([], ["ec2 ip 10.0.0.221 is already unassigned from this node"])
    assert ec2_lines(started) == [f"assign-private-ip-addresses {ENI} --private-ip-address 10.0.0.221"]


def test_a_stopped_address_is_allocated_for_again() -> None:
    """After a stop, `<allocate>` still means the address that was allocated for it."""
    on, resource = node(), address()
    drive(resource, "provision", on)
    known = resource["ipname"]
    drive(resource, "stop", on)
    resource.service.set("ip#0.ipname", "<allocate>")
    run = drive(resource, "provision", on)
    assert ec2_lines(run) == [f"assign-private-ip-addresses {ENI} --private-ip-address {known}"]


def test_an_address_of_the_user_leaves_nothing_after_a_stop() -> None:
    """An address that the user named is in the record only while it is assigned for the service."""
    on, resource = node(), address(ipname="10.0.0.222")
    drive(resource, "start", on)
    assert resource.made("address") == "10.0.0.222"
    drive(resource, "stop", on)
    assert made_by(resource) == {}


def test_an_elastic_address_that_leads_nowhere_stays_so() -> None:
    """Stopping disassociates only what leads to this resource's address."""
    on, resource = node(), address("eip = <allocate>")
    drive(resource, "provision", on)
    aws(on, "disassociate-address", "--association-id", resource.made("association") or "")
    assert [line.split()[0] for line in ec2_lines(drive(resource, "stop", on))] == ["unassign-private-ip-addresses"]


def test_an_address_that_was_there_before_stays() -> None:
    """An address that this instance had before is found, and unprovisioning leaves it."""
    on, resource = node(), address(ipname="10.0.0.62")
    before = copy(on.state)
    drive(resource, "provision", on)
    drive(resource, "unprovision", on)
    assert same_world(before, on.state) == []


def test_start_needs_an_allocated_address() -> None:
    """Starting what is only to be allocated says what to do; stopping it does nothing."""
    with pytest.raises(Failed, match="provision the service first"):
        drive(address(), "start", node())
    assert drive(address(), "stop", node()).lines == []


@pytest.mark.parametrize(
    "device, said", [("eth9", "interface eth9 not found"), ("lo", "could not find ec2 network interface for lo")]
)
def test_the_interface_has_to_be_one_of_ec2(device: str, said: str) -> None:
    """An interface that does not exist, or whose addresses EC2 does not know, is an error that names it."""
    resource = address()
    resource.service.set("ip#0.ipdev", device)
    with pytest.raises(Failed, match=said):
        drive(resource, "provision", node())


def test_an_elastic_address_has_to_be_ours() -> None:
    """An elastic address that the account does not have is an error."""
    with pytest.raises(Failed, match=r"eip 198\.51\.100\.7 is not allocated"):
        drive(address("eip = 198.51.100.7", ipname="10.0.0.62"), "start", node())


def test_status_is_up_with_the_address() -> None:
    """Down before provisioning, up after, down when stopped."""
    on, resource = node(), address()
    states = [drive(resource, "status", on).value.state]
    for verb in ("provision", "stop"):
        drive(resource, verb, on)
        states.append(drive(resource, "status", on).value.state)
    assert states == ["down", "up", "down"]


@pytest.mark.parametrize("ipname", ["<alocate>", "localhost", "10.0.0", "allocate"])
def test_ipname_is_an_address_or_to_be_allocated(ipname: str) -> None:
    """Anything else is an error of the configuration, which says what is right."""
    (problem,) = address(ipname=ipname).service.problems()
    assert "<allocate>" in str(problem)


def test_what_is_cascaded_comes_before_its_reader() -> None:
    """Each target of the cascade is a key that this resource gives."""
    resource = address("cascade_allocation = ip#1.ipname@nodes foo")
    assert [tuple(tie) for tie in resource.driver.gives(resource)] == [("key", "ip#1.ipname")]


def test_giving_an_address_up_for_good_is_destruction() -> None:
    """Unprovisioning names the addresses that are lost; provisioning and stopping lose none."""
    on, resource = node(), address("eip = <allocate>")
    kept = [*drive(resource, "provision", on).changes, *drive(resource, "stop", on).changes]
    drive(resource, "start", on)
    lost = [Thing("address", resource["ipname"]), Thing("address", resource.made("eip") or "")]
    run = drive(resource, "unprovision", on)
    assert [command.destroys for command in kept if command.destroys] == []
    assert [thing for command in run.changes for thing in command.destroys] == lost


def test_what_others_took_away_is_said_to_be_gone() -> None:
    """Unprovisioning goes on when an address is gone, says so, and leaves nothing in the record."""
    on, resource = node(), address("eip = <allocate>")
    drive(resource, "provision", on)
    private, allocation = resource["ipname"], resource.made("eip") or ""
    aws(on, "unassign-private-ip-addresses", *ENI.split(), "--private-ip-address", private)
    aws(on, "release-address", "--allocation-id", allocation)
    run = drive(resource, "unprovision", on)
    assert (run.notes, made_by(resource)) == ([f"{allocation} is gone already"], {})


def test_an_elastic_address_that_is_gone_is_not_rented_again() -> None:
    """When the recorded elastic address is gone, provisioning says so and rents no other."""
    on, resource = node(), address("eip = <allocate>")
    drive(resource, "provision", on)
    on.state["ec2"]["elastic_addresses"].clear()
    with pytest.raises(Failed, match=r"was allocated, and is gone; --forget ip#0\.eip"):
        drive(resource, "provision", on)


@pytest.mark.parametrize(
    "ipname, options, purpose",
    [
        ("<allocate>", "", "a private address of EC2 for eth0"),
        (
            "10.0.0.9",
            "eip = 192.0.2.7",
            "the private address 10.0.0.9 of EC2 for eth0, the elastic address 192.0.2.7 leading to it",
        ),
        (
            "<allocate>",
            "eip = <allocate>",
            "a private address of EC2 for eth0, an elastic address leading to it",
        ),
    ],
)
def test_the_purpose_says_what_is_allocated(ipname: str, options: str, purpose: str) -> None:
    """The plan says which addresses come from EC2, and where they go."""
    here = address(options, ipname)
    assert here.driver.purpose(here) == purpose


def test_the_purpose_says_who_is_told() -> None:
    """The plan says which other keywords get the address."""
    here = address(TRANSCRIPT)
    assert here.driver.purpose(here).endswith(" for eth0, told to ip#1.ipname and to the docker daemon")
