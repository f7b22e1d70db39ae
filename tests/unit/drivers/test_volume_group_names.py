"""What validation finds wrong with the keywords of a volume group."""

import pytest

from tests.unit.drivers.drive import service


@pytest.mark.parametrize(
    "line, said",
    [
        ("name = a/b", "'a/b' is no name of a volume group"),
        ("name = ..", "'..' is no name of a volume group"),
        ("name = -a", "'-a' is no name of a volume group"),
        (f"name = {'a' * 128}", "is too long for a volume group: 128 characters, and 127 are allowed"),
        ("pvs = sdb", "'sdb' is not an absolute path"),
        ("pvs = /dev/disk/*/one", "only the last part may be one"),
        ("pvs = /dev/sdb /dev/sdb", "/dev/sdb is named twice"),
    ],
)
def test_what_validation_finds(line: str, said: str) -> None:
    """Names that lvm would not take, and devices that are none."""
    key = line.partition(" ")[0]
    text = "".join(f"{each}\n" for each in ("type = lvm", "name = data", "pvs = /dev/sdb") if not each.startswith(key))
    problems = service(f"[disk#1]\n{text}{line}\n").problems()
    assert len(problems) == 1
    assert said in str(problems[0])
