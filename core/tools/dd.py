"""dd(1): zeroes on a part of a file, or of a device where there is no blkdiscard that can write them."""

from core.command import Command
from core.tools import cmp

TOOL = "dd"


def zero(device: str, offset: int, length: int) -> Command:
    """Write zeroes from `offset` on. It never makes a file where the device has gone, and never cuts one."""
    return Command(
        (
            "dd",
            "if=/dev/zero",
            f"of={device}",
            f"bs={length}",
            "count=1",
            f"seek={offset}",
            "oflag=seek_bytes",
            "conv=nocreat,notrunc,fsync",
        ),
        kind="changes",
        check=cmp.is_zero(device, offset, length),
        shows=False,
        tool=TOOL,
    )
