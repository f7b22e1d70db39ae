"""curl asking the metadata service, in a network namespace that has a stand-in at its address, beside its twin."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from core.command import Command, Executor
from core.tools import metadata
from tests import network_lab
from tests.conftest import REPOSITORY
from tests.fidelity.ledger import package_version
from tests.fidelity.pairs import Pair

INSTANCE, TOKEN = "i-0123456789abcdef0", "AQAE0123456789abcdef0=="
SERVER = f"""
from http.server import ThreadingHTTPServer
from sys import argv
from tests.e2e.metadata_service import MetadataService, answering

about = {{"instance-id": "{INSTANCE}", "placement/availability-zone": "us-west-2b"}}
service = MetadataService(about, sessions=argv[1] == "sessions")
service.tokens.add("{TOKEN}")
server = ThreadingHTTPServer(("{metadata.ADDRESS}", 80), answering(service))
print("ready", flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def host() -> Iterator[network_lab.Host]:
    """A host that has the address of the service itself."""
    with network_lab.network() as (here, _):
        here.did("ip", "addr", "add", f"{metadata.ADDRESS}/32", "dev", "lo")
        yield here


@pytest.fixture(params=["sessions", "no sessions", "nobody"])
def pair(request: pytest.FixtureRequest, host: network_lab.Host) -> Iterator[Pair]:
    """A host and its twin: with a service of now, with one of 2015, with none."""
    cloud = {
        "instance": INSTANCE,
        "metadata": request.param != "nobody",
        "metadata_tokens": request.param == "sessions",
    }
    state = {"tools": {"curl": package_version("curl")}, "ec2": cloud}
    pair = Pair(
        network_lab.Programs(prefix=host.prefix, environment=network_lab.ENVIRONMENT),
        state,
        changing={r"token-\d+==": TOKEN, r"AQAE\w+==": "TOKEN"},
        state=_nothing,
        packages={"curl": "curl"},
    )
    if request.param == "nobody":
        yield pair
        return
    with subprocess.Popen(
        (*host.prefix, sys.executable, "-c", SERVER, request.param),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=REPOSITORY,
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield pair
        server.terminate()


def _nothing(side: Executor) -> None:
    """Asking changes nothing."""
    del side


def test_the_service_is_asked(pair: Pair) -> None:
    """With a session, without one, with one that it did not give, and for what it does not have."""
    somewhere = Command(("curl", "-sf", f"http://{metadata.ADDRESS}/latest/nosuch"), tool=metadata.TOOL)
    for command in (
        metadata.token(),
        metadata.instance_id(),
        metadata.instance_id(TOKEN),
        metadata.instance_id("wrong"),
        somewhere,
    ):
        pair.run(command)
