"""Attaching the volumes of a disk.amazon: device names, states on the way, and what cannot be attached or let go."""

import pytest

from core.errors import Failed, WaitedTooLong
from tests.unit.drivers.drive import drive
from tests.unit.drivers.test_disk_amazon import disk, ec2_lines
from tests.unit.ec2_nodes import aws, node


def test_a_volume_on_its_way_out_is_attached_again() -> None:
    """A start right after a stop waits until EC2 has let go of the volume."""
    on, resource = node(), disk("<size=1>")
    drive(resource, "provision", on)
    aws(on, "detach-volume", "--volume-id", resource["volumes"])
    drive(resource, "start", on)
    assert drive(resource, "status", on).value.state == "up"


def test_a_volume_elsewhere_is_not_taken() -> None:
    """A volume that another instance has is an error that names the instance."""
    on, resource = node(), disk("<size=1>")
    drive(resource, "provision", on)
    drive(resource, "stop", on)
    on.state["ec2"]["volumes"][resource["volumes"]].update(
        state="in-use", attachment={"instance": "i-99999999", "device": "/dev/sdf", "state": "attached", "ready": 0}
    )
    with pytest.raises(Failed, match="is attached to i-99999999; detach it there first"):
        drive(resource, "start", on)


def test_a_letter_that_another_action_has_chosen_is_left_to_it() -> None:
    """Of two services that see the same device name free, the second one takes the next."""
    on, resource = node(), disk("<size=1>")
    run = drive(resource, "provision", on, claimed={"device:i-40753486:f", "device:i-40753486:g"})
    assert [line.split()[-1] for line in run.lines if "attach-volume" in line] == ["/dev/sdh"]


def test_a_mounted_volume_cannot_be_stopped() -> None:
    """A stop does not end well while something uses the device: it says what it waited for."""
    on, resource = node(), disk("<size=1>")
    drive(resource, "provision", on)
    on.state["mounts"].append(
        {"device": "/dev/xvdf", "mount_point": "/srv", "type": "ext4", "options": "rw", "subvolume": ""}
    )
    with pytest.raises(WaitedTooLong, match="something on this node may still use /dev/sdf"):
        drive(resource, "stop", on)


def test_no_name_is_handed_out_that_the_kernel_uses() -> None:
    """A letter that only the kernel has (a disk that is no volume) is not asked for."""
    on = node()
    on.state["devices"]["/dev/xvdf"] = {**on.state["devices"]["/dev/xvda"], "volume": ""}
    run = drive(disk("<size=1>"), "provision", on)
    assert ec2_lines(run)[-1].endswith("--device /dev/sdg")


def test_a_full_instance_is_an_error() -> None:
    """When all device names are in use, nothing is attached and the instance is named."""
    on = node("ec2-2015")
    for letter in "hijklmnopqrstuvwxyz":
        on.state["devices"][f"/dev/xvd{letter}"] = {**on.state["devices"]["/dev/xvda"], "volume": ""}
    with pytest.raises(Failed, match="no device name is free on i-40753486"):
        drive(disk("<size=1>"), "provision", on)


def test_a_volume_that_fails_to_become_available_is_an_error() -> None:
    """EC2's state `error` ends the wait at once."""
    on, resource = node(), disk()
    made = aws(on, "create-volume", "--size", "2", "--availability-zone", "us-west-2b").stdout
    volume = made.partition('"VolumeId": "')[2].partition('"')[0]
    on.state["ec2"]["volumes"][volume]["state"] = "error"
    resource.service.set("disk#0.volumes", volume)
    with pytest.raises(Failed, match="its state is error"):
        drive(resource, "start", on)


def test_a_second_stop_runs_nothing() -> None:
    """What is detached is left alone; a detachment that was asked for is waited for, not asked for again."""
    on, resource = node(), disk("<size=1>")
    drive(resource, "provision", on)
    volume = resource["volumes"]
    aws(on, "detach-volume", "--volume-id", volume)
    assert drive(resource, "stop", on).changes == []
    assert drive(resource, "stop", on).notes == [f"{volume} is already detached"]
