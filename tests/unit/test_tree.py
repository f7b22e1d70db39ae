"""Paths of a simulated node: links, mounts, subvolumes, loop files."""

from typing import Any

import pytest

from core.state import NodeState, load
from core.tree import LINKS_MAX, Tree


def link(target: str) -> dict[str, str]:
    """A symbolic link."""
    return {"kind": "link", "target": target}


def filesystem(files: dict[str, Any] | None = None, **subvolumes: dict[str, Any]) -> dict[str, Any]:
    """A disk with a filesystem that holds these files."""
    return {"size": "1G", "content": {"type": "btrfs", "files": files or {}, "subvolumes": subvolumes}}


def mount(device: str, mount_point: str, subvolume: str = "") -> dict[str, str]:
    """A mounted filesystem."""
    return {"device": device, "mount_point": mount_point, "type": "btrfs", "subvolume": subvolume}


LINKED = {
    "/a/file": "text",
    "/b": link("/a"),
    "/a/up": link("../c/d"),
    "/c/d/e": "deep",
    "/near": link("a/file"),
    "/gone": link("/nowhere/x"),
    "/round": link("/about"),
    "/about": link("round"),
    "/self/self": link("self"),
}


def tree(**state: Any) -> tuple[Tree, NodeState]:
    """The tree of a state."""
    loaded = load(state)
    return Tree(loaded), loaded


@pytest.mark.parametrize(
    "path, real",
    [
        ("/", "/"),
        ("/a/file", "/a/file"),
        ("/b/file", "/a/file"),
        ("/b", "/a"),
        ("/near", "/a/file"),
        ("/a/up/e", "/c/d/e"),
        ("/b/up/e", "/c/d/e"),
        ("/a/./b//c/", "/a/b/c"),
        ("/b/..", "/"),
        ("/../..", "/"),
        ("/a/../c/d", "/c/d"),
        ("/gone", "/nowhere/x"),
        ("/b/new", "/a/new"),
        ("relative/x", "relative/x"),
        ("«hole»", "«hole»"),
    ],
)
def test_links_are_followed_in_every_part(path: str, real: str) -> None:
    """A path leads where `readlink -f` says."""
    assert tree(files=LINKED)[0].real(path) == real


@pytest.mark.parametrize("path", ["/round", "/about", "/round/x", "/self/self", "/gone", "/near/x", "/nothing"])
def test_a_path_that_leads_nowhere_has_no_entry(path: str) -> None:
    """Links in a circle, links to nothing and paths through files end in nothing."""
    on, _ = tree(files=LINKED)
    assert on.entry(path) is None
    assert not on.exists(path)


def test_a_chain_of_links_has_an_end() -> None:
    """As many links as the kernel follows are followed."""
    chain = {f"/l{number}": link(f"/l{number + 1}") for number in range(LINKS_MAX)}
    assert tree(files={**chain, f"/l{LINKS_MAX}": "end"})[0].entry("/l0") is not None
    assert tree(files={**chain, f"/l{LINKS_MAX}": link("/end"), "/end": "end"})[0].entry("/l0") is None


def test_the_last_link_can_be_seen_itself() -> None:
    """`link` follows all parts but the last."""
    on, _ = tree(files=LINKED)
    assert (on.link("/b") or {})["target"] == "/a"
    assert (on.link("/b/up") or {})["target"] == "../c/d"
    assert on.link("/b/nothing") is None
    assert on.link("«hole»") is None


def test_a_mount_hides_what_is_below_it() -> None:
    """The files of the mounted filesystem are seen, and those of the directory come back with the umount."""
    on, state = tree(
        devices={"/dev/sdb": filesystem({"/inside": ""})},
        files={"/m/below": ""},
        mounts=[mount("/dev/sdb", "/m")],
    )
    assert (on.exists("/m/inside"), on.exists("/m/below")) == (True, False)
    state["mounts"].clear()
    assert (on.exists("/m/inside"), on.exists("/m/below")) == (False, True)


def test_the_innermost_mount_counts() -> None:
    """A mount in a mount has its own files, whatever the order in which they are listed."""
    on, _ = tree(
        devices={"/dev/sdb": filesystem({"/n/outer": ""}), "/dev/sdc": filesystem({"/inner": ""})},
        files={"/m": "directory"},
        mounts=[mount("/dev/sdc", "/m/n"), mount("/dev/sdb", "/m")],
    )
    assert (on.exists("/m/n/inner"), on.exists("/m/n/outer"), on.exists("/m/n")) == (True, False, True)


def test_the_last_of_two_mounts_on_one_point_counts() -> None:
    """What was mounted over another mount is what one sees."""
    on, _ = tree(
        devices={"/dev/sdb": filesystem({"/first": ""}), "/dev/sdc": filesystem({"/second": ""})},
        mounts=[mount("/dev/sdb", "/m"), mount("/dev/sdc", "/m")],
    )
    assert (on.exists("/m/first"), on.exists("/m/second")) == (False, True)


def test_a_name_that_begins_like_a_mount_point_is_not_in_it() -> None:
    """`/mnt2` is not below `/mnt`."""
    on, _ = tree(
        devices={"/dev/sdb": filesystem()},
        files={"/mnt2/x": "", "/mnt": "directory"},
        mounts=[mount("/dev/sdb", "/mnt")],
    )
    assert on.exists("/mnt2/x")
    assert on.mount_of("/mnt2/x") is None


def test_the_root_filesystem_is_the_nodes_files() -> None:
    """A device mounted at / has the files that are listed as the node's own."""
    on, _ = tree(devices={"/dev/sda": "1G"}, files={"/etc/x": ""}, mounts=[mount("/dev/sda", "/")])
    assert on.exists("/etc/x")
    assert on.place("/etc/x").device == ""


def test_a_mount_without_a_known_device_has_the_nodes_files() -> None:
    """What a state does not know of another filesystem (a tmpfs) is kept with the node's own files."""
    on, _ = tree(files={"/m/x": ""}, mounts=[mount("tmpfs", "/m")])
    assert on.exists("/m/x")


def test_a_subvolume_is_a_directory_of_the_whole_filesystem() -> None:
    """Mounted whole, subvolumes are below the mount point, each with its own files."""
    on, _ = tree(
        devices={"/dev/sdb": filesystem({"/top": ""}, data={"/x": ""}, **{"data/inner": {"/y": ""}})},
        mounts=[mount("/dev/sdb", "/m")],
    )
    assert [on.exists(path) for path in ("/m/data/x", "/m/data/inner/y", "/m/top", "/m/data/top", "/m/dat/x")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_subvolume_can_be_mounted_alone() -> None:
    """Then only its files are there."""
    on, _ = tree(
        devices={"/dev/sdb": filesystem({"/top": ""}, data={"/x": ""})}, mounts=[mount("/dev/sdb", "/m", "data")]
    )
    assert [on.exists(path) for path in ("/m/x", "/m/top", "/m/data", "/m")] == [True, False, False, True]


@pytest.mark.parametrize("subvolume", ["", "data"])
def test_a_filesystem_that_was_wiped_under_its_mount_is_empty(subvolume: str) -> None:
    """Nothing is found where there is no filesystem any more."""
    on, state = tree(devices={"/dev/sdb": filesystem(data={"/x": ""})}, mounts=[mount("/dev/sdb", "/m", subvolume)])
    state["devices"]["/dev/sdb"]["content"] = {"kind": "zero"}
    assert not on.exists("/m/x")


def test_a_file_is_put_into_the_filesystem_that_is_mounted() -> None:
    """What is put below a mount point is in that filesystem, and gone with it."""
    on, state = tree(
        devices={"/dev/sdb": filesystem()},
        files={"/m": "directory", "/b": link("/m")},
        mounts=[mount("/dev/sdb", "/m")],
    )
    on.put("/b/new", {"kind": "directory"})
    assert "/new" in state["devices"]["/dev/sdb"]["content"]["files"]
    on.remove("/m/new")
    on.remove("/m/new")
    assert not on.exists("/b/new")


def test_a_link_is_replaced_and_removed_itself() -> None:
    """Putting and removing do not follow the last link."""
    on, state = tree(files=LINKED)
    on.put("/near", link("/c"))
    assert state["files"]["/a/file"]["text"] == "text"
    on.remove("/b")
    assert on.exists("/a/file")
    assert on.link("/b") is None


def test_a_device_exists_from_when_it_appears() -> None:
    """A device that is being attached is not there yet; a link to it leads nowhere until then."""
    on, state = tree(devices={"/dev/sdb": {"size": 1, "appears": 5}}, files={"/d": link("/dev/sdb")})
    assert not on.exists("/d")
    assert on.children("/dev") == []
    state["clock"] = 5
    assert on.exists("/d")
    assert on.children("/dev") == ["sdb"]
    assert on.entry("/d") is None


def test_children_are_all_that_is_directly_below() -> None:
    """Files, directories, links, devices; each once, in order."""
    on, _ = tree(devices={"/dev/mapper/vg-lv": 1}, files=LINKED)
    assert on.children("/a") == ["file", "up"]
    assert on.children("/b") == ["file", "up"]
    assert on.children("/dev") == on.children("/dev/") == ["mapper"]
    assert on.children("/dev/mapper") == ["vg-lv"]
    assert on.children("/nothing") == on.children("/a/file") == []
    assert "self" in on.children("/")


def test_subvolumes_are_children() -> None:
    """They are listed where they lie, in the whole filesystem and in one another."""
    on, _ = tree(
        devices={"/dev/sdb": filesystem({"/top": ""}, data={"/x": ""}, **{"data/inner": {}})},
        mounts=[mount("/dev/sdb", "/m"), mount("/dev/sdb", "/d", "data")],
    )
    assert on.children("/m") == ["data", "top"]
    assert on.children("/m/data") == ["inner", "x"]
    assert on.children("/d") == ["inner", "x"]


def test_the_content_of_a_device_may_live_in_a_loop_file() -> None:
    """What is written to a loop device is in its file."""
    on, state = tree(
        devices={"/dev/loop0": {"size": 1, "file": "/img"}},
        files={"/img": {"kind": "file", "size": 1, "content": {"type": "btrfs", "files": {"/x": ""}}}},
        mounts=[mount("/dev/loop0", "/m")],
    )
    assert on.holder(state["devices"]["/dev/loop0"]) is state["files"]["/img"]
    assert on.exists("/m/x")


def test_the_content_of_a_device_may_live_on_a_volume() -> None:
    """What is written to an attached volume stays with the volume."""
    on, state = tree(
        devices={"/dev/xvdf": {"size": 1, "volume": "vol-1"}},
        ec2={"instance": "i-1", "volumes": {"vol-1": {"size": "1G"}}},
    )
    assert on.holder(state["devices"]["/dev/xvdf"]) is state["ec2"]["volumes"]["vol-1"]


@pytest.mark.parametrize(
    "files", [{}, {"/img": "directory"}, {"/img": link("/img")}], ids=["gone", "directory", "circle"]
)
def test_a_loop_device_without_its_file_has_its_own_content(files: dict[str, Any]) -> None:
    """The kernel keeps a deleted file; the state keeps what it knew of the device."""
    on, state = tree(devices={"/dev/loop0": {"size": 1, "file": "/img"}}, files=files)
    assert on.holder(state["devices"]["/dev/loop0"]) is state["devices"]["/dev/loop0"]


def test_a_loop_device_may_be_mounted_over_its_own_file() -> None:
    """The kernel holds the file that it attached: what the mount hides is still what the device holds."""
    content = {"type": "btrfs", "files": {"/x": ""}}
    on, _ = tree(
        devices={"/dev/loop0": {"size": 1, "file": "/srv/img"}},
        files={"/srv/img": {"kind": "file", "size": 1, "content": content}},
        mounts=[mount("/dev/loop0", "/srv")],
    )
    assert on.exists("/srv/x")
    assert not on.exists("/srv/img")


def test_loop_devices_in_a_circle_end() -> None:
    """Two loop files, each in the other's filesystem, are nonsense that a state may say; nothing hangs on it."""
    on, _ = tree(
        devices={"/dev/loop0": {"size": 1, "file": "/b/img"}, "/dev/loop1": {"size": 1, "file": "/a/img"}},
        mounts=[mount("/dev/loop0", "/a"), mount("/dev/loop1", "/b")],
    )
    assert not on.exists("/a/img")


def test_links_of_devices_lead_there_however_many_there_are() -> None:
    """`../dm-0` is read from where the link is; that there are many, and that one lies in another, changes nothing."""
    links = {f"/dev/data/v{number}": link(f"../dm-{number}") for number in range(20)}
    more = {"/dev/mapper/data-v1": link("../dm-1"), "/dev/again": link("data/v2"), "/dev/disk": link("/dev/data")}
    on, state = tree(files={**links, **more}, devices={"/dev/dm-1": "1G", "/dev/dm-2": "1G"})
    asked = ("/dev/data/v1", "/dev/mapper/data-v1", "/dev/data/v2", "/dev/again", "/dev/disk/v1", "/dev/data/v1")
    assert [on.real(path)[-4:] for path in asked] == ["dm-1", "dm-1", "dm-2", "dm-2", "dm-1", "dm-1"]
    on.put("/dev/data/v1", {"kind": "link", "target": "../dm-2"})
    assert on.real("/dev/data/v1") == "/dev/dm-2"
    assert state["files"]["/dev/data/v1"]["target"] == "../dm-2"


def test_a_file_of_a_loop_device_is_found_with_other_filesystems_mounted() -> None:
    """What holds the content of a loop device is its file, also when something is mounted over the file's directory."""
    files = {"/img/a": {"kind": "file", "size": "1M", "content": {"kind": "zero"}}, "/m": "directory"}
    loop = {"size": "1M", "file": "/img/a"}
    on, state = tree(
        files=files, devices={"/dev/loop0": loop, "/dev/sdb": filesystem()}, mounts=[mount("/dev/sdb", "/m")]
    )
    held = state["files"]["/img/a"]
    assert on.holder(state["devices"]["/dev/loop0"]) is held
    state["mounts"].append({**state["mounts"][0], "device": "/dev/loop0", "mount_point": "/img"})
    assert on.holder(state["devices"]["/dev/loop0"]) is held


def test_what_a_plan_makes_is_a_path_as_it_stands() -> None:
    """A link of a plan leads to a hole, which has no path yet, also from inside a directory that is a link."""
    files = {"/dev/svc/disk.0": link("/dev/loop9"), "/b": link("/dev/svc")}
    on, state = tree(files=files)
    state["files"]["/dev/svc/disk.0"]["target"] = "«disk#0.loop»"
    assert [on.real(path) for path in ("/dev/svc/disk.0", "/b/disk.0")] == ["«disk#0.loop»"] * 2


def test_a_link_hides_what_is_written_below_it() -> None:
    """What a state has below the name of a link is nowhere: the link leads elsewhere."""
    on, _ = tree(files={"/a": link("/c"), "/a/x": link("/d"), "/c/x": "text", "/d": "text"})
    assert on.real("/a/x") == "/c/x"


def test_a_mount_hides_a_link_of_the_directory_beneath() -> None:
    """What the filesystem that is mounted does not have is not there."""
    disk = filesystem({}, inner={})
    on, _ = tree(files={"/srv/x": link("/etc")}, devices={"/dev/sdb": disk}, mounts=[mount("/dev/sdb", "/srv")])
    assert on.real("/srv/x") == "/srv/x"
    assert on.entry("/srv/x") is None
