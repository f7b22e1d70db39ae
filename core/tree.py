"""Files, directories and links of a node's state, seen through its mounts as a process would see them.

Of a state that is not complete, whoever looks something up may want to hear what it does not say (`Tree(state, ask)`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from core import stacked
from core.block_device import block_device
from core.listing import Listing
from core.state import Entry, NodeState, Question

LINKS_MAX = 40
MEMORY = "tmpfs "
"""How the name of a tree begins that is in memory only: nobody has put anything into it unseen."""
ROOT = "rootfs"
"""How the device at the top is called where the state does not say it."""
DELETED = "//deleted"
"""How the kernel ends the name of a subvolume (or directory) that was deleted while it was mounted."""
DEVICES = "/dev/"
FEW_LINKS = 8
"""As many links are looked through faster than the parts of a path."""


class Place(NamedTuple):
    """Where a path ends up: the files of one filesystem (or subvolume), and the path inside it."""

    files: dict[str, Entry]
    path: str
    device: str
    """The device of the filesystem, empty for the root filesystem."""


def from_the_top(mount: dict[str, Any], path: str) -> str:
    """A path below a mount point, as it is in the whole filesystem; nothing for its top."""
    return (f"/{mount['subvolume']}" if mount["subvolume"] else "") + path[
        len(mount["mount_point"].rstrip("/")) :
    ].rstrip("/")


class Tree:
    """Looks paths up in a node's state, and remembers where they lead until a link or a mount changes.

    ask: hears what is looked up and not known; its answer is what to take for there, if anything. None: what is not in
    the state is not there.
    """

    def __init__(self, state: NodeState, ask: Callable[[Question], Entry | None] | None = None) -> None:
        self._state, self._ask = state, ask
        self._links: set[str] = set()
        """The links of the root filesystem, and perhaps some that are gone."""
        self._listing = Listing()
        """Of the root filesystem."""
        self._counted = -1
        self._reals: dict[str, str] = {}
        """Where paths lead, as long as no link and no mount comes or goes."""
        self._mounts, self._newest_mount = -1, None
        self._points: dict[str, dict[str, Any]] = {}
        """The mounts by their places; of several in one place, the uppermost."""

    def real(self, path: str) -> str:
        """Follow links, in every part of the path, as `readlink -f` does."""
        if not path.startswith("/"):
            return path
        self._forget_if_changed()
        known = self._reals.get(path)
        if known is None:
            known = self._followed(path)
        return known

    def _forget_if_changed(self) -> None:
        mounts = self._state["mounts"]
        newest = mounts[-1] if mounts else None
        if (
            newest is not self._newest_mount
            or len(mounts) != self._mounts
            or len(self._state["files"]) != self._counted
        ):
            self._reals.clear()
            self._known_links()
        self._mounted_at()

    def _mounted_at(self) -> dict[str, dict[str, Any]]:
        mounts = self._state["mounts"]
        newest = mounts[-1] if mounts else None
        if newest is not self._newest_mount or len(mounts) != self._mounts:
            self._points = {mount["mount_point"]: mount for mount in mounts}
            self._mounts, self._newest_mount = len(mounts), newest
        return self._points

    def _followed(self, path: str) -> str:
        if self._is_plain(path):
            self._reals[path] = path
            return path
        if (target := self._only_link(path)) is not None:
            real = self._reals[path] = self.real(target)
            return real
        done, left = "", [part for part in path.split("/") if part and part != "."]
        followed = 0
        while left:
            part = left.pop(0)
            if part == "..":
                done = done.rpartition("/")[0]
                continue
            entry = self._entry_at(f"{done}/{part}")
            if entry is not None and entry["kind"] == "link" and followed < LINKS_MAX:
                followed += 1
                target = entry["target"]
                if target.startswith("«"):
                    # What a plan makes has no path yet: its name is one as it stands.
                    done = target
                    continue
                left = [piece for piece in target.split("/") if piece and piece != "."] + left
                done = "" if target.startswith("/") else done
            else:
                done = f"{done}/{part}"
        return done or "/"

    def _is_plain(self, path: str) -> bool:
        """Tell at little cost that a path leads through no link and no dot: most paths do not.

        A mount point is real as it stands, so what lies above it need not be followed.
        """
        if "//" in path or "/." in path or path.endswith("/"):
            return False
        mount = self.mount_of(path)
        files, start = self._state["files"], 0
        if mount is None or mount["mount_point"] == "/":
            links = self._known_links()
            if not links or (len(links) <= FEW_LINKS and not path.startswith(tuple(links))):
                return True
        else:
            device = self._mounted(mount)
            if device is None or self._is_of_the_root(mount):
                return False
            content, subvolume = self.holder(device)["content"], mount["subvolume"]
            subvolumes = content.get("subvolumes", {})
            if subvolume and subvolume not in subvolumes:
                return False
            inner = f"{subvolume}/".lstrip("/")
            if any(name.startswith(inner) for name in subvolumes):
                return False
            files = subvolumes.get(subvolume, {}) if subvolume else content.get("files", {})
            start = len(mount["mount_point"])
        end = len(path)
        while end > start:
            entry = files.get(path[start:end])
            if entry is not None and entry["kind"] == "link":
                return False
            end = path.rfind("/", 0, end)
        return True

    def _only_link(self, path: str) -> str | None:
        """Where a link of the root filesystem leads, when it is the only one on its own path: device links are."""
        links = self._known_links()
        if path not in links:
            return None
        above = path
        while above := above.rpartition("/")[0]:
            if above in links:
                return None
        entry = self._entry_at(path)
        if entry is None or entry["kind"] != "link":
            return None
        target, above = entry["target"], path.rpartition("/")[0]
        if not target.startswith(("/", "«")):
            while target.startswith("../"):
                target, above = target[3:], above.rpartition("/")[0]
            target = f"{above}/{target}"
        # A link to another link may come back here: that is for the long way round, which counts its steps.
        return target if target not in links else None

    def _known_links(self) -> set[str]:
        files = self._state["files"]
        if self._counted != len(files):
            self._links = {path for path, entry in files.items() if entry["kind"] == "link"}
            self._listing = Listing(files)
            self._counted = len(files)
        return self._links

    def _unfollowed(self, path: str) -> str:
        """Follow links in every part of the path but the last. A path that is a hole stays as it is."""
        if not path.startswith("/"):
            return path
        parent, _, name = path.rpartition("/")
        return f"{self.real(parent or '/').rstrip('/')}/{name}"

    def mount_of(self, path: str) -> dict[str, Any] | None:
        """The mount that a real path lies in; None for the root filesystem."""
        points, place = self._mounted_at(), path
        if len(points) > 1 or "/" not in points:
            while place:
                if (mount := points.get(place)) is not None:
                    return mount
                place = place.rpartition("/")[0]
        return points.get("/") if path.startswith("/") else None

    def place(self, path: str) -> Place:
        """Where a path without links ends up."""
        return Place(*self._placed(path))

    def identity(self, path: str) -> tuple[str, str]:
        """The filesystem that a path lies in, and where: the same for each place that shows it, whoever has looked."""
        real = self.real(path)
        mount = self.mount_of(real)
        at_root = mount is None or mount["mount_point"] == "/" or self._is_of_the_root(mount)
        if mount is not None and not at_root and mount["device"] in self._state["devices"]:
            return mount["device"], from_the_top(mount, real)
        place = self.place(real)
        return ("", place.path) if place.files is self._state["files"] else (place.device, place.path)

    def _placed(self, path: str) -> tuple[dict[str, Entry], str, str]:
        """The fields of a `Place`, which most who look something up need for a moment only."""
        mount = self.mount_of(path) if self._state["mounts"] else None
        device = self._mounted(mount) if mount is not None else None
        if mount is None or mount["mount_point"] == "/":
            return self._state["files"], path, ""
        if device is None or self._is_of_the_root(mount):
            return self._without_device(mount, path)
        if mount["subvolume"].endswith(DELETED):
            return {}, path[len(mount["mount_point"]) :] or "/", mount["device"]
        content = self.holder(device)["content"]
        subvolumes, inside = content.get("subvolumes", {}), from_the_top(mount, path)
        if path == mount["mount_point"] and content["kind"] == "unseen":
            # What a preview puts there has to be there until somebody has looked.
            return content.setdefault("files", {}), "/", mount["device"]
        if not subvolumes:
            return content.get("files", {}), inside or "/", mount["device"]
        # A subvolume may lie in another: the innermost one has the files.
        names = [name for name in subvolumes if inside == f"/{name}" or inside.startswith(f"/{name}/")]
        name = max(names, key=len, default="")
        files = subvolumes[name] if name else content.get("files", {})
        return files, inside[len(name) + 1 if name else 0 :] or "/", mount["device"]

    def _is_of_the_root(self, mount: dict[str, Any]) -> bool:
        """Tell whether a mount shows a directory of the filesystem at the top, whose files are those of the node."""
        top = self._state["mounts"][0]
        inside = not top["subvolume"] or mount["subvolume"].startswith(f"{top['subvolume']}/")
        return bool(top["mount_point"] == "/" and top["device"] == mount["device"] and inside)

    def _without_device(self, mount: dict[str, Any], path: str) -> tuple[dict[str, Entry], str, str]:
        """The place of a path in a tree, or in a directory of the root filesystem that is mounted elsewhere as well."""
        inside = from_the_top(mount, path)
        tree = mount.get("tree", "")
        if tree in self._state["trees"]:
            return self._state["trees"][tree], inside or "/", tree
        if mount["device"] != ROOT and not self._is_of_the_root(mount):
            return self._state["files"], path, ""
        top = self._state["mounts"][0]
        above = f"/{top['subvolume']}" if top["mount_point"] == "/" and top["subvolume"] else ""
        return self._state["files"], inside.removeprefix(above) or "/", f"{ROOT}[/{mount['subvolume']}]"

    def _mounted(self, mount: dict[str, Any]) -> dict[str, Any] | None:
        """The device that is mounted; of a dataset of ZFS, which has none, what stands for one."""
        device = self._state["devices"].get(mount["device"])
        if device is None and mount["type"] == "zfs" and stacked.dataset(self._state, mount["device"]) is not None:
            return block_device(0, stacked={"kind": "dataset", "of": mount["device"], "name": ""})
        return device  # type: ignore[no-any-return]

    def holder(self, device: dict[str, Any]) -> dict[str, Any]:
        """What has the `content` of a device: the device itself, its volume, or its loop file."""
        if device["volume"] and self._state["ec2"]:
            volume: dict[str, Any] = self._state["ec2"]["volumes"][device["volume"]]
            return volume
        if device["stacked"] is not None:
            return stacked.holder(self._state, device["stacked"])
        if not device["file"]:
            return device
        # The kernel keeps the file that it attached, also when the loop device is mounted over its directory.
        file = device["file"]
        if self._ask is None and self._is_beside_mounts(file):
            entry = self.entry(file)
        else:
            devices = self._state["devices"]
            beneath = [mount for mount in self._state["mounts"] if devices.get(mount["device"]) is not device]
            entry = Tree({**self._state, "mounts": beneath}).entry(file)
        return entry if entry is not None and "content" in entry else device

    def _is_beside_mounts(self, file: str) -> bool:
        """Tell whether a file is of the root filesystem, with nothing mounted on what it lies in."""
        mount = self.mount_of(file)
        return mount is None or mount["mount_point"] == "/"

    def _entry_at(self, path: str) -> Entry | None:
        files, inside, device = self._placed(path)
        if inside == "/":
            return files.get("/", {"kind": "directory", "mode": "0755", "docker": None})
        found = files.get(inside)
        if found is None and self._ask is not None and self._is_open(device) and not self._is_absent(files, inside):
            found = self._ask(Question("path", path))
            if found is not None and found["kind"] == "file":
                # A device that is made of it keeps its content there.
                files[inside] = found
        return found

    def _is_open(self, device: str) -> bool:
        """Tell whether a filesystem may hold more than the state says; `device` is empty for the root filesystem."""
        found = self._state["devices"].get(device) or stacked.dataset(self._state, device)
        if found is None:
            return not device.startswith(MEMORY)
        content: dict[str, Any] = found["content"] if "stacked" not in found else self.holder(found)["content"]
        known: bool = content.get("known", content["kind"] != "unseen")
        return not known

    def _is_absent(self, files: dict[str, Entry], inside: str) -> bool:
        """Tell whether nothing can be at a path, since something above it is no directory."""
        above = inside.rpartition("/")[0]
        while above:
            entry = files.get(above)
            if entry is not None:
                return bool(entry["kind"] == "file")
            above = above.rpartition("/")[0]
        return False

    def entry(self, path: str) -> Entry | None:
        """The file or directory at a path, links followed; None when there is none (devices are not files)."""
        found = self._entry_at(self.real(path))
        return None if found is not None and found["kind"] == "link" else found

    def link(self, path: str) -> Entry | None:
        """The entry at a path whose last part is not followed."""
        return self._entry_at(self._unfollowed(path))

    def exists(self, path: str) -> bool:
        """Tell whether something is at the path: a file, a directory, or a device that has appeared."""
        real = self.real(path)
        device = self._state["devices"].get(real)
        if device is not None:
            return bool(device["appears"] <= self._state["clock"])
        entry = self._entry_at(real)
        return entry is not None and entry["kind"] != "link"

    def put(self, path: str, entry: Entry) -> None:
        """Put an entry at a path whose parent exists; a link there is replaced, not followed."""
        place = self.place(self._unfollowed(path))
        if self._ask is not None and entry["kind"] == "directory" and place.path not in {"/", *place.files}:
            # It was made just now, so nothing is in it that the state does not have.
            self._state["known"] += (str(Question(kind, self._unfollowed(path))) for kind in ("below", "store"))
        self._change(place, entry)

    def may_hold_more(self, path: str) -> bool:
        """Tell whether the filesystem at a path may hold more than the state says."""
        return self._ask is not None and self._is_open(self.place(self.real(path)).device)

    def remove(self, path: str) -> None:
        """Take the entry at a path away; a link itself, not what it leads to."""
        self._change(self.place(self._unfollowed(path)), None)
        if self._ask is not None:
            self._state["known"].append(str(Question("path", self._unfollowed(path))))

    def _change(self, place: Place, entry: Entry | None) -> None:
        at_root = place.files is self._state["files"]
        links = self._known_links() if at_root else set()
        before = place.files.pop(place.path, None) if entry is None else place.files.get(place.path)
        if entry is not None:
            place.files[place.path] = entry
        if at_root:
            self._counted = len(place.files)
            if entry is None:
                self._listing.leave(place.path, place.files)
            else:
                self._listing.enter(place.path)
        if "link" in {entry and entry["kind"], before and before["kind"]}:
            self._reals.clear()
            links.discard(place.path)
            if entry is not None and entry["kind"] == "link":
                links.add(place.path)

    def children(self, path: str) -> list[str]:
        """The names directly below a directory, subvolumes and mount points included, in order."""
        real = self.real(path)
        place = self.place(real)
        if self._ask is not None and self._is_open(place.device):
            self._ask(Question("below", real))
        if place.files is self._state["files"]:
            self._known_links()
            names = self._listing.below(place.path.rstrip("/"))
        else:
            prefix = "/" if place.path == "/" else f"{place.path}/"
            names = {name[len(prefix) :].split("/")[0] for name in place.files if name.startswith(prefix)}
        mount = self.mount_of(real)
        device = self._mounted(mount) if mount is not None else None
        if mount is not None and device is not None:
            above = from_the_top(mount, real) + "/"
            subvolumes = self.holder(device)["content"].get("subvolumes", {})
            names |= {f"/{name}"[len(above) :].split("/")[0] for name in subvolumes if f"/{name}".startswith(above)}
        now, below = self._state["clock"], f"{real.rstrip('/')}/"
        has_devices = below.startswith(DEVICES) or DEVICES.startswith(below)
        for name, device in self._state["devices"].items() if has_devices else ():
            if name.startswith(below) and device["appears"] <= now:
                names.add(name[len(below) :].split("/")[0])
        return sorted(names - {""})
