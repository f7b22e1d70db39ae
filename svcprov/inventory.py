"""What comes with svcprov: drivers, templates and node states, in a checkout and in an installation."""

import os

from core.driver import Driver, UnknownDriver, load


def load_driver(group: str, type_: str) -> Driver:
    """Find a driver as `core.driver.load` does. Raises UnknownDriver with the types that the group has."""
    try:
        return load(group, type_)
    except UnknownDriver:
        known = tuple(name.partition(".")[2] for name in drivers() if name.startswith(f"{group}."))
        raise UnknownDriver(group, type_, known) from None


def drivers() -> list[str]:
    """The names of all drivers, `fs.btrfs`, in order."""
    import core.drivers

    root = next(iter(core.drivers.__path__))
    groups = sorted(name for name in os.listdir(root) if os.path.isdir(f"{root}/{name}") and not name.startswith("_"))
    return [
        f"{group}.{file.removesuffix('.py')}"
        for group in groups
        for file in sorted(os.listdir(f"{root}/{group}"))
        if file.endswith(".py") and not file.startswith("_")
    ]


def home() -> str:
    """The directory with all that comes with svcprov beside its code: the installed package, or the checkout."""
    here = os.path.dirname(os.path.abspath(__file__))
    return here if os.path.isdir(f"{here}/fixtures") else os.path.dirname(here)


def fixtures() -> str:
    """The directory `fixtures`, inside the installed package or beside it."""
    return f"{home()}/fixtures"


def templates() -> dict[str, str]:
    """The templates that come with svcprov: their paths by name."""
    folder = f"{fixtures()}/templates"
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    suffix = ".template"
    return {name.removesuffix(suffix): f"{folder}/{name}" for name in names if name.endswith(suffix)}
