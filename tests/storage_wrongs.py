"""Further ways in which the code is made wrong: what is stacked on disks, and the tools that do it."""

from tests.wrongs import Mutant

DRIVERS = "tests/unit/drivers"
PAIRS = "tests/unit/test_captured_pairs.py"
STORAGE = (
    Mutant(
        "a logical volume is planned for which there is no room",
        "core/drivers/logical_volume.py",
        "    if count > group.free:\n",
        "    if count > group.free and not count:\n",
        (f"{DRIVERS}/test_logical_volume.py",),
    ),
    Mutant(
        "a logical volume is made smaller",
        "core/drivers/logical_volume.py",
        "    if count < now:\n",
        "    if count < now and not count:\n",
        (f"{DRIVERS}/test_logical_volume.py",),
    ),
    Mutant(
        "a volume group of others is taken for ours",
        "core/drivers/volume_group.py",
        "all(each.uuid in recorded for each in inside)",
        "bool(recorded or inside or True)",
        (f"{DRIVERS}/test_disk_lvm.py",),
    ),
    Mutant(
        "an array of another uuid is used since it has the name",
        "core/drivers/disk/md.py",
        "        if found.device == path and found.uuid != uuid:\n",
        "        if found.device == path and found.uuid != uuid and not path:\n",
        (f"{DRIVERS}/test_disk_md.py",),
    ),
    Mutant(
        "an image is made smaller",
        "core/drivers/disk/rados.py",
        "if mebibytes * MEBIBYTE < found.size:",
        "if mebibytes * MEBIBYTE < found.size and not found.size:",
        (f"{DRIVERS}/test_disk_rados.py",),
    ),
    Mutant(
        "a pool that is in use is not asked about strangers",
        "core/drivers/disk/zpool.py",
        "yield from self._only_ours(disk)",
        "yield from ()",
        (f"{DRIVERS}/test_disk_zpool.py",),
    ),
    Mutant(
        "a pool that lacks a device is taken for one that a killed run has made",
        "core/drivers/disk/zpool.py",
        ' and found.health == "ONLINE"',
        "",
        (f"{DRIVERS}/test_unprovision_of_what_is_hurt.py",),
    ),
    Mutant(
        "an array of which no member is there is forgotten",
        "core/drivers/array_members.py",
        "    if lost and not is_reached:\n",
        "    if lost and not is_reached and not lost:\n",
        (f"{DRIVERS}/test_unprovision_of_what_is_hurt.py",),
    ),
    Mutant(
        "a pool elsewhere is exported since it has the name",
        "core/drivers/disk/zpool.py",
        'if disk.made("pool") is None and not (yield from self._is_named(disk, here, leaves)):',
        'if disk.made("pool") is None and not name and not (yield from self._is_named(disk, here, leaves)):',
        (f"{DRIVERS}/test_stop_of_what_is_named.py",),
    ),
    Mutant(
        "rbd-nbd takes the device from an imported pool",
        "core/drivers/disk/rados.py",
        "for part in blockdev.partitions(answer) if how is rbd.NBD else ():",
        "for part in blockdev.partitions(answer) if how is None else ():",
        (f"{DRIVERS}/test_pools_on_partitions.py",),
    ),
    Mutant(
        "a dataset is planned in a pool that is full",
        "core/drivers/fs/zfs.py",
        "        if available < zfs.DATASET_BYTES_MIN:\n",
        "        if available < zfs.DATASET_BYTES_MIN and not above:\n",
        (f"{DRIVERS}/test_fs_zfs.py",),
    ),
    Mutant(
        "a volume is gone since another group of the name does not have it",
        "core/drivers/volume_group.py",
        "    if any(not ours or group.uuid in ours for group in found):\n",
        "    if any(not ours or group.uuid for group in found):\n",
        (f"{DRIVERS}/test_logical_volume.py",),
    ),
    Mutant(
        "a simulated refusal is a success: a volume group is made under a name that is taken",
        "executors/simulated/tools/lvm.py",
        "if groups.of_name(node, name) is not None:",
        "if groups.of_name(node, name) is not None and not name:",
        (PAIRS,),
    ),
    Mutant(
        "a simulated refusal is a success: an array that is in use is stopped",
        "executors/simulated/tools/mdadm.py",
        "if node.users(real):",
        "if node.users(real) and not real:",
        (PAIRS,),
    ),
)
