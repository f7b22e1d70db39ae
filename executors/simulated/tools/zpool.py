"""zpool of zfsutils-linux 2.1 on a simulated node."""

from binascii import crc32
from typing import Any

from core.command import Command, Completed
from core.tools.zpool import BYTES_MIN, COMMENT_BYTES_MAX, PARTS, REDUNDANT, devices, first_partition, groups
from executors.simulated import partitions, pools
from executors.simulated.devices import is_formatted, signature, storage
from executors.simulated.node import SimulatedNode
from executors.simulated.tools.mount import is_busy
from executors.simulated.usage import Options, Usage, options

PROGRAMS = {"zpool": "zfsutils-linux"}
LINKED = ("/dev/disk/", "/dev/md/")
"""Where udev has a link to each partition beside that to its disk."""
FORCE = "invalid vdev specification\nuse '-f' to override the following errors:\n"
TAKEN = (
    "a pool with that name already exists\nuse the form 'zpool import <pool | id> <newpool>' to give it a new name\n"
)


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer create, destroy, export, import, get, list and status."""
    return pools.answered(node, command, _VERBS)


def _given(found: Options) -> dict[str, str]:
    """The properties that `-o` gives."""
    return dict(word.partition("=")[::2] for word in found.get("-o", ()))


def _create(node: SimulatedNode, command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("-f",), values=("-m", "-o", "-O"))
    if not operands:
        raise Usage("missing pool name argument")
    name, vdev = operands[0], operands[1:]
    if not vdev:
        raise Usage("missing vdev specification")
    chosen = _given(found)
    if unknown := next((key for key in chosen if key not in {"cachefile", "comment"}), ""):
        return Completed(1, "", f"property '{unknown}' is not a valid pool or filesystem property\n")
    refusal = (
        _refusal_of_words(vdev)
        or _refusal_of_devices(node, name, vdev)
        or _refusal_of_name(node, name, chosen.get("comment", ""))
    )
    if refusal:
        return Completed(1, "", refusal)
    guid = node.identifier("pool", command)
    places: dict[str, str] = {}
    for device in devices(vdev):
        places[device] = _labelled(node, device)
        if missing := _missing_link(node, device, places[device]):
            return Completed(1, "", missing)
    known = [places.get(word, word) for word in vdev]
    for position, place in enumerate(places.values()):
        label = {**signature(pools.MEMBER, guid, name, tail=True), "mountable": False, "known": False}
        holder = storage(node, place)
        if holder is not None and place in pools.auxiliary(known):
            # No probe recognises what is on a spare or a cache.
            node.set_content(holder, {"kind": "residue", "head": True, "tail": True})
        elif holder is not None:
            node.set_content(holder, {**label, "member_of": guid, "role": str(position)})
    pool: dict[str, Any] = {
        "name": name,
        "imported": True,
        "known": True,
        "host": node.state["hostname"],
        "vdevs": known,
        "size": 0,
        "properties": {"comment": chosen["comment"]} if chosen.get("comment") else {},
        "datasets": {name: pools.new_dataset(str(crc32(name.encode())), mountpoint=found.get("-m", [f"/{name}"])[-1])},
    }
    pool["size"] = pools.space(node, pool)
    node.state["pools"][guid] = pool
    return Completed(0)


def _labelled(node: SimulatedNode, device: str) -> str:
    """Where a device gets its label: a whole disk in the first of its new partitions, anything else itself."""
    real = node.tree.real(device)
    if real not in node.state["devices"] or not partitions.is_whole(node, real):
        return device
    held = node.state["devices"][real]
    node.set_content(held, {**signature("gpt", node._identifier("uuid"), tail=True), "mountable": False})  # noqa: SLF001
    return partitions.split(node, real)


def _missing_link(node: SimulatedNode, device: str, place: str) -> str:
    """What zpool says when the link to a disk has no link to its partition beside it, which it has waited for."""
    real = node.tree.real(device)
    if place == device or device in {real, place} or device.startswith(LINKED):
        return ""
    disk = real.removeprefix("/dev/")
    return f"missing link: {disk} was partitioned but {first_partition(device)} is missing\n"


def _refusal_of_words(vdev: list[str]) -> str:
    """What zpool says of a specification that makes no sense; nothing for one that does."""
    parted = groups(vdev)
    for group in parted:
        least = REDUNDANT.get(group.kind, 1)
        if len(group.devices) < least:
            return f"invalid vdev specification: {group.kind} requires at least {least} devices\n"
    if not any(not group.part for group in parted):
        return f"{FORCE}at least one general top-level vdev must be specified\n"
    return ""


def _refusal_of_devices(node: SimulatedNode, name: str, vdev: list[str]) -> str:
    named = devices(vdev)
    for device in named:
        if storage(node, device) is None:
            return f"cannot resolve path '{device}'\n"
    if any(named.count(device) > 1 for device in named):
        shared = (
            "one or more vdevs refer to the same device, or one of\nthe devices is part of an active md or lvm device"
        )
        return f"cannot create '{name}': {shared}\n"
    if busy := "".join(_in_use(node, device) for device in named):
        return busy
    for device in named:
        if (found := storage(node, device)) is not None and found["size"] < BYTES_MIN:
            return f"cannot create '{name}': one or more devices is less than the minimum size (64M)\n"
    if wrong := "".join(_held(node, device) for device in named):
        return f"{FORCE}{wrong}"
    return ""


def _in_use(node: SimulatedNode, device: str) -> str:
    mounted = [mount for mount in node.state["mounts"] if mount["device"] == node.tree.real(device)]
    if not mounted and (node.device(device) is None or not node.users(device)):
        return ""
    return f"{device} is in use and contains a {mounted[0]['type'] if mounted else 'unknown'} filesystem.\n"


def _refusal_of_name(node: SimulatedNode, name: str, comment: str) -> str:
    if pools.called(node, name) is not None:
        return f"cannot create '{name}': pool already exists\n"
    if len(comment) > COMMENT_BYTES_MAX:
        return f"cannot create '{name}': comment must not exceed {COMMENT_BYTES_MAX} characters\n"
    return ""


def _held(node: SimulatedNode, device: str) -> str:
    """Why a device is not used without being forced to: of a file only the label of a pool is looked for."""
    found = storage(node, device)
    content = {"kind": "zero"} if found is None else node.content(found)
    if not is_formatted(content):
        return ""
    if content["type"] != pools.MEMBER:
        is_file = node.device(device) is None
        return "" if is_file else f"{device} contains a filesystem of type '{content['type']}'\n"
    pool = node.state["pools"].get(content["uuid"])
    if pool is None or content["role"] == pools.DESTROYED:
        return ""
    state = "active" if pool["imported"] else "potentially active" if pool["host"] else "exported"
    return f"{device} is part of {state} pool '{pool['name']}'\n"


def _named(node: SimulatedNode, words: list[str]) -> tuple[str, tuple[str, dict[str, Any]]] | Completed:
    """The name that a verb is given, with the imported pool of it; or what zpool says where there is none."""
    _, operands = options(words, flags=("-f",), most=1)
    if not operands:
        raise Usage("missing pool argument")
    found = pools.called(node, operands[0])
    return Completed(1, "", f"cannot open '{operands[0]}': no such pool\n") if found is None else (operands[0], found)


def _destroy(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    named = _named(node, words)
    if isinstance(named, Completed):
        return named
    name, (guid, _) = named
    if busy := _unmounted(node, name):
        return Completed(1, "", f"{busy}could not destroy '{name}': could not unmount datasets\n")
    pools.destroyed(node, guid)
    return Completed(0)


def _export(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    named = _named(node, words)
    if isinstance(named, Completed):
        return named
    name, (_, pool) = named
    if busy := _unmounted(node, name):
        return Completed(1, "", busy)
    pool["imported"], pool["host"] = False, ""
    return Completed(0)


def _unmounted(node: SimulatedNode, name: str) -> str:
    """Unmount every dataset of a pool, as zpool does; return what it says of one that is in use."""
    for mount in reversed(pools.mounts(node, name)):
        if is_busy(node, mount["mount_point"]):
            return f"cannot unmount '{mount['mount_point']}': pool or dataset is busy\n"
        node.state["mounts"].remove(mount)
    return ""


def _import(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("-N", "-f"), values=("-o", "-d"), most=1)
    named = found.get("-d")
    places = pools.everywhere(node) if named is None else [path for each in named for path in pools.inside(node, each)]
    labels = [label for place in places if (label := pools.living_label_at(node, place)) is not None]
    known = node.state["pools"]
    guids = list(dict.fromkeys(label["uuid"] for label in labels if label["uuid"] in known))
    guids = [guid for guid in guids if not known[guid]["imported"]]
    if not operands:
        shown = "\n".join(_importable(node, guid, places) for guid in guids)
        return Completed(0, shown) if guids else Completed(0, "", "no pools available to import\n")
    wanted = operands[0]
    chosen = [guid for guid in guids if wanted in {guid, known[guid]["name"]}]
    if not chosen:
        if pools.called(node, wanted) is not None:
            return Completed(1, "", f"cannot import '{wanted}': {TAKEN}")
        return Completed(1, "", f"cannot import '{wanted}': no such pool available\n")
    if len(chosen) > 1:
        return Completed(
            1, "", f"cannot import '{wanted}': more than one matching pool\nimport by numeric ID instead\n"
        )
    return _imported(node, chosen[0], places, wanted, force="-f" in found)


def _imported(node: SimulatedNode, guid: str, places: list[str], wanted: str, *, force: bool) -> Completed:
    pool = node.state["pools"][guid]
    name = pool["name"]
    if pools.called(node, name) is not None:
        return Completed(1, "", f"cannot import '{name}': {TAKEN}")
    if pool["host"] not in {"", node.state["hostname"]} and not force:
        return Completed(1, "", f"cannot import '{wanted}': pool was previously in use from another system.\n"
                                f"Last accessed by {pool['host']} (hostid=0) at Thu Jan  1 00:00:00 1970\n"
                                "The pool can be imported, use 'zpool import -f' to import the pool.\n")  # fmt: skip
    located = pools.located(node, guid, places)
    if pools.health(pool, pools.missing(node, guid, places)) == "UNAVAIL":
        hint = "\tDestroy and re-create the pool from\n\ta backup source.\n"
        # The advice is printed where answers are, not where the error is.
        return Completed(1, hint, f"cannot import '{name}': no such pool or dataset\n")
    positions = iter(range(len(devices(pool["vdevs"]))))
    pool["vdevs"] = [
        word if word in PARTS or word in REDUNDANT else located.get(next(positions), word) for word in pool["vdevs"]
    ]
    pool["imported"], pool["host"] = True, node.state["hostname"]
    pool["datasets"].setdefault(name, pools.new_dataset("1"))
    return Completed(0)


def _importable(node: SimulatedNode, guid: str, places: list[str]) -> str:
    """What `zpool import` prints of a pool."""
    pool = node.state["pools"][guid]
    gone = pools.missing(node, guid, places)
    state = pools.health(pool, gone)
    comment = pool["properties"].get("comment", "")
    lines = [f"   pool: {pool['name']}", f"     id: {guid}", f"  state: {state}"]
    lines.append(" action: The pool can be imported using its name or numeric identifier.")
    lines += [f"comment: {comment}"] if comment else []
    return "\n".join([*lines, " config:", "", *_tree(pool, state, gone), ""])


def _tree(pool: dict[str, Any], state: str, gone: list[str]) -> list[str]:
    """The devices of a pool, as its configuration is shown."""
    rows = [(f"\t{pool['name']}", state)]
    part, count = "", 0
    for group in groups(pool["vdevs"]):
        if group.part != part:
            rows.append((f"\t{group.part}{'s' if group.part in {'log', 'spare'} else ''}", ""))
            part = group.part
        if group.kind:
            kind = "raidz1" if group.kind == "raidz" else group.kind
            rows.append((f"\t  {kind}-{count}", "DEGRADED" if set(gone) & set(group.devices) else "ONLINE"))
        indent = "\t    " if group.kind else "\t  "
        fine = "AVAIL" if group.part == "spare" else "ONLINE"
        rows += [(f"{indent}{path}", "UNAVAIL" if path in gone else fine) for path in group.devices]
        count += 1 if group.part not in {"spare", "cache"} else 0
    return [f"{name}  {word}" if word else name for name, word in rows]


def _get(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("-H", "-p"), values=("-o",))
    if len(operands) < 2:  # noqa: PLR2004 - properties, and the pool
        raise Usage("missing property argument" if not operands else "missing pool argument")
    if "-H" not in found or "-p" not in found:
        raise Usage("only -H -p is known here")
    wanted, name = operands[0].split(","), operands[1]
    for key in wanted:
        if key not in {"guid", "health", "comment"}:
            return Completed(pools.USAGE, "", f"bad property list: invalid property '{key}'\n")
    here = pools.called(node, name)
    if here is None:
        return Completed(1, "", f"cannot open '{name}': no such pool\n")
    guid, pool = here
    state = pools.health(pool, pools.missing(node, guid))
    values = {
        "guid": guid,
        "health": "SUSPENDED" if state == "UNAVAIL" else state,
        "comment": pool["properties"].get("comment", "-"),
    }
    columns = found.get("-o", ["name,property,value,source"])[-1].split(",")
    rows = [{"name": name, "property": key, "value": values[key]} for key in wanted]
    return Completed(0, "".join("\t".join(row[column] for column in columns) + "\n" for row in rows))


def _list(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("-H",), values=("-o",), most=0)
    del operands
    if found.get("-o") != ["name"] or "-H" not in found:
        raise Usage("only -H -o name is known here")
    pools.called(node, "")
    names = sorted(pool["name"] for pool in node.state["pools"].values() if pool["imported"])
    return Completed(0, "".join(f"{name}\n" for name in names))


def _status(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("-P", "-L"), least=1, most=1)
    del found
    here = pools.called(node, operands[0])
    if here is None:
        return Completed(1, "", f"cannot open '{operands[0]}': no such pool\n")
    guid, pool = here
    gone = pools.missing(node, guid)
    state = pools.health(pool, gone)
    rows = _tree(pool, state, gone)
    table = ["\tNAME  STATE  READ WRITE CKSUM", *(f"{row}  0  0  0" if "  " in row.strip() else row for row in rows)]
    body = "\n".join(table)
    errors = "errors: No known data errors"
    return Completed(0, f"  pool: {pool['name']}\n state: {state}\nconfig:\n\n{body}\n\n{errors}\n")


_VERBS: dict[str, pools.Verb] = {
    "create": _create,
    "destroy": _destroy,
    "export": _export,
    "import": _import,
    "get": _get,
    "list": _list,
    "status": _status,
}
