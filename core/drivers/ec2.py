"""What the drivers of EC2's things share: how to speak to the cloud, and which of its instances this node is."""

from typing import NamedTuple

from core.command import Fresh, Steps
from core.config.resource import Resource
from core.errors import Failed
from core.tools import aws, metadata


class Cloud(NamedTuple):
    """The cloud as a resource on this node reaches it."""

    cli: "aws.Cli"
    instance: str


def cloud(resource: Resource) -> Steps:
    """Ask for the dialect of the CLI and for this node's instance id; return a `Cloud`.

    The metadata service is asked in its second version first, which wants a token, then in its first.
    Raises Failed when nobody answers: this node is no instance.
    """
    program = resource.service_value("aws") or "aws"
    cli = aws.cli(program, resource.service_value("aws_profile"), (yield aws.version(program)))
    token = yield metadata.token()
    answer = yield metadata.instance_id(token.stdout.strip() if token.returncode == 0 else "")
    if answer.returncode:
        raise Failed(
            f"{resource.rid}: this node is no EC2 instance: the metadata service at {metadata.ADDRESS} does not answer"
        )
    return Cloud(cli, answer.stdout.strip())


def instance(here: Cloud) -> Steps:
    """Ask what EC2 knows of this node; return an `aws.Instance`."""
    return aws.instance((yield aws.describe_instance(here.cli, here.instance)))


def mark(resource: Resource, here: Cloud, name: str) -> Steps:
    """Return the `aws.Mark` for a thing about to be made; its nonce is drawn only for a CLI that can use it."""
    nonce = (yield Fresh(f"{resource.rid}.{name}.token", "token")) if here.cli.tokens else ""
    return aws.Mark(resource.service.name, resource.rid, nonce)
