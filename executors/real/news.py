"""The kernel's news of block devices: one has come, changed or gone. Who waits for a device need not ask every second.

The kernel tells it on a netlink socket right after the device's node is in /dev, and udev on the same socket when it
has made its links. News is only a reason to ask again, never an answer: it may be lost, and of another device.
"""

import select
import socket
import time
import weakref

NETLINK_KOBJECT_UEVENT = 15
KERNEL, UDEV = 1, 2
"""The groups of the socket, as bits."""
MESSAGE_BYTES_MAX = 8192
BLOCK = b"SUBSYSTEM=block\0"
SETTLE_SECONDS = 0.02
"""News comes in bursts (a disk, its partitions, its links); after a while of this length it is asked about once."""


class BlockNews:
    """The news from the moment on at which this was made. Raises OSError where the kernel does not tell."""

    def __init__(self) -> None:
        kinds = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        listener = socket.socket(socket.AF_NETLINK, kinds, NETLINK_KOBJECT_UEVENT)
        try:
            listener.bind((0, KERNEL | UDEV))
        except OSError:
            listener.close()
            raise
        self._listener = listener
        weakref.finalize(self, listener.close)

    def within(self, seconds: float) -> bool:
        """Wait until there is news, that long at most; tell whether there was."""
        deadline = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            if poll.poll(left * 1000) and self._heard():
                time.sleep(SETTLE_SECONDS)
                self._heard()
                return True
        return False

    def _heard(self) -> bool:
        """Take everything that was told; tell whether any of it was about a block device."""
        heard = False
        while True:
            try:
                message = self._listener.recv(MESSAGE_BYTES_MAX)
            except BlockingIOError:
                return heard
            except OSError:
                # More was told than the socket holds.
                heard = True
            else:
                heard = heard or BLOCK in message


def listener() -> BlockNews | None:
    """The news from now on; None where this machine does not tell them to us."""
    try:
        return BlockNews()
    except OSError:
        return None
