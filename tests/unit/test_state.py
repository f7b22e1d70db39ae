"""Node states: what a hand-written file becomes, how it is written, and what makes two worlds the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compare import same_world
from core.schema import ShapeError
from core.state import DEBIAN_12, STATE_BYTES_MAX, copy, dumps, load, loads

SIZE = st.sampled_from(
    ["1G", 4096, {"size": "5G"}, {"size": 1, "content": "residue"}, {"size": 9, "content": {"type": "xfs"}}]
)
PATH = st.sampled_from(["/srv", "/srv/a", "/etc/x/y", "/var/lib/opensvc/z"])
ENTRY = st.sampled_from(["directory", {"kind": "link", "target": "/etc"}, {"kind": "directory", "mode": "0700"}])
STATES = st.fixed_dictionaries(
    {},
    optional={
        "hostname": st.sampled_from(["n1", "n2"]),
        "clock": st.integers(0, 9),
        "tools": st.dictionaries(st.sampled_from(["curl", "docker", "mount"]), st.sampled_from(["1.6", None])),
        "devices": st.dictionaries(st.sampled_from(["/dev/sdb", "/dev/sdc"]), SIZE),
        "files": st.dictionaries(PATH, ENTRY),
        "swaps": st.lists(st.just("/dev/sdz")),
        "ec2": st.sampled_from([None, {"instance": "i-1", "volumes": {"vol-1": {"size": "1G"}}}]),
    },
)


def test_an_empty_file_is_a_whole_node() -> None:
    """Everything has a default, the tools are those of Debian 12."""
    state = load({})
    assert state["tools"] == DEBIAN_12
    assert {"/dev", "/run", "/tmp", "/var", "/var/lib", "/var/lib/opensvc"} == state["files"].keys()


def test_tools_are_added_and_taken_away() -> None:
    """`tools` of a file add to the default ones, and `null` takes one away."""
    assert load({"tools": {"docker": "1.6", "curl": None}})["tools"] == (
        {name: version for name, version in DEBIAN_12.items() if name != "curl"} | {"docker": "1.6"}
    )


@given(STATES)
def test_a_state_survives_being_written(value: dict[str, Any]) -> None:
    """Reading what was written gives the same state."""
    state = load(value)
    assert loads(dumps(state)) == state


@given(STATES)
def test_a_copy_is_equal_and_apart(value: dict[str, Any]) -> None:
    """A copy is the same world, and shares nothing that can change."""
    state = load(value)
    other = copy(state)
    assert other == state
    other["files"]["/new"] = {}
    other["swaps"].append("/dev/sdy")
    assert "/new" not in state["files"]
    assert "/dev/sdy" not in state["swaps"]


def test_a_short_disk_is_a_size() -> None:
    """A disk written as its size is zero, present and free."""
    disk = load({"devices": {"/dev/sdb": "1G"}})["devices"]["/dev/sdb"]
    assert (disk["size"], disk["content"], disk["appears"], disk["holders"]) == (1024**3, {"kind": "zero"}, 0, [])


@pytest.mark.parametrize(
    "written, kind",
    [("zero", "zero"), ("unknown", "unknown"), ({"kind": "residue"}, "residue"), ({"type": "xfs"}, "signature")],
)
def test_content_may_be_written_short(written: Any, kind: str) -> None:
    """A word names a kind of content, an object with a type is a signature."""
    assert (
        load({"devices": {"/dev/sdb": {"size": 1, "content": written}}})["devices"]["/dev/sdb"]["content"]["kind"]
        == kind
    )


def test_what_an_interface_has_at_first_is_what_a_reboot_brings_back() -> None:
    """The addresses of a hand-written interface are its configured ones, unless the file says others."""
    written = {"addresses": ["10.0.0.1/24"], "configured": None}
    other = {"addresses": ["10.0.0.1/24"], "configured": []}
    interfaces = load({"interfaces": {"eth0": written, "eth1": other}})["interfaces"]
    assert interfaces["eth0"]["configured"] == [{"address": "10.0.0.1/24", "label": ""}]
    assert interfaces["eth0"]["configured"][0] is not interfaces["eth0"]["addresses"][0]
    assert interfaces["eth1"]["configured"] == []


def test_directories_above_a_file_come_into_being() -> None:
    """A file brings its parents."""
    files = load({"files": {"/a/b/c": "text"}})["files"]
    assert files["/a"]["kind"] == files["/a/b"]["kind"] == "directory"
    assert files["/a/b/c"]["text"] == "text"


def test_a_directory_may_be_described_after_its_files() -> None:
    """The order of the files does not matter: a described directory keeps its mode."""
    assert load({"files": {"/a/b": "", "/a": {"kind": "directory", "mode": "0700"}}})["files"]["/a"]["mode"] == "0700"


@pytest.mark.parametrize(
    "value, said",
    [
        ([], "the file: .* is not an object"),
        ({"format": 2}, "format: this is format 2"),
        ({"devises": {}}, "unknown key 'devises'; did you mean 'devices'"),
        ({"devices": {"/dev/sdb": {"sizes": 1}}}, "devices./dev/sdb: unknown key 'sizes'"),
        ({"devices": {"/dev/sdb": {"size": 1, "content": 5}}}, "devices./dev/sdb.content: 5 is no content"),
        ({"devices": {"/dev/sdb": {"size": 1, "content": "ext4"}}}, "content.kind: 'ext4' is none of zero"),
        ({"files": {"a": ""}}, "files.a: a file's name is an absolute path"),
        ({"files": {"/a/": ""}}, "files./a/: a file's name is an absolute path"),
        ({"files": {"/a/../b": ""}}, "files./a/../b: a file's name is a path as `readlink -f` prints it"),
        ({"files": {"/a//b": ""}}, "files./a//b: a file's name is a path as"),
        ({"files": {"/a": "text", "/a/b": ""}}, "files./a/b: /a is a file"),
        ({"files": {"/a": 5}}, "files./a: '' is none of directory, link, file"),
        ({"files": {"/a": {"kind": "fifo"}}}, "files./a: 'fifo' is none of"),
        ({"hostname": "«x»"}, "hostname: « and »"),
    ],
)
def test_a_bad_state_names_the_place(value: Any, said: str) -> None:
    """The error has the JSON path of what is wrong."""
    with pytest.raises(ShapeError, match=said):
        load(value)


def test_text_that_is_not_json_names_line_and_column() -> None:
    """A slip of the pen in the file is found where it is."""
    with pytest.raises(ShapeError, match="not JSON: line 2, column 1"):
        loads('{"clock": 1,\n]')


def test_a_file_nested_too_deeply_is_refused() -> None:
    """Brackets without end are no reason to crash."""
    with pytest.raises(ShapeError, match="nested too deeply"):
        loads("[" * 100_000)


def test_a_file_too_large_is_refused() -> None:
    """A file past the limit is refused before it is read."""
    with pytest.raises(ShapeError, match="larger than"):
        loads(" " * (STATE_BYTES_MAX + 1))


@given(STATES)
def test_a_world_is_the_same_as_itself_later(value: dict[str, Any]) -> None:
    """Clock, counters and identifiers to hand out make no other world."""
    state = load(value)
    later = copy(state) | {"clock": 99, "serial": 7, "seed": "ff", "identifiers": {"volume": ["vol-9"]}}
    assert same_world(state, later) == []


def test_the_order_of_a_list_makes_no_difference() -> None:
    """Mounts in another order, their fields in another order, are the same world."""
    one = {"device": "/dev/sdb", "mount_point": "/a", "type": "xfs"}
    other = {"type": "xfs", "mount_point": "/b", "device": "/dev/sdc"}
    again = dict(reversed(one.items()))
    assert same_world({"mounts": [one, other]}, {"mounts": [other, again]}) == []


def test_when_a_thing_was_ready_makes_no_difference() -> None:
    """The second at which a device appeared is of the clock."""
    assert same_world({"devices": {"/dev/sdb": {"appears": 1}}}, {"devices": {"/dev/sdb": {"appears": 2}}}) == []


@pytest.mark.parametrize(
    "one, other, difference",
    [
        ({"a": {"b": 1}}, {"a": {}}, "- .a.b"),
        ({"a": {}}, {"a": {"b": 1}}, "+ .a.b"),
        ({"a": 1}, {"a": 2}, "~ .a: 1 / 2"),
        ({"a": [1]}, {"a": [1, 1]}, "~ .a: [1] / [1, 1]"),
    ],
)
def test_a_difference_is_named_by_its_path(one: dict[str, Any], other: dict[str, Any], difference: str) -> None:
    """What is missing, new or different is said with its place."""
    assert same_world(one, other) == [difference]


def test_not_all_differences_are_listed() -> None:
    """Another world altogether is told in twenty lines."""
    assert len(same_world({str(n): n for n in range(99)}, {})) == 20


def test_what_is_written_is_json() -> None:
    """A missing tool is written as null, so that reading does not bring it back."""
    assert json.loads(dumps(load({"tools": {"curl": None}})))["tools"]["curl"] is None


@pytest.mark.parametrize("segment", [["pv-1", 0], "pv-1", ["pv-1", 0, 8, 9]])
def test_a_segment_that_is_none_names_its_place(segment: Any) -> None:
    """Who writes a node by hand is told where, and what a segment is made of."""
    volume = {"uuid": "lv-1", "segments": [segment]}
    group = {"name": "g0", "volumes": {"data": volume}}
    with pytest.raises(
        ShapeError, match=r"volume_groups\.vg-1\.volumes\.data\.segments\[0\]: .* physical volume, first"
    ):
        load({"volume_groups": {"vg-1": group}})


def test_segments_are_read() -> None:
    """A segment is a physical volume, where it begins, and how many extents it has."""
    volume = {"uuid": "lv-1", "segments": [["pv-1", 0, 8]]}
    state = load({"volume_groups": {"vg-1": {"name": "g0", "volumes": {"data": volume}}}})
    assert state["volume_groups"]["vg-1"]["volumes"]["data"]["segments"] == [["pv-1", 0, 8]]
