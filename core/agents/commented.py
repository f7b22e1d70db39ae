"""Keywords that the agent of 2016 itself made comments, once it had provisioned what they ask for.

It renamed them, `pvs` to `#pvs`, and read them no more. To svcprov they go on saying what the resource is made of, and
a volume group without `pvs` is none: so they are keywords again.
"""

import re
from collections.abc import Mapping, Sequence

from core.agents.generation import group_of
from core.agents.lines import Line, read

PROVISIONING: Mapping[str, tuple[str, ...]] = {
    "ip": ("cascade_allocation", "docker_daemon_ip", "gateway"),
    "disk": (
        *("chunk", "devs", "image_format", "layout", "level", "options", "pvs", "size", "spares", "vdev"),
        *("description", "disk_type", "image", "image_project", "source_snapshot"),
    ),
    "fs": ("size", "vg"),
}
"""What the agent did so with, by group."""

_RENAMED = re.compile(r"#([a-z_]+)(?:@\S+)? = ")


def restored(lines: Sequence[Line]) -> tuple[list[Line], frozenset[int]]:
    """Make such comments options again, where their section has none of the name; return their numbers, too."""
    met = {(line.section, line.option) for line in lines if line.kind == "option"}
    found: list[Line] = []
    numbers: set[int] = set()
    for line in lines:
        option = _option(line)
        if option is None or (option.section, option.option) in met:
            found.append(line)
            continue
        met.add((option.section, option.option))
        numbers.add(option.number)
        found.append(option)
    return found, frozenset(numbers)


def _option(line: Line) -> Line | None:
    """The option that a comment was, exactly as the agent wrote it; None for any other line."""
    name = _RENAMED.match(line.text) if line.kind == "other" else None
    if name is None or name[1] not in PROVISIONING.get(group_of(line.section), ()):
        return None
    return read(f"[{line.section}]\n{line.text[1:]}")[1]._replace(number=line.number)
