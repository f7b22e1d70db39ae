"""Arrays of md: what the kernel has, and what superblocks say."""

from typing import Any

from core import signature
from core.block_device import block_device
from core.command import Steps
from core.evidence import ends
from core.observe.reads import anyhow
from core.stacked import INACTIVE
from core.state import Content, NodeState, Question
from core.tools import cmp, files, mdadm

SECTOR_BYTES = 512
RESYNC_SECONDS = 60
"""How long an array that copies is taken to go on."""


def everything(state: NodeState, subjects: list[str]) -> Steps:
    """Look at all of them; whatever was asked about is answered then."""
    for path in mdadm.parse_members((yield anyhow(mdadm.members_everywhere()))):
        if path in state["devices"]:
            yield from member(state, path, state["devices"][path])
    for found in mdadm.parse_arrays((yield anyhow(mdadm.arrays()))):
        yield from _assembled(state, found)
    return subjects


def member(state: NodeState, place: str, holder: dict[str, Any]) -> Steps:
    """Look at the superblock on a device or in a file, and at what it says of its array."""
    said = mdadm.parse_superblock((yield anyhow(mdadm.examine_whole(place))))
    uuid, role = said.get("Array UUID", ""), _dashes(said.get("Device UUID", ""))
    if not uuid:
        return
    name = said.get("Name", "").partition("  (")[0]
    slot = said.get("Device Role", "").rpartition("Active device ")[2]
    array = state["arrays"].setdefault(uuid, _array(name, said))
    is_new = role not in array["members"]
    array["members"][role] = slot if slot.isdigit() else "spare"
    if is_new and array["level"] in {"raid0", "linear"} and "Avail Dev Size" in said:
        array["size"] += int(said["Avail Dev Size"].split()[0]) * SECTOR_BYTES
    offset, length = ends(state["devices"][place]["size"] if place in state["devices"] else 0)[-1]
    tail = yield anyhow(cmp.zeroes(place, offset, length))
    holder["content"] = _content(uuid, role, name, tail=tail.returncode != 0)


def _array(name: str, said: dict[str, str]) -> dict[str, Any]:
    chunk = said.get("Chunk Size", "0K").removesuffix("K")
    return {
        "name": name,
        "level": said.get("Raid Level", ""),
        "devices": int(said.get("Raid Devices", "0")),
        "chunk": int(chunk) * 1024 if chunk.isdigit() else 0,
        "layout": said.get("Layout", "").replace("-unknown-", ""),
        "size": int(said.get("Array Size", "0").split()[0]) * 1024,
        "members": {},
        "sync": "idle",
        "copied_to": "",
        "ready": 0,
        "content": {"kind": "unseen"},
    }


def _content(uuid: str, role: str, name: str, *, tail: bool) -> Content:
    return signature.member("linux_raid_member", uuid, uuid, name, tail=tail, role=role)


def _assembled(state: NodeState, found: mdadm.Found) -> Steps:
    """What the kernel has of one array: its device, its links, and the states of its members."""
    path = (yield anyhow(files.read_link(found.device))).stdout.strip() or found.device
    array, devices = state["arrays"].get(found.uuid), state["devices"]
    if array is None:
        return
    device = devices.setdefault(path, block_device(0, content={"kind": "unseen"}))
    if found.started:
        array["size"] = device["size"]
        if device["stacked"] is None:
            array["content"] = device["content"]
    device["content"] = {"kind": "zero"}
    device["stacked"] = {"kind": "array", "of": found.uuid, "name": "" if found.started else INACTIVE}
    if found.started:
        _linked(state, path, found.device, mdadm.link(found.uuid), f"/dev/disk/by-id/md-name-{array['name']}")
    _synchronised(array, devices, path, mdadm.parse_detail((yield anyhow(mdadm.detail(path)))))


def _synchronised(array: dict[str, Any], devices: dict[str, Any], path: str, detail: mdadm.Detail) -> None:
    """Note which members an array has now, and whether it copies."""
    for number, row in enumerate(detail.members):
        holder = devices.get(row.device)
        if holder is None:
            continue
        if path not in holder["holders"]:
            holder["holders"].append(path)
        role = holder["content"].get("role", "")
        if "faulty" in row.state:
            array["members"][role] = "faulty"
        elif "rebuilding" in row.state:
            array["members"][role] = array["copied_to"] = str(number)
    copying = next((state for state in detail.states if state.startswith(("resyncing", "recovering"))), "")
    if copying:
        array["sync"], array["ready"] = "resync" if copying.startswith("resync") else "recover", RESYNC_SECONDS


def _linked(state: NodeState, path: str, *links: str) -> None:
    """Note links that lead to an array, as udev has made them."""
    for link in links:
        if link == path:
            continue
        above = link.split("/")[:-1]
        for depth in range(3, len(above) + 1):
            state["files"].setdefault("/".join(above[:depth]), {"kind": "directory", "mode": "0755", "docker": None})
        target = f"{'../' * (link.count('/') - 2)}{path.removeprefix('/dev/')}"
        state["files"][link] = {"kind": "link", "target": target}
        state["known"].append(str(Question("path", link)))


def _dashes(uuid: str) -> str:
    """A uuid as blkid writes it."""
    digits = uuid.replace(":", "")
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}" if digits else ""
