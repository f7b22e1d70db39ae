"""Declared secrets stay where their user wrote them."""

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svcprov.svcmgr import main
from tests.property.generated import NODES
from tests.property.many import MANY

SERVICE = """[DEFAULT]
docker_data_dir = /srv/{svcname}/docker

[env]
password = SECRET
password.secret = true

[fs#0]
type = ext4
dev = /dev/sdb
mnt = /srv/{svcname}/docker

[container#0]
type = docker
run_image = nginx:latest
run_args = -e PASSWORD={env.password}
"""
ACTIONS = (
    "create --config CONF --provision --dry-run",
    "create --config CONF --provision --dry-run --format json --reads",
    "create --config CONF --provision --debug",
    "status",
    "print status --format json",
    "stop --format json --reads",
    "start",
    "unprovision --yes --allow-destroy fs#0 --allow-destroy container#0",
    "plan --why container#0.container",
    "plan --why container#0.container --format json",
)
SECRETS = st.text(st.sampled_from("aZ09._-+/%&?*()[]~^|é"), min_size=4, max_size=20).map("zQ{}".format)
"""What can be written as one word of a service file: special in JSON, in a shell and in a regular expression."""


@contextlib.contextmanager
def elsewhere(place: Path) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Run a command line with its files in a directory of its own; give what it prints."""
    out, err = io.StringIO(), io.StringIO()
    where = {"OSVCETC": str(place / "etc"), "OSVCVAR": str(place / "var")}
    with mock.patch.dict(os.environ, where), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield out, err


@given(secret=SECRETS)
@settings(MANY, max_examples=10, suppress_health_check=list(HealthCheck))
def test_a_secret_is_not_written_anywhere(tmp_path_factory: pytest.TempPathFactory, secret: str) -> None:
    """No action prints a declared secret, and no record, journal or plan holds it: only the service file does."""
    place = tmp_path_factory.mktemp("secrets")
    (place / "etc").mkdir()
    (place / "service.conf").write_text(SERVICE.replace("SECRET", secret), encoding="utf-8")
    (place / "node.json").write_bytes((NODES / "debian.json").read_bytes())
    spelled = {secret, json.dumps(secret)[1:-1]}
    for action in ACTIONS:
        words = action.replace("CONF", str(place / "service.conf")).split()
        with elsewhere(place) as printed:
            status = main(["-s", "web", "--node", str(place / "node.json"), *words])
        said = "".join(stream.getvalue() for stream in printed)
        assert status == 0, said
        kept = [path.read_text(encoding="utf-8") for path in (place / "var").rglob("*") if path.is_file()]
        assert not [text for text in (said, *kept) for spelling in spelled if spelling in text], action
