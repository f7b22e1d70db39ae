"""The installed svcmgr on this machine: real disks, addresses, daemons, and what goes wrong with them."""

import pytest

# What these assert is to be shown as what tests assert.
pytest.register_assert_rewrite("tests.e2e.real.lab", "tests.e2e.real.plug")
