"""Secrets that are declared in [env], in everything that is written."""

import os
import shutil
from pathlib import Path

import pytest

from core.config.document import Document
from core.config.service import Service
from core.driver import load
from core.record import Record
from svcprov.secrets import mask, mask_json, reveal, reveal_json
from svcprov.svcmgr import main

PASSWORD = 'hun"ter\\2'
FILE = f"""\
[env]
password = {PASSWORD}
password.secret = true

[disk#0]
type = loop
file = /srv/{{env.password}}/a.img
"""


def test_masking_is_undone_by_revealing() -> None:
    """What is masked holds no secret, also as a part of a text or a key, and comes back whole."""
    secrets = {"env.a": "tiger", "env.ab": "tigers"}
    value = {"argv": ["x", "--pass=tigers", "tiger"], "tiger": None, "n": 3}
    masked = mask(value, secrets)
    assert "tiger" not in repr(masked)
    assert reveal(masked, secrets) == value


def test_json_texts_are_masked_in_their_values() -> None:
    """A secret with a quotation mark is found in JSON, where it is written otherwise."""
    masked = mask_json('{"a": "x hun\\"ter\\\\2"}', {"env.p": PASSWORD})
    assert "ter" not in masked
    assert reveal_json(masked, {"env.p": PASSWORD}) == '{"a": "x hun\\"ter\\\\2"}'


@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_secret_is_in_no_byte_that_is_kept_or_shown(
    format_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plan, log, journal and record name a declared secret and never show it; the actions work all the same."""
    for name in ("OSVCETC", "OSVCVAR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    node = tmp_path / "node.json"
    fixtures = Path(__file__).resolve().parents[3] / "fixtures"
    shutil.copy(fixtures / "nodes" / "debian.json", node)
    (tmp_path / "s.conf").write_text(FILE)
    common = ["-s", "s", "--node", str(node), "--format", format_]
    assert main([*common, "create", "--config", str(tmp_path / "s.conf"), "--provision"]) == 0
    assert main([*common, "plan", "unprovision"]) == 0
    allow = ["--yes", "--allow-destroy", "disk#0"]
    kept = [Path(folder, name) for folder, _, names in os.walk(tmp_path / "OSVCVAR") for name in names]
    kept_text = "".join(path.read_text() for path in kept)
    assert main([*common, *allow, "unprovision"]) == 0
    said = capsys.readouterr()
    for text in (kept_text, said.out, said.err):
        assert "hun" not in text
    assert "«secret:env.password»" in kept_text


def test_a_secret_in_the_words_of_a_command_is_warned_of() -> None:
    """Validation names the keyword by which a declared secret would reach a command line."""
    found = Service("s", Document(FILE), "node1", Record(), load).warnings()
    assert [(each.section, each.key, each.line) for each in found] == [("disk#0", "file", 7)]
    assert "the secret env.password would stand in the words of a command" in found[0].text
