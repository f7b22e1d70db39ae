"""ext3."""

from core.drivers.ext_filesystem import ExtFilesystem

driver = ExtFilesystem("ext3")
