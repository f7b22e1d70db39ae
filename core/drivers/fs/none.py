"""none: what mount calls the type of a bind mount, whose options say `bind`."""

from core.config.keywords import Keyword
from core.drivers.bind_mount import BIND, BindMount


def _complaint(value: str) -> str | None:
    if BIND in value.split(","):
        return None
    return f"{value!r} has no bind, and nothing else has the type none; write mnt_opt = bind, or type = bind"


class NoneMount(BindMount):
    """A bind mount, by the words of fstab: `type = none` and `mnt_opt = bind`."""

    keywords = (
        *BindMount.keywords[:2],
        Keyword("mnt_opt", "Mount options, separated by commas: `bind` and others.", required=True, syntax=_complaint),
    )


driver = NoneMount()
