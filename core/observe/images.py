"""Images of a Ceph cluster, and which are mapped: what a node knows of them.

A subject is `mapped`, or an image as `rbd` is asked for it: `-n client.admin rbd/db`. What is in an image is seen where
it is mapped.
"""

import shlex

from core.command import Completed, Steps
from core.observe.reads import anyhow, note_unseen
from core.stacked import DEFAULT_FEATURES
from core.state import NodeState
from core.tools import rbd

MAPPED = "mapped"


def everything(state: NodeState, subjects: list[str]) -> Steps:
    """Look at the images that are asked about, and at what is mapped; of a cluster that is silent nothing is known."""
    answered = []
    for subject in subjects:
        if subject == MAPPED:
            continue
        *words, image = shlex.split(subject)
        client = rbd.Client(*(_after(words, option) for option in ("-n", "--keyring")))
        answer = yield anyhow(rbd.info(client, image))
        pool = image.partition("/")[0]
        if not rbd.is_answer(answer) and not rbd.lacks_pool(answer):
            note_unseen(state, f"the image {image}", answer)
            continue
        answered.append(subject)
        cluster = state["ceph"] = state["ceph"] or {"pools": [], "default_features": [*DEFAULT_FEATURES]}
        if not rbd.lacks_pool(answer) and pool not in cluster["pools"]:
            cluster["pools"].append(pool)
        found = rbd.parse_info(answer)
        if found is not None:
            yield from _image(state, client, image, found)
    yield from _mapped(state)
    return [*answered, *(subject for subject in subjects if subject == MAPPED)]


def _after(words: list[str], option: str) -> str:
    return words[words.index(option) + 1] if option in words else ""


def _image(state: NodeState, client: rbd.Client, image: str, found: rbd.Image) -> Steps:
    """An image, who has locked it and who has it open. What it holds is known already where it is mapped."""
    locks = rbd.parse_locks(_answered((yield anyhow(rbd.locks(client, image)))))
    watchers = _answered((yield anyhow(rbd.watchers(client, image))))
    snapshots = _answered((yield anyhow(rbd.snapshots(client, image))))
    here = {
        held["address"].partition("/")[0]
        for interface in state["interfaces"].values()
        for held in interface["addresses"]
    }
    known = state["images"].get(image, {})
    state["images"][image] = {
        "id": found.identity,
        "size": found.size,
        "format": 2,
        "features": [*found.features],
        "snapshots": rbd.parse_snapshots(snapshots),
        "watchers": [each for each in rbd.parse_watchers(watchers) if each.rpartition(":")[0] not in here],
        "locks": [{"id": each.identity, "locker": each.locker, "address": each.address, "tag": ""} for each in locks],
        "content": known.get("content", {"kind": "unseen"}),
    }


def _answered(answer: Completed) -> Completed:
    return answer if not answer.returncode else Completed(0)


def _mapped(state: NodeState) -> Steps:
    """Which devices are images. What is on such a device is kept with its image."""
    for name, how in rbd.MAPPINGS.items():
        answer = yield anyhow(rbd.mapped(how))
        for path, image in rbd.devices(how, _answered(answer)).items():
            device = state["devices"].get(path)
            if device is None or device["stacked"] is not None:
                continue
            device["stacked"] = {"kind": "image", "of": image, "name": name}
            unknown = {"id": "", "size": device["size"], "format": 2, "features": [], "snapshots": [], "watchers": []}
            known = state["images"].setdefault(image, {**unknown, "locks": [], "content": device["content"]})
            if known["content"]["kind"] == "unseen":
                known["content"] = device["content"]
