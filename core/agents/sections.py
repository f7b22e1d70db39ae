"""The sections of a service file of the older agents, and what they are called now."""

import re
from collections.abc import Mapping, Sequence
from itertools import count
from typing import NamedTuple

from core.agents.generation import group_of
from core.agents.lines import Line
from core.agents.vocabulary import GENERIC_SECTIONS
from core.config import former

KNOWN = (*GENERIC_SECTIONS, *former.GROUPS, "stonith")
"""The groups of resources that one of the agents had."""

_NOT_IN_A_NUMBER = re.compile(r"[^a-z0-9]")


class Sections(NamedTuple):
    """names: what each section is called now. types: the driver that the old name of a section meant."""

    names: Mapping[str, str]
    types: Mapping[str, str]


def renamed(lines: Sequence[Line]) -> Sections:
    """Name the sections as svcprov does: `[vg#0]` is a disk now, `[default]` DEFAULT, and every resource has a number.

    A number that is taken is not given again: whoever named the other one still means that.
    """
    written = list(dict.fromkeys(line.section for line in lines if line.kind == "section"))
    types = {section: former.GROUPS[group] for section in written if (group := group_of(section)) in former.GROUPS}
    plain = {section: _plain(section) for section in written}
    names = {section: section for section in written if plain[section] == section}
    taken, late = set(names), []
    for section in written:
        new = plain[section]
        if section in names:
            continue
        if "#" in new and (new in taken or new.endswith("#")):
            late.append(section)
            continue
        names[section] = new
        taken.add(new)
    for section in late:
        group = plain[section].partition("#")[0]
        names[section] = next(each for number in count() if (each := f"{group}#{number}") not in taken)
        taken.add(names[section])
    return Sections(names, types)


def _plain(section: str) -> str:
    """The name that a section would have, were no other of that name there."""
    group, hash_, number = section.partition("#")
    group = group.strip().lower()
    if group == "default" and not hash_:
        return "DEFAULT"
    if group == "subset" or group not in KNOWN:
        return section
    if group in {"hb", "stonith"} and not hash_:
        return section
    return f"{'disk' if group in former.GROUPS else group}#{_NOT_IN_A_NUMBER.sub('', number.lower())}"
