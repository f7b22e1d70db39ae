"""What zpool and zfs 2.1.11 print, verbatim, and what is read in it."""

from core.command import Command, Completed, Executor
from core.engine import asked
from core.observe import learn
from core.state import Question, load
from core.tools import zfs, zpool

DEGRADED = """\
  pool: tank
 state: DEGRADED
status: One or more devices could not be used because the label is missing or
	invalid.  Sufficient replicas exist for the pool to continue
	functioning in a degraded state.
action: Replace the device using 'zpool replace'.
config:

	NAME                     STATE     READ WRITE CKSUM
	tank                     DEGRADED     0     0     0
	  mirror-0               DEGRADED     0     0     0
	    4474644463098545788  UNAVAIL      0     0     0  was /dev/vdb1
	    /dev/vdc1            ONLINE       0     0     0
	logs	
	  /dev/vdd1              ONLINE       0     0     0
	cache
	  /dev/vde1              ONLINE       0     0     0
	spares
	  /var/t/d               AVAIL   

errors: No known data errors
"""
IMPORTABLE = """\
   pool: tank
     id: 6239374615381349495
  state: ONLINE
 action: The pool can be imported using its name or numeric identifier.
comment: svc1.disk.0
 config:

	tank          ONLINE
	  raidz2-0    ONLINE
	    /var/t/a  ONLINE
	    /var/t/b  ONLINE
	    /var/t/c  ONLINE
	spares
	  /var/t/d
	logs	
	  vdb         ONLINE

   pool: other
     id: 7447101490859461642
  state: UNAVAIL
 status: One or more devices are missing from the system.
 action: The pool cannot be imported. Attach the missing
	devices and try again.
 config:

	other         UNAVAIL  insufficient replicas
	  /var/t/e    UNAVAIL  cannot open
"""
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
    answer = Completed(0, DEGRADED)
    assert zpool.sick(answer) == ["/dev/vdb1 UNAVAIL"]
    assert zpool.vdevs(DEGRADED) == [
        *("mirror", "/dev/vdb1", "/dev/vdc1", "log", "/dev/vdd1", "cache", "/dev/vde1", "spare", "/var/t/d")
    ]


def test_what_could_be_imported() -> None:
    """Each with its guid, its comment and its devices; one that cannot be, too."""
    first, second = zpool.pools(Completed(0, IMPORTABLE))
    assert first == zpool.Pool(
        *("tank", "6239374615381349495", "ONLINE", "svc1.disk.0"),
        ("raidz2", "/var/t/a", "/var/t/b", "/var/t/c", "spare", "/var/t/d", "log", "/dev/vdb1"),
    )
    assert (second.name, second.health, second.comment, second.vdevs) == ("other", "UNAVAIL", "", ("/var/t/e",))
    assert zpool.pools(Completed(0, "", "no pools available to import\n")) == []


def test_groups_of_words() -> None:
    """A device without a kind stands alone; a part lasts until the next."""
    found = zpool.groups("mirror a b mirror c d log e cache f g spare h".split())
    assert [(group.part, group.kind, "".join(group.devices)) for group in found] == [
        *(("", "mirror", "ab"), ("", "mirror", "cd"), ("log", "", "e"), ("cache", "", "f"), ("cache", "", "g")),
        ("spare", "", "h"),
    ]


def test_only_a_mark_of_its_own_counts() -> None:
    """And what is not set is not there."""
    inherited = "guid\t1\t-\nsvcprov:resource\tsvc1.fs.0\tinherited from tank/data\nmountpoint\tlegacy\tdefault\n"
    assert zfs.values(Completed(0, inherited)) == {"guid": "1", "mountpoint": "legacy"}
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
            "zpool status": DEGRADED,
            "zfs get": DATASETS,
            "zpool import": IMPORTABLE,
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
    assert not state["pools"]["6239374615381349495"]["imported"]
    assert load(state) == state
