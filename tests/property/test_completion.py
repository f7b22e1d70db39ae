"""Whatever was typed: completion answers, and every word that it offers goes on with what was typed."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcprov.arguments import ACTIONS, OPTIONS
from svcprov.completion import FILES, NO_SPACE, SHELLS, lines
from tests.e2e.bench import LOOP

KNOWN = [*{word for name in ACTIONS for word in name.split()}, *(name for each in OPTIONS for name in each.names)]
PIECES = [
    "",
    "=",
    ":",
    "@",
    "web",
    "--rid=",
    "--param=fs#0.",
    "env.",
    "fs#0.mnt",
    "testec2docker",
    "'",
    '"x',
    "\\",
    ",",
]
WORDS = st.lists(st.sampled_from([*KNOWN, *PIECES]) | st.text(max_size=8), max_size=8)


@pytest.fixture(autouse=True, scope="module")
def _service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A service called web."""
    directory = tmp_path_factory.mktemp("etc")
    (directory / "web.conf").write_text(LOOP)
    patch = pytest.MonkeyPatch()
    patch.setenv("OSVCETC", str(directory))
    yield
    patch.undo()


@given(WORDS, st.sampled_from(SHELLS), st.sampled_from(["svcmgr", "nodemgr"]))
def test_every_line_has_an_answer(typed: list[str], shell: str, program: str) -> None:
    """No line makes it fail; a word that is offered begins with what the shell completes, and is one line."""
    now = typed[-1] if typed else ""
    for line in lines(program, shell, typed):
        word = line.partition("\t")[0]
        assert "\n" not in line
        assert line in {FILES, NO_SPACE} or word
        if shell == "fish" and line not in {FILES, NO_SPACE} and not set("'\"\\") & set(now):
            assert word.startswith(now)
