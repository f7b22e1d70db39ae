"""ext2."""

from core.drivers.ext_filesystem import ExtFilesystem

driver = ExtFilesystem("ext2")
