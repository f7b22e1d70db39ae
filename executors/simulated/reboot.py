"""What a node loses when its power fails, and what it comes back with.

Gone are mounts, loop devices and what was assembled on them, addresses and interfaces that were configured by hand,
processes, and what is in /tmp. What is on disks stays, and so do volumes that are attached; but nobody synced the pid
files of daemons, which are empty. Arrays and volume groups whose devices are there are assembled again, as udev does.
The node's own docker daemon comes back, a service's own does not; no container runs, but those that are to be restarted
always, with the daemon that comes back.
"""

from typing import Any

from core.state import NodeState
from core.tree import MEMORY
from executors.simulated import stacking
from executors.simulated.containers.daemon import SYSTEM, always_restarts, store
from executors.simulated.node import SimulatedNode

PID_FILE = ".pid"
LOST_DIRECTORIES = ("/tmp/", "/run/")


def reboot(state: NodeState) -> None:
    """Lose it, in place."""
    state["mounts"] = [mount for mount in state["mounts"] if mount["mount_point"] == "/"]
    state["trees"] = {name: files for name, files in state["trees"].items() if not name.startswith(MEMORY)}
    node = SimulatedNode(state)
    for path in [path for path, device in state["devices"].items() if device["stacked"] is not None]:
        stacking.remove(node, path)
    for path in [path for path, device in state["devices"].items() if device["file"]]:
        del state["devices"][path]
    for device in state["devices"].values():
        device["holders"] = [holder for holder in device["holders"] if holder in state["devices"]]
    for path in [path for path in state["files"] if path.startswith(LOST_DIRECTORIES)]:
        del state["files"][path]
    stacking.rebooted(SimulatedNode(state))
    _configure(state)
    _stop_containers(state)
    own = state["docker"].get(SYSTEM)
    state["docker"] = {} if own is None else {SYSTEM: own}
    kept = "" if own is None else str(own["pid"])
    _forget_pids(state, state["processes"].keys() - {kept})
    state["processes"] = {pid: process for pid, process in state["processes"].items() if pid == kept}
    if own is not None:
        for container in store(SimulatedNode(state), own["data_root"])["containers"].values():
            container["running"] = always_restarts(container)


def _forget_pids(state: NodeState, pids: set[str]) -> None:
    for path, entry in state["files"].items():
        if path.endswith(PID_FILE) and entry["text"] in pids:
            entry.update(text="", size=0)


def _configure(state: NodeState) -> None:
    for name, interface in list(state["interfaces"].items()):
        if interface.get("virtual"):
            del state["interfaces"][name]
        else:
            interface["addresses"] = [dict(address) for address in interface["configured"]]


def _stop_containers(value: Any) -> None:
    """Stop the containers in every directory of every content, however deep: they are nowhere in sight."""
    if isinstance(value, dict):
        held = value.get("docker")
        if isinstance(held, dict) and isinstance(held.get("containers"), dict):
            for container in held["containers"].values():
                container["running"] = False
        for inner in value.values():
            _stop_containers(inner)
    elif isinstance(value, list):
        for inner in value:
            _stop_containers(inner)
