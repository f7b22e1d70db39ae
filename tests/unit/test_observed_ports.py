"""Where docker publishes a port that a container gives no address for."""

import pytest

from core.observe.containers import published_on

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what docker publishes on


@pytest.mark.parametrize(
    "arguments, address",
    [
        ((), EVERYWHERE),
        (("--ip", "10.0.0.21"), "10.0.0.21"),
        (("--ip=10.0.0.21", "--pidfile", "/p"), "10.0.0.21"),
        (("--ip-masq=false", "--ip-forward"), EVERYWHERE),
        (("--ip=10.0.0.1", "--ip", "10.0.0.2"), "10.0.0.2"),
    ],
)
def test_the_daemon_says_where(arguments: tuple[str, ...], address: str) -> None:
    """The address is that of the daemon's `--ip`, the last of several; without one it is every address."""
    assert published_on(arguments) == address
