"""What the agents of 2015 and of 2016 read in a service file: their keywords, by section and driver.

"" is what every driver of the section reads. Drivers are written in lower case, as they are compared.
"""

from collections.abc import Mapping
from functools import lru_cache

GENERIC = "restart tags subset monitor disable optional always_on"
"""What every resource of both agents may have, beside triggers."""
GENERIC_SECTIONS = ("ip", "disk", "fs", "share", "container", "app", "sync", "task", "hb")
TRIGGERS = {
    "first": "start stop syncnodes syncdrp syncresync syncupdate",
    "second": "start stop provision unprovision run sync_nodes sync_drp sync_resync sync_update",
}
"""The actions around which each of them ran commands: `pre_start`, and from 2016 on `blocking_pre_start`."""

FIRST: Mapping[str, Mapping[str, str]] = {
    "DEFAULT": {
        "": (
            "mode pkg_name docker_daemon_args docker_data_dir anti_affinity cluster cluster_type "
            "disable no_preempt_abort service_type flex_cpu_max_threshold flex_cpu_min_threshold flex_max_nodes "
            "flex_min_nodes autostart_node nodes drpnode drpnodes app bwlimit comment scsireserv sync_interval "
            "sync_max_delay presnap_trigger postsnap_trigger create_pg monitor_action pg_blkio_weight "
            "pg_cpu_quota pg_cpu_shares pg_cpus pg_mem_limit pg_mem_oom_control pg_mem_swappiness pg_mems "
            "pg_vmem_limit"
        ),
    },
    "app": {
        "": "script timeout start check stop info",
    },
    "container": {
        "": "type name guestos",
        "amazon": "cloud_id key_name shared_ip_group size",
        "docker": "run_command run_args run_image",
        "esx": "snap snapof",
        "jail": "ip6s ips jailroot",
        "kvm": "virtinst snap snapof",
        "lxc": "cf rootfs template",
        "openstack": "cloud_id key_name shared_ip_group size",
        "ovm": "virtinst snap snapof uuid",
        "srp": "ip prm_cores rootpath",
        "vcloud": "cloud_id key_name shared_ip_group size",
        "vz": "rootfs template",
        "xen": "virtinst snap snapof",
        "zone": "snap snapof rootfs template container_origin",
    },
    "disk": {
        "": "type scsireserv",
        "amazon": "volumes",
        "drbd": "res",
        "loop": "file size",
        "lvm": "vgname dsf options pvs",
        "md": "chunk devs layout level shared spares uuid",
        "pool": "poolname",
        "rados": "client_id image_format images keyring lock lock_shared_tag size",
        "raw": "devs",
        "vdisk": "path",
        "vmdg": "container_id",
    },
    "fs": {
        "": "dev zone mnt mnt_opt snap_size type size vg",
    },
    "hb": {
        "": "type",
        "openha": "name",
    },
    "ip": {
        "": "type ipdev ipname zone netmask gateway",
        "amazon": "eip cascade_allocation docker_daemon_ip",
        "crossbow": "ipdevext",
    },
    "share": {
        "": "type",
        "nfs": "path opts",
    },
    "stonith": {
        "": "type target",
        "callout": "cmd",
    },
    "subset": {
        "": "parallel",
    },
    "sync": {
        "": "type schedule sync_max_delay",
        "btrfs": "dst recursive src target",
        "btrfssnap": "keep subvol",
        "dcsckpt": "dcs manager pairs",
        "dcssnap": "dcs manager snapname",
        "dds": "dst snap_size src target",
        "docker": "target",
        "evasnap": "eva_name pairs snap_name",
        "hp3par": "array method mode rcg",
        "ibmdssnap": "array bgcopy pairs recording",
        "necism": "array devs",
        "netapp": "filer path user",
        "nexenta": "filer name path reversible",
        "rsync": "src dst target dstfs snap bwlimit exclude options tags",
        "symclone": "precopy_timeout symdevs symdg",
        "symsrdfs": "rdfg symdg",
        "zfs": "src dst target recursive tags",
    },
}
"""The agent of 2015."""
ADDED: Mapping[str, Mapping[str, str]] = {
    "DEFAULT": {
        "": (
            "lock_timeout docker_daemon_private drp_flex_primary flex_primary monitor_schedule push_schedule "
            "resinfo_schedule rollback status_schedule sync_schedule docker_exe env prkey show_disabled "
            "encapnodes"
        ),
    },
    "container": {
        "": "osvc_root_path",
        "docker": "run_swarm",
        "lxc": "rcmd",
        "zone": "delete_on_stop",
    },
    "disk": {
        "": "prkey",
        "gce": "names gce_zone size description disk_type image image_project source_snapshot",
        "lvm": "name",
        "pool": "name vdev",
        "raw": "create_char_devices group perm user zone",
        "vg": "name vgname dsf options pvs",
        "zpool": "name poolname vdev",
    },
    "fs": {
        "directory": "path group perm user",
    },
    "ip": {
        "docker": "container_rid del_net_route network",
        "gce": "gce_zone routename",
    },
    "sync": {
        "btrfssnap": "name",
        "hp3parsnap": "array vv_names",
        "s3": "bucket full_schedule options src",
        "symclone": "precopy consistent pairs symid",
        "symsnap": "consistent pairs symid",
        "symsrdfs": "symid",
        "zfssnap": "dataset keep name recursive",
    },
    "task": {
        "": "command user schedule",
    },
}
"""What came until 2016."""
GONE = ("precopy_timeout", "symdevs")
"""Keywords of 2015 that the agent of 2016 does not read any more."""


def knows(agent: str, section: str, driver: str, name: str) -> bool:
    """Tell whether the agent (`first`, `second`) read a keyword in a section of this driver."""
    tables = (FIRST,) if agent == "first" else (FIRST, ADDED)
    if agent == "second" and name in GONE:
        return False
    drivers = ("",) if section == "DEFAULT" else ("", driver)
    if any(name in _words(table.get(section, {}).get(each, "")) for table in tables for each in drivers):
        return True
    return section in GENERIC_SECTIONS and _is_generic(agent, name)


@lru_cache(maxsize=256)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _is_generic(agent: str, name: str) -> bool:
    if name in GENERIC.split() or (agent == "second" and name in {"enable_on", "disable_on"}):
        return True
    bare = name.removeprefix("blocking_") if agent == "second" else name
    when, _, action = bare.partition("_")
    if when in {"pre", "post"}:
        return action in TRIGGERS[agent].split()
    action, _, last = name.rpartition("_")
    return agent == "second" and last == "requires" and action in f"{TRIGGERS['second']} sync_break".split()


def inherited(agent: str, name: str, resources: "set[tuple[str, str]]") -> bool:
    """Tell whether one of the resources (section, driver) read a keyword that stands in DEFAULT.

    To both agents DEFAULT was the default section of Python's parser: what it has, every section has.
    """
    return any(knows(agent, section, driver, name) for section, driver in resources)
