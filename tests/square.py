"""The square: a node is observed, a plan predicts what it will be, the plan runs, the node is observed again.

`differences` compares the two ends. What is compared, and what is not, stands here and nowhere else:

- files, directories and links at every path that either side knows something of: kind, mode, target; the size of files.
  Not below the directory of a docker daemon, whose thousands of files nobody predicts. Not how much of a sparse file is
  allocated, but whether anything is;
- block devices: size, file, holders, what they hold (type, uuid, label, subvolumes, whether bytes are left at the end:
  not of a volume that was attached nowhere when the plan was made, nor of a file in what was not mounted then, of
  which the plan supposes the worst);
- volume groups with what they are made of and what is made in them, arrays with their members; not those of which no
  member can be seen, nor arrays that the plan had no reason to look for, nor whether a new array is synchronised
  already: that takes its time. Devices that have numbers are called by what they are;
- in the cloud: volumes and what they are attached as, the private addresses of the instance's interfaces;
- pools of ZFS: devices, comment, imported or not, and datasets with their quotas and marks;
- mounts: device, type, subvolume, read-only or not, and every option that was asked for;
- interfaces: up, addresses, labels. Not the hardware address of a bridge, which the kernel makes up;
- docker daemons with the program that runs them, their containers and the names of their images. Not their pids, nor
  the identities of images, which the registry has;
- the service file, byte for byte.
"""

import json
from collections.abc import Iterator
from typing import Any

from core.command import Executor
from core.compare import canonical
from core.config.document import Document
from core.config.service import Service
from core.driver import load
from core.engine import asked
from core.holes import fill_text
from core.observe import begin, learn
from core.plan import Plan
from core.record import Record
from core.state import NodeState, Question
from core.tools import zfs
from core.tools import zpool as vdevs
from core.tree import Tree
from svcprov.action import Action
from svcprov.keeping import Unkept
from tests.supposed import hidden, take_tails, unseen
from tests.worlds import Heard

MEMBERS = {"LVM2_member", "linux_raid_member", "zfs_member"}
Facts = dict[str, object]

TEMPORARY = "/tmp/"
BY_UDEV = "/dev/disk/"
"""Where udev keeps links of its own, by whatever it finds on a device."""
NOT_READ = "not read"
"""What a device holds that neither the plan nor the observation had a reason to look at."""
DATASET = ("mountpoint", "refquota", zfs.MARK)
"""The properties of a dataset that are compared."""
LAYERS = "/btrfs/subvolumes/"
"""Where docker keeps the layers of images and containers, on btrfs a subvolume for each."""


class RealWorld:
    """A service called `name` on a real node, kept in memory.

    node: the machine, or a namespace of it. ours: the directory that everything of the service lies in; `{var}` is
    `var` in it. allow: what `--allow-destroy` names. beside: the texts of the files beside the service file, by name.
    """

    def __init__(
        self, file: str, name: str, node: Executor, ours: str, hostname: str, allow: tuple[str, ...] = ()
    ) -> None:
        self.node, self.hostname, self._name, self._ours, self._allow = node, hostname, name, ours, allow
        self.file, self.record, self.keep, self.beside = file, Record(), Unkept(), dict[str, str]()
        self.state: NodeState = {}

    @property
    def service(self) -> Service:
        """The service, as a new process reads it."""
        document = Document(self.file, "service.conf")
        service = Service(self._name, document, self.hostname, self.record, load, f"{self._ours}/var")
        service.allow_destroy = frozenset(self._allow)
        service.beside = self.beside.get
        return service

    def observe(self) -> NodeState:
        """Look at the node anew."""
        self.state = asked(begin(self.hostname), self.node)
        return self.state

    def learn(self, questions: list[Question]) -> list[Question]:
        """Look up what was asked."""
        answered: list[Question] = asked(learn(self.state, questions), self.node)
        return answered

    def act(self, verb: str) -> tuple[Plan, list[str]]:
        """Observe, plan, run, observe; return the plan, and where what came of it is not what it predicted."""
        service, heard = self.service, Heard()
        self.heard = heard
        self.observe()
        action = Action(service, verb, self.node, lambda: self.state, self.keep, heard, learn=self.learn)
        action.settle()
        plan = action.preview()
        assert action.foreseen is not None
        foreseen, predicted = action.foreseen
        supposed = unseen(self.state) | hidden(self.state, service.record)
        action.run(plan)
        self.file, self.record = service.document.text, service.record
        # What nobody could see before (a container in a daemon that did not run) is what the record has.
        recorded = {name: thing.identity for name, thing in self.record.made.items()}
        predicted = filled(predicted, recorded | action.bound)
        wanted = [*questions(self.state), *questions(predicted)]
        self.observe()
        self.learn(list(dict.fromkeys(wanted)))
        take_tails(predicted, self.state, supposed)
        found = differences(predicted, self.state, self._ours)
        expected = fill_text(foreseen.document.text, action.bound)
        return plan, found if self.file == expected else [*found, f"service file: {expected!r} / {self.file!r}"]


def filled(state: NodeState, bound: dict[str, str]) -> NodeState:
    """A predicted state with what its holes have become."""
    whole: NodeState = json.loads(fill_text(json.dumps(state, ensure_ascii=False), bound))
    return whole


def questions(state: NodeState) -> Iterator[Question]:
    """What has to be asked of a node, so that everything which a state says can be compared with it."""
    for text in state["known"]:
        yield Question(*text.split(" ", 1))
    roots = [daemon["data_root"] for daemon in state["docker"].values()]
    for path in visible(state):
        if not any(path.startswith(f"{root}/") for root in roots):
            yield Question("path", path)
    for path in state["devices"]:
        yield Question("content", path)
    for socket in state["docker"]:
        yield Question("docker", socket)
    for pool in state["pools"].values():
        places = () if pool["imported"] else vdevs.devices(pool["vdevs"])
        yield from (Question("zfs", place) for place in ("imported", *places))


def visible(state: NodeState) -> Iterator[str]:
    """The paths at which something is, as a process sees them."""
    tree = Tree(state)
    for path in state["files"]:
        if not tree.place(path).device:
            yield path
    for mount in state["mounts"]:
        device = state["devices"].get(mount["device"])
        if mount["mount_point"] == "/" or device is None:
            continue
        content = tree.holder(device)["content"]
        inner = content.get("subvolumes", {}).get(mount["subvolume"], {})
        files = inner if mount["subvolume"] else content.get("files", {})
        for inside in files:
            path = f"{mount['mount_point']}{inside}"
            if inside != "/" and tree.place(path).files is files:
                yield path


def differences(predicted: NodeState, observed: NodeState, ours: str) -> list[str]:
    """Where two states of a node differ, in what this module compares.

    ours: the directory of the service. Loop devices are the machine's, and other tests make some meanwhile: those of
    files elsewhere in /tmp are left out, and so are these files.
    """
    predicted, observed = dict(canonical(predicted)), dict(canonical(observed))
    found: list[str] = []
    for part in (files, devices, groups, arrays, pools, mounts, interfaces, daemons, cloud):
        one, other = part(predicted, predicted, observed), part(observed, predicted, observed)
        strangers = {name for name in {**one, **other} if f" {TEMPORARY}" in name and f" {ours}" not in name}
        strangers |= {name for name, value in one.items() if value == NOT_READ}
        foreign = {path for each in (predicted, observed) for path in foreign_loops(each, ours)}
        strangers |= {f"{what} {path}" for path in foreign for what in ("device", "content of")}
        unlike = (name for name in sorted({**one, **other}.keys() - strangers) if one.get(name) != other.get(name))
        found += (f"{name}: predicted {one.get(name)!r}, found {other.get(name)!r}" for name in unlike)
    return found


def foreign_loops(state: NodeState, ours: str) -> Iterator[str]:
    """The loop devices of files that are not below a directory, nor in a filesystem that is mounted there."""
    tree = Tree(state)
    for path, device in state["devices"].items():
        file = device["file"]
        if path.startswith("/dev/loop") and not (file.startswith(ours) and tree.entry(file) is not None):
            yield path


def files(state: NodeState, *both: NodeState) -> Facts:
    """What is at each path that either side knows something of."""
    paths = {text.removeprefix("path ") for each in both for text in each["known"] if text.startswith("path ")}
    paths |= {path for each in both for path in visible(each)}
    roots = [daemon["data_root"] for each in both for daemon in each["docker"].values()]
    tree = Tree(state)
    return {
        f"file {path}": _file(path, entry)
        for path in paths
        if not is_unknown(both[0], path)
        and not path.startswith(BY_UDEV)
        and (entry := tree.link(path)) is not None
        and not any(path.startswith(f"{root}/") for root in roots)
    }


def is_unknown(state: NodeState, path: str) -> bool:
    """Tell whether a state says nothing of a path: it lies in a filesystem that nobody could look into."""
    open_questions: list[Question] = []

    def ask(question: Question) -> None:
        if str(question) not in state["known"]:
            open_questions.append(question)

    Tree(state, ask).link(path)
    return bool(open_questions)


def _file(path: str, entry: dict[str, Any]) -> object:
    match entry["kind"]:
        case "link":
            return "link", entry["target"]
        case "directory":
            return "directory", entry["mode"]
        case _:
            if path.endswith((".pid", ".sock")):
                # How many digits a pid has is nobody's business, and a socket has no size.
                return "file", entry["mode"]
            size = len(entry["text"].encode()) if entry["size"] is None and entry["text"] is not None else entry["size"]
            return "file", entry["mode"], size


def devices(state: NodeState, *_both: NodeState) -> Facts:
    """What the block devices are, and what they hold; a file that is used as one, also when it is not attached."""
    tree = Tree(state)
    found: Facts = {}
    for path, device in state["devices"].items():
        file = device["file"]
        found[f"device {path}"] = (device["size"], file, sorted(device["holders"]), device["read_only"])
        found[f"content of {file or path}"] = _content(tree.holder(device)["content"])
    return found


def in_sight(*both: NodeState) -> set[str]:
    """What is active, or has a member that somebody can look at: groups, arrays and pools, by their identities."""
    found: set[str] = set()
    for state in both:
        tree = Tree(state)
        entries = (tree.entry(path) for path in visible(state))
        contents = [entry["content"] for entry in entries if entry is not None and "content" in entry]
        contents += [tree.holder(device)["content"] for device in state["devices"].values()]
        found |= {content.get("member_of", "") for content in contents}
        found |= {device["stacked"]["of"] for device in state["devices"].values() if device["stacked"] is not None}
    return found


def groups(state: NodeState, *both: NodeState) -> Facts:
    """The volume groups: their extents, tags, physical volumes, and the logical volumes with their sizes."""
    seen = in_sight(*both)
    return {
        f"volume group {group['name']}": (
            uuid,
            group["extent_size"],
            sorted(group["tags"]),
            {
                each: (held["size"], held["extents"], held["missing"])
                for each, held in group["physical_volumes"].items()
            },
            {
                name: (each["uuid"], sum(part[2] for part in each["segments"]))
                for name, each in group["volumes"].items()
            },
        )
        for uuid, group in state["volume_groups"].items()
        if uuid in seen
    }


def arrays(state: NodeState, predicted: NodeState, observed: NodeState) -> Facts:
    """The arrays: name, level, chunk, size, and how many of each kind their members are; if the plan had to look."""
    seen = in_sight(predicted, observed)
    if not predicted["complete"] and "md arrays" not in predicted["known"]:
        seen &= set(predicted["arrays"])
    return {
        f"array {uuid}": (
            array["name"],
            array["level"],
            array["devices"],
            array["chunk"],
            array["size"],
            sorted(array["members"].values()),
        )
        for uuid, array in state["arrays"].items()
        if uuid in seen
    }


def _content(content: dict[str, Any]) -> object:
    if content["kind"] != "signature":
        return NOT_READ if content["kind"] in {"unseen", "unknown"} else content
    kept = {name: content[name] for name in ("type", "uuid", "label", "tail", "mountable")}
    if content["type"] in MEMBERS:
        # What lies at the end of a member is the affair of whatever it belongs to.
        del kept["tail"]
    if content["type"] == "gpt":
        # Nobody asks for the identity of a partition table that zpool made.
        kept["uuid"] = ""
    return {**kept, "subvolumes": sorted(name for name in content["subvolumes"] if LAYERS not in name)}


def pools(state: NodeState, predicted: NodeState, observed: NodeState) -> Facts:
    """Pools of ZFS, and the datasets of those that are imported, unless nobody could see them before that."""
    seen = {guid for guid, pool in predicted["pools"].items() if pool["known"]}
    there = in_sight(predicted, observed)
    return {
        f"pool {pool['name']}": (
            guid,
            pool["imported"],
            sorted((each.part, each.kind.replace("z1", "z"), each.devices) for each in vdevs.groups(pool["vdevs"])),
            pool["properties"],
            {
                name: (
                    dataset["type"],
                    # The one that comes with its pool has a guid that nobody knows beforehand.
                    {key: dataset["properties"].get(key) for key in (*DATASET, *(("guid",) if "/" in name else ()))},
                )
                for name, dataset in pool["datasets"].items()
                if pool["imported"] and guid in seen
            },
        )
        for guid, pool in state["pools"].items()
        if guid in there or pool["imported"]
    }


def mounts(state: NodeState, *both: NodeState) -> Facts:
    """What is mounted where. Of the options, those that the prediction has: the kernel adds some of its own."""
    predicted = {mount["mount_point"]: set(mount["options"].split(",")) for mount in both[0]["mounts"]}
    return {
        f"mount {mount['mount_point']}": (
            mount["device"],
            mount["type"],
            mount["subvolume"],
            sorted(set(mount["options"].split(",")) & predicted.get(mount["mount_point"], set())),
        )
        for mount in state["mounts"]
    }


def interfaces(state: NodeState, *_both: NodeState) -> Facts:
    """Which interfaces are up, with which addresses."""
    return {
        f"interface {name}": (
            interface["up"],
            sorted((held["address"], held["label"]) for held in interface["addresses"]),
        )
        for name, interface in state["interfaces"].items()
    }


def daemons(state: NodeState, *_both: NodeState) -> Facts:
    """Docker daemons, their containers and the names of their images."""
    found: Facts = {}
    for socket, daemon in state["docker"].items():
        program = state["processes"].get(str(daemon["pid"]), {})
        found[f"daemon {socket}"] = (
            daemon["data_root"],
            daemon["pidfile"],
            program.get("program"),
            daemon["arguments"],
        )
        entry = Tree(state).entry(daemon["data_root"])
        held = (entry or {}).get("docker") or {"images": {}, "containers": {}}
        found[f"images of {socket}"] = sorted(held["images"])
        for identity, each in held["containers"].items():
            found[f"container {each['name']} of {socket}"] = (
                identity,
                each["image"],
                each["running"],
                each["network"],
                sorted(each["ports"]),
            )
    return found


def cloud(state: NodeState, *both: NodeState) -> Facts:
    """The volumes and private addresses of EC2, where both sides have asked for them."""
    if not all(each["ec2"] for each in both):
        return {}
    held = {identity: volume["attachment"] for identity, volume in state["ec2"]["volumes"].items()}
    attached = {
        identity: (each["instance"], each["device"]) if each is not None else None for identity, each in held.items()
    }
    return {
        **{
            f"volume {identity}": (volume["size"], volume["zone"], volume["state"], attached[identity])
            for identity, volume in state["ec2"]["volumes"].items()
        },
        **{
            f"addresses of {identity}": sorted(interface["addresses"])
            for identity, interface in state["ec2"]["network_interfaces"].items()
        },
    }
