"""The repository checks itself: sizes, names, pairs of files, what is imported where, words that must not be."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.definition_wrongs import DEFINITIONS
from tests.storage_wrongs import STORAGE
from tests.wrongs import MUTANTS, Mutant

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400

PACKAGES = ("core", "executors", "svcprov", "tests", "benchmarks")
BUILT = {".git", ".venv", ".tox", "build", "dist", "__pycache__"}
NOT_OURS = {"LICENSE"}

VAGUE = {"base", "common", "handler", "helper", "helpers", "manager", "misc", "util", "utils"}

# Standard library modules that compute and touch nothing. `importlib` finds a driver by its name.
PURE = {
    "__future__", "ast", "base64", "binascii", "bisect", "collections", "contextlib", "copy", "decimal", "difflib",
    "enum", "fnmatch", "fractions", "functools", "graphlib", "hashlib", "heapq", "importlib", "ipaddress", "itertools",
    "json", "keyword", "math", "operator", "posixpath", "re", "shlex", "string", "textwrap", "types", "typing",
    "unicodedata",
}  # fmt: skip

# Tools that have only one face, each with the reason.
WITHOUT_TWIN: dict[str, str] = {}

# Spelled in pieces: this file is searched like every other.
REGISTRY_HOSTS = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "crates" + ".io",
    "ruby" + "gems.org",
    "proxy." + "golang.org",
    "conda." + "anaconda.org",
)
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


def python_files(*folders: str) -> list[Path]:
    """Every Python file below these folders of the repository."""
    return sorted(
        path
        for folder in folders
        for path in (REPOSITORY / folder).rglob("*.py")
        if not BUILT.intersection(path.relative_to(REPOSITORY).parts)
    )


def text_files() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository that we wrote, with its text."""
    for path in sorted(REPOSITORY.rglob("*")):
        parts = path.relative_to(REPOSITORY).parts
        built = any(part in BUILT or part.endswith(("_cache", ".egg-info")) or part == ".hypothesis" for part in parts)
        if built or path.name in NOT_OURS or not path.is_file():
            continue
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def place(path: Path, line: int = 0) -> str:
    """`FILE:LINE`, as editors open it."""
    return f"{path.relative_to(REPOSITORY)}" + (f":{line}" if line else "")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every absolute import of a file, as its line and the module's whole name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or ""
            # `from core.drivers.fs import ext` names a module as well as `import core.drivers.fs.ext` does.
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def public_names(folder: str) -> set[str]:
    """The modules directly in a folder, without the private ones (a shared base is `_so_called.py`)."""
    return {path.stem for path in (REPOSITORY / folder).glob("*.py") if not path.stem.startswith("_")}


def drivers() -> dict[str, Path]:
    """Each driver's file, by `group.type`."""
    return {
        f"{path.parent.name}.{path.stem}": path
        for path in sorted((REPOSITORY / "core/drivers").glob("*/*.py"))
        if not path.stem.startswith("_")
    }


def test_functions_fit_on_a_screen() -> None:
    """No function is longer than a screen and a half."""
    long = [
        f"{place(path, node.lineno)}: {node.name} has {length} lines"
        for path in python_files(*PACKAGES)
        for node in functions(path)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_files_are_read_in_one_go() -> None:
    """No Python file is longer than one sitting."""
    long = [
        f"{place(path)} has {length} lines"
        for path in python_files(*PACKAGES)
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
    ]
    assert long == []


def test_files_are_named_after_what_they_are_about() -> None:
    """No file or folder has a name that could stand for anything."""
    vague = [
        place(path)
        for path in python_files(*PACKAGES)
        for part in path.relative_to(REPOSITORY).with_suffix("").parts
        if VAGUE.intersection(part.lower().split("_"))
    ]
    assert vague == []


def test_classes_are_named_after_what_they_are() -> None:
    """No class has a name that says only that it does something for somebody."""
    vague = [
        f"{place(path, node.lineno)}: {node.name}"
        for path in python_files(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and VAGUE.intersection(word.lower() for word in re.findall(r"[A-Z][a-z]*", node.name))
    ]
    assert vague == []


def test_every_tool_has_two_faces() -> None:
    """A tool that can be spoken to can be simulated, and the other way round."""
    spoken, simulated = public_names("core/tools"), public_names("executors/simulated/tools")
    assert spoken ^ simulated == set(WITHOUT_TWIN)


@pytest.mark.parametrize("driver", sorted(drivers()))
def test_every_driver_has_a_golden(driver: str) -> None:
    """What a driver runs is written down in a file that reviews show."""
    assert list((REPOSITORY / "tests/goldens/drivers").glob(f"{driver}*")), f"tests/goldens/drivers/{driver}*"


def test_drivers_do_not_know_each_other() -> None:
    """A driver imports no other driver: what several share is a module of its own."""
    modules = {f"core.drivers.{name}" for name in drivers()}
    strangers = {
        f"{place(path, line)}: imports {module}"
        for path in drivers().values()
        for line, module in imports(path)
        if module in modules
    }
    assert strangers == set()


def test_core_is_pure_thought() -> None:
    """Core imports itself and the part of the standard library that computes."""
    impure = {
        f"{place(path, line)}: imports {module}"
        for path in python_files("core")
        for line, module in imports(path)
        if module.split(".")[0] not in PURE | {"core"}
    }
    assert impure == set()


def test_drivers_leave_cleaning_up_to_the_engine() -> None:
    """No driver holds a `finally`: it would not run after a kill, so brackets belong to the engine."""
    held = [
        place(path, node.lineno)
        for path in python_files("core/drivers")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Try) and node.finalbody
    ]
    assert held == []


def test_no_registry_is_named() -> None:
    """Where packages come from is the installer's configuration, never ours."""
    named = [
        f"{place(path)} names {host}" for path, text in text_files() for host in REGISTRY_HOSTS if host in text.lower()
    ]
    assert named == []


def test_nothing_is_left_for_later() -> None:
    """What is missing is in the changelog or the issues, not in the margin."""
    left = [
        place(path, number)
        for path, text in text_files()
        for number, line in enumerate(text.splitlines(), start=1)
        if "fixtures/captured" not in place(path) and UNFINISHED.search(line)
    ]
    assert left == []


def test_every_test_states_its_property() -> None:
    """Every test function has a docstring."""
    silent = [
        f"{place(path, node.lineno)}: {node.name}"
        for path in python_files("tests")
        for node in functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("mutant", [*MUTANTS, *STORAGE, *DEFINITIONS], ids=lambda mutant: mutant.wrong)
def test_mutants_follow_the_code(mutant: Mutant) -> None:
    """What a mutant replaces stands in its file, once: else nobody tries whether the tests notice it."""
    assert (REPOSITORY / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1


def test_ci_runs_what_the_readme_says() -> None:
    """The test command of the README is the one that CI runs."""
    command = "python3 -m venv .venv && .venv/bin/pip -q install tox && .venv/bin/tox"
    unnamed = [
        name for name in ("README.md", ".ci/run") if command not in (REPOSITORY / name).read_text(encoding="utf-8")
    ]
    assert unnamed == []


def test_the_command_line_starts_light() -> None:
    """Importing the command line loads no library outside the standard one, and none of the slow ones inside it."""
    slow = {"asyncio", "configparser", "dataclasses", "inspect", "logging", "urllib.request", "http.client"}
    program = f"import sys, svcprov.svcmgr; print(*sorted({slow!r} & set(sys.modules)))"
    # -S: without site-packages, so that an early import of a library is an error.
    ended = subprocess.run(
        (sys.executable, "-S", "-c", program), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (ended.stderr, ended.stdout.strip()) == ("", "")
