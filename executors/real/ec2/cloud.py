"""Whose cloud is asked, and with how much patience.

A client is made once for each account and kept: the first command pays for the import and for the model of EC2.

What failed on the way is asked again, a few times, by rules of our own: botocore repeats any request that was not
answered in time, and a second `assign-private-ip-addresses` would be a second address. A question is repeated after
whatever kept its answer away. A change is repeated only when EC2 surely has not begun it: no connection, or a request
that came too fast. For any other change that was not answered, its journal's intent stays open.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import botocore.session
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, HTTPClientError, NoRegionError

SERVICE = "ec2"
CONNECT_SECONDS_MAX = 5.0
ATTEMPTS_MAX = 3
THROTTLED_ATTEMPTS_MAX = 5
PAUSE_SECONDS = 0.5
"""The first pause between two attempts; each further one is twice as long."""
SERVER_ERROR = 500

TOO_FAST = {"RequestLimitExceeded", "Throttling", "ThrottlingException", "RequestThrottled", "EC2ThrottledException"}
QUESTIONS = ("Describe", "Get", "List")


class Account(NamedTuple):
    """Whose cloud: the words of the command line, and the environment, which names what they leave open.

    region, endpoint: empty for what the environment or the configuration files of AWS say.
    """

    profile: str = ""
    region: str = ""
    endpoint: str = ""
    environment: tuple[tuple[str, str], ...] = ()


def account(profile: str, region: str, endpoint: str) -> Account:
    """The account that these options mean in the environment of this process; an option may be empty."""
    environment = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
    return Account(profile, region, endpoint, environment)


@lru_cache(maxsize=4)
def session(of: Account) -> Any:
    """The session of botocore for an account: its profile, credentials and models."""
    made = botocore.session.Session(profile=of.profile or None)
    made.user_agent_name = "svcprov"
    return made


@lru_cache(maxsize=4)
def client(of: Account, answer_seconds_max: float, own_region: Callable[[], str]) -> Any:
    """The client for an account. Raises what botocore raises.

    own_region: tells the region of this instance, "" for none; asked when no region is configured anywhere.
    """
    asked = session(of)
    region = of.region or os.environ.get("AWS_REGION") or asked.get_config_variable("region") or own_region()
    if not region:
        raise NoRegionError
    patience = Config(
        connect_timeout=min(CONNECT_SECONDS_MAX, answer_seconds_max),
        read_timeout=answer_seconds_max,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    made = asked.create_client(SERVICE, region_name=region, endpoint_url=of.endpoint or None, config=patience)
    # Botocore's own rules would only add to an error that its one attempt was the last.
    made.meta.events.unregister(f"needs-retry.{SERVICE}", unique_id=f"retry-config-{SERVICE}")
    made.meta.events.register_first(f"needs-retry.{SERVICE}", _pause)
    return made


def _pause(
    response: tuple[Any, dict[str, Any]] | None,
    caught_exception: Exception | None,
    attempts: int,
    operation: Any,
    **_others: Any,
) -> float | None:
    """Say how long to wait before a request is sent again; None to let it be. botocore asks after every attempt."""
    status = response[0].status_code if response is not None else 0
    code = response[1].get("Error", {}).get("Code", "") if response is not None else ""
    if code in TOO_FAST:
        again, attempts_max = True, THROTTLED_ATTEMPTS_MAX
    elif operation.name.startswith(QUESTIONS):
        again, attempts_max = status >= SERVER_ERROR or isinstance(caught_exception, HTTPClientError), ATTEMPTS_MAX
    else:
        again = isinstance(caught_exception, (EndpointConnectionError, ConnectTimeoutError))
        attempts_max = ATTEMPTS_MAX
    if again and attempts < attempts_max:
        return PAUSE_SECONDS * 2.0 ** (attempts - 1)
    if again and response is not None:
        # Then the error says how often it was tried.
        response[1].setdefault("ResponseMetadata", {})["MaxAttemptsReached"] = True
    return None
