"""Datasets of ZFS: what is made, what is used, what is refused, what is left."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.config.service import Service
from core.driver import Tie
from core.driver import load as driver_of
from core.errors import CommandFailed, ConfigError, Failed, Refused
from core.record import Record
from core.state import load
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot
from tests.golden import GOLDENS, world_of
from tests.unit.drivers.drive import Run, drive, service

POOL = "[disk#0]\ntype = zpool\nname = tank\nvdev = mirror /dev/sdb /dev/sdc\n"
DATA = "[fs#0]\ntype = zfs\ndev = tank/data\nmnt = /srv/data\nsize = 200m\n"
CREATE = "zfs create -o mountpoint=legacy -o svcprov:resource=svc1.fs.0 -o refquota=209715200 tank/data"


def node(**state: Any) -> SimulatedNode:
    """A node with a pool that is imported."""
    on = SimulatedNode(
        load(
            {
                "tools": {"zfsutils-linux": "2.1.11"},
                "devices": {"/dev/sdb": "1G", "/dev/sdc": "1G"},
                "files": {"/srv": "directory", "/mnt": "directory"},
                **state,
            }
        )
    )
    run(service(POOL), "provision", on, "disk#0")
    return on


def run(of: Service, verb: str, on: SimulatedNode, rid: str = "fs#0") -> Run:
    """Run a verb of one resource."""
    return drive(of.resource(rid), verb, on)


def by_hand(on: SimulatedNode, line: str) -> str:
    """Run a line by hand; it has to succeed."""
    words = tuple(line.split())
    answer = on.run(Command(words, kind="changes", tool={"zfs": "zfs", "zpool": "zpool"}.get(words[0], "mount")))
    assert answer.returncode == 0, answer
    return answer.stdout


def test_a_dataset_is_made_with_its_quota_and_mounted_by_mount() -> None:
    """It has no mountpoint of its own, so that nobody else mounts it; a second provision changes nothing."""
    on, of = node(), service(DATA)
    assert run(of, "provision", on).lines == ["mkdir /srv/data", CREATE, "mount -t zfs tank/data /srv/data"]
    assert run(of, "status", on).value.state == "up"
    assert run(of, "provision", on).lines == []
    assert run(of, "stop", on).lines == ["umount /srv/data"]
    assert run(of, "status", on).value.state == "down"
    assert run(of, "start", on).lines == ["mount -t zfs tank/data /srv/data"]
    assert run(of, "unprovision", on).lines == ["umount /srv/data", "zfs destroy tank/data", "rmdir /srv/data"]
    assert run(of, "unprovision", on).lines == []


def test_a_raised_size_is_a_larger_quota_and_a_lower_one_only_above_what_is_used() -> None:
    """Without a size there is no quota, and none is changed."""
    on, of = node(), service(DATA)
    run(of, "provision", on)
    of.set("fs#0.size", "300m")
    ran = run(of, "provision", on)
    assert ran.lines == ["zfs set refquota=314572800 tank/data"]
    assert [" ".join(step.argv) for step in ran.changes[0].undo if isinstance(step, Command)] == [
        "zfs set refquota=209715200 tank/data"
    ]
    next(iter(on.state["pools"].values()))["datasets"]["tank/data"]["used"] = 250 * 1024**2
    of.set("fs#0.size", "200m")
    with pytest.raises(Refused, match=r"fs#0: size: tank/data holds 250M, and 200M is asked for on line 5; write"):
        run(of, "provision", on)
    of.unset("fs#0.size")
    assert run(of, "provision", on).lines == []


def test_a_size_that_the_pool_does_not_have_is_a_warning() -> None:
    """A quota is no reservation: it is allowed, and said."""
    ran = run(service(DATA.replace("200m", "20g")), "provision", node())
    assert any(note.startswith("size 20G is more than tank has") for note in ran.notes)


def test_a_raised_size_that_the_pool_does_not_have_is_a_warning() -> None:
    """What the dataset holds already counts as what it can have; the quota is set all the same."""
    on, of = node(), service(DATA)
    run(of, "provision", on)
    of.set("fs#0.size", "20g")
    ran = run(of, "provision", on)
    assert ran.lines == ["zfs set refquota=21474836480 tank/data"]
    assert any(note.startswith("size 20G is more than tank has") for note in ran.notes)


def test_a_full_pool_is_found_before_anything_is_made() -> None:
    """Section, key, line and remedy, and nothing was done, when others have all of the pool, or keep it free."""
    on = node()
    left = by_hand(on, "zfs get -H -p -o value available tank").strip()
    by_hand(on, f"zfs create -o refreservation={left} tank/payroll")
    said = r"3: fs#0.dev: tank/data cannot be made: tank has 0 left; free some, or give the pool tank another device"
    with pytest.raises(ConfigError, match=said) as refused:
        run(service(DATA), "provision", on)
    (problem,) = refused.value.problems
    assert (problem.section, problem.key, problem.line) == ("fs#0", "dev", 3)
    assert zfs_answers(on, "zfs create tank/data") == (1, "cannot create 'tank/data': out of space\n")
    by_hand(on, "zfs set refreservation=none tank/payroll")
    assert CREATE in run(service(DATA), "provision", on).lines


def test_a_pool_that_nobody_has_seen_into_is_not_taken_for_full() -> None:
    """How much a pool has is known when it is imported; a plan that imports it goes on."""
    on = node()
    by_hand(on, "zpool export tank")
    (pool,) = on.state["pools"].values()
    pool.update(known=False, size=0, datasets={})
    by_hand(on, "zpool import tank")
    ran = run(service(DATA), "provision", on)
    assert CREATE in ran.lines
    assert not any("more than" in note for note in ran.notes)


class Filled:
    """A node whose pool others fill right before a dataset is made."""

    def __init__(self, inner: SimulatedNode) -> None:
        self._inner = inner

    def run(self, command: Command) -> Completed:
        """Fill the pool before `zfs create`."""
        if command.argv[:2] == ("zfs", "create"):
            next(iter(self._inner.state["pools"].values()))["size"] = 0
        return self._inner.run(command)


def test_a_pool_that_has_filled_since_is_told_alike() -> None:
    """What zfs says of it becomes the same error, with its place and what to do."""
    with pytest.raises(ConfigError, match=r"fs#0.dev: tank/data cannot be made: tank has no space left; free some"):
        drive(service(DATA).resource("fs#0"), "provision", Filled(node()))


def test_other_failures_are_in_the_words_of_zfs() -> None:
    """Only a full pool is told otherwise."""

    class Refusing(Filled):
        def run(self, command: Command) -> Completed:
            """Refuse to make a dataset."""
            if command.argv[:2] == ("zfs", "create"):
                return Completed(1, "", "cannot create 'tank/data': permission denied\n")
            return self._inner.run(command)

    with pytest.raises(CommandFailed, match="permission denied"):
        drive(service(DATA).resource("fs#0"), "provision", Refusing(node()))


def zfs_answers(on: SimulatedNode, line: str) -> tuple[int, str]:
    """What zfs answers, and says on standard error."""
    answer = on.run(Command(tuple(line.split()), kind="changes", tool="zfs"))
    return answer.returncode, answer.stderr


def test_what_is_kept_free_is_had_by_nobody_else() -> None:
    """A reservation is for its dataset and what is in it, counts as used, and is refused where there is no room."""
    on = node()

    def value(key: str, dataset: str) -> int:
        return int(by_hand(on, f"zfs get -H -p -o value {key} {dataset}"))

    whole, megabyte = value("available", "tank"), 1024**2
    by_hand(on, f"zfs create -o reservation={100 * megabyte} tank/a")
    assert value("available", "tank") == whole - 100 * megabyte
    assert value("used", "tank/a") == 100 * megabyte
    empty = 24 * 1024
    assert value("available", "tank/a") == whole - empty
    by_hand(on, f"zfs create -o refreservation={50 * megabyte} tank/a/b")
    assert value("available", "tank") == whole - 100 * megabyte
    assert value("available", "tank/a/b") == whole - 2 * empty
    assert value("available", "tank/a") == whole - empty - 50 * megabyte
    assert zfs_answers(on, f"zfs create -o refreservation={2 * whole} tank/c") == (
        1,
        "cannot create 'tank/c': out of space\n",
    )
    assert zfs_answers(on, f"zfs set reservation={2 * whole} tank/a") == (
        1,
        "cannot set property for 'tank/a': size is greater than available space\n",
    )
    by_hand(on, f"zfs set refquota={2 * whole} tank/a")


def test_a_dataset_of_somebody_else_is_refused_unless_it_is_adopted() -> None:
    """Neither its mark nor the record says that it is ours; what is adopted is never destroyed."""
    on, of = node(), service(DATA)
    by_hand(on, "zfs create -o mountpoint=legacy tank/data")
    with pytest.raises(Refused, match="the dataset tank/data is not recorded as this service's"):
        run(of, "provision", on)
    of.adopt = frozenset(("fs#0",))
    assert "mount -t zfs tank/data /srv/data" in run(of, "provision", on).lines
    assert "zfs destroy tank/data" not in run(of, "unprovision", on).lines


def test_a_mark_that_is_inherited_makes_nothing_ours() -> None:
    """What somebody makes in our dataset has our mark, too, by inheritance."""
    on, of = node(), service(DATA + DATA.replace("fs#0", "fs#1").replace("/data", "/data/in"))
    run(of, "provision", on)
    by_hand(on, "zfs create tank/data/in")
    with pytest.raises(Refused, match="the dataset tank/data/in is not recorded"):
        run(of, "provision", on, "fs#1")
    with pytest.raises(Refused, match="tank/data/in is in tank/data, and was not made for this resource"):
        run(of, "unprovision", on)


def test_one_with_a_mountpoint_of_its_own_is_for_zfs_to_mount() -> None:
    """mount(8) cannot; the message says what lets it."""
    on, of = node(), service(DATA)
    by_hand(on, "zfs create -o mountpoint=/data tank/data")
    with pytest.raises(Failed, match="has the mountpoint /data, so zfs mounts it by itself; zfs set mountpoint=legacy"):
        run(of, "start", on)


def test_what_has_to_be_there_before() -> None:
    """The pool, imported, and the datasets above."""
    on, of = node(), service(DATA.replace("tank/data", "tank/a/b"))
    with pytest.raises(Failed, match=r"there is no tank/a to make tank/a/b in; a \[fs#...\] of type zfs makes it"):
        run(of, "provision", on)
    by_hand(on, "zpool export tank")
    with pytest.raises(Failed, match=r"there is no tank to make tank/data in; a \[disk#...\] of type zpool"):
        run(service(DATA), "provision", on)
    with pytest.raises(Failed, match="no dataset tank/data: it is not made yet, or its pool is not imported"):
        run(service(DATA), "start", on)


def test_a_killed_run_s_dataset_is_recognised_by_its_mark() -> None:
    """With the guid that it has."""
    on, of = node(), service(DATA)
    run(of, "provision", on)
    made = of.record.made["fs#0.dataset"]
    of.record = Record()
    run(of, "provision", on)
    assert of.record.made["fs#0.dataset"].identity == made.identity


def test_another_dataset_of_the_name_is_let_be() -> None:
    """Somebody destroyed ours and made another."""
    on, of = node(), service(DATA)
    run(of, "provision", on)
    by_hand(on, "umount /srv/data")
    by_hand(on, "zfs destroy tank/data")
    by_hand(on, "zfs create -o mountpoint=legacy tank/data")
    ran = run(of, "unprovision", on)
    assert "zfs destroy tank/data" not in ran.lines
    assert any("is another one than was made here" in note for note in ran.notes)
    with pytest.raises(Refused, match="not recorded"):
        run(of, "provision", on)


def test_a_dataset_goes_with_a_pool_that_goes() -> None:
    """And stays recorded when the pool is nobody's here and not imported; gone is gone."""
    on, of = node(), service(DATA)
    run(of, "provision", on)
    reboot(on.state)
    with pytest.raises(Failed, match="the pool tank is not imported"):
        run(of, "unprovision", on)
    both = service(POOL + DATA)
    both.record.made.update(of.record.made)
    both.record.made["disk#0.pool"] = of.record.made["fs#0.dataset"]._replace(identity="42", kind="pool", rid="disk#0")
    ran = run(both, "unprovision", on)
    assert "no dataset tank/data: it goes with its pool" in ran.notes
    assert "fs#0.dataset" not in both.record.made


def test_busy_says_by_whom_and_nothing_is_forced() -> None:
    """As of any filesystem."""
    on, of = node(processes={"7": {"program": "sleep", "files": ["/srv/data/log"]}}), service(DATA)
    run(of, "provision", on)
    with pytest.raises(Failed, match="/srv/data is busy"):
        run(of, "stop", on)


def test_names_and_ties() -> None:
    """A dataset is POOL/NAME, and comes after all above it."""
    driver = driver_of("fs", "zfs")
    [dev] = [keyword for keyword in driver.keywords if keyword.name == "dev"]
    assert dev.complaint("tank/a/b") is None
    assert all(dev.complaint(wrong) for wrong in ("tank", "/dev/sdb", "tank/", "tank/a@s", "tank//a"))
    fs = service(DATA.replace("tank/data", "tank/a/b")).resource("fs#0")
    assert Tie("device", "tank/a/b") in list(driver.gives(fs))
    assert [tie.name for tie in driver.needs(fs)] == ["tank", "tank/a", "/srv"]
    assert driver.purpose(fs) == "the dataset tank/a/b, mounted on /srv/data"
    with pytest.raises(Failed, match="a dataset has no size such as 10%FREE"):
        run(service(DATA.replace("200m", "10%FREE")), "provision", node())


def test_what_is_in_a_pool_that_nobody_imported_is_what_the_record_has() -> None:
    """A plan to start a stopped service cannot look into its pool, and shows the mount all the same."""
    on, of = node(), service(DATA)
    run(of, "provision", on)
    run(of, "stop", on)
    pool = next(iter(on.state["pools"].values()))
    pool.update(datasets={"tank": pool["datasets"]["tank"]}, known=False)
    assert run(of, "start", on).lines == ["mount -t zfs tank/data /srv/data"]
    run(of, "stop", on)
    del pool["datasets"]["tank/data"]
    assert run(of, "provision", on).lines == ["mount -t zfs tank/data /srv/data"]
    run(of, "stop", on)
    del pool["datasets"]["tank/data"]
    # One that the record does not have is made.
    assert (
        CREATE.replace("data", "more").replace("fs.0", "fs.1")
        in run(service(DATA.replace("data", "more").replace("fs#0", "fs#1")), "provision", on, "fs#1").lines
    )


def test_a_dataset_that_somebody_has_destroyed_is_forgotten_with_a_warning() -> None:
    """Nothing is left to undo, and the operator hears that it was not this service that has destroyed it."""
    on, of = node(), service(DATA)
    run(of, "provision", on)
    run(of, "stop", on)
    by_hand(on, "zfs destroy tank/data")
    assert "no dataset tank/data: it is gone already" in run(of, "unprovision", on).notes
    assert of.record.made == {}


def test_a_dataset_is_made_once() -> None:
    """One that the record has may be in another pool of the name: another is made only when it is forgotten."""
    world = world_of(GOLDENS / "drivers/fs.zfs-gone")
    with pytest.raises(Refused, match=r"the dataset \d+ was made for it by provision, and is not there"):
        world.act("provision")
