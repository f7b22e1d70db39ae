"""Goldens of `nodemgr import`: the table and the translation of each of fixtures/agents.

`python -m tests.agents` rewrites those that have changed.
"""

from pathlib import Path

from svcprov.import_table import text_of
from svcprov.importing import imported, place_of
from tests.conftest import REPOSITORY

AGENTS = REPOSITORY / "fixtures/agents"
GOLDENS = REPOSITORY / "tests/goldens/agents"
NODES = {"wiki": "ec2", "shop": "ec2", "images": "ceph"}
"""On which node a service is planned, unless on `debian`."""


def files() -> list[Path]:
    """The service files of older agents, those of each year in a directory."""
    return sorted(path for path in AGENTS.glob("*/*") if path.suffix in {".env", ".conf"})


def golden(path: Path) -> Path:
    """The golden of a file."""
    return GOLDENS / f"{path.parent.name}-{path.name}"


def written(path: Path) -> str:
    """What the golden of a file should hold: its table, and below it the translation."""
    place = place_of(str(REPOSITORY / f"fixtures/nodes/{NODES.get(path.stem, 'debian')}.json"))
    found = imported(str(path), place, write=False)
    lines = "\n".join(text_of(found._replace(path=path.name), place.node.where))
    text = "" if found.translation is None or found.problems else found.translation.text
    return f"{lines}\n{'-' * 20}\n{text}"


if __name__ == "__main__":
    for each in files():
        golden(each).parent.mkdir(parents=True, exist_ok=True)
        if not golden(each).exists() or golden(each).read_text(encoding="utf-8") != written(each):
            golden(each).write_text(written(each), encoding="utf-8")
            print(golden(each).relative_to(REPOSITORY))
