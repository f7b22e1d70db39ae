"""Pools of ZFS and their datasets: what a node knows of them."""

from typing import Any

from core import stacked
from core.command import Steps
from core.observe.reads import anyhow, is_denied, note_unseen
from core.signature import signature
from core.state import NodeState
from core.tools import zfs, zpool

IMPORTED = "imported"
"""The subject of the question for all pools that are imported; any other is a place where there is a label."""


def everything(state: NodeState, subjects: list[str]) -> Steps:
    """Look at all pools that are imported, and at those that could be from the places that were asked about."""
    answer = yield anyhow(zpool.everything())
    if is_denied(answer):
        note_unseen(state, "pools of ZFS", answer)
    for name in zpool.names(answer):
        yield from _imported(state, name)
    for place in subjects:
        if place != IMPORTED:
            for found in zpool.pools((yield anyhow(zpool.importable((place,))))):
                state["pools"].setdefault(found.guid, stacked.pool(found.name, found.vdevs, found.comment))
    return subjects


def _imported(state: NodeState, name: str) -> Steps:
    found = zpool.pool(name, (yield anyhow(zpool.of_name(name))))
    if found is None:
        return
    pool = stacked.pool(name, zpool.vdevs((yield anyhow(zpool.status(name))).stdout), found.comment)
    pool.update(imported=True, known=True, host=state["hostname"])
    before = state["pools"].get(found.guid, {}).get("datasets", {})
    for dataset in zfs.datasets((yield anyhow(zfs.everything(name)))):
        pool["datasets"][dataset.name] = _dataset(dataset)
        if dataset.name in before:
            # What was found in it stays known.
            pool["datasets"][dataset.name]["content"] = before[dataset.name]["content"]
        if dataset.name == name:
            taken = (int(dataset.properties[key][0]) for key in ("used", "available"))
            pool["size"] = sum(taken)
    _without_what_is_in_them(pool["datasets"])
    state["pools"][found.guid] = pool


def _without_what_is_in_them(datasets: dict[str, dict[str, Any]]) -> None:
    """Let each dataset have taken what is its own: zfs counts for each what the datasets in it take as well."""
    whole = {name: dataset["used"] for name, dataset in datasets.items()}
    for name, taken in whole.items():
        above = name.rpartition("/")[0]
        if above in datasets:
            datasets[above]["used"] = max(0, datasets[above]["used"] - taken)


def _dataset(dataset: zfs.Dataset) -> dict[str, Any]:
    values = {name: value for name, (value, source) in dataset.properties.items() if source == "local"}
    guid = dataset.properties["guid"][0]
    return {
        "type": dataset.properties["type"][0],
        "properties": {"guid": guid, **values},
        "used": int(dataset.properties["used"][0]),
        "content": signature("zfs", guid, tail=False, known=False),
    }
