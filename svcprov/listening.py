"""Who hears of an action while it goes on."""

from typing import Protocol

from core.engine import Listener
from executors.layers.log import CommandListener


class Listening(Listener, CommandListener, Protocol):
    """A log or a display: hears notes, waits and commands."""
