"""disk.vg: a volume group of LVM."""

from core.drivers.volume_group import VolumeGroup

driver = VolumeGroup()
