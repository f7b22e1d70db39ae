"""The documentation's second template, provisioned in the node VM, beside a shell script of its own plan there.

Both begin with the same node: restored from one snapshot, svcprov installed, the service created and planned once. The
volume is bought of the cloud outside, plugged in, and on it come a volume group, a volume, a btrfs with three
subvolumes, a docker daemon of the service's own and two containers of an image that is pulled.

The script is that of `provisioning`; beside it stands what somebody would type who has the answers of the cloud before
him: the identity of a volume is cut out of the answer that has it, and the name of its device is known.
"""

import json
import re
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.provisioning import script
from benchmarks.rounds import Unmeasured, seconds_of
from core.holes import hole
from tests.node_vm.recipe import missing
from tests.vm.instance import Node, opened
from tests.vm.templates import NAME, created

TEMPLATE = "btrfs-on-lvm"
TURNS = 3
FIRST = "nvme1n1"
"""What the volume is on a guest with one disk of the cloud."""
DEVICE = "disk#0.attachment.0.device"
VOLUME = re.compile(r"^(made\d+)=\$\((aws .* create-volume .*) 2>/dev/null\) \|\| exit 1$")
CUT_OUT = """sed -n 's/.*"VolumeId": *"\\([^"]*\\)".*/\\1/p'"""


def by_hand(node: Node, device: str) -> str:
    """The shell script of the plan of the service on a node, where the volume will be this device."""
    # In ASCII, since an answer with a hole in it is taken for no answer of a node.
    words = ("env", "PYTHONIOENCODING=ascii", "svcmgr", "-s", NAME, "plan", "--format", "json", "--reads")
    said = node.run(*words).out
    plan = [_with(json.loads(line), hole(DEVICE), device) for line in said.splitlines()]
    return "\n".join((*_lines(script(plan), f"/dev/{device}"), "true"))


def _with(value: Any, name: str, known: str) -> Any:
    """A value of JSON, with what is known in place of its name."""
    if isinstance(value, dict):
        return {key: _with(each, name, known) for key, each in value.items()}
    if isinstance(value, list):
        return [_with(each, name, known) for each in value]
    return value.replace(name, known) if isinstance(value, str) else value


def _lines(bare: Iterator[str], device: str) -> Iterator[str]:
    waited = False
    for line in bare:
        if device in line and not waited:
            waited = True
            yield f"until test -b {device}; do sleep 0.05; done"
        found = VOLUME.match(line)
        yield line if found is None else f"{found[1]}=$({found[2]} 2>/dev/null | {CUT_OUT})"


def provisioning() -> float:
    """Provision it, and run the script of its plan, each in a guest that is as at first; the ratio of the medians."""
    if why := missing():
        raise Unmeasured(f"no node VM here: {why}")
    owns, limits, device = [], [], FIRST
    for _ in range(TURNS):
        seconds, device = _provisioned(device)
        owns.append(seconds)
        limits.append(_by_hand(device))
    return statistics.median(owns) / statistics.median(limits)


def _provisioned(device: str) -> tuple[float, str]:
    """The seconds that svcmgr takes, and the device that the volume is."""
    with opened() as node:
        created(node, TEMPLATE)
        by_hand(node, device)
        seconds = seconds_of(lambda: node.done(NAME, "provision"))
        found = node.vm.did("readlink", "-f", f"/var/lib/opensvc/{NAME}/dev/disk.0.0").strip()
        return seconds, found.removeprefix("/dev/")


def _by_hand(device: str) -> float:
    """The seconds that the script takes."""
    with opened() as node:
        created(node, TEMPLATE)
        text = by_hand(node, device)
        return seconds_of(lambda: _ran(node, text))


def _ran(node: Node, text: str) -> None:
    ended = node.run("sh", "-c", text)
    if ended.code:
        raise RuntimeError(f"the script: return code {ended.code}: {ended.err.strip()}")
