"""The lab itself: what runs in it is apart from the machine, and what is left in it is seen."""

from tests.e2e.real.lab import Lab


def test_what_is_left_behind_is_seen(lab: Lab) -> None:
    """Each kind of thing that a service may leave changes the inventory, and goes with the lab."""
    before = lab.inventory()
    image = f"{lab.directory}/left.img"
    lab.done("truncate", "--size=1M", image)
    lab.done("losetup", "--find", image)
    lab.done("mkdir", f"{lab.directory}/left")
    lab.done("mount", "-t", "tmpfs", "tmpfs", f"{lab.directory}/left")
    lab.done("ip", "addr", "add", "10.33.0.99/24", "dev", "eth0")
    lab.done("sh", "-c", "sleep 100 > /dev/null 2>&1 &")
    after = lab.inventory()
    assert [name for name in before._fields if getattr(before, name) == getattr(after, name)] == ["cgroups"]


def test_the_lab_runs_what_was_installed(lab: Lab) -> None:
    """The svcmgr of the lab is the wheel's, and finds there what it brings along."""
    where = lab.python("import core, svcprov; print(core.__file__, svcprov.__file__)")
    assert where.out.count("site-packages") == 2
    assert "testec2docker" in lab.nodemgr("print", "templates").out


def test_the_neighbour_answers(lab: Lab) -> None:
    """There is somebody to talk to on the lab's network, and nobody on the address that a service will have."""
    assert lab.run("ping", "-c", "1", "-W", "1", "10.33.0.1").code == 0
    assert lab.run("ping", "-c", "1", "-W", "1", "-w", "1", "10.33.0.21").code == 1
