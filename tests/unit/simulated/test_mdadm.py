"""The simulated mdadm, beside what mdadm 4.2 said in a virtual machine (fixtures/captured/mdadm-4.2)."""

import re
from collections.abc import Iterator

import pytest

from core.command import Command, Completed
from core.state import load
from executors.simulated import arrays
from executors.simulated.node import SimulatedNode
from tests.conftest import REPOSITORY

CAPTURED = REPOSITORY / "fixtures/captured/mdadm-4.2"
DISKS = ("/dev/vdb", "/dev/vdc", "/dev/vdd", "/dev/vde")
CREATE = "mdadm --create /dev/md/x --run --level=1 --raid-devices=2 --metadata=1.2 --homehost=any"
TOOLS = {"cmp": "cmp", "blkid": "blkid", "wipefs": "wipefs", "blkdiscard": "blkdiscard", "test": "files"}
FOR_OBSERVERS = re.compile(r"mdadm --examine (?:/dev|--scan)|cmp ")
"""What only the observation of a real node asks; and cmp, which knows where the first difference is."""
CHANGING = (
    (r"(?m)^(.*Time : ).*$", r"\1*"),
    (r"(?m)^(.*(?:Events|UPDATE_TIME|EVENTS|Checksum).*[:=] ?).*$", r"\1*"),
    (r"\d+% complete", "*% complete"),
    (r"(?m)^(MD_DEV_UUID|UUID_SUB)=.*$", r"\1=*"),
    (r"(?m)^ +[-\d]+ +(?:254|0) +\d+ +", " "),
    (r"(?m)^mdadm: .* appears to contain an ext2fs .*\n.*\n", ""),
    (r"(?m)^mdadm: timeout waiting for .*\n", ""),
)


def node() -> SimulatedNode:
    """A node with four blank disks of 512 MiB."""
    return SimulatedNode(
        load({"devices": {**dict.fromkeys(DISKS, "512M"), "/dev/vda": "6G"}, "files": {"/dev/null": ""}})
    )


def run(on: SimulatedNode, line: str) -> Completed:
    """Run a line of words as a shell would."""
    words = tuple(line.split())
    return on.run(Command(words, tool=TOOLS.get(words[0], words[0])))


def record(name: str) -> Iterator[tuple[str, str, int]]:
    """What was run, what was printed, and the return code."""
    text = (CAPTURED / f"{name}.txt").read_text(encoding="utf-8")
    for line, said, code in re.findall(r"^\$ (.*?)\n(.*?)^\[rc (\d+)\]$", text, flags=re.DOTALL | re.MULTILINE):
        yield line, said, int(code)


def plain(text: str) -> str:
    """What was printed, but for what is another each time, and the order of rows that has no meaning."""
    for pattern, put in CHANGING:
        text = re.sub(pattern, put, text)
    return "\n".join(sorted(text.splitlines()))


@pytest.mark.parametrize("name", ["mirror", "parity", "refusals"])
def test_the_simulated_words_are_the_recorded_ones(name: str) -> None:
    """Every command answers as it did, but for those that are known to differ."""
    on, wrong = node(), []
    for line, said, code in record(name):
        if FOR_OBSERVERS.match(line):
            continue
        on.state["clock"] += 25
        answer = run(on, line)
        if (answer.returncode, plain(answer.stdout + answer.stderr)) != (code, plain(said)):
            wrong.append((line, answer.returncode, answer.stdout + answer.stderr, said))
    for each in wrong:
        print(*each, sep="\n", end="\n-----\n")
    assert not wrong


@pytest.mark.parametrize(
    "size, chunk, mebibytes",
    [
        ("20M", 0, 1), ("20M", 512, 2), ("350M", 0, 1), ("350M", 512, 2), ("512M", 0, 1), ("1024M", 0, 2),
        ("2500M", 0, 3), ("5120M", 512, 5), ("9216M", 0, 9), ("20480M", 0, 17), ("307200M", 0, 129),
    ],
)  # fmt: skip
def test_where_the_data_begins(size: str, chunk: int, mebibytes: int) -> None:
    """As mdadm 4.2 was seen to choose it for members of these sizes."""
    assert arrays.data_offset(int(size[:-1]) << 20, chunk * 1024) == mebibytes << 20


@pytest.mark.parametrize(
    "level, size",
    [("raid1", 365953024), ("raid0", 1459617792), ("raid5", 1094713344), ("raid6", 729808896),
     ("raid10", 729808896), ("linear", 1463812096)],
)  # fmt: skip
def test_how_large_an_array_is(level: str, size: int) -> None:
    """Of four members of 350 MiB, as mdadm 4.2 made it."""
    chunk = 0 if level in {"raid1", "linear"} else 512 * 1024
    assert arrays.array_size(level, [350 << 20] * 4, chunk) == size


def test_a_member_that_appears_completes_its_array() -> None:
    """An array is started by udev when its last member has come, under its own name on every node."""
    on = node()
    run(on, f"{CREATE} /dev/vdb /dev/vdc")
    run(on, "mdadm --stop /dev/md/x")
    on.state["hostname"] = "other"
    later = on.state["devices"].pop("/dev/vdc")
    arrays.appeared(on, "/dev/vdb")
    assert not on.tree.exists("/dev/md/x")
    on.state["devices"]["/dev/vdc"] = later
    arrays.appeared(on, "/dev/vdc")
    assert on.tree.real("/dev/md/x") == "/dev/md127"


def test_an_array_of_another_host_has_it_in_its_name() -> None:
    """What was made under another hostname is not trusted to have the short name."""
    on = node()
    run(on, f"{CREATE.replace('any', 'node9')} /dev/vdb /dev/vdc")
    run(on, "mdadm --stop /dev/md/x")
    arrays.rebooted(on)
    assert on.tree.real("/dev/md/node9:x") == "/dev/md127"


def test_a_spare_takes_over_and_is_copied_to() -> None:
    """A member that fails is replaced by a spare; it takes time, and then nothing is degraded any more."""
    on = node()
    run(on, f"{CREATE} --spare-devices=1 /dev/vdb /dev/vdc /dev/vdd")
    run(on, "mdadm /dev/md/x --fail /dev/vdb")
    assert "clean, degraded, recovering" in run(on, "mdadm --detail /dev/md/x").stdout
    on.state["clock"] += 3600
    said = run(on, "mdadm --detail /dev/md/x").stdout
    assert "State : clean \n" in said
    assert "faulty   /dev/vdb" in said


def test_an_array_goes_with_the_last_superblock() -> None:
    """Stopped is not erased: the array is there as long as a member says so."""
    on = node()
    run(on, f"{CREATE} /dev/vdb /dev/vdc")
    run(on, "mdadm --stop /dev/md/x")
    for path, left in (("/dev/vdb", 1), ("/dev/vdc", 0)):
        run(on, f"blkdiscard -z -o 0 -l 1048576 {path}")
        assert len(on.state["arrays"]) == left
