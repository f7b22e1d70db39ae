"""The JSON schema of service files: it takes what svcprov takes, and refuses what is refused."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from core.config.document import Document
from svcprov import inventory, nodemgr
from svcprov.service_schema import FILE, in_json, schema, text
from tests.conftest import REPOSITORY

File = dict[str, dict[str, Any]]

BASE: File = {
    "DEFAULT": {"nodes": "n1 n2", "env": "TST"},
    "env": {"size": "10G", "anything": 1},
    "subset#fs:late": {"parallel": True},
    "ip#0": {"ipname": "10.0.0.5", "ipdev": "eth0"},
    "disk#0": {"type": "loop", "file": "/srv/a.img", "size": "{env.size}", "size@n2": "500m", "size@nodes": 10},
    "disk#1": {"type": "rados", "images": "rbd/a", "lock": "shared", "image_format": 2},
    "disk#2": {"type": "md", "uuid": "", "devs": "/dev/sdb /dev/sdc", "level": 1, "spares": 0, "chunk": "1m"},
    "fs#0": {"type": "ext4", "dev": "{disk#0.file}", "mnt": "/srv/{svcname}", "optional": False, "tags": "a b"},
    "fs#1": {"type": "{env.type}", "dev": "x", "whatever": "a type that is evaluated may be any"},
    "fs#2": {"type": "tmpfs", "mnt@n1": "/srv/t", "size": "10M", "pre_start": "true", "pre_start@n1": "false"},
    "sync#0": {"src": "/a", "dst": "/b", "target": "nodes drpnodes"},
}


@pytest.fixture(scope="module")
def validator() -> Any:
    """A validator of the schema, which is itself held against the schema of schemas."""
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def mutated(change: Callable[[File], Any]) -> File:
    """The base with one change."""
    made = copy.deepcopy(BASE)
    change(made)
    return made


def said(validator: Any, file: File) -> list[str]:
    """What the validator says is wrong."""
    return [error.message for error in validator.iter_errors(file)]


@pytest.mark.parametrize("name", sorted(inventory.templates()))
def test_the_shipped_templates_are_right(name: str, validator: Any) -> None:
    """Every template that comes with svcprov, in its JSON form, is what the schema says."""
    document = Document.from_bytes(Path(inventory.templates()[name]).read_bytes(), name)
    assert said(validator, in_json(document)) == []


def test_the_base_is_right(validator: Any) -> None:
    """References, scopes, numbers, booleans, groups without a type: what svcprov takes, the schema takes."""
    assert said(validator, BASE) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file["disk#0"].pop("file"),
        lambda file: file["fs#0"].update(mont="/srv"),
        lambda file: file["fs#0"].update({"optional@n1": "maybe"}),
        lambda file: file["fs#0"].update(optional="perhaps"),
        lambda file: file["fs#0"].update(type="ext5"),
        lambda file: file["fs#0"].pop("type"),
        lambda file: file["fs#0"].update(mnt="/"),
        lambda file: file["fs#0"].update(mnt="srv"),
        lambda file: file["fs#0"].update(dev="LABEL="),
        lambda file: file["fs#0"].update({"always_on@n1": "nodes"}),
        lambda file: file["disk#0"].update(size="big"),
        lambda file: file["disk#0"].update(size=-1),
        lambda file: file["disk#0"].update({"size@n2": "10X"}),
        lambda file: file["disk#1"].update(lock="both"),
        lambda file: file["disk#1"].update(image_format=3),
        lambda file: file["disk#2"].update(spares="one"),
        lambda file: file["disk#2"].update(devs=["/dev/sdb"]),
        lambda file: file["ip#0"].pop("ipname"),
        lambda file: file["fs#2"].pop("mnt@n1"),
        lambda file: file["sync#0"].update(target="everybody"),
        lambda file: file["subset#fs:late"].update(parallel="often"),
        lambda file: file["subset#fs:late"].update(paralel="true"),
        lambda file: file["DEFAULT"].update(env="TEST"),
        lambda file: file["DEFAULT"].update({"nodes@n1": "n1"}),
        lambda file: file["DEFAULT"].update(vgname="x"),
        lambda file: file["env"].update(list=["a"]),
        lambda file: file.update({"dsk#0": {}}),
        lambda file: file.update({"disk": {}}),
        lambda file: file.update({"subset#dsk": {}}),
        lambda file: file.update({"ip#1": {"type": "amazon"}}),
    ],
)
def test_what_is_wrong_is_refused(change: Callable[[File], Any], validator: Any) -> None:
    """One change that svcprov would not take, and the file is not what the schema says."""
    assert said(validator, mutated(change))


def options(file: File) -> Iterator[tuple[str, str]]:
    """Every option of a file, outside of [env]."""
    yield from ((section, option) for section, values in file.items() if section != "env" for option in values)


@pytest.mark.parametrize("name", sorted(inventory.templates()))
def test_no_misspelled_key_of_a_template_passes(name: str, validator: Any) -> None:
    """Whichever key of a shipped template is misspelled, the schema has no place for it."""
    document = Document.from_bytes(Path(inventory.templates()[name]).read_bytes(), name)
    whole = in_json(document)
    for section, option in options(whole):
        made = copy.deepcopy(whole)
        made[section][f"{option}x"] = made[section].pop(option)
        assert said(validator, made), (section, option)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """`nodemgr print schema` prints the file that is in the documentation."""
    assert nodemgr.main(["print", "schema"]) == 0
    assert capsys.readouterr().out == text() == (REPOSITORY / FILE).read_text(encoding="utf-8")
