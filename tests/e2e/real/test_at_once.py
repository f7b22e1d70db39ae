"""Many actions at once on this machine: on one service, where one does it, and on many, which share nothing."""

import json
import os
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from time import sleep

import pytest

from svcprov.claims import Claims
from tests.e2e.real.lab import COMMAND_SECONDS_MAX, Ended, Lab, attached
from tests.e2e.real.services import ADDRESS, DISK, EXT4
from tests.e2e.real.test_signals import until_there

ROUNDS = int(os.environ.get("SVCPROV_AT_ONCE", "2"))
"""How often everything is done at once. CI has not the time for more; `SVCPROV_AT_ONCE=50` is the whole."""

SERVICES = 8

SERVICE = """\
[DEFAULT]

[disk#0]
type = loop
file = LAB/disk/{svcname}.img
size = 40M

[fs#0]
type = ext4
dev = {disk#0.file}
mnt = LAB/srv/{svcname}

[ip#0]
ipname = 10.33.0.NUMBER
ipdev = eth0
"""


def together(lab: Lab, actions: Iterable[tuple[str, tuple[str, ...]]]) -> list[Ended]:
    """Run svcmgr for several services at once: each its name and the words; what each came to."""
    with ExitStack() as stack:
        processes = [stack.enter_context(lab.start(*lab.words(*words, service=name))) for name, words in actions]
        said = [process.communicate(timeout=COMMAND_SECONDS_MAX) for process in processes]
    return [Ended(process.returncode, *texts) for process, texts in zip(processes, said, strict=True)]


def done(lab: Lab, names: Iterable[str], *words: str) -> None:
    """Have the same done to several services at once; each has to succeed."""
    for ended in together(lab, [(name, words) for name in names]):
        assert ended.code == 0, ended.err


def labels(lab: Lab) -> dict[str, str]:
    """The addresses of eth0 in the lab, with the names of their aliases."""
    (listed,) = json.loads(lab.done("ip", "-json", "addr", "show", "dev", "eth0"))
    return {held["local"]: held["label"] for held in listed["addr_info"] if held["family"] == "inet"}


def share_nothing(lab: Lab, names: dict[str, str]) -> None:
    """Every service has a loop device, an alias and an address to itself, and its journal knows them by its own."""
    loops = attached(lab.directory)
    assert len({device for device, _ in loops}) == len(loops) == len(names)
    devices = {file: device for device, file in loops}
    aliases = labels(lab)
    assert set(names.values()) <= set(aliases)
    assert len({aliases[address] for address in names.values()}) == len(names)
    for name in names:
        file = f"{lab.directory}/disk/{name}.img"
        assert lab.done("findmnt", "-no", "SOURCE", f"{lab.directory}/srv/{name}").strip() == devices[file]
        text = (lab.directory / f"var/{name}/journal.jsonl").read_text(encoding="utf-8")
        made = [line.get("made", "") for line in map(json.loads, text.splitlines())]
        assert [device for device in made if device.startswith("/dev/loop")] == [devices[file]]


def received(ear: socket.socket) -> Iterator[bytes]:
    """The datagrams that have come to a socket."""
    ear.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            yield ear.recv(1 << 16)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_many_services_at_once_share_nothing(lab: Lab, _round: int) -> None:
    """Provisioned, stopped, started and unprovisioned at once, no service gets in another one's way."""
    names = {f"{lab.name}-{number}": f"10.33.0.{30 + number}" for number in range(SERVICES)}
    (lab.directory / "disk").mkdir()
    (lab.directory / "srv").mkdir()
    before = lab.inventory()
    for name, address in names.items():
        config = lab.write(SERVICE.replace("NUMBER", address.rpartition(".")[2]), name)
        lab.done(*lab.words("create", "--config", config, service=name))
    done(lab, names, "provision")
    share_nothing(lab, names)
    # While some take their aliases down, others choose: what comes free meanwhile must not change anybody's mind.
    some, others = list(names)[::2], list(names)[1::2]
    done(lab, some, "stop")
    actions = [*((name, ("start",)) for name in some), *((name, ("stop",)) for name in others)]
    for ended in together(lab, actions):
        assert ended.code == 0, ended.err
    done(lab, others, "start")
    assert len(set(labels(lab).values())) == 1 + SERVICES
    done(lab, names, "unprovision", "--allow-destroy", "disk#0,fs#0,ip#0")
    assert lab.since(before) == []


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_two_actions_on_one_service_one_does_it(lab: Lab, _round: int) -> None:
    """Of two at once, one provisions; the other one says who does, or finds nothing to do when it came later."""
    lab.created(EXT4)
    one, other = together(lab, [(lab.name, ("provision",))] * 2)
    assert sorted((one.code, other.code)) in ([0, 5], [0, 0]), (one, other)
    for ended in (one, other):
        if ended.code:
            assert f"{lab.name} is held by `provision` of root" in ended.err
    assert sum(": 0 commands," in ended.err for ended in (one, other)) == (one.code == other.code)
    assert len(attached(lab.directory)) == 1
    assert lab.is_up()


def test_who_comes_second_is_told_or_waits(lab: Lab) -> None:
    """While a provision runs, another one is exit 5 with the holder's name; with --waitlock it finds it done."""
    begun, go_on = lab.directory / "given/begun", lab.directory / "given/go-on"
    slow = lab.script("slow", f"touch {begun}; until test -e {go_on}; do sleep 0.05; done")
    lab.created(EXT4.replace("[fs#0]", f"[fs#0]\npre_provision = {slow}"))
    with lab.start(*lab.words("provision")) as first:
        until_there(begun)
        status = json.loads(lab.svcmgr("status", "--format", "json").out)["unfinished"]
        refused = lab.svcmgr("provision")
        svcmgr, *line = shlex.split(refused.err.rstrip().splitlines()[-1])
        with lab.start(lab.words()[0], *line) as waiting:
            sleep(0.3)
            go_on.touch()
            said = waiting.communicate(timeout=COMMAND_SECONDS_MAX)[1]
        first.communicate(timeout=COMMAND_SECONDS_MAX)
    assert (first.returncode, waiting.returncode) == (0, 0), said
    assert (refused.code, svcmgr) == (5, "svcmgr")
    assert f"{lab.name} is held by `provision` of root" in refused.err
    assert f"(pid {status['pid']} on " in refused.err
    assert (status["action"], status["running"]) == ("provision", True)
    # The trigger runs each time; nothing else is left to be done.
    assert ": 1 command, 2 resources" in said
    assert " mkfs" not in said


def test_a_killed_provision_holds_nothing(lab: Lab) -> None:
    """After a SIGKILL nobody has to unlock anything: the line of the status goes on, and history says it was killed."""
    begun = lab.directory / "given/begun"
    slow = lab.script("slow", f"test -e {begun} || {{ touch {begun}; sleep 60; }}")
    lab.created(EXT4.replace("[fs#0]", f"[fs#0]\npre_provision = {slow}"))
    with lab.start(*lab.words("provision")) as process:
        until_there(begun)
        lab.signal(process, signal.SIGKILL)
        process.communicate(timeout=COMMAND_SECONDS_MAX)
    found = json.loads(lab.svcmgr("status", "--format", "json").out)["unfinished"]
    assert (found["action"], found["running"]) == ("provision", False)
    assert found["goes_on"] == f"svcmgr -s {lab.name} provision"
    lab.did("provision")
    assert lab.is_up()
    listed = [line for line in lab.svcmgr("history", "--format", "json").objects if line["type"] == "action"]
    assert [(each["action"], each["result"]) for each in listed] == [
        ("create", "done"),
        ("provision", "killed"),
        ("provision", "done"),
    ]


def test_the_journal_of_the_system_gets_every_step(lab: Lab) -> None:
    """Where the system has a journal, an action tells it its beginning, each step with its number, and its end."""
    lab.created(EXT4)
    lab.done("mkdir", "-p", "/run/systemd/journal")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(lab.path("/run/systemd/journal/socket")))
        ended = lab.svcmgr("provision", "--format", "json")
        assert ended.code == 0, ended.err
        told = [dict(line.split("=", 1) for line in data.decode().splitlines()) for data in received(ear)]
    begin, *steps, end = told
    assert (begin["SVCPROV_EVENT"], end["SVCPROV_EVENT"], end["SVCPROV_RESULT"]) == ("begin", "end", "done")
    assert {event["SVCPROV_SERVICE"] for event in told} == {lab.name}
    shown = [each for each in ended.objects if each["type"] == "command"]
    assert [int(event["SVCPROV_STEP"]) for event in steps] == [each["step"] for each in shown]
    assert [event["SVCPROV_RID"] for event in steps] == [each["rid"] for each in shown]
    assert not (lab.directory / f"var/log/{lab.name}.log").read_text(encoding="utf-8").count('"provision"')


def test_many_files_at_once_get_a_loop_device_each(lab: Lab) -> None:
    """`losetup --find` gives no device to two files, and what is asked for by a file is the device of that file."""
    files = [lab.directory / f"given/{number}.img" for number in range(16)]
    for file in files:
        file.write_bytes(bytes(1 << 20))
    with ExitStack() as stack:
        started = [stack.enter_context(lab.start("losetup", "-f", "--show", str(file))) for file in files]
        devices = [process.communicate(timeout=COMMAND_SECONDS_MAX)[0].strip() for process in started]
    assert all(process.returncode == 0 for process in started)
    assert len(set(devices)) == len(files)
    for file, device in zip(files, devices, strict=True):
        assert lab.done("losetup", "-n", "-O", "NAME", "-j", str(file)).split() == [device]
        subprocess.run(("losetup", "-d", device), check=True)


def test_an_alias_that_another_action_has_chosen_is_not_planned(lab: Lab) -> None:
    """A plan leaves a chosen alias to who chose it, and claims nothing itself; a provision takes the next one."""
    lab.created(DISK + ADDRESS)
    others = Claims(f"{lab.directory}/var/claims")
    assert others.take("alias:eth0:1")
    planned = lab.svcmgr("plan").out
    assert "ifconfig eth0:2 10.33.0.21 " in planned
    assert [path.name for path in (lab.directory / "var/claims").iterdir()] == ["alias%3Aeth0%3A1"]
    lab.did("provision")
    assert labels(lab)["10.33.0.21"] == "eth0:2"
    others.release()


ALIASES = """
import sys
from core.tools import ifconfig
from executors.real.machine import Machine
number = int(sys.argv[1])
for _ in range(20):
    up = ifconfig.alias_up(f"eth0:{number}", f"10.33.0.{100 + number}", 24)
    for command in (up, ifconfig.alias_down(f"eth0:{number}", f"10.33.0.{100 + number}", 24)):
        answer = Machine().run(command)
        assert answer.returncode == 0, answer
"""


def test_aliases_that_come_up_at_once_stay(lab: Lab) -> None:
    """An alias is not lost because another one has the netmask of its class for a moment."""
    with ExitStack() as stack:
        words = (lab.python_program, "-c", ALIASES)
        started = [stack.enter_context(lab.start(*words, str(number))) for number in range(6)]
        for process in started:
            said = process.communicate(timeout=COMMAND_SECONDS_MAX)[1]
            assert process.returncode == 0, said
    assert list(labels(lab)) == ["10.33.0.10"]


def test_without_locks_nothing_is_begun(lab: Lab) -> None:
    """On a filesystem that knows no locks an action is exit 1, says what to do about it, and has changed nothing."""
    lab.created(DISK)
    before = lab.inventory()
    no_locks = "import errno, fcntl, os\ndef flock(*_):\n    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))\n"
    ended = lab.changed(f"{no_locks}fcntl.flock = flock", "provision")
    assert ended.code == 1
    assert ended.err.strip().endswith("have OSVCVAR, with all that is in it, on a local filesystem")
    assert lab.since(before) == []
