"""The service and its resources: what is read for a node, and where it is written."""

import pytest

from core.config.document import Document
from core.config.service import Service, service_name_problem
from core.config.sizes import Share
from core.errors import ConfigError, UsageError
from core.record import KeyText, MadeThing, Record
from tests.unit.config.declared import load, service

FILE = """\
[DEFAULT]
nodes = N1 n2
drpnodes = n3
docker_data_dir = /srv/{svcname}/docker
comment = about the service

[disk#0]
type = loop
file@n3 = /three
file@nodes = /nodes
file@drpnodes = /drp
file = /other
size = 5G
tags = a b
  c

[fs#1]
type = EXT4
dev = /dev/loop0
mnt = /srv/{svcname}
optional = yes
subset = late

[fs#10]
type = btrfs
dev = LABEL=x
mnt = /srv/b
disable = true

[env]
password = hunter2
password.secret = true
token = x
token.secret = no
gone.secret = true

[sync#0]
type = unheard
"""


def test_nodes() -> None:
    """The nodes are read in lower case."""
    made = service(FILE)
    assert (made.nodes, made.drpnodes) == (("n1", "n2"), ("n3",))


def test_no_nodes() -> None:
    """A service without `nodes` is this node's."""
    made = service("[fs#0]\n", node="Here")
    assert (made.nodes, made.drpnodes, made.runs_here) == (("here",), (), True)


@pytest.mark.parametrize("node,here", [("N1", True), ("n3", True), ("n4", False)])
def test_runs_here(node: str, here: bool) -> None:  # noqa: FBT001 - what is expected
    """A service runs on its nodes, and on those that take over."""
    assert service(FILE, node=node).runs_here is here


@pytest.mark.parametrize(
    "node,source,value",
    [("n1", "disk#0.file@nodes", "/nodes"), ("n3", "disk#0.file@n3", "/three"), ("n4", "disk#0.file", "/other")],
)
def test_scopes(node: str, source: str, value: str) -> None:
    """The narrowest scope wins: this node, the nodes, the nodes that take over, none."""
    made = service(FILE, node=node)
    assert (made.source("disk#0.file"), made.value("disk#0.file"), made.text("disk#0.file")) == (source, value, value)


def test_broken_nodes_have_no_scope() -> None:
    """Where the list of nodes cannot be evaluated, a scope by it is not used; the list itself is the error."""
    made = service("[DEFAULT]\nnodes = {nosuch}\n[disk#0]\ntype = loop\nfile = /a\nfile@nodes = /b\n")
    assert made.value("disk#0.file") == "/a"


def test_drpnodes_scope() -> None:
    """On a node that takes over, `@drpnodes` holds."""
    assert service(FILE.replace("file@n3 = /three\n", ""), node="n3").value("disk#0.file") == "/drp"


def test_explicit_scope() -> None:
    """A key may name the scope itself."""
    assert service(FILE).value("disk#0.file@drpnodes") == "/drp"


def test_key_without_section() -> None:
    """A key without a section is one of DEFAULT."""
    made = service(FILE)
    assert made.value("nodes") == "N1 n2"
    made.set("app@n1.example.com", "x")
    assert made.document.get("DEFAULT", "app@n1.example.com") == "x"


@pytest.mark.parametrize(
    "key,value",
    [
        ("disk#0.size", "5G"),
        ("disk#0.name", "web.example.com"),
        ("disk#0.level", None),
        ("disk#0.docker_data_dir", "/srv/web.example.com/docker"),
        ("disk#0.comment", None),
        ("disk#0.restart", "0"),
        ("disk#0.nosuch", None),
        ("DEFAULT.rollback", "true"),
        ("env.nosuch", None),
        ("nosuch.x", None),
        ("subset#fs.parallel", "false"),
    ],
)
def test_value(key: str, value: str | None) -> None:
    """A value has its default; of DEFAULT a resource reads only what is meant for all of them."""
    assert service(FILE).value(key) == value


def test_text_and_source_of_nothing() -> None:
    """What is not given has neither text nor source, even where it has a default."""
    made = service(FILE)
    assert made.text("disk#0.name") is None
    assert made.source("disk#0.name") is None


def test_set_writes_where_the_value_came_from() -> None:
    """A cascade writes the option that holds the value for this node, scope included."""
    made = service(FILE)
    assert made.set("disk#0.file", "/new") == "disk#0.file@nodes"
    assert made.document.text == FILE.replace("/nodes", "/new")


def test_set_of_a_new_key() -> None:
    """A key that is not there is added to its section, unscoped."""
    made = service(FILE)
    assert made.set("disk#0.level", "1") == "disk#0.level"
    assert made.resource("disk#0").integer("level") == 1


def test_set_of_a_new_scope() -> None:
    """A scope that was just written holds at once."""
    made = service("[fs#0]\ntype = ext4\ndev = /dev/a\n")
    made.set("fs#0.dev@n1", "/dev/b")
    assert made.value("fs#0.dev") == "/dev/b"


def test_set_refuses_what_cannot_be_written() -> None:
    """What the file cannot hold is an error of the configuration, with its place."""
    with pytest.raises(ConfigError, match=r"web\.conf:13: disk#0\.size: .*control character"):
        service(FILE).set("disk#0.size", "\x07")


def test_unset() -> None:
    """Unsetting takes out the option that the value came from."""
    made = service(FILE)
    assert made.unset("disk#0.file")
    assert made.source("disk#0.file") == "disk#0.file"
    assert not made.unset("disk#0.nosuch")


def test_a_new_section_is_a_resource() -> None:
    """A resource that is added is there at once, and with another type it has another driver."""
    made = service(FILE)
    assert len(made.resources()) == 3
    made.set("container#0.type", "docker")
    assert made.resource("container#0").type == "docker"
    made.unset("container#0.type")
    assert [resource.rid for resource in made.resources()] == ["disk#0", "fs#1", "fs#10"]


def test_resources_in_file_order() -> None:
    """Resources are those of the file, in its order; sections that are none are left out."""
    assert [resource.rid for resource in service(FILE).resources()] == ["disk#0", "fs#1", "fs#10"]


def test_unknown_resource() -> None:
    """Asking for a resource that is not there names those that are."""
    with pytest.raises(UsageError, match=r"no resource 'fs#2'; it has disk#0, fs#1, fs#10"):
        service(FILE).resource("fs#2")


def test_type_by_reference() -> None:
    """The type of a resource may be a reference, also to the options of another one."""
    made = service(
        "[fs#0]\ntype = {env.fs}\ndev = /dev/{disk#0.name}\nmnt = /srv\n[env]\nfs = {fs#1.type}\n[fs#1]\ntype = ext4\n"
    )
    assert made.resource("fs#0").type == "ext4"


def test_resource_attributes() -> None:
    """A resource knows its names, its group and what every resource may be."""
    disk, filesystem, other = service(FILE).resources()
    assert (disk.name, disk.group, disk.index) == ("web.example.com.disk.0", "disk", "0")
    assert repr(disk) == "<Resource web.example.com disk#0 loop>"
    assert disk.tags == ["a", "b", "c"]
    assert (filesystem.type, filesystem.subset, filesystem.optional, filesystem.disabled) == (
        "ext4",
        "late",
        True,
        False,
    )
    assert (other.index, other.optional, other.disabled) == ("10", False, True)


def test_disabled_service() -> None:
    """Disabling the service disables every resource."""
    made = service(FILE)
    made.set("DEFAULT.disable", "true")
    assert all(resource.disabled for resource in made.resources())


def test_resource_values() -> None:
    """Keywords are read typed; what is not given and has no default is the empty text."""
    disk = service(FILE).resource("disk#0")
    assert (disk["file"], disk["level"], disk["nosuch"]) == ("/nodes", "", "")
    assert disk.size("size") == 5 * 1024**3
    assert not disk.flag("level")
    assert disk.service_value("docker_data_dir") == "/srv/web.example.com/docker"
    assert disk.service_value("nosuch") == ""
    assert (disk.given("file"), disk.given("name")) == (True, False)
    assert disk.source("file") == "disk#0.file@nodes"
    assert (disk.raw("size"), disk.raw("DEFAULT.docker_data_dir")) == ("5G", "/srv/{svcname}/docker")


def test_resource_sizes_by_unit_and_share() -> None:
    """A bare size counts what its keyword says; a share stays one."""
    made = service(FILE)
    disk = made.resource("disk#0")
    made.set("disk#0.size", "7")
    assert disk.size("size") == 7 * 1024**2
    made.set("disk#0.size", "50%VG")
    assert disk.size("size") == Share(50, "VG")


def test_resource_is_live() -> None:
    """After a cascade, a resource says the new value."""
    made = service(FILE)
    disk = made.resource("disk#0")
    made.set("disk#0.file", "{env.token}")
    assert disk["file"] == "x"


def test_a_driver_that_reads_a_wrong_value() -> None:
    """A value of the wrong kind names the line that it was read from."""
    made = service(FILE.replace("size = 5G", "size@nodes = much\nlevel = low"))
    with pytest.raises(ConfigError, match=r"web\.conf:13: disk#0\.size@nodes: 'much' is not a size"):
        made.resource("disk#0").size("size")
    with pytest.raises(ConfigError, match=r"web\.conf:14: disk#0\.level: 'low' is not a whole number"):
        made.resource("disk#0").integer("level")
    with pytest.raises(ConfigError, match="'' is not a whole number"):
        made.resource("fs#1").integer("level")


def test_made() -> None:
    """A resource knows what was made for it, by the name within it."""
    made = service(FILE)
    made.record.made["disk#0.volume.0"] = MadeThing("volume", "vol-1", "disk#0", "provision")
    assert made.resource("disk#0").made("volume.0") == "vol-1"
    assert made.resource("disk#0").made("volume.1") is None


def test_origin() -> None:
    """The user's text of a key survives the cascades over it."""
    made = service(FILE)
    disk = made.resource("disk#0")
    assert disk.origin("size") == "5G"
    for value in ("6G", "7G"):
        made.record.keys[made.source("disk#0.size") or ""] = made.key_text("disk#0.size", value)
        made.set("disk#0.size", value)
    assert (disk.origin("size"), disk["size"]) == ("5G", "7G")
    assert made.record.keys["disk#0.size"].value == "7G"


@pytest.mark.parametrize(
    "key",
    ["disk#0.file", "disk#0.size", "disk#0.tags", "disk#0.level", "container#3.type", "DEFAULT.docker_daemon_args"],
)
def test_restore(key: str) -> None:
    """Restoring what the record keeps gives back the bytes before, also in another process."""
    made = service(FILE)
    kept = made.key_text(key, "new\nand more")
    source = made.set(key, "new\nand more")
    again = service(made.document.text)
    for each in (made, again):
        each.restore(source, kept)
        assert each.document.text == FILE


def test_restore_without_raw() -> None:
    """A record that has only the text gives back the text."""
    made = service(FILE)
    made.restore("disk#0.size", KeyText("4G", "5G"))
    assert made.document.text == FILE.replace("5G", "4G")


def test_copy_is_independent() -> None:
    """What a preview changes in its copy, file or record, leaves the service alone."""
    made = service(FILE)
    copied = made.copy()
    copied.set("disk#0.file", "«disk#0.file»")
    copied.record.made["x"] = MadeThing("volume", "vol-1", "disk#0", "provision")
    assert copied.copy().value("disk#0.file") == "«disk#0.file»"
    assert (made.document.text, made.record.is_empty) == (FILE, True)


def test_secrets() -> None:
    """The keys of `[env]` that are declared secret are known with their values."""
    assert service(FILE).secrets() == {"env.password": "hunter2"}


@pytest.mark.parametrize("name", ["web", "testec2docker4.nsx.lab.net", "a-b_c.1", "x" * 100])
def test_names(name: str) -> None:
    """Host names and words can be names of services."""
    assert service_name_problem(name) is None


@pytest.mark.parametrize(
    "name,said",
    [
        ("", "is empty"),
        ("a/b", "use letters, digits"),
        ("a b", "use letters, digits"),
        ("x" * 200, "has 200 characters"),
        ("..", "use letters"),
        ("a..b", "use letters"),
        ("a.", "use letters"),
        (".a", "use letters"),
        ("-a", "use letters"),
        ("a\n", "use letters"),
        ("é", "use letters"),
    ],
)
def test_wrong_names(name: str, said: str) -> None:
    """A name that no file or device can have is refused, saying what a right one is."""
    assert said in str(service_name_problem(name))
    with pytest.raises(ConfigError, match=said):
        service("[fs#0]\n", name=name)


def test_broken_document() -> None:
    """A service is not made of a document that has problems: all of them are raised."""
    with pytest.raises(ConfigError, match="this section is already on line 1"):
        Service("web", Document("[a]\n[a]\n"), "n1", Record(), load)
