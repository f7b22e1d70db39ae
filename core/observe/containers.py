"""Docker daemons that answer, their images and their containers."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from core.command import Command, Completed, Steps
from core.observe.reads import anyhow
from core.observe.tree import paths, texts
from core.state import Entry, NodeState
from core.tools import docker, files
from core.tree import Tree

SYSTEM = "unix:///var/run/docker.sock"
SYSTEM_PIDFILE = "/var/run/docker.pid"


def daemons(state: NodeState, subjects: list[str]) -> Steps:
    """See whether a docker daemon answers at a socket, and what it has. subjects: `unix:///...`."""
    for socket in subjects:
        client = docker.Client("docker", (), "" if socket == SYSTEM else socket.removeprefix("unix://"))
        root = (yield anyhow(docker.data_root(client))).stdout.strip()
        if not root.startswith("/"):
            continue
        # Whoever ends the daemon, or asks whether it runs, goes by what the file says.
        yield from paths(state, [_pidfile(client)])
        yield from texts(state, [_pidfile(client)])
        pid = _pid(state, client)
        state["docker"][socket] = {
            "pid": pid,
            "data_root": root,
            "pidfile": _pidfile(client),
            "arguments": [],
            "ready": 0,
        }
        if pid:
            yield from _process(state, str(pid))
            state["docker"][socket]["arguments"] = state["processes"].get(str(pid), {}).get("arguments", [])
        yield from paths(state, [root])
        entry = Tree(state).entry(root)
        if entry is not None:
            entry["docker"] = yield from _store(client, published_on(state["docker"][socket]["arguments"]))
            for identity, container in entry["docker"]["containers"].items():
                container["layers"] = yield from _layers(root, identity)
            Tree(state).put(Tree(state).real(root), entry)
    return subjects


def _pidfile(client: docker.Client) -> str:
    return client.socket.replace(".sock", ".pid") if client.socket else SYSTEM_PIDFILE


def _pid(state: NodeState, client: docker.Client) -> int:
    entry = Tree(state).entry(_pidfile(client))
    text = "" if entry is None else (entry.get("text") or "").strip()
    return int(text) if text.isdecimal() else 0


def processes(state: NodeState, subjects: list[str]) -> Steps:
    """See whether processes are there, by pid."""
    for pid in subjects:
        yield from _process(state, pid)
    return subjects


def _process(state: NodeState, pid: str) -> Steps:
    answer = yield anyhow(Command(("cat", f"/proc/{pid}/cmdline"), tool=files.TOOL))
    words = answer.stdout.rstrip("\0").split("\0")
    if answer.returncode == 0 and words[0]:
        state["processes"][pid] = {
            "program": words[0].rpartition("/")[2],
            "arguments": words[1:],
            "files": [],
            "user": "root",
            "unit": "",
        }


def published_on(arguments: Sequence[str]) -> str:
    """Where a daemon with such arguments publishes a port whose container names no address: everywhere, or on `--ip`.

    Docker keeps the address of such a port empty, and fills it in anew whenever the container starts.
    """
    address = "0.0.0.0"  # noqa: S104 - what docker publishes on
    for word, following in pairwise((*arguments, "")):
        if word == "--ip":
            address = following
        elif word.startswith("--ip="):
            address = word.removeprefix("--ip=")
    return address


def _store(client: docker.Client, address: str) -> Steps:
    images = yield anyhow(docker.image_table(client))
    identities = docker.ids((yield anyhow(docker.every_container(client))))
    described = (yield anyhow(docker.describe(client, identities))) if identities else Completed(0, "[]")
    return {
        "images": {
            name: {"id": identity, "digest": digest} for name, identity, digest in docker.parse_image_table(images)
        },
        "containers": {each["Id"]: _container(each, address) for each in json.loads(described.stdout or "[]")},
    }


def _container(each: dict[str, Any], address: str) -> Entry:
    """What a node state has of a container that docker described. address: of ports that have none of their own."""
    config, host, life = each["Config"], each["HostConfig"], each["State"]
    given = [
        f"--name={each['Name'].removeprefix('/')}",
        *(f"--label={name}={value}" for name, value in (config.get("Labels") or {}).items()),
        *([f"--cgroup-parent={host['CgroupParent']}"] if host.get("CgroupParent") else []),
        *([f"--restart={host['RestartPolicy']['Name']}"] if host.get("RestartPolicy", {}).get("Name") else []),
        *(["--tty=true"] if config.get("Tty") else []),
        *(["--interactive=true"] if config.get("OpenStdin") else []),
    ]
    network = host.get("NetworkMode", "bridge")
    return {
        "name": each["Name"].removeprefix("/"),
        "image": config["Image"],
        "image_id": each["Image"],
        "arguments": [*given, config["Image"], *(config.get("Cmd") or [])],
        "running": bool(life["Running"]),
        "network": "bridge" if network == "default" else network,
        "ports": [
            f"{binding.get('HostIp') or address}:{binding['HostPort']}/{port.partition('/')[2]}"
            for port, bindings in (host.get("PortBindings") or {}).items()
            for binding in bindings or ()
            if binding.get("HostPort")
        ],
        "exit_code": int(life.get("ExitCode", 0)),
        "layers": [],
    }


def _layers(root: str, container: str) -> Steps:
    """The names of the layers that docker keeps for a container alone: they go with it."""
    found = []
    for name in ("mount-id", "init-id"):
        answer = yield anyhow(files.read(f"{root}/image/btrfs/layerdb/mounts/{container}/{name}"))
        found += answer.stdout.split()
    return found
