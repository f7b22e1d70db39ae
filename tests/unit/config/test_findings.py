"""All that is said about a service file: errors and warnings, each at the line and the column of what it is about."""

import pytest

from core.config.document import Document
from core.config.findings import SYSTEM, Finding, findings, of_error
from core.config.service import Service
from core.config.validation import PROBLEMS_MAX
from core.errors import ConfigError
from core.record import Record
from svcprov.inventory import load_driver

MD = """\
[disk#0]
type = amazon
volumes = <size=5G> <size-5> <size-5>

[disk#1]
type = md
uuid =
devs = {var}/{svcname}/dev/disk.0.0 {var}/{svcname}/dev/disk.0.1 {var}/{svcname}/dev/disk.0.2
spares = 1
level = 1

[fs#1]
type = btrfs
mnt = /srv/{svcname}
dev = /dev/md/{svcname}.disk.1
"""
"""The third example of the documentation, with its typing error."""

LOOP = "[disk#0]\ntype = loop\nfile = /srv/web.img\nsize = 10M\n"
DOCKER = "[container#{}]\ntype = docker\nrun_image = a\nrun_args = {}\n"
EXT = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/web\n"


def service(text: str, node: str = "n1", var: str = "/var/lib/opensvc") -> Service:
    """A service with the real drivers."""
    return Service("web", Document(text, "web.conf"), node, Record(), load_driver, var)


def told(text: str, **given: str) -> list[str]:
    """What is said about a text."""
    return [str(finding) for finding in findings([service(text, **given)])]


def test_the_example_of_the_documentation() -> None:
    """Both words with the typing error are told, each with its column, and with what was meant."""
    said = "error: disk#0.volumes: 'size-5' in <size-5> is not KEY=VALUE; did you mean size=5?"
    assert told(MD) == [f"web.conf:3:21: {said}", f"web.conf:3:30: {said}"]


def test_nothing_to_say() -> None:
    """A good file has no finding."""
    assert told(MD.replace("size-5", "size=5G")) == []
    assert told(LOOP) == []


@pytest.mark.parametrize(
    "text,said",
    [
        (EXT + "devz = 1\n", "web.conf:5:1: error: fs#0.devz: unknown keyword 'devz'; did you mean 'dev'?"),
        ("[disk#0]\n  devz = 1\n  type = loop\n", "web.conf:2:3: error: disk#0.devz: unknown keyword 'devz'"),
        (EXT.replace("mnt = /srv/web", "mnt=srv"), "web.conf:4:5: error: fs#0.mnt: 'srv' is not an absolute path"),
        (EXT.replace("mnt = /srv/web", "mnt ="), "web.conf:4:6: error: fs#0.mnt: the value is empty"),
        (
            EXT.replace("/dev/sdb", "/dev/{env.x}"),
            "web.conf:3:12: error: fs#0.dev: fs#0.dev -> env.x: there is no section env",
        ),
        (EXT.replace("/dev/sdb", "/dev/{#nope}"), "web.conf:3:12: error: fs#0.dev: fs#0.dev -> DEFAULT.nope"),
        (EXT.replace("/dev/sdb", "/dev/{env.#x}"), "web.conf:3:12: error: fs#0.dev: fs#0.dev -> env.x"),
        (EXT.replace("/dev/sdb", "/dev/$(1/0)"), "web.conf:3:12: error: fs#0.dev: $(1/0): division by zero"),
        (EXT + "tags@ = a\n", "web.conf:5:1: error: fs#0.tags@: the scope is missing"),
        ("[fs#0]\ntype = ext4\nmnt = /a\n", "web.conf:1:1: error: fs#0: the keyword 'dev' is missing"),
        ("[dsk#0]\n", "web.conf:1:1: error: dsk#0: there is no group of resources 'dsk'"),
        ("[fs#0]\ntype = ext5\n", "web.conf:2:8: error: fs#0.type: there is no type 'ext5' of fs"),
        ("[fs#0]\ndev = /dev/sdb\n", "web.conf:1:1: error: fs#0.type: a fs needs a type"),
        ("[env]\na = 1\n", "web.conf:1:1: error: the file has no resource: there is nothing to act on; add a section"),
        (
            LOOP + "[disk#1]\ntype = raw\ndevs =\n    /dev/sdb\n    # not sdc\n    sdd\n",
            "web.conf:10:5: error: disk#1.devs: 'sdd' is not an absolute path; write one",
        ),
        (
            LOOP + "[disk#1]\ntype = raw\ndevs = {env.d} x\n[env]\nd = /dev/sdb y\n",
            "web.conf:7:8: error: disk#1.devs: 'y'",
        ),
        ("[disk#0]\r\ntype = loop\r\nfile = a\r\nsize = 1G\r\n", "web.conf:3:8: error: disk#0.file: 'a' is not"),
        ("\ufeff[disk#0]\ntype = loop\nfile = a\nsize = 1G\n", "web.conf:3:8: error: disk#0.file: 'a' is not"),
    ],
)
def test_places(text: str, said: str) -> None:
    """A finding points at what it is about: the key, the value, one of its words, a reference in it, the section."""
    assert any(said in each for each in told(text)), told(text)


@pytest.mark.parametrize(
    "text,said",
    [
        (
            "[disk#0]\ntype = lvm\nvgname = x\npvs = /dev/sdb\n",
            "unknown keyword 'vgname': it is called 'name' now; write",
        ),
        ("[disk#0]\ntype = zpool\npoolname = x\n", "unknown keyword 'poolname': it is called 'name' now; write name ="),
        ("[sync#0]\nsrc = /a\ndst = /b\ntarget = nodes\nexclude = x\n", "it is called 'options' now; write options ="),
        ("[disk#0]\ntype = pool\nname = x\n", "the type 'pool' of disk is called 'zpool' now; write type = zpool"),
        ("[vg#1]\nname = x\n", "the group 'vg' is a type of disk now; write [disk#1] with type = vg"),
        (EXT + "pre_syncnodes = true\n", "the agent's keyword 'pre_syncnodes' (now pre_sync_nodes) is not read by"),
        (EXT + "start_requires = x\n", "the agent's keyword 'start_requires' is not read by svcprov; take it out"),
        (
            EXT + "[DEFAULT]\nscsireserv = true\n",
            "the agent's keyword 'scsireserv' is not read by svcprov; take it out",
        ),
        (
            EXT + "[DEFAULT]\nstart_requires = x\n",
            "unknown keyword 'start_requires'; options of your own belong into [env]",
        ),
    ],
)
def test_names_of_both_generations(text: str, said: str) -> None:
    """A name that is another one now, or that only the agent reads, is told with what to write."""
    assert any(" error: " in each and said in each for each in told(text)), told(text)


def test_a_former_name_that_is_still_read() -> None:
    """The documentation's `service_type` is right, and has another name."""
    assert told(LOOP + "[DEFAULT]\nservice_type = TST\n") == [
        "web.conf:6:1: warning: DEFAULT.service_type: service_type is the former name of env; write env = TST"
    ]


@pytest.mark.parametrize(
    "text,said",
    [
        (
            "[disk#0]\ntype = rados\nimages = rbd/a\nlock_shared_tag = x\n",
            "web.conf:4:19: warning: disk#0.lock_shared_tag: lock_shared_tag is read only beside lock = shared; write",
        ),
        (
            EXT + "vg = data\n",
            "web.conf:5:6: warning: fs#0.vg: vg is read only beside size; write size, or take it out",
        ),
        (EXT + "size = 1G\n", "warning: fs#0.size: size is read only beside vg"),
        (
            "[DEFAULT]\ndocker_daemon_args = --debug\n[container#0]\ntype = docker\nrun_image = a\n",
            "warning: DEFAULT.docker_daemon_args: docker_daemon_args is read only beside docker_data_dir",
        ),
    ],
)
def test_keywords_that_depend_on_others(text: str, said: str) -> None:
    """A keyword that nothing reads, since another one is missing or otherwise, is a warning."""
    assert any(said in each for each in told(text)), told(text)


def test_keywords_that_have_what_they_depend_on() -> None:
    """Beside what it needs, or empty, a keyword is right."""
    assert told("[disk#0]\ntype = rados\nimages = rbd/a\nlock = shared\nlock_shared_tag = x\n") == []
    assert told(LOOP + "[DEFAULT]\ndocker_daemon_args =\n[container#0]\ntype = docker\nrun_image = a\n") == []


@pytest.mark.parametrize(
    "text,said",
    [
        (
            EXT.replace("/dev/sdb", "{var}/web/dev/disk.0.1") + "[disk#0]\ntype = amazon\nvolumes = vol-1\n",
            "web.conf:3:7: error: fs#0.dev: no resource makes /var/lib/opensvc/web/dev/disk.0.1; did you mean",
        ),
        (
            EXT.replace("/dev/sdb", "/var/lib/opensvc/web/dev/disk.0.1"),
            "web.conf:3:7: error: fs#0.dev: no resource makes /var/lib/opensvc/web/dev/disk.0.1; name a device that",
        ),
        (
            LOOP.replace("/srv/web.img", "{fs#0.mnt}/a/web.img") + EXT.replace("/dev/sdb", "{disk#0.file}"),
            "error: disk#0: resources wait for each other in a circle",
        ),
    ],
)
def test_what_acting_would_find_out(text: str, said: str) -> None:
    """Devices of ours that nobody makes, and circles, are found without acting."""
    assert any(said in each for each in told(text)), told(text)


@pytest.mark.parametrize("point", sorted(SYSTEM))
def test_mount_points_that_hide_the_node(point: str) -> None:
    """A mount on a directory of the node itself is told."""
    said = told(EXT.replace("/srv/web", f"{point}/"))
    assert [each for each in said if each.startswith("web.conf:4:7: warning: fs#0.mnt: a mount on ")]


def test_a_mount_point_that_hides_what_is_remembered() -> None:
    """A mount above our own directory is told."""
    (said,) = told(EXT.replace("/srv/web", "/data"), var="/data/ours")
    assert "a mount on /data would hide /data/ours, where services are remembered; mount below" in said


def test_a_mount_point_of_a_hole_is_not_judged() -> None:
    """What nobody knows yet hides nothing."""
    made = service(EXT)
    made.set("fs#0.mnt", "«fs#0.mnt»")
    assert findings([made]) == []


IP = "[ip#{}]\nipdev = eth0\nipname = {}\n"


def test_two_of_one_address() -> None:
    """An address that two resources bring up is told with the second one."""
    (said,) = told(IP.format(0, "10.0.0.5") + IP.format(1, "10.0.0.5"))
    assert said.startswith("web.conf:6:10: warning: ip#1.ipname: 10.0.0.5 is already the address of ip#0 (line 3);")


def test_an_address_that_a_cascade_will_replace() -> None:
    """What stands for an address until it is allocated may stand there twice."""
    amazon = "[ip#2]\ntype = amazon\nipname = <allocate>\nipdev = eth0\ncascade_allocation = ip#0.ipname ip#1.ipname\n"
    assert told(IP.format(0, "localhost") + IP.format(1, "localhost") + amazon) == []


@pytest.mark.parametrize(
    "text,said",
    [
        (
            "[disk#0]\ntype = amazon\nvolumes = vol-1 <size=5G>\n[disk#1]\ntype = amazon\nvolumes = vol-2 vol-1\n",
            "web.conf:6:17: error: disk#1.volumes: vol-1 is already one of the volumes of disk#0 (line 3)",
        ),
        (
            EXT + EXT.replace("fs#0", "fs#1").replace("ext4", "xfs").replace("/srv/web", "/srv/b"),
            "web.conf:7:7: error: fs#1.dev: /dev/sdb is already formatted as ext4 by fs#0 (line 1); name another",
        ),
        (
            DOCKER.format(0, "--publish=80:80 -p443:443") + DOCKER.format(1, "-p 81:80 -p 443:8443 -p 9"),
            "error: container#1.run_args: the port 443 of the node is already taken by container#0 (line 4); give one",
        ),
    ],
)
def test_two_that_claim_one_thing(text: str, said: str) -> None:
    """A volume in two disks, and two types on one device, are errors."""
    assert any(said in each for each in told(text)), told(text)
    assert len(told(text)) == 1


def test_two_mounts_of_one_device() -> None:
    """One filesystem may be mounted twice; what is disabled, or cannot be read, claims nothing."""
    second = EXT.replace("fs#0", "fs#1").replace("/srv/web", "/srv/b")
    assert told(EXT + second) == []
    assert told(EXT + second.replace("ext4", "xfs") + "disable = true\n") == []
    assert told(DOCKER.format(0, "-p 80:80") + DOCKER.format(1, "-p 80:80") + "disable = true\n") == []
    assert len(told(DOCKER.format(0, "-p '80:80") + DOCKER.format(1, "-p {env.a}"))) == 2


@pytest.mark.parametrize(
    "text,said",
    [
        (
            DOCKER.format(0, "-e DB_PASSWORD=hunter2"),
            "warning: container#0.run_args: the value of DB_PASSWORD would stand in the words of a command",
        ),
        (
            DOCKER.format(0, "-e X={env.key}") + "[env]\nkey = geheim\nkey.secret = true\n",
            "web.conf:4:17: warning: container#0.run_args: the secret env.key would stand in the words of a command",
        ),
        (
            LOOP + "[env]\npassword = hunter2\n",
            "web.conf:6:12: warning: env.password: password is called like a secret, and is not declared one: plans",
        ),
        (
            DOCKER.format(0, "--net=container:web.container.7"),
            "web.conf:4:12: warning: container#0.run_args: no resource of the service is the container web.container.7",
        ),
    ],
)
def test_secrets_and_strangers_in_arguments(text: str, said: str) -> None:
    """What would be shown to every user of the node, and containers that nobody starts, are warnings."""
    assert any(said in each for each in told(text)), told(text)
    assert not any("hunter2" in each or "geheim" in each for each in told(text))


@pytest.mark.parametrize(
    "text",
    [
        DOCKER.format(0, "-e DB_PASSWORD={env.pw}"),
        DOCKER.format(0, "-e MONKEY=1") + "[env]\nmonkey = 1\npassword = {env.x}\npassword.secret = false\nx = 1\n",
        DOCKER.format(0, "") + DOCKER.format(1, "--net=container:web.container.0"),
        DOCKER.format(0, "--net=container:elsewhere") + "disable = true\n",
    ],
)
def test_arguments_that_are_right(text: str) -> None:
    """References, declared values, and containers of the service are no warnings."""
    assert [each for each in told(text) if "warning" in each] == []


def test_all_at_once() -> None:
    """Errors do not hide warnings of sections that are right, nor the other way round."""
    text = (
        "[DEFAULT]\nservice_type = TST\nnodes = {nope}\n[disk#0]\ntype = loop\nfile = x\nsize = 10\n"
        "[disk#1]\ntype = loop\nfile = /a\nsize = 10\n[env]\nb = {env.c}\ntoken = x\n"
    )
    levels = [each.split(": ")[1] for each in told(text)]
    assert levels == ["warning", "error", "error", "warning", "warning", "error", "warning"]


def test_labels_that_nobody_makes() -> None:
    """A label that is called after the service is made by one of its btrfs, or told."""
    fs = EXT.replace("/dev/sdb", "LABEL=web.fs.1")
    (said,) = told(fs)
    assert said == ("web.conf:3:7: warning: fs#0.dev: no resource will make the label web.fs.1; name the device itself")
    btrfs = EXT.replace("fs#0", "fs#{}").replace("ext4", "btrfs").replace("/srv/web", "/srv/b")
    assert told(fs + btrfs.format(1)) == []
    assert told(fs + btrfs.format(2))[0].endswith("the label web.fs.1; labels that will be made: web.fs.2")
    assert told(EXT.replace("/dev/sdb", "LABEL=theirs")) == told(fs + "disable = true\n") == []


def test_secrets_that_cannot_be_evaluated() -> None:
    """A declaration that is wrong is told as such, and nothing is raised."""
    said = told(LOOP + "[env]\na = {env.b}\na.secret = true\n")
    assert [each.split(": ")[1] for each in said] == ["error"]


def test_values_of_other_sections() -> None:
    """A value of DEFAULT that is wrong is told once, there, and not with every resource that reads it."""
    text = DOCKER.format(0, "") + "[DEFAULT]\ndocker_data_dir = {nope}\n[env]\na = x\na.secret = true\n"
    (said,) = told(text)
    assert said.startswith("web.conf:6:19: error: DEFAULT.docker_data_dir: DEFAULT.docker_data_dir -> DEFAULT.nope:")


def test_every_node_that_differs() -> None:
    """What is wrong on another node only is told with its name, what is wrong on both once."""
    text = "[DEFAULT]\nnodes = n1 n2\n" + EXT.replace("mnt =", "mnt@n1 =") + "mnt@n2 = /srv\ntags@n7 = a\n"
    said = [str(each) for each in findings([service(text), service(text, node="n2")])]
    assert sum("tags@n7" in each for each in said) == 1
    assert sum("on n2, a mount on /srv would hide" in each for each in said) == 1
    assert len(said) == 2


def test_a_text_that_is_no_service() -> None:
    """What cannot be read at all is errors, too, with line and column where they are known."""
    with pytest.raises(ConfigError) as caught:
        service("x\n[fs#0\nmnt = \x01\n")
    said = [str(each) for each in of_error(caught.value)]
    assert all(": error: " in each for each in said)
    assert any(each.startswith("web.conf:3:7: error: ") for each in said)


def test_a_file_of_another_kind_is_looked_at_for_a_while() -> None:
    """Ten thousand mistakes take no longer than a thousand."""
    text = "[disk#0]\ntype = loop\n" + "".join(f"zq{number} = 1\n" for number in range(3000))
    said = findings([service(f"{text}[fs#1]\ntype = ext4\nx = 1\n")])
    assert len(said) == PROBLEMS_MAX
    assert {finding.problem.section for finding in said} == {"disk#0"}
    assert said[-1] == Finding("error", said[-1].problem._replace(line=PROBLEMS_MAX + 2, column=1))
