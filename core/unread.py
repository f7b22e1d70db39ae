"""Modules that are read when they are first used, for packages of which every command needs some and none needs all.

Most of what is done with a service file (validating it, showing it, putting it in order) speaks to no tool, while the
drivers of the smallest service name twenty. So `from core.tools import lvm` gives a module that is not read yet.
"""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any


class _Unread(ModuleType):
    """A module whose file is read at the first question for something in it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        module = import_module(self.__name__)
        # From now on it answers by itself, as fast as any module.
        self.__dict__.update(vars(module))
        return getattr(module, name)


def unread(package: str) -> Callable[[str], ModuleType]:
    """Make the `__getattr__` of a package: it stands in for modules that nobody has read yet."""

    def stand_in(name: str) -> ModuleType:
        if name.startswith("_"):
            raise AttributeError(name)
        return _Unread(f"{package}.{name}")

    return stand_in
