"""What holds for every test: no cloud, no packet beyond this machine, no file of the machine's own services."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import sharing

REPOSITORY = Path(__file__).resolve().parent.parent

NO_CLOUD = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-west-2",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
}

# Time limits per example would make a loaded machine fail; `thorough` is for the night.
settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session", autouse=True)
def _apart_from_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, nor a process it starts, sees this machine's credentials or its own services."""
    here = tmp_path_factory.mktemp("machine")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "OSVC"))]:
            patch.delenv(name)
        for name, value in NO_CLOUD.items():
            patch.setenv(name, value)
        patch.setenv("OSVCETC", str(here / "etc"))
        patch.setenv("OSVCVAR", str(here / "var"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_packet_leaves() -> Iterator[None]:
    """A connection from a test goes to this machine, or it is refused before it is tried."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            message = f"a test tried to reach {address[0]}"
            raise PermissionError(message)
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout that is under test."""
    return REPOSITORY


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep together what shares a machine, where `--dist loadscope` asks for it."""
    if config.getvalue("dist") != "loadscope":
        return None
    return sharing.Scheduler(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: sharing.place(item.nodeid))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A folder that has no test yet is no failure; a selection that finds nothing is."""
    chosen = session.config.getoption("keyword") or session.config.getoption("markexpr")
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not chosen:
        session.exitstatus = pytest.ExitCode.OK
