"""The driver of EC2's volumes, on the three generations of instances."""

import pytest

from core.command import Command, Completed
from core.compare import same_world
from core.config.service import Resource
from core.errors import CommandFailed, Failed, Refused
from core.state import copy
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service
from tests.unit.ec2_nodes import NAMES, aws, holds, node, undo

S = "testec2docker4.nsx.lab.net"
LINK = f"/var/lib/opensvc/{S}/dev/disk.0.0"


def disk(volumes: str = "<size=15>", options: str = "") -> Resource:
    """The resource disk#0 of a service."""
    text = f"[DEFAULT]\n{options}\n[disk#0]\ntype = amazon\nvolumes = {volumes}\n"
    return service(text, S, "node12.nsx.lab.net").resource("disk#0")


def ec2_lines(run: Run) -> list[str]:
    """The changes of a run that go to EC2, without what stands before the operation."""
    return [" ".join(command.argv[3:]) for command in run.changes if command.argv[0] == "aws"]


def made_by(resource: Resource) -> dict[str, str]:
    """What the record has, by name: the holes that an undo has to have filled."""
    return {name: thing.identity for name, thing in resource.service.record.made.items()}


def test_provision_says_and_runs_what_the_transcript_shows() -> None:
    """On the node of 2015, notes and commands are those of the transcript."""
    run = drive(disk(), "provision", node("ec2-2015"))
    assert run.lines == [
        "aws --output=json ec2 create-volume --size 15 --availability-zone us-west-2b",
        "aws --output=json ec2 attach-volume --instance-id i-40753486 --volume-id vol-464a8f87 --device /dev/sdh",
    ]
    assert run.notes == [
        *["vol-464a8f87 state: creating"] * 2,
        "vol-464a8f87 state: available",
        "provisioned",
        *["/dev/xvdh is not present yet"] * 5,
    ]


def test_a_cli_with_tokens_marks_what_it_buys() -> None:
    """Where the CLI can, a volume is requested with a client token and tagged with service, rid and nonce."""
    (line, *_) = ec2_lines(drive(disk(), "provision", node(holes=True)))
    assert line == (
        "create-volume --size 15 --availability-zone us-west-2b --client-token «disk#0.volume.0.token» "
        f"--tag-specifications ResourceType=volume,Tags=[{{Key=svcprov:service,Value={S}}},"
        "{Key=svcprov:rid,Value=disk#0},{Key=svcprov:nonce,Value=«disk#0.volume.0.token»}]"
    )


def test_every_key_of_a_specification_is_asked_for() -> None:
    """Size, speed, zone, snapshot, type and encryption all reach EC2."""
    words = "<size=20,iops=100,availability-zone=us-west-2b,snapshot=snap-0c1f5a7be8f0a2d34,type=io1,encrypted=true>"
    (line, *_) = ec2_lines(drive(disk(words), "provision", node("ec2-2015")))
    assert line == (
        "create-volume --size 20 --iops 100 --availability-zone us-west-2b --snapshot-id snap-0c1f5a7be8f0a2d34 "
        "--volume-type io1 --encrypted"
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_volume_takes_the_place_of_its_specification(name: str) -> None:
    """After provisioning the file names the volumes, in the order of their specifications, and they are recorded."""
    on, resource = node(name), disk("<size=1> <size=2>")
    drive(resource, "provision", on)
    words = resource.words("volumes")
    assert [on.state["ec2"]["volumes"][word]["size"] >> 30 for word in words] == [1, 2]
    assert [resource.made(f"volume.{position}") for position in range(2)] == words


@pytest.mark.parametrize("name", NAMES)
def test_the_link_leads_to_the_device_of_the_volume(name: str) -> None:
    """`disk.0.1` is the block device of the second volume, whatever the kernel calls it."""
    on, resource = node(name), disk("<size=1> <size=2>")
    drive(resource, "provision", on)
    device = on.device(LINK.replace("0.0", "0.1"))
    assert device is not None
    assert device["volume"] == resource.words("volumes")[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_second_provision_runs_nothing(name: str) -> None:
    """What is provisioned and attached is left alone."""
    on, resource = node(name), disk("<size=1> <size=2>")
    drive(resource, "provision", on)
    run = drive(resource, "provision", on)
    assert run.changes == []
    volumes = resource.words("volumes")
    assert run.notes == [
        *(f"volume {volume} already provisioned" for volume in volumes),
        "provisioned",
        *(f"{volume} is already attached" for volume in volumes),
    ]


def test_a_device_may_be_a_link_itself() -> None:
    """Where udev makes the device's name a link, a second provision leaves ours, which leads to the same disk."""
    on, resource = node(disks="sd"), disk("<size=1>")
    on.state["devices"]["/dev/sda"] = on.state["devices"].pop("/dev/xvda")
    drive(resource, "provision", on)
    on.state["devices"]["/dev/vdb"] = on.state["devices"].pop("/dev/sdf")
    on.state["files"]["/dev/sdf"] = {"kind": "link", "target": "/dev/vdb"}
    assert drive(resource, "provision", on).changes == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stopped", [False, True])
def test_unprovision_gives_back_node_and_file(name: str, *, stopped: bool) -> None:
    """After unprovision, also of a stopped service, nothing is left of the volumes, their links and directories."""
    on, resource = node(name), disk("<size=1> <size=2>")
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
    on, resource = node(name), disk("<size=1> <snapshot=snap-0c1f5a7be8f0a2d34>")
    before = copy(on.state)
    run = drive(resource, "provision", on)
    undo(on, run, made_by(resource))
    assert same_world(before, on.state) == []


@pytest.mark.parametrize("name", NAMES)
def test_undoing_a_stop_attaches_again(name: str) -> None:
    """The undo of a stop gives each volume the device name that it had."""
    on, resource = node(name), disk("<size=1> <size=2>")
    drive(resource, "provision", on)
    names = [volume["attachment"]["device"] for volume in on.state["ec2"]["volumes"].values()]
    run = drive(resource, "stop", on)
    undo(on, run, made_by(resource))
    assert [volume["attachment"]["device"] for volume in on.state["ec2"]["volumes"].values()] == names


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("verb", ["provision", "stop", "unprovision"])
def test_a_check_holds_when_the_change_is_in_place(name: str, verb: str) -> None:
    """Before a change its check does not hold, right after it does."""
    on, resource = node(name), disk("<size=1>")
    if verb != "provision":
        drive(resource, "provision", on)

    class Watched:
        """A node that asks the check of each change before and after it."""

        def run(self, command: Command) -> Completed:
            check = command.check if command.kind == "changes" else None
            if check is None or any("«" in word for word in check.ask.argv):
                return on.run(command)
            assert not holds(on, check), command.argv
            answer = on.run(command)
            assert holds(on, check), command.argv
            return answer

    assert drive(resource, verb, Watched()).changes


@pytest.mark.parametrize("name", NAMES)
def test_a_preview_runs_the_same_commands(name: str) -> None:
    """With holes for what nobody knows yet, a preview shows as many commands, and no identity of the future."""
    real = drive(disk("<size=1> <size=2>"), "provision", node(name))
    seen = drive(disk("<size=1> <size=2>"), "provision", node(name, holes=True))
    assert [line.split()[:4] for line in seen.lines if "ln" not in line] == [
        line.split()[:4] for line in real.lines if "ln" not in line
    ]
    assert not any("vol-" in line or "/dev/nvme" in line for line in seen.lines)


def test_an_interrupted_creation_goes_on() -> None:
    """A volume that the file names but that is still being created is waited for, and attached."""
    on, resource = node(), disk()
    made = aws(on, "create-volume", "--size", "2", "--availability-zone", "us-west-2b").stdout
    volume = made.partition('"VolumeId": "')[2].partition('"')[0]
    resource.service.set("disk#0.volumes", volume)
    run = drive(resource, "provision", on)
    assert f"{volume} state: available" in run.notes
    assert ec2_lines(run) == [f"attach-volume --instance-id i-40753486 --volume-id {volume} --device /dev/sdf"]


def test_a_text_that_was_allocated_for_takes_what_was_allocated() -> None:
    """When the file again says `<size=15>`, the recorded volume takes its place and nothing is bought."""
    on, resource = node(), disk("<size=15> <size=1>")
    drive(resource, "provision", on)
    words = resource["volumes"]
    resource.service.set("disk#0.volumes", "<size=15> <size=1>")
    run = drive(resource, "provision", on)
    assert (ec2_lines(run), resource["volumes"]) == ([], words)


@pytest.mark.parametrize("text", ["<size=16>", "vol-0123456789abcdef0"])
def test_another_text_is_refused(text: str) -> None:
    """When the file says something else than was allocated for, nothing runs, and both are named."""
    on, resource = node(), disk("<size=15>")
    drive(resource, "provision", on)
    volume = resource["volumes"]
    resource.service.set("disk#0.volumes", text)
    with pytest.raises(Refused, match=rf"says {text}, but {volume} was created there \(for <size=15>\)"):
        drive(resource, "provision", on)


def test_a_volume_of_the_user_survives() -> None:
    """A volume that the user named is attached and detached, never deleted."""
    on = node()
    made = aws(on, "create-volume", "--size", "2", "--availability-zone", "us-west-2b").stdout
    volume = made.partition('"VolumeId": "')[2].partition('"')[0]
    on.state["clock"] += 5
    aws(on, "describe-volumes")
    before, resource = copy(on.state), disk(volume)
    drive(resource, "provision", on)
    drive(resource, "unprovision", on)
    assert same_world(before, on.state) == []


def test_a_volume_that_was_attached_before_stays_attached() -> None:
    """What provisioning found attached, unprovisioning leaves attached."""
    on = node("ec2-2015")
    volume = next(v for v, entry in on.state["ec2"]["volumes"].items() if entry["attachment"]["device"] == "/dev/sdc")
    before, resource = copy(on.state), disk(volume)
    drive(resource, "provision", on)
    drive(resource, "unprovision", on)
    # The link of this node led to a disk that is not there; what the driver replaced it with was its own.
    on.tree.put(LINK, before["files"][LINK])
    assert same_world(before, on.state) == []


def test_a_wrong_zone_is_refused_by_ec2() -> None:
    """A volume of another zone cannot be attached; the words are EC2's."""
    with pytest.raises(CommandFailed, match="not in the same availability zone"):
        drive(disk("<size=1,availability-zone=us-west-2c>"), "provision", node())


@pytest.mark.parametrize("verb", ["provision", "status", "start"])
def test_elsewhere_than_on_ec2_it_says_so(verb: str) -> None:
    """On a node whose metadata service does not answer, every verb says that this is no instance."""
    with pytest.raises(Failed, match="this node is no EC2 instance"):
        drive(disk("vol-0123456789abcdef0"), verb, node(metadata=False))


def test_a_volume_that_does_not_exist_is_an_error() -> None:
    """An id that EC2 does not know is named."""
    with pytest.raises(Failed, match=r"disk#0: there is no volume vol-0123456789abcdef0; is it one of this region"):
        drive(disk("vol-0123456789abcdef0"), "start", node())


def test_start_needs_allocated_volumes() -> None:
    """Starting what is only specified names the specifications and what to do."""
    with pytest.raises(Failed, match="non allocated volumes: <size=15>; provision the service first"):
        drive(disk(), "start", node())


def test_a_volume_of_the_user_is_detached_when_it_was_attached_for_us() -> None:
    """Unprovisioning an attached volume that the user named detaches it, and the label names it."""
    on, resource = node(), disk("<size=1>")
    drive(resource, "provision", on)
    volume = resource["volumes"]
    resource.service.record.drop("disk#0.volume.0")
    run = drive(resource, "unprovision", on)
    assert resource.driver.label(resource) == "ec2 volumes <size=1>"
    assert ec2_lines(run) == [f"detach-volume --instance-id i-40753486 --volume-id {volume}"]


def test_status_tells_how_many_are_attached() -> None:
    """Up with all volumes, warn with some, down with none, warn when they do not exist."""
    on, resource = node(), disk("<size=1> <size=2>")
    seen = [drive(resource, "status", on).value]
    drive(resource, "provision", on)
    seen.append(drive(resource, "status", on).value)
    first, second = resource.words("volumes")
    aws(on, "detach-volume", "--volume-id", first)
    seen.append(drive(resource, "status", on).value)
    aws(on, "detach-volume", "--volume-id", second)
    seen.append(drive(resource, "status", on).value)
    assert [status.state for status in seen] == ["warn", "up", "warn", "down"]
    assert [remark.text for status in seen for remark in status.remarks] == [
        "non allocated volumes: <size=1> <size=2>",
        f"unattached: {first}",
    ]


def test_status_changes_nothing() -> None:
    """Asking how things are runs reads only, and leaves the state as it is."""
    on, resource = node(), disk("<size=1>")
    drive(resource, "provision", on)
    on.state["clock"] += 5
    drive(resource, "status", on)
    before = copy(on.state)
    assert (drive(resource, "status", on).changes, on.state) == ([], before)


def test_the_profile_and_the_program_are_those_of_the_service() -> None:
    """`aws` and `aws_profile` of DEFAULT are in every command line."""
    run = drive(disk(options="aws = /usr/bin/aws\naws_profile = staging"), "provision", node("ec2-2015"))
    assert run.lines[0].startswith("/usr/bin/aws --output=json --profile staging ec2 create-volume ")


def test_deleting_a_volume_is_destruction() -> None:
    """Only the deletion of volumes is typed as destroying, with their ids."""
    on, resource = node(), disk("<size=1>")
    bought = drive(resource, "provision", on)
    volume = resource["volumes"]
    run = drive(resource, "unprovision", on)
    assert [thing for command in bought.changes for thing in command.destroys] == []
    assert [thing[:3] for command in run.changes for thing in command.destroys] == [("volume", volume, False)]


def test_bare_sizes_are_warned_about() -> None:
    """Validation points out what a bare size counts, and the devices that others may need are the links."""
    resource = disk("<size=1> vol-1")
    assert [key for key, _ in resource.driver.warnings(resource)] == ["volumes"]
    assert [tie.name for tie in resource.driver.gives(resource)] == [LINK, LINK.replace("0.0", "0.1")]


def test_a_volume_that_somebody_deleted_is_said_to_be_gone() -> None:
    """Unprovisioning without the volume goes on, says so, and leaves nothing in the record."""
    on, resource = node(), disk("<size=1>")
    drive(resource, "provision", on)
    volume = resource["volumes"]
    drive(resource, "stop", on)
    aws(on, "delete-volume", "--volume-id", volume)
    run = drive(resource, "unprovision", on)
    assert f"{volume} is gone already" in run.notes
    assert (resource["volumes"], made_by(resource)) == ("<size=1>", {})


def test_a_node_without_aws_is_an_error() -> None:
    """Where the CLI is not installed, the failed command says so."""
    on = SimulatedNode({**node().state, "tools": {}})
    with pytest.raises(CommandFailed, match="command not found"):
        drive(disk(), "provision", on)


def test_the_purpose_says_what_is_bought_and_where_it_is_found() -> None:
    """A specification is told with its size as it is understood, an id as it is; each has its link."""
    here = disk("<size=15> vol-1 <snapshot=snap-1>")
    assert here.driver.purpose(here) == (
        "an EBS volume of 15G created from <size=15> and the EBS volume vol-1 and an EBS volume created from "
        f"<snapshot=snap-1>, attached and linked as {LINK} and {LINK[:-1]}1 and {LINK[:-1]}2"
    )


def test_a_volume_of_ours_that_is_gone_is_refused_with_the_way_out() -> None:
    """Starting names the volume that was created and is gone, and that unprovisioning takes back what is left."""
    on, resource = node(), disk("<size=1> <size=2>")
    drive(resource, "provision", on)
    drive(resource, "stop", on)
    volume = resource.words("volumes")[1]
    aws(on, "delete-volume", "--volume-id", volume)
    with pytest.raises(Refused, match=f"the volume {volume} was created for it.*: svcmgr -s {S} unprovision$"):
        drive(resource, "start", on)


def test_another_failure_of_a_question_is_not_a_missing_volume() -> None:
    """That EC2 cannot be asked is said as it is."""
    on, resource = node(), disk("<size=1>")
    drive(resource, "provision", on)
    on.state["ec2"]["credentials"] = False
    with pytest.raises(CommandFailed, match="credentials"):
        drive(resource, "start", on)


@pytest.mark.parametrize("ours", [True, False])
def test_a_volume_that_somebody_detached_leaves_no_attachment(ours: bool) -> None:  # noqa: FBT001
    """Unprovisioning forgets an attachment that is none any more, of a volume of ours and of one that was lent."""
    on, resource = node(), disk("<size=1>")
    drive(resource, "provision", on)
    volume = resource["volumes"]
    aws(on, "detach-volume", "--volume-id", volume)
    on.state["clock"] += 60
    if not ours:
        resource.service.record.drop("disk#0.volume.0")
    drive(resource, "unprovision", on)
    assert made_by(resource) == {}
    assert (volume in on.state["ec2"]["volumes"]) is not ours
