"""A cloud that refuses, throttles, hangs or is not there: an end in time, a return code, and words to act on."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from core.command import Command, Completed
from executors.real.ec2 import cloud
from executors.real.machine import Machine
from tests.e2e.metadata_service import MetadataService

SECONDS = 0.3
"""How long an answer may take here."""
READ = ("describe-volumes",)
CHANGE = ("create-volume", "--size", "1", "--availability-zone", "us-west-2b")
VOLUMES = "<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>"

Answer = Callable[[BaseHTTPRequestHandler], None]


def says(status: int, code: str, text: str = "no") -> Answer:
    """An answer of EC2; one with a code is an error."""
    error = f"<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors></Response>"

    def answer(request: BaseHTTPRequestHandler) -> None:
        data = (error if code else VOLUMES).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    return answer


def hangs(_request: BaseHTTPRequestHandler) -> None:
    """No answer for longer than anybody waits here."""
    time.sleep(3 * SECONDS)


def closes(request: BaseHTTPRequestHandler) -> None:
    """The connection ends without an answer."""
    request.connection.shutdown(socket.SHUT_RDWR)


def babbles(request: BaseHTTPRequestHandler) -> None:
    """What is no EC2 at all."""
    data = b"<html>It works!"
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data))


@contextmanager
def server(*answers: Answer) -> Iterator[tuple[str, list[str]]]:
    """A cloud that answers so, one after the other and the last one for ever; its address and what it was asked."""
    asked: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            answers[min(len(asked), len(answers)) - 1](self)
            self.close_connection = True

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_address[1]}", asked
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts are short."""
    monkeypatch.setattr(cloud, "PAUSE_SECONDS", 0.01)


def ask(words: tuple[str, ...], *options: str) -> Completed:
    """Run `aws --output=json OPTIONS ec2 WORDS` on this machine, impatiently."""
    machine = Machine(read_seconds_max=SECONDS * cloud.ATTEMPTS_MAX)
    kind = "reads" if words == READ else "changes"
    began = time.monotonic()
    answer = machine.run(Command(("aws", "--output=json", *options, "ec2", *words), kind=kind, tool="aws"))  # type: ignore[arg-type]  # one of two
    assert time.monotonic() - began < 10
    assert "Traceback" not in answer.stderr
    return answer


def refused(code: str, operation: str, text: str = "no") -> str:
    """The CLI's words for an error of EC2."""
    return f"\nAn error occurred ({code}) when calling the {operation} operation: {text}\n"


@pytest.mark.parametrize("words, operation, times", [(READ, "DescribeVolumes", 3), (CHANGE, "CreateVolume", 1)])
def test_a_server_error_ends_with_its_code(
    words: tuple[str, ...], operation: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 500 is asked again three times in all, and never done again: nobody knows what came of the change."""
    with server(says(500, "InternalError")) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = ask(words)
    assert answer.returncode == 254
    assert f"An error occurred (InternalError) when calling the {operation} operation" in answer.stderr
    assert len(asked) == times


def test_a_question_is_answered_after_a_bad_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the second attempt says is the answer."""
    with server(closes, says(503, "Unavailable"), says(200, "")) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert (ask(READ).returncode, len(asked)) == (0, 3)


@pytest.mark.parametrize("words", [READ, CHANGE])
def test_what_came_too_fast_is_sent_again(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """EC2 has not begun what it throttles: question and change are sent again, five times at most."""
    with server(says(503, "RequestLimitExceeded"), says(503, "RequestLimitExceeded"), says(200, "")) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert (ask(words).returncode, len(asked)) == (0, 3)
    with server(says(503, "RequestLimitExceeded", "Request limit exceeded.")) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = ask(words)
        assert (answer.returncode, len(asked)) == (254, 5)
        assert answer.stderr.startswith("\nAn error occurred (RequestLimitExceeded) when calling the ")
        assert answer.stderr.endswith(" operation (reached max retries: 4): Request limit exceeded.\n")


def test_a_question_to_a_cloud_that_hangs_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three attempts together take what a read of this machine may take."""
    with server(hangs) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = ask(READ)
    assert (answer.returncode, answer.stderr) == (255, f'\nRead timeout on endpoint URL: "{url}/"\n')
    assert len(asked) == 3


@pytest.mark.parametrize("way", [hangs, closes])
def test_a_change_without_an_answer_is_not_repeated(way: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that was sent once, and may have happened, is an answer that says so."""
    with server(way) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = ask(CHANGE)
    assert (answer.returncode, len(asked)) == (255, 1)
    assert answer.stderr.endswith("\nIt is not known whether EC2 has done this: the next run asks before it goes on.\n")


@pytest.mark.parametrize("words", [READ, CHANGE])
def test_a_cloud_that_is_not_there_is_named(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens, the address is said, and nothing is in doubt."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert ask(words) == Completed(255, "", f'\nCould not connect to the endpoint URL: "{url}/"\n')


def test_what_is_no_cloud_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web server in the place of EC2 is a failure with words."""
    with server(babbles) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        answer = ask(READ)
    assert (answer.returncode, answer.stdout) == (255, "")
    assert "Unable to parse response" in answer.stderr


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "AuthFailure"])
def test_a_denial_is_said_in_the_words_of_ec2(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that EC2 does not take are refused at once, and once."""
    with server(says(403, code, "You are not authorized to perform this operation.")) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        said = refused(code, "DescribeVolumes", "You are not authorized to perform this operation.")
        assert (ask(READ), len(asked)) == (Completed(254, "", said), 1)


def test_missing_credentials_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials nothing is sent, and the remedy is named."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    said = '\nUnable to locate credentials. You can configure credentials by running "aws configure".\n'
    assert ask(READ) == Completed(253, "", said)


def test_an_unknown_profile_is_named() -> None:
    """A profile that no file has is named."""
    assert ask(READ, "--profile", "staging") == Completed(
        255, "", "\nThe config profile (staging) could not be found\n"
    )


def test_no_region_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither the words, the configuration nor the instance has a region, the remedy is named."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    said = '\nYou must specify a region. You can also configure your region by running "aws configure".\n'
    assert ask(READ) == Completed(253, "", said)


def test_the_region_of_the_instance_is_taken_where_none_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata service knows where this instance is."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with MetadataService({"placement/region": "eu-west-3"}).running() as service, server(says(200, "")) as (url, _):
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert ask(READ).returncode == 0
        assert service.asked == ["PUT /latest/api/token", "GET /latest/meta-data/placement/region"]


def test_profile_and_region_of_the_configuration_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A profile brings its credentials and its region; `--region` wins over both."""
    seen: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers["Authorization"].split("Credential=")[1].split(",")[0])
        says(200, "")(request)

    config = "[profile staging]\nregion = eu-west-1\naws_access_key_id = STAGING\naws_secret_access_key = secret\n"
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with server(answer) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        ask(READ, "--profile", "staging")
        ask(READ, "--profile=staging", "--region=us-east-1")
    keys = [credential.split("/")[0] for credential in seen]
    regions = [credential.split("/")[2] for credential in seen]
    assert (keys, regions) == (["STAGING", "STAGING"], ["eu-west-1", "us-east-1"])
