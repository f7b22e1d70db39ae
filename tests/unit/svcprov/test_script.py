"""A plan as a script: what it says, what it refuses to say, and what it does when it is run again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from core.command import Check, Command, Makes, Wait
from core.engine import set_key
from core.errors import Refused
from core.holes import hole
from core.plan import Step
from core.state import loads
from core.trigger import TOOL as TRIGGER
from svcprov.arguments import parse
from svcprov.invocation import Invocation
from svcprov.screen import Screen
from svcprov.script import script, written
from svcprov.script.lines import Unsayable
from tests.conftest import REPOSITORY
from tests.golden import presented as of_world
from tests.golden import services
from tests.unit.svcprov.scripts import CONF, change, presented, ran, run
from tests.worlds import World

VERBS = ("provision", "stop", "start", "unprovision")
HAS = Command(("sh", "-c", "exit 1"), accepts=(0, 1))
SECRET_CONF = f"{CONF}\n[env]\npassword = hunter2 $x\npassword.secret = true\n"


def there(path: Path) -> Check:
    """Hold when something is at the path."""
    return Check(Command(("test", "-e", str(path)), accepts=(0, 1)))


@pytest.mark.parametrize("name", sorted(services()))
def test_every_script_is_clean(name: str) -> None:
    """Shellcheck and `sh -n` have nothing to say about the script of any verb of any service."""
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    world = services()[name]
    for verb in VERBS:
        text = written(of_world(world, verb))
        for words in (("shellcheck", "--shell=sh", "-"), ("sh", "-n")):
            ended = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
            assert (verb, words[0], ended.stdout, ended.stderr, ended.returncode) == (verb, words[0], "", "", 0)
        world.act(verb)


def test_what_is_in_place_is_not_done_again(tmp_path: Path) -> None:
    """A step whose check holds is left out; run twice, the command has run once."""
    log = tmp_path / "log"
    step = change("sh", "-c", f"echo once >>{log}")._replace(check=there(log))
    ran(tmp_path, presented(step))
    assert "is in place" in ran(tmp_path, presented(step))
    assert log.read_text(encoding="utf-8") == "once\n"


def test_what_somebody_else_has_made_is_not_ours(tmp_path: Path) -> None:
    """A thing that is there without the script having made it ends the script with 4, but for a directory."""
    made = tmp_path / "made"
    step = change("touch", str(made))._replace(check=there(made), makes=Makes("disk#0.file", "file", str(made)))
    made.touch()
    ended = run(tmp_path, written(presented(step)))
    assert (ended.returncode, "this script did not make it" in ended.stderr) == (4, True)
    assert step.makes is not None
    ran(tmp_path, presented(step._replace(makes=step.makes._replace(kind="directory"))))
    made.unlink()
    ran(tmp_path, presented(step))
    ran(tmp_path, presented(step))


def test_what_a_command_makes_is_known_to_the_next(tmp_path: Path) -> None:
    """A hole is filled from the answer; on a second run, where the command is left out, by looking."""
    made, told = tmp_path / "made", tmp_path / "told"
    listed = Command(("cat", str(made)), accepts=(0, 1))
    loop = Makes("disk#0.loop", "loop", answer=".", witness=listed, path="lines", kept=False)
    attach = change("sh", "-c", f"echo /dev/loop7 | tee {made}")._replace(makes=loop, check=there(made))
    use = change("sh", "-c", f'echo "$1" >>{told}', "sh", f"of {hole('disk#0.loop')}s")
    ran(tmp_path, presented(attach, use))
    ran(tmp_path, presented(attach, use))
    assert told.read_text(encoding="utf-8") == "of /dev/loop7s\n" * 2
    made.write_text("/dev/sda\n", encoding="utf-8")
    ended = run(tmp_path, written(presented(attach, use)))
    assert (ended.returncode, "'/dev/sda' cannot be what was made" in ended.stderr) == (1, True)
    made.write_text("/dev/loop7\n/dev/loop8\n", encoding="utf-8")
    ended = run(tmp_path, written(presented(attach, use)))
    assert (ended.returncode, "may be any of these: /dev/loop7 /dev/loop8" in ended.stderr) == (1, True)


def assigning(tmp_path: Path) -> tuple[Command, Path]:
    """A command that has one more address assigned every time, as an old cloud does, and the list of them."""
    listed = tmp_path / "addresses"
    listed.write_text("10.0.0.1\n", encoding="utf-8")
    witness = Command(("cat", str(listed)))
    name = "ip#0.address"
    makes = Makes(name, "address", witness=witness, path="lines", difference=True)
    new = f'echo "10.0.0.$(($(wc -l <{listed}) + 1))" >>{listed}'
    return change("sh", "-c", new)._replace(makes=makes, check=Check(witness, "lines", hole(name))), listed


def test_one_of_many_is_remembered(tmp_path: Path) -> None:
    """What only a comparison of lists tells is known to the next run from memory: nothing is made twice."""
    assign, listed = assigning(tmp_path)
    told = tmp_path / "told"
    use = change("sh", "-c", f'echo "$1" >>{told}', "sh", hole("ip#0.address"))
    ran(tmp_path, presented(assign, use))
    listed.write_text(listed.read_text(encoding="utf-8") + "10.0.0.9\n", encoding="utf-8")
    ran(tmp_path, presented(assign, use))
    assert told.read_text(encoding="utf-8") == "10.0.0.2\n" * 2
    assert listed.read_text(encoding="utf-8").count("\n") == 3


def test_what_was_made_right_before_a_kill_is_found(tmp_path: Path) -> None:
    """Killed between a command and its answer, the script finds what was made, and does not make it twice."""
    assign, listed = assigning(tmp_path)
    text = written(presented(assign))
    command = next(line for line in text.splitlines() if line.strip().startswith("run 0 sh -c "))
    assert run(tmp_path, text.replace(command, f"{command}\n kill -KILL $$")).returncode == -9
    assert run(tmp_path, text).returncode == 0
    assert listed.read_text(encoding="utf-8") == "10.0.0.1\n10.0.0.2\n"


def test_what_is_made_up_is_the_same_in_the_next_run(tmp_path: Path) -> None:
    """A uuid of ours outlives the run that made it up."""
    told = tmp_path / "told"
    use = change("sh", "-c", f'echo "$1" >>{told}', "sh", hole("fs#0.uuid"))
    for _ in range(2):
        ran(tmp_path, presented(use, fresh="fs#0.uuid"))
    one, other = told.read_text(encoding="utf-8").split()
    assert one == other
    assert len(one) == len("00000000-0000-0000-0000-000000000000")


def test_a_question_that_fails_is_not_a_no(tmp_path: Path) -> None:
    """A code that is no answer ends the script before the command, and is said with the step."""
    log = tmp_path / "log"
    step = change("touch", str(log))._replace(check=Check(HAS._replace(argv=("sh", "-c", "exit 7"))))
    ended = run(tmp_path, written(presented(step)))
    assert (ended.returncode, log.exists()) == (1, False)
    assert "web: step 1 (disk#0): sh has ended with the return code 7\n" in ended.stderr


def test_the_codes_that_are_answers_differ(tmp_path: Path) -> None:
    """A command may end with each code that it accepts; any other ends the script."""
    ran(tmp_path, presented(change("sh", "-c", "exit 32")._replace(accepts=(0, 32))))
    ended = run(tmp_path, written(presented(change("sh", "-c", "exit 32"), change("touch", f"{tmp_path}/after"))))
    assert (ended.returncode, (tmp_path / "after").exists()) == (1, False)


def test_what_its_driver_saw_is_asked_again(tmp_path: Path) -> None:
    """A command is refused (3) when what its driver found before it is not so any more."""
    log, other = tmp_path / "log", tmp_path / "other"
    only_if = there(other)._replace(absent=True, otherwise="somebody else has it")
    step = change("touch", str(log))._replace(only_if=(only_if,), check=there(log))
    other.touch()
    ended = run(tmp_path, written(presented(step)))
    assert (ended.returncode, log.exists()) == (3, False)
    assert "somebody else has it" in ended.stderr
    other.unlink()
    ran(tmp_path, presented(step))
    other.touch()
    ran(tmp_path, presented(step))


def test_words_input_and_modes_reach_the_command(tmp_path: Path) -> None:
    """Whatever the words are, the command gets them; so it gets its input, and the mode of what it makes."""
    words = ("a b", "it's", '"$HOME" `id` \\', "a\nb", "*", "-n", "é", "")
    told, input_ = tmp_path / "told", "line $1\n`second`"
    show = change("sh", "-c", f'printf "%s|" "$@" >{told}; cat >>{told}', "sh", *words)
    assert "\n`second`" in ran(tmp_path, presented(show._replace(stdin=input_))) or told.exists()
    assert told.read_text(encoding="utf-8") == "|".join((*words, input_))
    ran(
        tmp_path,
        presented(change("mkdir", f"{tmp_path}/own"), change("mkdir", f"{tmp_path}/all")._replace(public=True)),
    )
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("own", "all")] == [0o700, 0o755]


def test_a_text_cannot_leave_its_comment(tmp_path: Path) -> None:
    """A word with a line feed is shown, not run."""
    ran(tmp_path, presented(change("true", f"x\ntouch {tmp_path}/escaped\n# $(touch {tmp_path}/escaped)")))
    assert not (tmp_path / "escaped").exists()


def test_a_wait_ends_as_its_checks_say(tmp_path: Path) -> None:
    """What comes ends the wait; what never comes ends the script, which names it; in vain is not waited for."""
    log = tmp_path / "log"
    wait = Wait(there(log).ask, (there(log),), 1, 1, "the log to appear")
    ended = run(tmp_path, written(presented(change("true"), wait)))
    assert ended.returncode == 1
    assert "disk#0: timeout waiting for the log to appear (1 seconds)" in ended.stderr
    vain = wait._replace(seconds_max=9999, in_vain=(there(log)._replace(absent=True),))
    ended = run(tmp_path, written(presented(change("true"), vain)))
    assert (ended.returncode, "waiting for the log to appear was in vain" in ended.stderr) == (1, True)
    ran(tmp_path, presented(change("true"), wait._replace(unless=there(tmp_path))))
    ran(tmp_path, presented(change("touch", str(log)), vain))


def test_triggers_fail_as_they_do_in_svcprov(tmp_path: Path) -> None:
    """A failing trigger is only said, unless it is a blocking one."""
    cases = (("pre_provision", "false", 0), ("pre_provision", "missing", 0), ("blocking_pre_provision", "false", 1))
    for option, program, code in cases:
        conf = CONF.replace("size = 1G", f"size = 1G\n{option} = {program} now")
        failing = change(program, "now")._replace(tool=TRIGGER)
        ended = run(tmp_path, written(presented(failing, change("touch", f"{tmp_path}/{option}"), conf=conf)))
        assert "trigger failed" in ended.stderr or code
        assert (ended.returncode, (tmp_path / option).exists()) == (code, not code), ended


def test_a_bracket_is_closed_however_it_ends(tmp_path: Path) -> None:
    """What is open for a moment only is taken away when a step in it fails, and stays away when it was closed."""
    inner = tmp_path / "inner"
    close = change("rmdir", str(inner))._replace(temporary=True, check=there(inner)._replace(absent=True))
    opens = change("mkdir", str(inner))._replace(temporary=True, check=there(inner), undo=(close,))
    ended = run(tmp_path, written(presented(opens, change("false"), close)))
    assert (ended.returncode, inner.exists()) == (1, False)
    ran(tmp_path, presented(opens, change("true"), close))
    assert not inner.exists()


def test_a_daemon_goes_on_when_the_script_has_ended(tmp_path: Path) -> None:
    """A daemon is started apart from the script, with a log; one that ends at once is a failure."""
    pid = tmp_path / "pid"
    conf = CONF
    daemon = change("sh", "-c", f"echo $$ >{pid}; exec sleep 60")._replace(background=True, check=there(pid))
    text = written(presented(daemon, conf=conf)).replace("/var/log/opensvc", str(tmp_path))
    ended = run(tmp_path, text)
    assert ended.returncode == 0, ended
    number = int(pid.read_text(encoding="utf-8"))
    os.kill(number, 15)
    gone = change("sh", "-c", "echo no space; exit 3")._replace(background=True)
    ended = run(tmp_path, written(presented(gone)).replace("/var/log/opensvc", str(tmp_path)))
    assert (ended.returncode, "has ended at once" in ended.stderr) == (1, True)
    assert (tmp_path / "web/sh.log").read_text(encoding="utf-8") == "no space\n"


def test_the_service_file_gets_what_was_allocated(tmp_path: Path) -> None:
    """The lines for the service file are shown, filled in; a svcprov of the node that has the service is told them."""
    made = Makes("disk#0.volume.0", "volume", answer=".", kept=False)
    buy = change("echo", "vol-1")._replace(makes=made)
    cascade = set_key("disk#0.volumes", hole("disk#0.volume.0"), "<size=5>")
    out = set_key("disk#0.size", None, "1G")
    shown = presented(buy, cascade, out)
    said = ran(tmp_path, shown)
    assert "The service file gets:\n  disk#0.volumes = vol-1\n  disk#0.size is taken out\n" in said
    log, bin_ = tmp_path / "log", tmp_path / "bin"
    bin_.mkdir()
    svcmgr = bin_ / "svcmgr"
    svcmgr.write_text(f'#!/bin/sh\necho "$@" >>{log}\n', encoding="utf-8")
    svcmgr.chmod(0o755)
    ran(tmp_path, shown, {"PATH": f"{bin_}:{os.environ['PATH']}"})
    lines = log.read_text(encoding="utf-8").splitlines()
    assert "-s web set --param disk#0.volumes --value vol-1" in lines
    assert "-s web unset --param disk#0.size" in lines


def test_an_unprovision_is_done_once(tmp_path: Path) -> None:
    """What was taken away may be there again: its script does nothing more once it has come to its end."""
    log = tmp_path / "log"
    shown = presented(change("sh", "-c", f"echo once >>{log}"), verb="unprovision")
    ran(tmp_path, shown)
    assert "has come to its end before" in ran(tmp_path, shown)
    assert log.read_text(encoding="utf-8") == "once\n"


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    """A secret is in no byte of the script, which demands it in a variable."""
    told = tmp_path / "told"
    shown = presented(change("sh", "-c", f'echo "$1" >{told}', "sh", "--password=hunter2 $x"), conf=SECRET_CONF)
    text = written(shown)
    assert "hunter2" not in text
    ended = run(tmp_path, text)
    assert (ended.returncode != 0, "SVCPROV_ENV_PASSWORD" in ended.stderr, told.exists()) == (True, True, False)
    ran(tmp_path, shown, {"SVCPROV_ENV_PASSWORD": "hunter2 $x"})
    assert told.read_text(encoding="utf-8") == "--password=hunter2 $x\n"


def test_nothing_to_do_is_a_script_too(tmp_path: Path) -> None:
    """The script of an empty plan says so, and ends with 0."""
    assert ran(tmp_path, presented()) == "provision of web: nothing is to be done\n"


def test_a_program_that_is_missing_is_said_before_anything(tmp_path: Path) -> None:
    """Every program is looked for before the first step."""
    ended = run(tmp_path, written(presented(change("touch", f"{tmp_path}/log"), change("no-such-program"))))
    assert (ended.returncode, (tmp_path / "log").exists()) == (1, False)
    assert "no-such-program is not installed: nothing was done" in ended.stderr


def call(*words: str) -> Invocation:
    """A command line."""
    argv = ("-s", "web", "plan", *words, "--format", "sh")
    return Invocation(argv, parse(argv), Screen("never"))


def test_what_no_script_can_say_is_refused() -> None:
    """Conditional steps, values that only svcprov reads, unfinished actions: refused, with the lines that do it."""
    conditional = presented(change("true"))
    conditional.plan.events[:] = [
        event._replace(conditional=True) for event in conditional.plan.events if isinstance(event, Step)
    ]
    callable_wait = Wait(HAS, lambda _answer: True, 1, 1, "rain")
    makes = Makes("disk#0.loop", "loop")
    refused = {
        r"step 1 \(disk#0: true\) may not be needed": conditional,
        "«disk#0.device» is read out of an answer": presented(change("ln", hole("disk#0.device"))),
        "the wait for rain": presented(change("true"), callable_wait),
        "an action on web is unfinished": presented(change("true"))._replace(resumable=True),
        "«disk#0.loop» is only learnt": presented(
            change("true")._replace(makes=makes), change("ls", hole("disk#0.loop"))
        ),
    }
    for said, shown in refused.items():
        with pytest.raises(Refused, match=said) as caught:
            script(call(), shown)
        (remedy,) = caught.value.remedies
        assert remedy.line == "svcmgr -s web plan provision -o web.plan && svcmgr -s web apply web.plan"


def test_a_secret_that_is_a_common_word_is_refused() -> None:
    """A secret that stands in every script would be masked there: the script is not written."""
    conf = SECRET_CONF.replace("hunter2 $x", "step")
    shown = presented(change("true"), conf=conf)
    line = call()
    line.screen.hide(shown.service.secrets())
    with pytest.raises(Refused, match="by chance"):
        script(line, shown)


def test_nvme_names_are_read_by_svcprov() -> None:
    """On an instance that numbers its disks the device of a volume is found in a table: no script."""
    template = (
        (REPOSITORY / "fixtures/templates/testec2docker.template").read_text(encoding="utf-8").replace("eth0", "ens5")
    )
    world = World(template, loads((REPOSITORY / "fixtures/nodes/ec2-nitro.json").read_text(encoding="utf-8")))
    with pytest.raises(Unsayable, match=r"the wait for the device of|is read out of an answer"):
        written(of_world(world, "provision"))
