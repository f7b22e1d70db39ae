"""What the commands of lvm2 have in common on a simulated node: refusals, questions that nobody answers, groups."""

from core.command import Completed
from core.state import Content
from executors.simulated import volume_groups as groups
from executors.simulated.devices import MAGIC
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Options, Usage

FAILED, MISUSED = 5, 3
YES = ("-y", "--yes")
ASKED = ("WARNING", "Do you")


class Refusal(Exception):
    """What a command refuses with: lines for stderr, each behind two blanks unless it asks, and the return code."""

    def __init__(self, *lines: str, code: int = FAILED) -> None:
        super().__init__(*lines)
        self.lines, self.code = lines, code

    def answer(self, out: list[str]) -> Completed:
        """The answer of a command that has said this much before."""
        said = "".join(f"{line}\n" if line.startswith(ASKED) else f"  {line}\n" for line in self.lines)
        return Completed(self.code, "".join(f"  {line}\n" for line in out), said)


def misused(program: str, error: Usage) -> Completed:
    """What every command of lvm says of words that it does not understand."""
    return Completed(MISUSED, "", f"{program}: {error}\n  Error during parsing of command line.\n")


def is_answered(found: Options) -> bool:
    """Tell whether every question is answered with yes."""
    return any(name in found for name in YES)


def wipe(held: Content, named: str, found: Options, out: list[str], *more: str) -> None:
    """Wipe a signature. Raises Refusal when nobody has said that it may be."""
    type_ = held["type"]
    if not is_answered(found):
        offset = int(MAGIC.get(type_, ("0x0", ""))[0], 16)
        raise Refusal(
            f"WARNING: {type_} signature detected on {named} at offset {offset}. Wipe it? [y/n]: [n]",
            f"Aborted wiping of {type_}.",
            "1 existing signature left on the device.",
            *more,
        )
    out.append(f"Wiping {type_} signature on {named}.")


def any_group(node: SimulatedNode, name: str) -> tuple[str, groups.Group]:
    """The group of this name. Raises Refusal where there is none."""
    found = groups.of_name(node, name)
    if found is None:
        raise Refusal(f'Volume group "{name}" not found', f"Cannot process volume group {name}")
    return found


def whole_group(node: SimulatedNode, name: str) -> tuple[str, groups.Group]:
    """The group of this name, to be changed. Raises Refusal where one of its devices is missing."""
    uuid, group = any_group(node, name)
    if lacking := groups.missing(node, group):
        raise Refusal(
            *(f"  WARNING: Couldn't find device with uuid {physical}." for physical in lacking),
            f"Cannot change VG {name} while PVs are missing.",
            "See vgreduce --removemissing and vgextend --restoremissing.",
            f"Cannot process volume group {name}",
        )
    return uuid, group


def switch(node: SimulatedNode, uuid: str, names: list[str], wanted: str, *, group_too: bool = False) -> None:
    """Activate or deactivate volumes, each as far as it can be. Raises Refusal for the others."""
    group, refused = node.state["volume_groups"][uuid], []
    for name in names:
        full, device = f"{group['name']}/{name}", groups.device_of(node, uuid, name)
        if wanted == "y" and not groups.is_complete(node, group, name):
            refused.append(f"Refusing activation of partial LV {full}.  Use '--activationmode partial' to override.")
        elif wanted == "y":
            groups.activate(node, uuid, name)
        elif device and (use := in_use(node, device)):
            refused.append(f"Logical volume {full} {use}")
        else:
            groups.deactivate(node, uuid, name)
    if refused and wanted == "n" and group_too:
        count = len(refused)
        refused.append(f'Can\'t deactivate volume group "{group["name"]}" with {count} open logical volume(s)')
    if refused:
        raise Refusal(*refused)


def in_use(node: SimulatedNode, device: str) -> str:
    """Say how a device is in use; "" for not at all."""
    if any(mount["device"] == device for mount in node.state["mounts"]):
        return "contains a filesystem in use."
    return "is used by another device." if node.users(device) else ""
