"""Names that service files were written with before, and what each is called now; and names that only the agent reads.

They are of the dictionaries of September 2015 and November 2016, the two generations that the documentation shows.
"""

import re

NAMES = {
    ("DEFAULT", "service_type"): "env",
    ("disk", "vgname"): "name",
    ("disk", "poolname"): "name",
    ("sync", "exclude"): "options",
}
"""The present name of a keyword, by its group and its former name."""

TYPES = {("disk", "pool"): "zpool"}
"""The present name of a type, by its group and its former name."""

GROUPS = {"drbd": "drbd", "loop": "loop", "pool": "zpool", "vdisk": "vdisk", "vg": "vg", "vmdg": "vmdg"}
"""Groups that are types of `disk` now, with these types."""

_SYNC_TRIGGER = re.compile(r"(pre|post)_sync(nodes|drp|resync|update)", re.ASCII)

_COMMON = """
    blocking_post_run blocking_post_sync_drp blocking_post_sync_nodes blocking_post_sync_resync
    blocking_post_sync_update blocking_pre_run blocking_pre_sync_drp blocking_pre_sync_nodes blocking_pre_sync_resync
    blocking_pre_sync_update disable_on enable_on post_run post_sync_drp post_sync_nodes post_sync_resync
    post_sync_update pre_run pre_sync_drp pre_sync_nodes pre_sync_resync pre_sync_update provision_requires run_requires
    start_requires stop_requires sync_break_requires sync_drp_requires sync_nodes_requires sync_resync_requires
    sync_update_requires unprovision_requires
"""

_OF_GROUP = {
    "DEFAULT": """
        anti_affinity bwlimit cluster create_pg disable_on drp_flex_primary enable_on encapnodes flex_cpu_max_threshold
        flex_cpu_min_threshold flex_max_nodes flex_min_nodes flex_primary lock_timeout mode monitor_schedule
        no_preempt_abort pg_blkio_weight pg_cpu_quota pg_cpu_shares pg_cpus pg_mem_limit pg_mem_oom_control
        pg_mem_swappiness pg_mems pg_vmem_limit pkg_name postsnap_trigger presnap_trigger prkey push_schedule
        resinfo_schedule scsireserv show_disabled status_schedule sync_interval sync_max_delay sync_schedule
    """,
    "ip": "container_rid del_net_route gce_zone ipdevext network routename zone",
    "disk": """
        container_id create_char_devices description disk_type dsf gce_zone group image image_project names path perm
        prkey res scsireserv source_snapshot user zone
    """,
    "fs": "group path perm snap_size user zone",
    "container": """
        cf cloud_id container_origin delete_on_stop guestos ip ip6s ips jailroot key_name name osvc_root_path prm_cores
        rcmd rootfs rootpath run_swarm shared_ip_group size snap snapof template uuid virtinst
    """,
    "sync": """
        array bgcopy bucket bwlimit consistent dataset dcs dstfs eva_name filer full_schedule keep manager method mode
        name pairs path precopy precopy_timeout rcg rdfg recording reversible schedule snap snap_name snap_size snapname
        subvol symdevs symdg symid sync_max_delay user vv_names
    """,
}


def present_name(group: str, name: str) -> str:
    """Return what a keyword of a group is called now; "" for one that has no former name."""
    known = NAMES.get((group, name))
    if known is not None:
        return known
    match = _SYNC_TRIGGER.fullmatch(name)
    return "" if match is None else f"{match[1]}_sync_{match[2]}"


def is_of_agent(group: str, name: str) -> bool:
    """Tell whether the agent of either generation read a keyword in the sections of a group."""
    common = "" if group == "DEFAULT" else _COMMON
    return name in f"{_OF_GROUP.get(group, '')} {common}".split() or _SYNC_TRIGGER.fullmatch(name) is not None
