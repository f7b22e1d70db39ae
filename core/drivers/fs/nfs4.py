"""nfs4."""

from core.drivers.network_filesystem import NetworkFilesystem

driver = NetworkFilesystem("nfs4")
