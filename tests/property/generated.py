"""Generated worlds: services that an operator might write, on nodes that an operator might have."""

import json
from contextlib import suppress
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn as Draw

from core.errors import SvcprovError
from core.state import NodeState, dumps, loads
from executors.layers.faults import Crash
from tests.conftest import REPOSITORY
from tests.worlds import NAME, Point, World

Options = dict[str, str]
NODES = REPOSITORY / "fixtures/nodes"
CLOUD_NODES = ("ec2", "ec2-2015", "ec2-nitro")
IMAGES = ("ubuntu:14.10", "nginx:latest", "haproxy:latest")
LEAVES_MAX = 3
ARRAYS = (("1", 2, 0), ("mirror", 2, 1), ("0", 2, 0), ("raid5", 3, 0), ("10", 2, 0))
"""Levels of arrays, with how many devices and spares."""
OTHERS = "Others-aaaa-bbbb-cccc-dddd-eeee-ffffff"
"""The uuid of a volume group of other people's."""
VOLUME, VOLUME_GIB = "vol-0aaaaaaaaaaaaaaa1", 4
"""A blank volume that its user created, and that a service may name."""


class Source(NamedTuple):
    """A blank device that filesystems can be put on: its name in the service file."""

    dev: str
    size_mib: int
    made_by: tuple[tuple[str, str], ...] = ()
    """The options of the first filesystem on it, when that makes it."""


def node(name: str) -> NodeState:
    """A named node of the fixtures."""
    return loads((NODES / f"{name}.json").read_text(encoding="utf-8"))


class Layout:
    """A service file while it is drawn: sections with their options, mount points and devices that exist so far."""

    def __init__(self, draw: Draw, *, cloud: bool, cluster: bool, interface: str, blank: list[str]) -> None:
        self.draw, self.cloud, self.cluster, self.interface, self.blank = draw, cloud, cluster, interface, blank
        self.volume = VOLUME if cloud else ""
        self.sections: dict[str, Options] = {"DEFAULT": {}}
        self.mounts: list[str] = []
        self.disks = 0
        self.numbers = draw(st.permutations(range(12)))

    def add(self, group: str, options: Options) -> str:
        """Add a resource with the next number of its group; return its rid."""
        used = sum(section.startswith(f"{group}#") for section in self.sections)
        number = self.numbers[used] if group == "fs" else used
        rid = f"{group}#{number}"
        self.sections[rid] = {key: value for key, value in options.items() if value}
        return rid

    def addresses(self) -> None:
        """Add addresses: allocated and cascaded, or fixed."""
        kinds = ["none", "fixed", "allocated", "cascaded", "elastic"] if self.cloud else ["none", "fixed"]
        kind = self.draw(st.sampled_from(kinds))
        if kind in {"allocated", "cascaded", "elastic"}:
            scope = self.draw(st.sampled_from(("", "", "@nodes")))
            options = {f"ipname{scope}": "<allocate>", "type": "amazon", "ipdev": self.interface}
            if kind == "cascaded":
                options["cascade_allocation"] = "ip#1.ipname"
            if kind == "elastic":
                options["eip"] = "<allocate>"
            if self.draw(st.booleans()):
                options["docker_daemon_ip"] = self.draw(st.sampled_from(("true", "false")))
                if self.draw(st.booleans()):
                    self.sections["DEFAULT"]["docker_daemon_args"] = self.draw(st.sampled_from(("", "--debug")))
            self.add("ip", options)
            if kind == "cascaded":
                self.add("ip", {"ipname": "localhost", "ipdev": self.interface})
        elif kind == "fixed":
            network = "10.0.0" if self.cloud else "192.0.2"
            mask = self.draw(st.sampled_from(("", "255.255.255.0", "24")))
            self.add(
                "ip",
                {"ipname": f"{network}.{self.draw(st.integers(150, 180))}", "ipdev": self.interface, "netmask": mask},
            )

    def source(self) -> Source:
        """Add a disk, or take one of the node's blank devices."""
        plain = self._plain_kinds()
        kind = self.draw(st.sampled_from([*plain, *plain, "volume", "array"]))
        if kind == "array":
            return self._array()
        return self._volume() if kind == "volume" else self._plain(kind)

    def _plain_kinds(self) -> list[str]:
        kinds = ["loop", *(["amazon"] if self.cloud else []), *(["present"] if self.blank else [])]
        return kinds + (["rados", "rados"] if self.cluster else [])

    def _plain(self, kind: str) -> Source:
        """A device that is nothing but itself."""
        match kind:
            case "present":
                return Source(self.blank.pop(0), 20480)
            case "amazon":
                return self._volumes()
            case "rados":
                return self._images()
            case _:
                return self._loop()

    def _volume(self) -> Source:
        """A logical volume of a group of one or two devices, made by a resource of its own or by its filesystem."""
        name = f"{{svcname}}-{self.disks}"
        self.disks += 1
        # Of one kind: half of a group may be there after a reboot otherwise, and asks for the other half to be started.
        kind, count = self.draw(st.sampled_from(self._plain_kinds())), self.draw(st.integers(1, 2))
        members = [self._plain(kind) for _ in range(count if kind != "present" or self.blank[1:] else 1)]
        options = self.draw(st.sampled_from(("", "", "--physicalextentsize 1M")))
        pvs = " ".join(member.dev for member in members)
        self.add(
            "disk", {"type": self.draw(st.sampled_from(("lvm", "vg"))), "name": name, "pvs": pvs, "options": options}
        )
        spare = self.draw(st.booleans())
        if spare:
            self.add("disk", {"type": "lv", "vg": name, "name": "spare", "size": "9"})
        # Whoever takes all that is free must be the last, and subsets may order them otherwise.
        size = self.draw(st.sampled_from(("310m", "322") if spare else ("310m", "322", "100%FREE")))
        dev = f"/dev/{name}/lv_1"
        if self.draw(st.booleans()):
            self.add("disk", {"type": "lv", "vg": name, "name": "lv_1", "size": size})
            dash = name.replace("-", "--")
            return Source(self.draw(st.sampled_from((dev, f"/dev/mapper/{dash}-lv_1"))), 310)
        return Source(dev, 310, (("vg", name), ("size", size)))

    def _volumes(self) -> Source:
        sizes = self.draw(st.lists(st.integers(1, 9), min_size=1, max_size=2))
        texts = [f"<size={size}>" for size in sizes]
        scope = self.draw(st.sampled_from(("", "", "@nodes")))
        if self.draw(st.booleans()) and not scope:
            self.sections.setdefault("env", {})["size"] = str(sizes[0])
            texts[0] = "<size={env.size}>"
        if self.volume and self.draw(st.booleans()):
            texts, sizes = [*texts, self.volume], [*sizes, VOLUME_GIB]
            self.volume = ""
        rid = self.add("disk", {"type": "amazon", f"volumes{scope}": " ".join(texts)})
        chosen = self.draw(st.integers(0, len(sizes) - 1))
        return Source(f"/var/lib/opensvc/{{svcname}}/dev/disk.{rid[5:]}.{chosen}", sizes[chosen] * 1024)

    def _images(self) -> Source:
        names = [f"rbd/{{svcname}}.{self.disks + at}" for at in range(self.draw(st.integers(1, 2)))]
        self.disks += len(names)
        size, how = self.draw(st.integers(350, 700)), self.draw(st.sampled_from(("", "krbd", "rbd-nbd")))
        options = {"type": "rados", "images": " ".join(names), "size": f"{size}m", "map": how}
        options["lock"] = self.draw(st.sampled_from(("", "", "exclusive", "shared")))
        rid, chosen = self.add("disk", options), self.draw(st.integers(0, len(names) - 1))
        by_name = how != "rbd-nbd" and self.draw(st.booleans())
        return Source(
            f"/dev/rbd/{names[chosen]}" if by_name else f"{{var}}/{{svcname}}/dev/disk.{rid[5:]}.{chosen}", size
        )

    def _loop(self) -> Source:
        above = self.draw(st.sampled_from(("/srv/images", "/var/lib/{svcname}", *self.mounts)))
        size = self.draw(st.integers(350, 700))
        # In a filesystem of the service there need not be room for all of it.
        allocate = self.draw(st.sampled_from(("false", "false", "false" if above in self.mounts else "true")))
        file = {"type": "loop", "file": f"{above}/{self.disks}.img", "size": f"{size}m", "allocate": allocate}
        rid = self.add("disk", file)
        self.disks += 1
        dev = self.draw(st.sampled_from((f"{above}/{self.disks - 1}.img", f"{{{rid}.file}}")))
        return Source(dev, size)

    def _array(self) -> Source:
        """Make an array of loop files or volumes, and perhaps of a disk of the node."""
        level, devices, spares = self.draw(st.sampled_from(ARRAYS))
        if self.cloud and self.draw(st.booleans()):
            rid = self.add("disk", {"type": "amazon", "volumes": " ".join(["<size=1>"] * (devices + spares))})
            members = [f"{{var}}/{{svcname}}/dev/disk.{rid[5:]}.{number}" for number in range(devices + spares)]
            sizes = [1024] * devices
        else:
            sources = [self._loop() for _ in range(devices + spares)]
            members, sizes = [source.dev for source in sources], [source.size_mib for source in sources[:devices]]
        if self.draw(st.booleans()) and self.blank:
            members[0] = self.blank.pop(0)
        options = {"type": "md", "devs": " ".join(members), "level": level, "spares": str(spares) if spares else ""}
        if level in {"0", "raid5"}:
            options["chunk"] = self.draw(st.sampled_from(("", "64k")))
        rid = self.add("disk", options)
        name = f"{{svcname}}.disk.{rid[5:]}"
        if self.draw(st.booleans()):
            name = self.sections[rid]["name"] = f"{{short_svcname}}-{rid[5:]}"
        return Source(f"/dev/md/{name}", min(sizes) * (1 if level in {"1", "mirror"} else devices - 1) - 8)

    def filesystems(self, source: Source) -> None:
        """Put one filesystem on a device, or several subvolumes of one."""
        kind = self.draw(st.sampled_from(("ext4", "xfs", "btrfs", "btrfs")))
        names = [""]
        if kind == "btrfs" and self.draw(st.booleans()):
            names = self.draw(
                st.lists(st.sampled_from(("data", "docker", "root")), min_size=1, max_size=3, unique=True)
            )
        for name in names:
            above = self.draw(st.sampled_from(("/srv/{svcname}", "/srv", *self.mounts)))
            mount_point = f"{above}/m{len(self.mounts)}"
            extra = self.draw(st.sampled_from(("", "noatime")))
            options = ",".join(
                part for part in ("defaults" if name else "", extra, f"subvol={name}" if name else "") if part
            )
            made_by = dict(source.made_by) if name == names[0] else {}
            self.add("fs", {"type": kind, "dev": source.dev, "mnt": mount_point, "mnt_opt": options, **made_by})
            self.mounts.append(mount_point)

    def mounted_only(self) -> None:
        """Add what is only mounted: a filesystem of the service once more, and a tmpfs."""
        if self.mounts and self.draw(st.integers(0, 3)) == 0:
            point, options = f"/srv/again/{{svcname}}{len(self.mounts)}", self.draw(st.sampled_from(("", "ro")))
            directory = self.draw(st.sampled_from(self.mounts))
            self.add("fs", {"type": "bind", "dev": directory, "mnt": point, "mnt_opt": options})
        if self.draw(st.integers(0, 3)) == 0:
            above = self.draw(st.sampled_from(("/srv/{svcname}", *self.mounts)))
            self.add("fs", {"type": "tmpfs", "mnt": f"{above}/scratch", "mnt_opt": "mode=0750", "size": "16M"})

    def containers(self) -> None:
        """Add containers in a docker daemon of the service's own, on one of its filesystems."""
        wanted: bool = self.draw(st.booleans())
        if not (wanted and self.mounts):
            return
        self.sections["DEFAULT"]["docker_data_dir"] = self.draw(st.sampled_from(self.mounts))
        self.add(
            "container", {"type": "docker", "run_image": self.draw(st.sampled_from(IMAGES)), "run_command": "/bin/bash"}
        )
        if self.draw(st.booleans()):
            arguments = "--net=container:{svcname}.container.0"
            self.add("container", {"type": "docker", "run_image": "nginx:latest", "run_args": arguments})

    def decorations(self) -> None:
        """Add what changes nothing about what is made: tags, subsets, optional resources, comments."""
        for rid, options in self.sections.items():
            if "#" not in rid:
                continue
            extra = self.draw(st.sampled_from(("", "", "", "tags", "subset", "optional", "comment", "always_on")))
            if extra:
                values = {
                    "tags": "red blue",
                    "subset": "s1",
                    "optional": "true",
                    "comment": "x = y",
                    "always_on": "nodes",
                }
                options[extra] = values[extra]

    def text(self) -> str:
        """The service file, its sections in any order, in one of the manners that people write."""
        order = self.draw(st.permutations(list(self.sections)))
        equals = self.draw(st.sampled_from((" = ", "=", ": ")))
        head = self.draw(st.sampled_from(("", "# a service\n\n", "; x\n")))
        end = self.draw(st.sampled_from(("\n", "")))
        parts = [
            f"[{section}]\n" + "".join(f"{key}{equals}{value}\n" for key, value in self.sections[section].items())
            for section in order
            if self.sections[section]
        ]
        return (head + "\n".join(parts)).rstrip("\n") + end


def _foreign(draw: Draw, state: NodeState) -> None:
    """What other people have on the node: filesystems, files, mounts, volumes, addresses."""
    files = {"/payroll.db": "salaries"}
    content: dict[str, Any] = {
        "type": "ext4",
        "uuid": "11111111-2222-4333-8444-555555555555",
        "label": "payroll",
        "files": files,
    }
    source: Any = json.loads(dumps(state))
    if draw(st.booleans()):
        source["devices"]["/dev/sdz"] = {"size": "5G", "content": content}
        if draw(st.booleans()):
            mount = {"device": "/dev/sdz", "mount_point": "/mnt/payroll", "type": "ext4"}
            source["mounts"].append(mount)
            source["files"]["/mnt/payroll"] = "directory"
    if draw(st.booleans()):
        label: dict[str, Any] = {
            "type": "LVM2_member",
            "uuid": f"{OTHERS[::-1]}",
            "member_of": OTHERS,
            "mountable": False,
        }
        source["devices"]["/dev/sdy"] = {"size": "1G", "content": label}
        kept: dict[str, Any] = {"uuid": OTHERS.swapcase(), "segments": [[label["uuid"], 0, 9]], "content": content}
        member: dict[str, Any] = {label["uuid"]: {"size": "1G", "extents": 255}}
        others = {"name": "payroll", "autoactivation": False, "physical_volumes": member, "volumes": {"db": kept}}
        source["volume_groups"] = {OTHERS: others}
    if draw(st.booleans()):
        source["files"] |= {"/srv/other/readme": "mine", "/srv/images/other.img": {"size": "1M"}}
    if source["ec2"] is not None:
        source["ec2"]["volumes"][VOLUME] = {"size": f"{VOLUME_GIB}G", "zone": source["ec2"]["zone"]}
    if source["ec2"] is not None and draw(st.booleans()):
        volume = {"size": "7G", "zone": source["ec2"]["zone"], "content": {**content, "uuid": content["uuid"][::-1]}}
        source["ec2"]["volumes"]["vol-0123456789abcdef0"] = volume
        source["ec2"]["elastic_addresses"]["eipalloc-0123456789abcdef0"] = {"public_ip": "203.0.113.9"}
    state.clear()
    state.update(loads(json.dumps(source)))


@st.composite
def nodes(draw: Draw) -> NodeState:
    """A node: one of the fixtures, with other identifiers, latencies, and things of other people."""
    state = node(draw(st.sampled_from((*CLOUD_NODES, "ceph", "debian"))))
    state["seed"] = draw(st.sampled_from(("0a", "1b", "2c")))
    if draw(st.booleans()):
        state["identifiers"] = {}
    if draw(st.booleans()):
        state["latencies"] = {name: draw(st.integers(0, 9)) for name in state["latencies"]}
    _foreign(draw, state)
    return state


@st.composite
def worlds(draw: Draw) -> World:
    """A service and a node that can run it, untouched so far."""
    state = draw(nodes())
    blank = sorted(
        path
        for path, device in state["devices"].items()
        if device["content"]["kind"] == "zero" and not device["volume"] and not device["holders"]
    )
    interface = next(name for name in state["interfaces"] if name != "lo")
    cloud, cluster = state["ec2"] is not None, state["ceph"] is not None
    layout = Layout(draw, cloud=cloud, cluster=cluster, interface=interface, blank=blank)
    layout.addresses()
    for _ in range(draw(st.integers(0, LEAVES_MAX))):
        layout.filesystems(layout.source())
    layout.containers()
    if len(layout.sections) == 1:
        layout.filesystems(layout.source())
    layout.mounted_only()
    layout.decorations()
    return World(layout.text(), state, draw(st.sampled_from((NAME, "web"))))


@st.composite
def points(draw: Draw, most: int) -> Point:
    """A point at which an action of at most this many changes goes wrong."""
    at = draw(st.integers(1, max(1, most)))
    return draw(
        st.sampled_from(
            (
                Point(at, "before", "inside"),
                Point(at, "after", "inside"),
                Point(at, "after", "outside"),
                Point(at, "lost", "inside"),
                Point(at, "timeout", "inside"),
                Point(at, "before", "disk"),
                Point(at, "after", "disk"),
            )
        )
    )


@st.composite
def touched(draw: Draw) -> World:
    """A world in which something may have happened already: provisioned, half provisioned, or stopped."""
    world = draw(worlds())
    match draw(st.sampled_from(("blank", "blank", "whole", "half", "stopped"))):
        case "whole":
            world.act("provision")
        case "stopped":
            world.act("provision")
            world.act("stop")
        case "half":
            with suppress(Crash, SvcprovError):
                world.act("provision", draw(points(most=30)))
    return world
