"""`plan --why STEP`, at the command line."""

import shlex

import pytest

from tests.e2e.bench import LOOP, SERVICE, TEMPLATE, Bench
from tests.golden import GOLDENS

ADDRESS = (
    "[DEFAULT]\nnodes = node12.nsx.lab.net\n\n[ip#0]\nipname = 10.0.0.{env.last}\nipdev = eth0\n\n[env]\nlast = 199\n"
)


def made(bench: Bench, text: str = LOOP) -> Bench:
    """A service that is not provisioned."""
    assert bench.on("web", "create", "--config", bench.write(text)).code == 0
    return bench


def why(bench: Bench, *words: str) -> str:
    """What is said of a step."""
    said = bench.on("web", "plan", *words)
    assert (said.code, said.err) == (0, "")
    return said.out


def test_a_step_of_the_documentation_is_explained(bench: Bench) -> None:
    """The command line says of a step, by number or by name, what the golden has."""
    golden = (GOLDENS / "services/testec2docker/why").read_text(encoding="utf-8").split("\n\n\n")
    bench.on(SERVICE, "create", "--config", str(TEMPLATE))
    for number, name in ((9, "disk#0.attachment.0"), (15, "fs#1.filesystem"), (4, "ip#1.ipname")):
        expected = next(text for text in golden if f": step {number} of " in text).replace("node.json", "ec2.json")
        for word in (str(number), name):
            assert bench.on(SERVICE, "plan", "--why", word).out.rstrip("\n") == expected.rstrip("\n")


def test_a_key_is_told_with_file_line_and_reference(bench: Bench) -> None:
    """The mount says which lines its words are from, and follows the reference to the file of the disk."""
    said = why(made(bench), "--why", "fs#0.filesystem")
    assert "  fs#0.dev (web.conf:11) = {disk#0.file} -> /srv/web.img\n" in said
    assert "    disk#0.file (web.conf:6) = /srv/{svcname}.img -> /srv/web.img\n" in said
    assert "blkid -p -o export «disk#0.loop»\n      return code 2, nothing said\n" in said


def test_a_bare_size_is_told_as_it_is_understood(bench: Bench) -> None:
    """A size without a unit is shown with the one that it has."""
    said = why(made(bench, LOOP.replace("100M", "100")), "--why", "disk#0.file")
    assert "disk#0.size (web.conf:7) = 100 -> 100M\n" in said


def test_a_part_of_the_service_is_explained_as_it_is_planned(bench: Bench) -> None:
    """--rid selects, and the numbers are those of that plan; another verb has its own steps."""
    assert "step 1 of 2\n" in why(made(bench), "--why", "1", "--rid", "disk#0")
    bench.on("web", "provision")
    said = why(bench, "stop", "--why", "1")
    assert "  1  umount /srv/web\n" in said
    assert "disk#0 (step 2): fs#0 needs device /srv/web.img, disk#0 gives /srv/web.img\n" in said


def test_json_is_one_object(bench: Bench) -> None:
    """With --format json there is the version, and one object with everything, answers whole."""
    said = made(bench).on("web", "plan", "--why", "fs#0.filesystem", "--format", "json")
    version, found = said.objects
    assert (said.code, version["type"], found["type"], found["step"]["argv"][0]) == (0, "version", "why", "mkfs.ext4")
    assert list(found) == [
        "type", "step", "keys", "recorded", "answers", "earlier", "said", "needs", "needed_by", "waits", "waits_after",
        "unanswered",
    ]  # fmt: skip
    dev = next(key for key in found["keys"] if key["key"] == "fs#0.dev")
    assert (dev["line"], dev["text"], dev["value"]) == (11, "{disk#0.file}", "/srv/web.img")
    assert dev["file"].endswith("/web.conf")
    assert [each["key"] for each in dev["through"]] == ["disk#0.file"]
    assert {"kind": "resource", "what": "disk#0", "steps": [1, 2]}.items() <= found["needs"][-1].items()


def test_why_changes_nothing(bench: Bench) -> None:
    """To explain a step writes no file, and takes no lock."""
    before = made(bench).files()
    why(bench, "--why", "1")
    assert bench.files() == before


def test_exit_code_2_says_that_there_is_something_to_do(bench: Bench) -> None:
    """--detailed-exitcode means beside --why what it means without."""
    assert made(bench).on("web", "plan", "--why", "1", "--detailed-exitcode").code == 2


def test_a_value_of_env_is_followed(bench: Bench) -> None:
    """A key of [env] is told with its line, and is no key that the driver itself has read."""
    said = why(made(bench, ADDRESS), "--why", "1")
    assert "* ip#0.ipname (web.conf:5) = 10.0.0.{env.last} -> 10.0.0.199\n    env.last (web.conf:9) = 199\n" in said


BAD = {
    "0": "the plan has the steps 1 to 6",
    "7": "the plan has the steps 1 to 6",
    "-1": "the plan has the steps 1 to 6",
    "9" * 5000: "the plan has the steps 1 to 6",
    "disk#0.fil": "did you mean",
    "fs#0.uuid": "it is made up, and used first here",
    "": "the plan has the steps 1 to 6",
    "nonsense": "the plan has the steps 1 to 6",
}


@pytest.mark.parametrize("word", BAD, ids=lambda word: word[:12])
def test_an_unknown_step_is_exit_6_and_says_what_there_is(bench: Bench, word: str) -> None:
    """A step that the plan does not have is exit 6, with what there is and a line to type that works."""
    said = made(bench).on("web", "plan", f"--why={word}")
    assert (said.code, said.out) == (6, "")
    assert BAD[word] in said.err
    line = said.err[said.err.index("`") + 1 : said.err.rindex("`")]
    assert bench.svcmgr(*shlex.split(line)[1:]).code == 0


def test_a_plan_without_steps_has_nothing_to_explain(bench: Bench) -> None:
    """When nothing is to be done there is no step, which is exit 6."""
    bench.provisioned("web")
    said = bench.on("web", "plan", "--why", "1")
    assert (said.code, "there is nothing to do" in said.err) == (6, True)


@pytest.mark.parametrize("more", [("--format", "md"), ("--format", "sh"), ("-o", "web.plan")])
def test_what_means_nothing_beside_why_is_exit_6(bench: Bench, more: tuple[str, str]) -> None:
    """A step is explained as text or JSON, and not saved."""
    said = made(bench).on("web", "plan", "--why", "1", *more)
    assert (said.code, said.out, "--why" in said.err) == (6, "", True)


def test_a_name_that_two_steps_have_is_no_answer(bench: Bench) -> None:
    """A key that is written twice is named by the number of one of the steps."""
    text = "[DEFAULT]\nnodes = node12.nsx.lab.net\n\n[disk#0]\ntype = amazon\nvolumes = <size=1> <size=2>\n"
    said = made(bench, text).on("web", "plan", "--why", "disk#0.volumes")
    assert (said.code, "do, name one of them" in said.err) == (6, True)
