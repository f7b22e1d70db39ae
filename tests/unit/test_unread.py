"""Modules that are read when they are first used."""

import subprocess
import sys

import pytest

from core.unread import unread
from tests.conftest import REPOSITORY


def test_a_tool_is_read_at_its_first_use() -> None:
    """Naming a tool reads nothing; asking it for something reads its file, and it is that module's from then on."""
    program = (
        "import sys; from core.tools import wipefs; print('core.tools.wipefs' in sys.modules); "
        "made = wipefs.signatures('/dev/sdb'); print('core.tools.wipefs' in sys.modules); "
        "from core.tools import wipefs as again; print(again is sys.modules['core.tools.wipefs']); "
        "print(again.signatures is wipefs.signatures)"
    )
    ended = subprocess.run((sys.executable, "-c", program), cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "True", "True", "True"]


@pytest.mark.parametrize("name", ["__path__", "_private"])
def test_names_of_python_stand_for_no_module(name: str) -> None:
    """What Python asks a package for is no module of it."""
    with pytest.raises(AttributeError):
        unread("core.tools")(name)


def test_a_stand_in_has_no_names_of_python() -> None:
    """Whoever looks at a module from outside (its file, its path) does not make it be read."""
    stand_in = unread("core.nowhere")("nothing")
    assert not hasattr(stand_in, "__file__")


def test_a_module_that_there_is_not() -> None:
    """A name that leads nowhere is an error where it is used, with the name of the module."""
    with pytest.raises(ModuleNotFoundError, match=r"core\.tools\.nothing"):
        unread("core.tools")("nothing").anything  # noqa: B018 - to read it is what is tried
