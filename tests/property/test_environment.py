"""Whatever is given for [env]: it is written as given, in its own lines, or refused with nothing written."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from core.config.document import Document
from core.errors import UsageError
from svcprov.environment import Given, fill_in, of_files, of_words
from svcprov.svcmgr import main
from tests.unit.config.declared import service

KEYS = ("size", "label", "home")
TEXT = """\
# what stands above
[DEFAULT]
nodes = n1

[env]
size = 1G
label: shop

# about home
home =

[disk#0]
type = loop
"""
SHOP = """\
[env]
size = 1G
label = a
label.secret = true

[disk#0]
type = loop
file = /srv/{env.label}.img
size = {env.size}
"""
CHARACTERS = st.characters(exclude_categories=()) | st.sampled_from("\0\n\r\t #;={}[]«»\udcff\x1b")
VALUES = st.text(CHARACTERS, max_size=12) | st.sampled_from(["5G", "{env.size}", "{env.home}", "$(1+1)", ""])
SETTINGS = st.lists(st.tuples(st.sampled_from((*KEYS, "sise", "")), VALUES), max_size=4)


@given(SETTINGS, st.dictionaries(st.sampled_from([key.upper() for key in KEYS]), VALUES))
def test_a_value_is_written_as_it_is_or_refused(settings: list[tuple[str, str]], environment: dict[str, str]) -> None:
    """The last one that somebody gave stands in the file, read back as it was; no other line has changed."""
    made = service(TEXT)
    try:
        settled = fill_in(made, [Given(key, value, "--env") for key, value in settings], environment)
    except UsageError:
        return
    expected = {"size": "1G", "label": "shop", "home": ""} | dict(settings)
    expected |= {key.lower(): value.strip() for key, value in environment.items()}
    again = Document.from_bytes(made.document.text.encode())
    assert not again.problems
    assert {each.option: again.get("env", each.option) for each in settled} == expected
    assert {each.option: each.value for each in settled} == expected
    others = [line for line in TEXT.split("\n") if not line.startswith(KEYS)]
    assert [line for line in again.text.split("\n") if line in others] == others


@given(st.lists(st.text(CHARACTERS, max_size=20), max_size=4), st.binary(max_size=60))
def test_any_word_and_any_file_has_an_answer(words: list[str], data: bytes) -> None:
    """--env and --env-file take any bytes, or refuse them with a sentence that can be shown."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "site.env")
        path.write_bytes(data)
        found: list[Given] = []
        with suppress(UsageError):
            found += of_words(words)
        with suppress(UsageError):
            found += of_files([str(path)])
        assert [each for each in found if not each.key or each.key != each.key.strip().lower()] == []


@given(st.lists(VALUES.filter(lambda text: "\n" not in text and "\r" not in text), max_size=6))
def test_any_answers_come_to_an_end(answers: list[str]) -> None:
    """An interview makes the service, or ends with an error; only when it made it there is a file, and it is right."""
    with TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "etc").mkdir()
        (place / "shop.template").write_text(SHOP, encoding="utf-8")
        (place / "answers").write_bytes("".join(f"{each}\n" for each in answers).encode(errors="surrogatepass"))
        words = ["-s", "shop", "create", "--template", f"{place}/shop.template", "--interactive"]
        with patch.dict(os.environ, {"OSVCETC": f"{place}/etc", "OSVCVAR": f"{place}/var"}, clear=True):
            code = main([*words, "--answers", f"{place}/answers"])
            conf = place / "etc/shop.conf"
            assert (code, conf.exists()) in {(0, True), (6, False)}
            assert code or main(["-s", "shop", "validate", "config"]) == 0
