"""The metadata service, asked in this process: return codes of curl, sessions, and where it is."""

import socket
from collections.abc import Iterator

import pytest

from core.command import Command, Completed
from core.tools import metadata
from executors.real.machine import Machine
from executors.real.tools import metadata as face
from tests.e2e.metadata_service import MetadataService

ABOUT = {"instance-id": "i-0123456789abcdef0", "placement/region": "us-west-2"}
ENDPOINT, DISABLED = "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_DISABLED"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[MetadataService]:
    """A service that wants sessions, at the address that the environment names."""
    with MetadataService(ABOUT, only_sessions=True).running() as service:
        monkeypatch.setenv(ENDPOINT, service.url)
        yield service


def test_a_session_opens_the_service(service: MetadataService) -> None:
    """With the token that it gave, the service says who this is; an endpoint that is named wins over DISABLED."""
    token = Machine().run(metadata.token())
    assert (token.returncode, bool(token.stdout)) == (0, True)
    assert Machine().run(metadata.instance_id(token.stdout)) == Completed(0, ABOUT["instance-id"])


@pytest.mark.parametrize("session", ["", "somebody-elses"])
def test_without_a_session_it_says_nothing(service: MetadataService, session: str) -> None:
    """No token, or a wrong one, is an HTTP error: 22."""
    assert Machine().run(metadata.instance_id(session)) == Completed(metadata.HTTP_ERROR)


def test_the_service_of_2015_has_no_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service without tokens refuses the request for one (22) and answers without."""
    with MetadataService(ABOUT, sessions=False).running() as service:
        monkeypatch.setenv(ENDPOINT, service.url)
        assert Machine().run(metadata.token()) == Completed(metadata.HTTP_ERROR)
        assert Machine().run(metadata.instance_id()) == Completed(0, ABOUT["instance-id"])
        assert face.region() == "us-west-2"


def test_where_nobody_listens_the_connection_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """7, as curl says."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert Machine().run(metadata.token()) == Completed(metadata.CONNECTION_REFUSED)
        assert face.region() == ""


def test_disabled_means_that_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_EC2_METADATA_DISABLED without an endpoint is 7, and no connection is opened."""
    monkeypatch.setenv(DISABLED, "true")
    monkeypatch.delenv(ENDPOINT, raising=False)
    monkeypatch.setattr(face, "HTTPConnection", None)
    assert Machine().run(metadata.token()) == Completed(metadata.CONNECTION_REFUSED)


def test_a_service_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """28 after the time limit."""
    monkeypatch.setattr(face, "SECONDS_MAX", 0.1)
    with MetadataService(ABOUT, delay=0.5).running() as service:
        monkeypatch.setenv(ENDPOINT, service.url)
        assert Machine().run(metadata.token()) == Completed(metadata.TIMED_OUT)


def test_a_proxy_is_never_asked(service: MetadataService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says of proxies, this is asked directly."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert Machine().run(metadata.token()).returncode == 0


def test_the_region_needs_a_session_where_there_are_any(service: MetadataService) -> None:
    """The region is asked as the id is."""
    assert face.region() == "us-west-2"


@pytest.mark.parametrize(
    "words",
    [
        ("-sf", "http://127.0.0.1:1/latest/meta-data/instance-id"),
        ("-sf", "https://169.254.169.254/latest/meta-data/instance-id"),
        ("-sf", "-o", "file", "http://169.254.169.254/latest/meta-data/instance-id"),
        ("-sf", "-X"),
        ("-sf",),
    ],
)
def test_other_requests_are_curls(words: tuple[str, ...]) -> None:
    """What does not go to the metadata service, or in other words, is left to the program."""
    assert face.run(Machine(), Command(("curl", *words), tool="metadata")) is None
