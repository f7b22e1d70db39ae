"""What becomes of a keyword of the older agents: what svcprov has for it, or why there is nothing.

A keyword is *ignored* when the service is the same without it (what a cluster's monitor, a scheduler or a replication
would read), and *refused* when it would not be. What nothing is said about here is refused: nobody has looked at it.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

RENAMED: Mapping[tuple[str, str, str], str] = {
    ("DEFAULT", "", "service_type"): "env",
    ("disk", "lvm", "vgname"): "name",
    ("disk", "vg", "vgname"): "name",
    ("disk", "zpool", "poolname"): "name",
}
"""Keywords (section, driver, name) that have another name now."""
PLACEHOLDERS: Mapping[str, str] = {
    "__SVCNAME__": "{svcname}",
    "__SHORT_SVCNAME__": "{short_svcname}",
    "/opt/opensvc/var/": "{var}/",
}
"""What there are references for now: words that sed replaced in templates of 2015, and the agent's own directory."""

MONITOR = "it is for a cluster's monitor, which svcprov is not"
CLOCK = "svcprov does nothing by a clock: give it to cron or to a timer"
REPLICATION = "svcprov replicates nothing"
LIMITS = "svcprov sets no limits of process groups"
KEPT: Mapping[str, str] = dict.fromkeys(
    ("monitor", "restart", "cluster_type", "monitor_action", "autostart_node", "drpnode"), MONITOR
)
"""Keywords that a service file may go on having, and that nothing reads."""

_IGNORED: Mapping[str, str] = {
    **dict.fromkeys(("sync_interval", "sync_max_delay", "bwlimit", "presnap_trigger", "postsnap_trigger"), REPLICATION),
    **dict.fromkeys(("snap_size", "schedule", "dstfs", "snap", "exclude", "options", "recursive"), REPLICATION),
    **dict.fromkeys(
        ("monitor_schedule", "push_schedule", "resinfo_schedule", "status_schedule", "sync_schedule"), CLOCK
    ),
    **dict.fromkeys(("anti_affinity", "cluster", "flex_primary", "drp_flex_primary", "no_preempt_abort"), MONITOR),
    **dict.fromkeys(("flex_cpu_max_threshold", "flex_cpu_min_threshold", "flex_max_nodes", "flex_min_nodes"), MONITOR),
    **dict.fromkeys(("create_pg", "pg_blkio_weight", "pg_cpu_quota", "pg_cpu_shares", "pg_cpus"), LIMITS),
    **dict.fromkeys(("pg_mem_limit", "pg_mem_oom_control", "pg_mem_swappiness", "pg_mems", "pg_vmem_limit"), LIMITS),
    "pkg_name": "it names a package of another cluster's software",
    "lock_timeout": "--waitlock says how long to wait for another action",
    "show_disabled": "a status shows every resource",
    "prkey": "it is a key for reservations of SCSI disks, which svcprov does not take",
    "dsf": "it is for HP-UX",
    "create_char_devices": "it is for systems that are not Linux",
    "guestos": "a container of docker runs what its image has",
    "osvc_root_path": "svcprov runs nothing inside of a container",
    "name": "a container of docker is called after its resource",
    "encapnodes": "svcprov runs nothing inside of a container",
}
"""Keywords that are left out, wherever svcprov has none of this name."""

RESERVED = "svcprov takes no reservations of SCSI disks: another node could write to them"
_ZONE = "zones are of Solaris, and svcprov runs services on Linux"
_OWNER = "svcprov leaves the owner and the mode of a device as they are; let udev set them"
_REFUSED: Mapping[str, str] = {
    "scsireserv": RESERVED,
    "zone": _ZONE,
    "user": _OWNER,
    "group": _OWNER,
    "perm": _OWNER,
    "container_rid": "svcprov gives no addresses to containers",
    "run_swarm": "svcprov speaks to one docker daemon, not to a swarm",
    "mode": "the service is one of another cluster's software",
    "enable_on": "write disable = true for the other nodes: disable@NODE",
    "disable_on": "write disable = true for each of them: disable@NODE",
}
HARMLESS: Mapping[str, tuple[str, ...]] = {
    "scsireserv": ("false", "no", "0"),
    "mode": ("hosted",),
    "enable_on": ("[]",),
    "disable_on": ("[]",),
    "lock": ("none",),
}
"""Values, in lower case, with which a keyword says nothing: it is left out then."""

SECTIONS_IGNORED: Mapping[str, str] = {
    "hb": "svcprov sends no heartbeats",
    "stonith": "svcprov fences no nodes",
    "task": CLOCK,
    "sync": REPLICATION,
}
"""Sections that are left out whole, where svcprov has no driver for them: no action of it would run them."""
SECTIONS_REFUSED: Mapping[str, str] = {
    "app": "svcprov starts no programs; a trigger (post_start) or a container may",
    "share": "svcprov shares no directories over NFS",
}
FOREIGN_SCOPES: Mapping[str, str] = {
    "encapnodes": "svcprov runs nothing inside of a container",
    "flex_primary": "svcprov does not know which node is the primary one; write its name",
    "drp_flex_primary": "svcprov does not know which node is the primary one; write its name",
}
FOREIGN_TAGS: Mapping[str, str] = {
    "encap": "the resource belongs into a container, where svcprov runs nothing",
    "zone": _ZONE,
}

_TRIGGER = re.compile(r"(?:blocking_)?(?:pre|post)_(?:sync|run)\w*")


class Meaning(NamedTuple):
    """What a keyword means to svcprov that has no such keyword: whether the service is the same without it, and why."""

    ignored: bool
    why: str


def meaning(name: str, value: str) -> Meaning:
    """Say what leaving out a keyword means. value: in any case."""
    word = value.strip().lower()
    if not word:
        return Meaning(ignored=True, why="it says nothing")
    if word in HARMLESS.get(name, ()):
        return Meaning(ignored=True, why=f"{value} is what svcprov does without it")
    if name in _REFUSED:
        return Meaning(ignored=False, why=_REFUSED[name])
    if name in _IGNORED:
        return Meaning(ignored=True, why=_IGNORED[name])
    if _TRIGGER.fullmatch(name):
        return Meaning(ignored=True, why="svcprov has no action of this name")
    if name.endswith("_requires"):
        return Meaning(
            ignored=False, why="svcprov waits for no state of another resource; order them by what they need"
        )
    return Meaning(ignored=False, why="svcprov has nothing that does this")
