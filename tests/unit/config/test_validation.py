"""What is said about a service file before anything is done."""

import pytest

from core.errors import ConfigError
from tests.unit.config.declared import service, told

GOOD = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/{svcname}\n"


def test_nothing_wrong() -> None:
    """A good file has no problem."""
    made = service(GOOD)
    assert made.problems() == []
    made.check()


@pytest.mark.parametrize(
    "text,said",
    [
        ("[DEFAULT]\nnodes = n1\n", "web.conf: the file has no resource: there is nothing to act on; add a section"),
        (
            "[ip]\n",
            "web.conf:1: ip: not the name of a resource, nor DEFAULT, env or a subset; give it a number: [ip#0]",
        ),
        ("[IP]\n", "give it a number: [ip#0]"),
        ("[default]\n", "write [DEFAULT]"),
        ("[Env]\n", "write [env]"),
        ("[dsk#0]\n", "there is no group of resources 'dsk'; did you mean 'disk'?; groups are ip, disk"),
        ("[disk_0]\n", "resources are named as [fs#0]; did you mean 'disk'?"),
        ("[fs#0.1]\n", "resources are named as [fs#0]"),
        ("[subset#foo]\n", "not the name of a subset; write it as [subset#fs:NAME]"),
        ("[subset#fs:a b]\n", "not the name of a subset"),
        (
            "[fs#0]\ntype = ext\n",
            "web.conf:2: fs#0.type: there is no type 'ext' of fs; did you mean 'ext4'?; types are",
        ),
        ("[fs#0]\ntype = ../x\n", "there is no type '../x' of fs; see nodemgr print drivers"),
        ("[fs#0]\ndev = /dev/sdb\n", "web.conf:1: fs#0.type: a fs needs a type; types are btrfs, ext4"),
        (
            "[fs#0]\ntype = {nosuch}\n",
            "web.conf:2: fs#0.type -> DEFAULT.nosuch: section DEFAULT has no option",
        ),
        (
            "[fs#0]\ntype = ext4\nmnt = /a\n",
            "web.conf:1: fs#0: the keyword 'dev' is missing; add dev = ... (The device.)",
        ),
        (GOOD + "devz = 1\n", "web.conf:5: fs#0.devz: unknown keyword 'devz'; did you mean 'dev'?"),
        ("[DEFAULT]\nvgname = x\n" + GOOD, "unknown keyword 'vgname'; options of your own belong into [env]"),
        ("[subset#fs:a]\nparalel = true\n" + GOOD, "unknown keyword 'paralel'; did you mean 'parallel'?"),
        (GOOD + "mnt_opt@ = x\n", "web.conf:5: fs#0.mnt_opt@: the scope is missing; write mnt_opt@nodes, or mnt_opt"),
        (GOOD + "always_on@nodes = nodes\n", "always_on is the same on every node; write always_on"),
        (GOOD.replace("/srv/{svcname}", "/"), "web.conf:4: fs#0.mnt: '/' is the root of the node"),
        (GOOD.replace("/srv/{svcname}", "srv"), "web.conf:4: fs#0.mnt: 'srv' is not an absolute path; begin it with /"),
        (GOOD.replace("/dev/sdb", "{disk#7.file}"), "fs#0.dev -> disk#7.file: there is no section disk#7"),
        (GOOD.replace("/dev/sdb", "$(1/0)"), "web.conf:3: fs#0.dev: $(1/0): division by zero"),
        (GOOD.replace("/dev/sdb", "$(__import__('os'))"), "'__import__' is neither a number"),
        ("[env]\nx = {env.y}\n" + GOOD, "web.conf:2: env.x -> env.y: section env has no option y"),
        ("[disk#0]\ntype = loop\nsize = big\n", "web.conf:3: disk#0.size: 'big' is not a size"),
        ("[disk#0]\ntype = loop\nlevel = $(1/2)\n", "disk#0.level: '0.5' is not a whole number"),
        ("[disk#0]\ntype = loop\nvolumes = <size=5> <size-5>\n", "web.conf:3: disk#0.volumes: format error"),
        ("[disk#0]\ntype = loop\noptional = maybe\n", "disk#0.optional: 'maybe' is neither true nor false"),
    ],
)
def test_problems(text: str, said: str) -> None:
    """What is wrong is told with file, line, section, key and the likely fix."""
    assert any(said in problem for problem in told(text)), told(text)


def test_all_at_once() -> None:
    """Every problem of a file is told in one go."""
    text = "[ip]\n[fs#0]\ntype = ext4\nmnt = x\nsize = 1\n[disk#0]\ntype = loop\nsize = x\n"
    assert len(told(text)) == 5
    with pytest.raises(ConfigError) as caught:
        service(text).check()
    assert len(caught.value.problems) == 5


def test_every_scope_is_checked() -> None:
    """A value for other nodes is checked as well, each on its own line."""
    text = GOOD + "[disk#0]\ntype = loop\nsize = {env.a}\nsize@n9 = {env.b}\nsize@nodes = 3G\n[env]\na = x\nb = y\n"
    problems = told(text)
    assert [problem.partition(": '")[0] for problem in problems] == [
        "web.conf:7: disk#0.size",
        "web.conf:8: disk#0.size@n9",
    ]


def test_a_scoped_value_is_enough() -> None:
    """A required keyword may be given for some scope only."""
    assert told(GOOD.replace("dev =", "dev@n9 =")) == []


def test_keywords_of_drivers_in_default() -> None:
    """A driver may own options of DEFAULT."""
    assert told("[DEFAULT]\ndisk_pool = x\n[disk#0]\ntype = loop\n") == []
    assert any("unknown keyword 'disk_pool'" in problem for problem in told("[DEFAULT]\ndisk_pool = x\n" + GOOD))


def test_env_is_free() -> None:
    """In `[env]` any option may stand."""
    assert told(GOOD + "[env]\nwhat.ever = 1\nsize = x\n") == []


def test_a_right_subset() -> None:
    """Subsets of a group may have options."""
    assert told(GOOD + "[subset#fs:late]\nparallel = true\n[subset#disk]\n") == []


def test_no_type_needed() -> None:
    """Where a group has a driver without a type, none is needed."""
    assert told("[ip#0]\nipname =\nipdev = eth0\n") == []


@pytest.mark.parametrize("second", ["/srv/web.example.com", "/srv/{svcname}/"])
def test_two_on_one_mount_point(second: str) -> None:
    """Two filesystems on one mount point are told on the line of the second."""
    problems = told(GOOD + f"[fs#1]\ntype = btrfs\ndev = /dev/sdc\nmnt = {second}\n")
    assert len(problems) == 1
    assert problems[0].startswith("web.conf:8: fs#1.mnt: /srv/web.example.com")
    assert "is already the mnt of fs#0 (line 4); give one of them another, or disable it" in problems[0]


@pytest.mark.parametrize("mnt", ["/srv/{svcname}\ndisable = true", "«fs#0.mnt»", "{nosuch}"])
def test_not_on_one_mount_point(mnt: str) -> None:
    """A disabled filesystem takes no mount point; what is not known is not compared."""
    made = service(GOOD + "[fs#1]\ntype = btrfs\ndev = /dev/sdc\nmnt = /x\n")
    for rid in ("fs#0", "fs#1"):
        lines = mnt.split("\n")
        made.set(f"{rid}.mnt", lines[0])
        if len(lines) > 1:
            made.set("fs#1.disable", "true")
    assert not any("is already the mnt" in str(problem) for problem in made.problems())


@pytest.mark.parametrize(
    "text,said",
    [
        ("[disk#0]\ntype = loop\nsize = 10\n", "web.conf:3: disk#0.size: a bare number is read as 10M; write 10M"),
        (
            "[disk#0]\ntype = loop\nsize@n7 = 10M\n",
            "disk#0.size@n7: n7 is no node of the service: this value is never used",
        ),
        ("[disk#0]\ntype = loop\nname = odd\n", "web.conf:3: disk#0.name: an odd name"),
        (
            "[disk#0]\ntype = loop\nfile = /var/lib/opensvc/x\n",
            "/var/lib/opensvc is written out, and on this node it is /v;",
        ),
    ],
)
def test_warnings(text: str, said: str) -> None:
    """What is allowed but probably not meant is told, and is no problem."""
    made = service(text, var="/v")
    assert any(said in str(warning) for warning in made.warnings()), made.warnings()
    assert made.problems() == []


def test_no_warnings() -> None:
    """Scopes of the service's nodes, sizes with units and `{var}` are what is meant."""
    text = (
        "[DEFAULT]\nnodes = n1 n2\n[disk#0]\ntype = loop\nsize@n2 = 1G\nsize@nodes = 2G\nfile = {var}/x\n[env]\na = 1\n"
    )
    assert service(text, var="/v").warnings() == []
    assert service("[disk#0]\ntype = loop\nfile = /var/lib/opensvc/x\n").warnings() == []
