"""bind: a directory that is mounted elsewhere as well."""

from core.drivers.bind_mount import BindMount

driver = BindMount()
