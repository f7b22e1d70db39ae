"""What zpool and zfs 2.1.11 print, verbatim, and what is read in it."""

from core.command import Command, Completed, Executor
from core.engine import asked
from core.observe import learn
from core.state import Question, load
from core.tools import zfs, zpool
from executors.simulated import pools
from tests.conftest import REPOSITORY

CAPTURED = REPOSITORY / "fixtures/captured/zfsutils-linux-2.1.11"


def said(name: str) -> str:
    """What was printed once."""
    return (CAPTURED / f"{name}.txt").read_text(encoding="utf-8")


DATASETS = """\
tank\ttype\tfilesystem\t-
tank\tguid\t972194300220512332\t-
tank\tused\t116736\t-
tank\tavailable\t268318720\t-
tank\trefquota\t0\tdefault
tank\tmountpoint\tlegacy\tlocal
tank\tsvcprov:resource\t-\t-
tank/data\ttype\tfilesystem\t-
tank/data\tguid\t14966419648248512127\t-
tank/data\tused\t24576\t-
tank/data\tavailable\t52404224\t-
tank/data\trefquota\t52428800\tlocal
tank/data\tmountpoint\tlegacy\tinherited from tank
tank/data\tsvcprov:resource\tsvc1.fs.0\tlocal
"""


def test_a_sick_device_is_named_by_where_it_was() -> None:
    """Not by its number; groups are not named, and what they are made of is read as the words that make them."""
    text = said("zpool-status-degraded")
    assert zpool.sick(Completed(0, text)) == ["/dev/vdb1 UNAVAIL"]
    assert zpool.vdevs(text) == ["mirror", "/dev/vdb1", "/dev/vdc1", "cache", "/var/t/c", "spare", "/dev/vdd1"]
    assert zpool.vdevs(said("zpool-status-parts")) == [
        *("raidz2", "/var/t/a", "/var/t/b", "/var/t/c", "log", "/dev/vdb1", "cache", "/dev/vdc1", "spare", "/var/t/d")
    ]


def test_what_could_be_imported() -> None:
    """Each with its guid, its comment and its devices; one that cannot be, too."""
    [first, second] = zpool.pools(Completed(0, said("zpool-import") + "\n" + said("zpool-import-unavailable")))
    assert first == zpool.Pool(
        *("tank", "15030584048982635880", "ONLINE", "c"),
        ("mirror", "/dev/vdb1", "/dev/vdc1", "cache", "/var/t/c", "spare", "/dev/vdd1"),
    )
    assert second == zpool.Pool("tank", "15513903060964224540", "UNAVAIL", "", ("/var/t/a", "/var/t/b"))
    assert zpool.pools(Completed(0, "", "no pools available to import\n")) == []


def test_groups_of_words() -> None:
    """A device without a kind stands alone; a part lasts until the next."""
    found = zpool.groups(["mirror", "a", "b", "mirror", "c", "d", "log", "e", "cache", "f", "g", "spare", "h"])
    assert [(group.part, group.kind, "".join(group.devices)) for group in found] == [
        *(("", "mirror", "ab"), ("", "mirror", "cd"), ("log", "", "e"), ("cache", "", "f"), ("cache", "", "g")),
        ("spare", "", "h"),
    ]


def test_only_a_mark_of_its_own_counts() -> None:
    """And what is not set is not there."""
    found = zfs.values(Completed(0, said("zfs-get-inherited")))
    assert found["guid"] == "8178252726224292385"
    assert found["mountpoint"] == "legacy"
    assert zfs.MARK not in found
    assert zfs.values(Completed(1, "", "cannot open 'tank/x': dataset does not exist\n")) == {}


class Answering(Executor):
    """Answers each command line with what is written for it."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers

    def run(self, command: Command) -> Completed:
        """The answer to the line that a key begins."""
        line = " ".join(command.argv)
        return next((Completed(0, text) for key, text in self.answers.items() if line.startswith(key)), Completed(1))


def test_pools_are_observed() -> None:
    """Those that are imported with their datasets, those on a place that was asked about with their devices."""
    state = load({"complete": False, "hostname": "node1", "tools": {}, "names": {}})
    node = Answering(
        {
            "zpool list": "tank\n",
            "zpool get": "guid\t42\nhealth\tDEGRADED\ncomment\tsvc1.disk.0\n",
            "zpool status": said("zpool-status-degraded"),
            "zfs get": DATASETS,
            "zpool import": said("zpool-import"),
        }
    )
    questions = [Question("zfs", "imported"), Question("zfs", "/var/t/a")]
    assert asked(learn(state, questions), node) == questions
    pool = state["pools"]["42"]
    assert (pool["name"], pool["imported"], pool["host"], pool["vdevs"][:2]) == (
        "tank",
        True,
        "node1",
        ["mirror", "/dev/vdb1"],
    )
    data = pool["datasets"]["tank/data"]
    assert data["properties"] == {
        "guid": "14966419648248512127",
        "refquota": "52428800",
        "svcprov:resource": "svc1.fs.0",
    }
    # What is in a dataset counts once, so that the node which is planned on has as much left as the real one.
    assert (pool["datasets"]["tank"]["used"], data["used"]) == (116736 - 24576, 24576)
    assert pools.available(pool, "tank") == 268318720
    assert not state["pools"]["15030584048982635880"]["imported"]
    assert load(state) == state


def test_what_was_found_in_a_dataset_stays_known() -> None:
    """A pool that is looked at again keeps the files that were seen in it."""
    state = load({"complete": False, "hostname": "node1", "tools": {}, "names": {}})
    said_of = {
        "zpool list": "tank\n",
        "zpool get": "guid\t42\nhealth\tONLINE\ncomment\t-\n",
        "zpool status": said("zpool-status-degraded"),
        "zfs get": f"a line that is no property\n{DATASETS}",
    }
    question = Question("zfs", "imported")
    asked(learn(state, [question]), Answering(said_of))
    seen = state["pools"]["42"]["datasets"]["tank/data"]["content"]
    seen["files"]["/a"] = {"kind": "directory", "mode": "0755", "docker": None}
    asked(learn(state, [question]), Answering(said_of))
    assert [*state["pools"]["42"]["datasets"]["tank/data"]["content"]["files"]] == ["/a"]


def test_a_pool_that_is_exported_meanwhile_is_none() -> None:
    """It was listed, and is gone when it is asked about."""
    state = load({"complete": False, "tools": {}, "names": {}})
    asked(learn(state, [Question("zfs", "imported")]), Answering({"zpool list": "tank\n"}))
    assert state["pools"] == {}


def test_pools_that_may_not_be_listed_are_said() -> None:
    """The state names what could not be seen, with the reason."""

    class Denying:
        """A node on which nobody may look."""

        def run(self, command: Command) -> Completed:
            """Refuse."""
            return Completed(1, "", "Permission denied the ZFS utilities must be run as root.\n")

    state = load({"complete": False, "tools": {}, "names": {}})
    asked(learn(state, [Question("zfs", "imported")]), Denying())
    assert state["unseen"] == ["pools of ZFS: Permission denied the ZFS utilities must be run as root."]
