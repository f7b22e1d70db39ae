"""Volume groups, their physical and logical volumes: what a node knows of them."""

from core.command import Command, Steps
from core.observe.reads import anyhow, note_unseen
from core.state import Content, NodeState
from core.tools import lvm
from core.tree import Tree

MAPPER = "/dev/mapper/"


def everything(state: NodeState, subjects: list[str]) -> Steps:
    """Look at all of them; whatever was asked about is answered then."""
    answer = yield anyhow(lvm.group(""))
    if answer.returncode == lvm.NOT_INSTALLED:
        return subjects
    if answer.returncode:
        note_unseen(state, "volume groups", answer)
        return []
    switched = dict(lvm.rows((yield _asked("vgs", "vg_uuid,vg_autoactivation"))))
    for group in lvm.groups(answer):
        state["volume_groups"][group.uuid] = {
            "name": group.name,
            "extent_size": group.extent_size,
            "tags": list(group.tags),
            # A version without this field activates everything.
            "autoactivation": switched.get(group.uuid, "enabled") == "enabled",
            "physical_volumes": {},
            "volumes": {},
            "recycled": {},
        }
    yield from _physical(state)
    yield from _volumes(state)
    return subjects


def _asked(program: str, fields: str, *options: str) -> Command:
    return anyhow(lvm.table(program, fields, "", *options))


def _physical(state: NodeState) -> Steps:
    """The physical volumes, each with what its device holds, where nobody has looked yet."""
    fields = "pv_uuid,vg_uuid,pv_name,dev_size,pv_pe_count"
    for uuid, of, name, size, count in lvm.rows((yield _asked("pvs", fields, "--units", "b", "--nosuffix"))):
        group = state["volume_groups"].get(of)
        if group is not None:
            group["physical_volumes"][uuid] = {"size": int(size or 0), "extents": int(count), "missing": False}
        path = _kernel_path(state, name)
        if path:
            _hold(state, path, _label(uuid, of))


def _kernel_path(state: NodeState, name: str) -> str:
    """The device that lvm calls by a name: as it is, or of device-mapper; "" for one that is not there."""
    if name in state["devices"]:
        return name
    short = name.removeprefix(MAPPER) if name.startswith(MAPPER) else ""
    return next((path for path, each in state["devices"].items() if short and each["name"] == short), "")


def _label(uuid: str, group: str) -> Content:
    return {
        "kind": "signature",
        "type": "LVM2_member",
        "uuid": uuid,
        "label": "",
        "mountable": False,
        "tail": True,
        "known": True,
        "files": {},
        "subvolumes": {},
        "member_of": group,
        "role": "",
        "size": 0,
    }


def _hold(state: NodeState, path: str, content: Content) -> None:
    holder = Tree(state).holder(state["devices"][path])
    if holder["content"]["kind"] == "unseen":
        holder["content"] = content
    else:
        holder["content"]["member_of"] = content["member_of"]


def _volumes(state: NodeState) -> Steps:
    """The logical volumes; what was known of the content of a device of one is kept with the volume from now on."""
    for uuid, name, of, tags in lvm.rows((yield _asked("lvs", "lv_uuid,lv_name,vg_uuid,lv_tags"))):
        group = state["volume_groups"][of]
        listed = tags.split(",") if tags else []
        content: Content = {"kind": "unseen"}
        short = lvm.mapped(group["name"], name).removeprefix(MAPPER)
        for device in state["devices"].values():
            if device["name"] == short:
                content, device["content"] = device["content"], {"kind": "unseen"}
                device["stacked"] = {"kind": "logical volume", "of": of, "name": name}
        group["volumes"][name] = {"uuid": uuid, "segments": [], "tags": listed, "content": content}
    fields = "vg_uuid,lv_name,pv_uuid,pvseg_start,pvseg_size"
    for of, name, physical, first, length in lvm.rows((yield _asked("pvs", fields, "--segments"))):
        # A free segment is of no volume; the parts of what is not linear have names of their own, in brackets.
        volume = state["volume_groups"][of]["volumes"].get(name) if of in state["volume_groups"] else None
        if volume is not None:
            volume["segments"].append([physical, int(first), int(length)])
