"""zfs of zfsutils-linux 2.1 on a simulated node."""

import re
from typing import Any

from core import stacked
from core.command import Command, Completed
from core.tools.zfs import DATASET_BYTES_MIN, FULL
from executors.simulated import pools
from executors.simulated.node import SimulatedNode
from executors.simulated.tools.mount import is_busy
from executors.simulated.usage import Usage, options

PROGRAMS = {"zfs": "zfsutils-linux"}
SIZES = ("refquota", "reservation", "refreservation")
NATIVE = ("type", "guid", "used", "available", *SIZES, "mountpoint")
_OF_USERS = re.compile(r"[a-z0-9:_.-]*:[a-z0-9:_.-]*")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer create, destroy, get, set and list."""
    return pools.answered(node, command, _VERBS)


def _create(node: SimulatedNode, command: Command, words: list[str]) -> Completed:
    found, operands = options(words, values=("-o",))
    if not operands:
        raise Usage("missing filesystem argument")
    if len(operands) > 1:
        raise Usage("too many arguments")
    name, above = operands[0], operands[0].rpartition("/")[0]
    given = dict(word.partition("=")[::2] for word in found.get("-o", ()))
    for key, value in given.items():
        if said := _wrong(key, value):
            return Completed(1, "", f"cannot create '{name}': {said}\n")
    pool = name.partition("/")[0]
    here = pools.called(node, pool)
    if here is None:
        return Completed(1, "", f"cannot create '{name}': no such pool '{pool}'\n")
    datasets = here[1]["datasets"]
    if name in datasets:
        return Completed(1, "", f"cannot create '{name}': dataset already exists\n")
    if above not in datasets:
        return Completed(1, "", f"cannot create '{name}': parent does not exist\n")
    reserved = max(_bytes(given.get(key, "none")) for key in pools.RESERVATIONS)
    if pools.available(here[1], above) < max(DATASET_BYTES_MIN, reserved):
        return Completed(1, "", f"cannot create '{name}': {FULL}\n")
    datasets[name] = pools.new_dataset(node.identifier("dataset", command), **given)
    return Completed(0)


def _bytes(value: str) -> int:
    return 0 if value == "none" else int(value)


def _wrong(key: str, value: str) -> str:
    """What zfs says of a property that it does not take; nothing of one that it does."""
    if key in SIZES:
        return "" if value == "none" or value.isdigit() else f"bad numeric value '{value}'"
    if key in {"mountpoint", "canmount"} or _OF_USERS.fullmatch(key):
        return ""
    return f"invalid property '{key}'"


def _pool(node: SimulatedNode, name: str) -> dict[str, Any]:
    """The imported pool that a dataset, which is there, is in."""
    return stacked.pool_called(node.state, name.partition("/")[0]) or {}


def _destroy(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    _, operands = options(words, most=1)
    if not operands:
        raise Usage("missing dataset argument")
    name = operands[0]
    if pools.dataset(node, name) is None:
        return Completed(1, "", f"cannot open '{name}': dataset does not exist\n")
    pool = _pool(node, name)
    if "/" not in name:
        return Completed(1, "", f"cannot destroy '{name}': operation does not apply to pools\n"
                                f"use 'zfs destroy -r {name}' to destroy all datasets in the pool\n"
                                f"use 'zpool destroy {name}' to destroy the pool itself\n")  # fmt: skip
    if children := sorted(each for each in pool["datasets"] if each.startswith(f"{name}/")):
        listed = "\n".join(children)
        return Completed(1, "", f"cannot destroy '{name}': filesystem has children\n"
                                f"use '-r' to destroy the following datasets:\n{listed}\n")  # fmt: skip
    for mount in pools.mounts(node, name)[:1]:
        if is_busy(node, mount["mount_point"]):
            return Completed(1, "", f"cannot unmount '{mount['mount_point']}': pool or dataset is busy\n")
        node.state["mounts"].remove(mount)
    if pools.mounts(node, name):
        # It unmounts the dataset in one place, and not in the next.
        return Completed(1, "", f"cannot destroy '{name}': dataset is busy\n")
    del pool["datasets"][name]
    return Completed(0)


def _get(node: SimulatedNode, command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("-H", "-p"), values=("-o",))
    if not operands:
        raise Usage("missing property argument")
    if "-H" not in found or "-p" not in found or len(operands) != 2:  # noqa: PLR2004 - properties, and a dataset
        raise Usage("only -H -p PROPERTIES DATASET is known here")
    wanted, name = operands[0].split(","), operands[1]
    for key in wanted:
        if key not in NATIVE and not _OF_USERS.fullmatch(key):
            return Completed(pools.USAGE, "", f"bad property list: invalid property '{key}'\n")
    dataset = pools.dataset(node, name, command.rid)
    if dataset is None:
        return Completed(1, "", f"cannot open '{name}': dataset does not exist\n")
    columns = found.get("-o", ["name,property,value,source"])[-1].split(",")
    rows = [{"name": name, "property": key, **_value(node, name, dataset, key)} for key in wanted]
    return Completed(0, "".join("\t".join(row[column] for column in columns) + "\n" for row in rows))


def _value(node: SimulatedNode, name: str, dataset: dict[str, Any], key: str) -> dict[str, str]:
    """A property and where it comes from."""
    pool = _pool(node, name)
    properties = dataset["properties"]
    match key:
        case "type":
            return {"value": dataset["type"], "source": "-"}
        case "guid":
            return {"value": properties["guid"], "source": "-"}
        case "used":
            return {"value": str(pools.used_below(pool, name)), "source": "-"}
        case "available":
            return {"value": str(pools.available(pool, name)), "source": "-"}
        case _ if key in SIZES:
            return {"value": properties.get(key, "0"), "source": "local" if key in properties else "default"}
        case "mountpoint" if name not in pool["datasets"]:
            return {"value": properties["mountpoint"], "source": "local"}
        case _:
            value, source = pools.inherited(pool, name, key)
            if not value and key == "mountpoint":
                value = f"/{name}"
            return {"value": value or "-", "source": source if value else "-"}


def _set(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    _, operands = options(words)
    if not operands:
        raise Usage("missing arguments")
    if len(operands) < 2 or "=" not in operands[0]:  # noqa: PLR2004 - a property, and a dataset
        raise Usage("missing dataset(s)" if "=" in operands[0] else "missing property=value argument(s)")
    (key, _, value), name = operands[0].partition("="), operands[1]
    dataset = pools.dataset(node, name)
    if dataset is None:
        return Completed(1, "", f"cannot open '{name}': dataset does not exist\n")
    if said := _wrong(key, value):
        return Completed(1, "", f"cannot set property for '{name}': {said}\n")
    if key == "refquota" and value.isdigit() and 0 < int(value) < dataset["used"]:
        return Completed(1, "", f"cannot set property for '{name}': size is less than current used or reserved space\n")
    if key in pools.RESERVATIONS and _bytes(value) > dataset["used"] + pools.available(
        _pool(node, name), name, quota=False
    ):
        return Completed(1, "", f"cannot set property for '{name}': size is greater than available space\n")
    dataset["properties"][key] = value
    if value == "none":
        del dataset["properties"][key]
    return Completed(0)


def _list(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("-H", "-r"), values=("-o", "-t"), least=1, most=1)
    if found.get("-o") != ["name"] or "-H" not in found or "-r" not in found or found.get("-t") != ["all"]:
        raise Usage("only -H -o name -t all -r DATASET is known here")
    name = operands[0]
    if pools.dataset(node, name) is None:
        return Completed(1, "", f"cannot open '{name}': dataset does not exist\n")
    pool = _pool(node, name)
    names = sorted(each for each in pool["datasets"] if each == name or each.startswith(f"{name}/"))
    return Completed(0, "".join(f"{each}\n" for each in names))


_VERBS: dict[str, pools.Verb] = {
    "create": _create,
    "destroy": _destroy,
    "get": _get,
    "list": _list,
    "set": _set,
}
