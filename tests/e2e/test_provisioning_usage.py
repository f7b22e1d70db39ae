"""The documentation's section "Provisioning usage" and its HAProxy example: each line as printed, with what it says."""

import json
import re
import shutil
from pathlib import Path

import pytest

from core.config.document import Document
from tests.command_lines import GOLDENS, Place, Ran, lines_of
from tests.conftest import REPOSITORY
from tests.e2e.file_servers import Lines, Site, page

TEMPLATES = REPOSITORY / "fixtures/templates"
LOOP = """\
[DEFAULT]
nodes = node12.nsx.lab.net

[env]
size = 10
where = /srv/{svcname}

[disk#0]
type = loop
file = {env.where}.img
size = $({env.size}*2)M
"""
DISK = """'{"rtype": "disk", "type": "loop", "file": "/srv/more.img", "size": "10M"}'"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A copy of the documentation's node, and a template in the current directory."""
    made = Place(tmp_path)
    (made.here / "loop.template").write_text(LOOP)
    return made


def done(place: Place, line: str) -> Ran:
    """Run a line that has to succeed."""
    ran = place.run(line)
    assert ran.code == 0, ran.err
    return ran


def conf(place: Place, service: str) -> str:
    """A service file."""
    return (place.etc / f"{service}.conf").read_text()


def is_up(place: Place, service: str) -> bool:
    """Tell whether a service is up."""
    return place.run(f"svcmgr -s {service} print status --check").code == 0


def test_create_config_makes_directories_links_and_provisions(place: Place) -> None:
    """`sudo svcmgr -s mysvc --config /etc/opensvc/mysvc.conf --provision create` does all that the text says of it."""
    shutil.copyfile(TEMPLATES / "testec2docker.template", place.etc / "mysvc.conf")
    done(place, "sudo svcmgr -s mysvc --config /etc/opensvc/mysvc.conf --provision create")
    assert is_up(place, "mysvc")
    assert (place.etc / "mysvc.dir").is_dir()
    assert str((place.etc / "mysvc.d").readlink()) == "mysvc.dir"
    assert (place.etc / "mysvc").readlink().name == "svcmgr"


def test_the_first_example_provisions(place: Place) -> None:
    """`sudo svcmgr -s testec2docker4.nsx.lab.net --config testec2docker.template --provision create`, a local path."""
    shutil.copyfile(TEMPLATES / "testec2docker.template", place.here / "testec2docker.template")
    done(place, "sudo svcmgr -s testec2docker4.nsx.lab.net --config testec2docker.template --provision create")
    assert is_up(place, "testec2docker4.nsx.lab.net")


@pytest.mark.parametrize("template", ["loop.template", "file://HERE/loop.template"])
@pytest.mark.parametrize("option", ["--template", "--config"])
def test_create_makes_a_service_of_what_a_uri_points_to(place: Place, option: str, template: str) -> None:
    """`create --template <uri>` and `create --config <uri>` copy a local file; --provision activates provisioners."""
    uri = template.replace("HERE", str(place.here))
    done(place, f"svcmgr -s web create {option} {uri}")
    assert conf(place, "web") == LOOP
    assert not is_up(place, "web")
    done(place, f"svcmgr -s web2 create {option} {uri} --provision")
    assert is_up(place, "web2")


@pytest.fixture
def unproxied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment that says nothing of proxies and credentials: what is asked is on loopback."""
    for name in ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.mark.usefixtures("unproxied")
@pytest.mark.parametrize("option", ["--template", "--config"])
def test_create_makes_a_service_of_a_remote_path(place: Place, option: str) -> None:
    """<uri> may be a remote path: templates are served through http and ftp (https has a certificate of its own)."""
    pub = place.here / "pub"
    pub.mkdir()
    shutil.copyfile(place.here / "loop.template", pub / "loop.template")
    (place.here / "web").mkdir()
    with Site({"/loop.template": page(LOOP)}).running() as site:
        done(place, f"svcmgr -s web create {option} {site.url('/loop.template')} --provision")
    with Lines(place.here).running() as server:
        done(place, f"svcmgr -s web2 create {option} ftp://127.0.0.1:{server.port}/loop.template --provision")
    for service in ("web", "web2"):
        assert conf(place, service) == LOOP
        assert is_up(place, service)


@pytest.mark.usefixtures("unproxied")
@pytest.mark.parametrize("template", ["42", "loops"])
def test_create_makes_a_service_of_a_served_template(place: Place, template: str) -> None:
    """`create --template <template>`: the id or the name of a template that the collector of node.conf serves."""
    served = page(json.dumps({"data": [{"tpl_definition": LOOP}]}))
    api = "/init/rest/api/provisioning_templates"
    with Site({api: served, f"{api}/42": served}).running() as site:
        (place.etc / "node.conf").write_text(
            f"[node]\ndbopensvc = {site.url('/feed/default/call/xmlrpc')}\nuuid = u1\n"
        )
        done(place, f"svcmgr -s web create --template {template} --provision")
        (asked,) = [path for _, path, _ in site.asked if path.startswith(api)]
    assert template in asked
    assert conf(place, "web") == LOOP
    assert is_up(place, "web")


def test_create_resource_makes_a_service_of_definitions(place: Place) -> None:
    """`create --resource <json definition> ...`: rid is rtype and an increment, from 0 on."""
    mounted = """'{"rtype": "fs", "type": "ext4", "dev": "{disk#0.file}", "mnt": "/srv/web"}'"""
    done(place, f"svcmgr -s web create --provision --resource {DISK} --resource {mounted}")
    assert Document(conf(place, "web")).sections() == ("DEFAULT", "disk#0", "fs#0")
    assert "rtype" not in conf(place, "web")
    assert is_up(place, "web")


def test_update_adds_or_changes_a_definition(place: Place) -> None:
    """`update`: definitions are --resource arguments, new ones and changed ones, and --provision activates them."""
    done(place, "svcmgr -s web create --template loop.template --provision")
    done(place, f"svcmgr -s web update --provision --resource {DISK}")
    done(place, """svcmgr -s web update --provision --resource '{"rid": "disk#1", "size": "20M"}'""")
    assert conf(place, "web") == LOOP + "\n[disk#1]\ntype = loop\nfile = /srv/more.img\nsize = 20M\n"
    files = json.loads(place.node.read_text())["files"]
    assert files["/srv/more.img"]["size"] == 20 * 1024 * 1024
    assert is_up(place, "web")


def test_what_needs_a_collector_says_so(place: Place) -> None:
    """`pull`, `create --template <id>` and `nodemgr collector search` write nothing while there is no collector."""
    for line in (
        "svcmgr -s web pull --provision",
        "svcmgr -s web create --template 42 --provision",
        "nodemgr collector search --like prov:btrfs",
    ):
        ran = place.run(line)
        assert ran.code == 6
        assert "collector" in ran.err
    assert list(place.etc.iterdir()) == []


def test_a_template_is_copied_and_evaluated_when_it_is_read(place: Place) -> None:
    """A template is instantiated by copying: references and $(...) stay in the file, and have their values."""
    done(place, "svcmgr -s web create --template loop.template")
    assert conf(place, "web") == LOOP
    assert done(place, "svcmgr -s web get --param disk#0.size --eval").out == "20M\n"
    assert done(place, "svcmgr -s web get --param disk#0.file --eval").out == "/srv/web.img\n"


def test_env_is_not_checked_and_can_be_given(place: Place) -> None:
    """--env <option>:<value> overrides the default of [env], which has no syntax; a variable overrides both."""
    done(place, "svcmgr -s a create --template loop.template --env size:30")
    done(place, "SIZE=40 svcmgr -s b create --template loop.template --env size:30")
    done(place, """svcmgr -s a update --resource '{"rtype": "env", "any thing": "goes"}'""")
    assert done(place, "svcmgr -s a get --param disk#0.size --eval").out == "60M\n"
    assert done(place, "svcmgr -s b get --param disk#0.size --eval").out == "80M\n"
    done(place, "svcmgr -s a validate config")


def test_interactive_needs_somebody_to_ask(place: Place) -> None:
    """`create --interactive` without a terminal is refused before anything is written."""
    ran = place.run("svcmgr -s web create --template loop.template --interactive")
    assert ran.code == 6
    assert list(place.etc.iterdir()) == []


def test_the_haproxy_line_works_as_printed(place: Place) -> None:
    """The single command of the HAProxy example provisions the service, and the file says what it says."""
    (line,) = lines_of(GOLDENS / "create-resource-provision")
    service = "haproxy1.nsx.lab.net"
    assert line.startswith(f"sudo svcmgr -s {service} create --provision ")
    ran = done(place, line)
    assert is_up(place, service)
    assert Document(conf(place, service)).sections() == (
        "DEFAULT", "ip#0", "ip#1", "disk#0", "fs#0", "fs#1", "container#0",
    )  # fmt: skip
    assert ran.err.index(f"/srv/{service}/data mount point created") < ran.err.index(f"/srv/{service}/docker mount")
    assert "haproxy haproxy -db -f /data/etc/haproxy.cfg" in ran.err
    allocated = re.search(r"cascade (\S+) to ip#1.ipname", ran.err)
    assert allocated is not None
    assert f"docker_daemon_args = --ip {allocated[1]}" in conf(place, service)


def test_the_haproxy_template_is_the_line_and_its_configuration(place: Place) -> None:
    """The shipped template is what the single command writes, with a trigger that brings haproxy.cfg to its place."""
    service = "haproxy1.nsx.lab.net"
    (line,) = lines_of(GOLDENS / "create-resource")[:1]
    done(place, line)
    template = (TEMPLATES / "haproxy.template").read_text()
    kept = [each for each in template.splitlines(keepends=True) if "haproxy.cfg <" not in each and each[0] != "#"]
    assert conf(place, service) == "".join(kept).replace("{svcname}", service)
    ran = done(place, "svcmgr -s proxy create --template haproxy --provision")
    assert "install -D -m 0644 /dev/stdin /srv/proxy/data/etc/haproxy.cfg" in ran.err
    shipped = (TEMPLATES / "haproxy.cfg").read_text()
    assert (place.etc / "proxy.dir/haproxy.cfg").read_text() == shipped
    assert shipped.count("server server") == 2


def test_the_configuration_is_part_of_the_plan(place: Place) -> None:
    """The plan of the template shows what the file will hold, before anything is written; a second one has nothing."""
    create = "svcmgr -s proxy create --template haproxy --provision"
    shown = done(place, f"{create} --dry-run").out
    for line in (TEMPLATES / "haproxy.cfg").read_text().splitlines():
        assert f"| {line}".rstrip() in [each.strip() for each in shown.splitlines()]
    assert list(place.etc.iterdir()) == []
    done(place, create)
    assert ": 0 commands" in done(place, "svcmgr -s proxy provision").err


def test_the_configuration_goes_with_the_service(place: Place) -> None:
    """What `create` put beside the service file goes with `delete`, and nothing that somebody else put there."""
    done(place, "svcmgr -s proxy create --template haproxy")
    done(place, "svcmgr -s proxy delete --yes")
    assert list(place.etc.iterdir()) == []
    done(place, "svcmgr -s proxy create --template haproxy")
    (place.etc / "proxy.dir/mine").touch()
    done(place, "svcmgr -s proxy delete --yes")
    assert [path.name for path in place.etc.iterdir()] == ["proxy.dir"]
    assert [path.name for path in (place.etc / "proxy.dir").iterdir()] == ["mine"]


def test_a_configuration_of_ones_own_is_kept(place: Place) -> None:
    """A file in SERVICE.dir is read before the one beside the template, and never overwritten."""
    (place.etc / "proxy.dir").mkdir()
    (place.etc / "proxy.dir/haproxy.cfg").write_text("# mine\n")
    shown = done(place, "svcmgr -s proxy create --template haproxy --provision --dry-run").out
    done(place, "svcmgr -s proxy create --template haproxy")
    assert "| # mine" in shown
    assert (place.etc / "proxy.dir/haproxy.cfg").read_text() == "# mine\n"


def test_a_configuration_that_is_missing_is_named(place: Place) -> None:
    """Without the file that a trigger reads, nothing begins: exit 6 with line, key and where it belongs."""
    shutil.copyfile(TEMPLATES / "haproxy.template", place.here / "alone.template")
    for line in ("svcmgr -s proxy create --template alone.template", "svcmgr -s p2 create --config alone.template"):
        ran = place.run(line)
        assert ran.code == 6
        assert "there is no file haproxy.cfg beside the service file; put it into the directory p" in ran.err
        assert "fs#1.blocking_post_provision" in ran.err
    assert list(place.etc.iterdir()) == []


@pytest.mark.parametrize(
    "data,sentence",
    [
        (b"\xff", "byte 0 is not UTF-8"),
        (b"x" * 70_000, "more than 65536 bytes"),
        ("«x»".encode(), "« and » stand for values that nobody knows yet"),
        (b"a\0b", "NUL is no text"),
    ],
)
def test_a_configuration_that_is_no_text_is_refused(place: Place, data: bytes, sentence: str) -> None:
    """What a trigger reads becomes part of the plan, so it is text of a sensible size."""
    (place.etc / "proxy.dir").mkdir()
    (place.etc / "proxy.dir/haproxy.cfg").write_bytes(data)
    ran = place.run("svcmgr -s proxy create --template haproxy")
    assert ran.code == 6
    assert sentence in ran.err
    assert not (place.etc / "proxy.conf").exists()
