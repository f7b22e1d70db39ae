"""The installed svcmgr on this machine: real disks, addresses, daemons, and what goes wrong with them."""
