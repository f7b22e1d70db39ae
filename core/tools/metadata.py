"""The metadata service of EC2, asked with curl(1): which instance this node is.

Version 2 wants a session token first. A service that has no tokens (the one of 2015, and look-alikes) refuses the
request for one, and is asked without.
"""

from core.command import Command

TOOL = "metadata"
ADDRESS = "169.254.169.254"
TOKEN_SECONDS = 60

CONNECTION_REFUSED, HTTP_ERROR, TIMED_OUT = 7, 22, 28


def token() -> Command:
    """Ask for a session token: 0 with its text; any other code when there is no such service, or none with tokens."""
    return Command(
        (
            *("curl", "-sf", "-X", "PUT", "-H", f"X-aws-ec2-metadata-token-ttl-seconds: {TOKEN_SECONDS}"),
            f"http://{ADDRESS}/latest/api/token",
        ),
        accepts=(0, CONNECTION_REFUSED, HTTP_ERROR, TIMED_OUT),
        tool=TOOL,
    )


def instance_id(session: str = "") -> Command:
    """Ask for the id of this instance: 0 with its text, or the code of a service that does not answer."""
    header = ("-H", f"X-aws-ec2-metadata-token: {session}") if session else ()
    return Command(
        ("curl", "-sf", *header, f"http://{ADDRESS}/latest/meta-data/instance-id"),
        accepts=(0, CONNECTION_REFUSED, HTTP_ERROR, TIMED_OUT),
        tool=TOOL,
    )
