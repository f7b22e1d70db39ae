"""Volume groups, their physical and logical volumes: what a node knows of them."""

from core.command import Command, Steps
from core.observe.reads import anyhow, note_unseen
from core.signature import member
from core.stacked import volume_group
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
        # A version without this field activates everything.
        activates = switched.get(group.uuid, "enabled") == "enabled"
        state["volume_groups"][group.uuid] = volume_group(
            group.name, group.extent_size, group.tags, autoactivation=activates
        )
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
            _hold(state, path, member("LVM2_member", uuid, of))


def _kernel_path(state: NodeState, name: str) -> str:
    """The device that lvm calls by a name: as it is, or of device-mapper; "" for one that is not there."""
    if name in state["devices"]:
        return name
    short = name.removeprefix(MAPPER) if name.startswith(MAPPER) else ""
    return next((path for path, each in state["devices"].items() if short and each["name"] == short), "")


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
