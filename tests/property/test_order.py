"""The order of generated services."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from core.config.document import Document
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.config.service import Service
from core.driver import Driver, Tie
from core.order import order, relations
from core.record import Record


class Named(Driver):
    """A driver that gives the device of its own name, and needs the devices and paths that its section lists."""

    keywords = tuple(Keyword(name, "") for name in ("devs", "mnt", "dev"))

    def gives(self, resource: Resource) -> Iterable[Tie]:
        """A device, and where it is mounted."""
        return [Tie("device", resource.rid), *([Tie("path", resource["mnt"])] if resource["mnt"] else [])]

    def needs(self, resource: Resource) -> Iterable[Tie]:
        """Devices, and what the mount point is below."""
        devices = [Tie("device", name) for name in resource.words("devs")]
        return [*devices, *([Tie("path", resource["mnt"])] if resource["mnt"] else [])]


NAMED = Named()


@st.composite
def files(draw: st.DrawFn) -> list[str]:
    """The sections of a service whose resources need and refer to earlier ones only, so that an order exists."""
    count = draw(st.integers(1, 12))
    rids = [f"{draw(st.sampled_from(['ip', 'disk', 'fs', 'container', 'task']))}#{n}" for n in range(count)]
    mounts = draw(st.lists(st.sampled_from(["/srv", "/srv/a", "/srv/a/b", "/srv/b"]), max_size=count, unique=True))
    sections = []
    for position, rid in enumerate(rids):
        lines = [f"[{rid}]"]
        earlier = rids[:position]
        if earlier:
            lines.append(f"devs = {' '.join(draw(st.lists(st.sampled_from(earlier), max_size=3)))}")
            if draw(st.booleans()):
                lines.append(f"dev = x{{{draw(st.sampled_from(earlier))}.type}}")
        if position < len(mounts) and sorted(mounts)[position]:
            lines.append(f"mnt = {sorted(mounts)[position]}")
        if draw(st.booleans()):
            lines.append(f"subset = {draw(st.sampled_from(['a', 'b']))}")
        sections.append("\n".join([*lines, "type = named"]) + "\n")
    return sections


def ordered(sections: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The order, and the pairs that are related."""
    service = Service("svc1", Document("".join(sections)), "node1", Record(), lambda _group, _type: NAMED)
    related = relations(service.resources())
    return [each.rid for each in order(service.resources())], [(each.before, each.after) for each in related]


@given(files())
def test_no_relation_is_broken(sections: list[str]) -> None:
    """Every resource is in the order once, after all that it is related to."""
    rids, related = ordered(sections)
    assert sorted(rids) == sorted(section[1 : section.index("]")] for section in sections)
    assert all(rids.index(before) < rids.index(after) for before, after in related)


@given(files(), st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_matter(sections: list[str], chance: object) -> None:
    """However the sections are written down, the order is the same."""
    shuffled = list(sections)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ordered(shuffled)[0] == ordered(sections)[0]


@given(files())
def test_groups_hold_where_nothing_is_related(sections: list[str]) -> None:
    """Without relations, resources of an earlier group come first."""
    free = [section.split("\n")[0] + "\ntype = named\n" for section in sections]
    ranks = [["ip", "disk", "fs", "container", "task"].index(rid.split("#")[0]) for rid in ordered(free)[0]]
    assert ranks == sorted(ranks)
