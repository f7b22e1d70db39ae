"""A docker daemon of the service's own beside the node's, its containers, and what goes wrong with them."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.real import side_by_side
from tests.e2e.real.lab import Lab
from tests.e2e.real.plug import kills, provisioned_again, rolled_back, unprovisioned
from tests.e2e.real.services import CONTAINER, DOCKER, IMAGE
from tests.e2e.real.test_bad_input import goes_on, said

PAGE = "wget -q -O - http://127.0.0.1"

WAYS = ("provision", "rollback", "unprovision")
EVERY_WAY = os.environ.get("SVCPROV_KILLS") == "all"
"""Every way from every point; else each point has one of them."""


@pytest.fixture
def neighbour(docked: Lab) -> Iterator[Callable[[], bool]]:
    """A container in the node's own daemon, on a port of its own; tells whether it serves, under the same rules."""
    serve = "mkdir /www; echo own > /www/page; exec httpd -f -p 8080 -h /www"
    docked.done("docker", "run", "-d", "--init", "--name=own", "-p", "8082:8080", IMAGE, "sh", "-c", serve)
    rules = docked.rules()
    yield lambda: (docked.done("busybox", *f"{PAGE}:8082/page".split()), docked.rules()) == ("own\n", rules)
    docked.done("docker", "rm", "-f", "own")
    docked.done("docker", "rmi", IMAGE)


def test_a_daemon_beside_the_nodes(docked: Lab, canary: Callable[[], bool], neighbour: Callable[[], bool]) -> None:
    """Its port answers beside the node's, the second container shares the first one's network, nothing is left."""
    before = docked.inventory()
    docked.created(DOCKER, "--provision")
    assert docked.is_up()
    docked.path(f"{docked.directory}/srv/data/page").write_text("served", encoding="utf-8")
    assert docked.done("busybox", *f"{PAGE}:8081/page".split()) == "served"
    shared = docked.svcmgr("docker", "exec", f"{docked.name}.container.1", *f"{PAGE}:8080/page".split())
    assert shared.out == "served", shared
    assert neighbour()
    up = docked.inventory()
    again = docked.svcmgr("provision", "--format", "json")
    assert (again.code, again.commands, docked.since(up)) == (0, [], []), again.err
    for verb, up_now in (("stop", False), ("start", True)):
        ended = docked.svcmgr(verb)
        assert (ended.code, docked.is_up()) == (0, up_now), ended.err
    assert docked.done("busybox", *f"{PAGE}:8081/page".split()) == "served"
    gone = docked.unprovision()
    assert gone.code == 0, gone.err
    assert docked.since(before) == []
    assert neighbour()
    assert canary()


def test_what_was_planned_elsewhere_is_what_runs(docked: Lab) -> None:
    """The changes of a run are those that the observed node's file foretold, containers and daemon included."""
    docked.use_default_var()
    docked.created(DOCKER)
    node = f"{docked.directory}/given/node.json"
    observed = docked.nodemgr("observe", "-o", node)
    assert observed.code == 0, observed.err
    plan = docked.svcmgr("plan", "--node", node, "--format", "json")
    run = docked.svcmgr("provision", "--format", "json")
    assert (plan.code, run.code) == (0, 0), (plan.err, run.err)
    found = side_by_side.pairs(plan.objects, run.objects)
    assert any(pair.rid == "container#1" for pair in found)
    assert all(pair.same for pair in found), side_by_side.table(found)


def test_killed_at_any_change(docked: Lab, canary: Callable[[], bool]) -> None:
    """Killed after any change of the whole service, it goes on, is rolled back, or goes away: the ways take turns."""
    docked.created(DOCKER)
    before = docked.inventory()
    docked.did("provision")
    whole = docked.inventory()
    unprovisioned(docked, before, 0)
    for turn in range(len(WAYS) if EVERY_WAY else 1):
        for at in kills(docked, "after", ("provision",), lambda _at: True):
            way = WAYS[(at + turn) % len(WAYS)]
            if way == "provision":
                provisioned_again(docked, whole, at)
            if way == "rollback":
                rolled_back(docked, before, at)
            else:
                unprovisioned(docked, before, at)
            assert canary(), (at, way)
        unprovisioned(docked, before, 0)


@pytest.mark.parametrize(
    "image, words",
    [
        ("127.0.0.1:1/busybox:1", ("connection refused",)),
        ("127.0.0.1:5000/gone:1", ("127.0.0.1:5000/gone:1", "not found")),
    ],
    ids=["a registry that refuses", "an image that is not there"],
)
def test_an_image_that_cannot_be_had(docked: Lab, image: str, words: tuple[str, ...]) -> None:
    """What the registry said is said, nothing is left, and with the right name the same command goes on."""
    docked.created(CONTAINER.replace(IMAGE, image))
    said(docked.svcmgr("provision"), 1, "container#0", "to go on:", *words)
    docked.conf.write_text(docked.conf.read_text(encoding="utf-8").replace(image, IMAGE), encoding="utf-8")
    goes_on(docked)
    assert docked.unprovision().code == 0
    docked.done("docker", "rmi", IMAGE)


def test_a_container_that_exits_at_once(docked: Lab) -> None:
    """Its exit code and its last words are shown; `rollback` removes it."""
    before = docked.done("docker", "ps", "-aq")
    docked.created(CONTAINER.replace("sleep 1000", "sh -c 'echo my last words; exit 3'"))
    said(docked.svcmgr("provision"), 1, "exit code 3", "my last words", "to go on:")
    back = docked.svcmgr("rollback", "--yes")
    assert back.code == 0, back.err
    assert docked.done("docker", "ps", "-aq") == before


def test_a_daemon_that_dies_between_two_containers(docked: Lab) -> None:
    """The action ends with what failed; the same command starts the daemon again, and the service is up."""
    once = f"{docked.directory}/given/once"
    pidfile = f"{docked.directory}/var/{docked.name}/docker.pid"
    kill = docked.script(
        "kill", f"test -e {once} && exit", f"touch {once}", f"kill -KILL $(cat {pidfile})", "sleep 0.5"
    )
    docked.created(DOCKER.replace("[container#1]", f"[container#1]\npre_provision = {kill}"))
    before = docked.inventory()
    ended = docked.svcmgr("provision")
    if ended.code:
        said(ended, ended.code, "to go on:")
        goes_on(docked)
    assert docked.is_up()
    unprovisioned(docked, before, 0)
