"""Who answers `aws` on this machine: botocore in this process, or the program."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.command import Command, Completed
from core.tools import aws
from executors.real.machine import Machine
from executors.real.tools import aws as face
from tests.conftest import REPOSITORY

UNKNOWN = ("aws", "--output=json", "ec2", "describe-volumes", "--colour", "red")


def machine(remarks: list[str], path: str = "/usr/bin") -> Machine:
    """This machine, which says who answered, with programs in these directories only."""
    made = Machine(remark=remarks.append)
    made.around = made.around._replace(environment={**made.around.environment, "PATH": path})
    return made


def test_the_version_is_botocores() -> None:
    """`aws --version` names botocore, and a driver reads from it that there are client tokens."""
    import botocore

    remarks: list[str] = []
    answer = machine(remarks).run(aws.version("aws"))
    assert answer == Completed(0, f"svcprov botocore/{botocore.__version__}\n")
    assert aws.cli("aws", "", answer) == aws.Cli("aws", "", tokens=True)
    assert remarks == ["aws: answered by botocore"]


def test_the_version_costs_no_heavy_import() -> None:
    """Asking for the version loads neither the models nor the HTTP client of botocore."""
    program = (
        "import sys; from core.tools import aws; from executors.real.machine import Machine; "
        "Machine().run(aws.version('aws')); print(*{'botocore.session', 'boto3', 'urllib3'} & set(sys.modules))"
    )
    ended = subprocess.run((sys.executable, "-c", program), cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (ended.stderr, ended.stdout.strip()) == ("", "")


def test_a_program_that_is_named_by_its_path_is_run() -> None:
    """`/opt/aws/bin/aws` is that program, or nobody."""
    command = Command(("/opt/aws/bin/aws", "--output=json", "ec2", "describe-volumes"), tool="aws")
    assert machine([]).run(command) == Completed(127, "", "/opt/aws/bin/aws: command not found; install awscli\n")


@pytest.mark.parametrize(
    "argv",
    [
        UNKNOWN,
        ("aws", "--output=text", "ec2", "describe-volumes"),
        ("aws", "ec2", "describe-volumes"),
        ("aws", "--output=json", "--query", "Volumes", "ec2", "describe-volumes"),
        ("aws", "--output=json", "s3", "ls"),
        ("aws", "--output=json", "ec2"),
        ("aws", "--output"),
        ("aws", "--output=json", "ec2", "run-instances", "--count", "2"),
    ],
)
def test_what_is_not_understood_is_left_to_the_program(argv: tuple[str, ...], tmp_path: Path) -> None:
    """Where the program is installed it gets what botocore's model does not say; else the words are a usage error."""
    remarks: list[str] = []
    command = Command(argv, tool="aws")
    alone = face.run(machine(remarks, str(tmp_path)), command)
    assert alone is not None
    assert alone.returncode == 252
    assert alone.stderr.endswith(", and the program aws is not installed\n")
    (tmp_path / "aws").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "aws").chmod(0o755)
    there = machine(remarks, str(tmp_path))
    there.around = there.around._replace(environment={**there.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    answer = face.run(there, command)
    # Versions before 2.13 do not read the variable: they would ask the real cloud.
    assert answer == Completed(0, f"{' '.join(('--endpoint-url', 'http://127.0.0.1:1', *argv[1:]))}\n")
    assert remarks[-1].startswith("aws: answered by the program: ")


def test_an_operation_says_who_answered() -> None:
    """The debug log has one line for each command that was answered in this process."""
    remarks: list[str] = []
    machine(remarks).run(Command(("aws", "--output=json", "ec2", "describe-volumes"), tool="aws"))
    assert remarks == ["aws: answered by botocore: DescribeVolumes"]


def test_times_are_printed_as_the_cli_prints_them() -> None:
    """Times are ISO 8601, empty answers print nothing, and what HTTP said is left out."""
    from datetime import UTC, datetime

    answer = {"CreateTime": datetime(2015, 9, 21, 10, 30, tzinfo=UTC), "Name": "é", "ResponseMetadata": {"x": 1}}
    assert face.printed(answer) == '{\n    "CreateTime": "2015-09-21T10:30:00+00:00",\n    "Name": "é"\n}\n'
    assert face.printed({"ResponseMetadata": {}}) == ""
