"""What becomes of each line of a file."""

import pytest

from core.agents.vocabulary import GONE, knows
from tests.unit.agents.told import rows, told

FS = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/a\n"


@pytest.mark.parametrize(
    "line, verdict, why",
    [
        ("mnt_opt = noatime", "supported", ""),
        ("tags = red", "supported", ""),
        ("monitor = true", "ignored", "a cluster's monitor"),
        ("snap_size = 10", "ignored", "replicates nothing"),
        ("pre_syncnodes = /bin/true", "ignored", "no action of this name"),
        ("blocking_post_sync_update = /bin/true", "ignored", "no action of this name"),
        ("zone = z1", "refused", "Solaris"),
        ("type@nodes = ext3", "supported", ""),
        ("snapof = x", "ignored", "no agent read it"),
        ("zone =", "ignored", "it says nothing"),
        ("tags = red encap", "refused", "into a container"),
        ("start_requires = ip#0(up)", "refused", "waits for no state"),
        ("enable_on = nodes", "refused", "disable@NODE"),
        ("disable_on = []", "ignored", "what svcprov does without it"),
        ("mnt_opts = noatime", "ignored", "did you mean 'mnt_opt'?"),
        ("mnt_opt@flex_primary = noatime", "refused", "write its name"),
        ("mnt_opt@encapnodes = noatime", "refused", "inside of a container"),
    ],
)
def test_each_keyword_has_a_verdict(line: str, verdict: str, why: str) -> None:
    """Supported, ignored since the service is the same without it, or refused since it is not; with the reason."""
    row = rows(f"{FS}{line}\n")[f"fs#0.{line.partition('=')[0].strip()}"]
    assert row.verdict == verdict
    assert why in row.why
    assert row.line == 5
    left_out = f"{FS}# {line}\n" if verdict == "ignored" and "monitor" not in line else f"{FS}{line}\n"
    assert told(f"{FS}{line}\n").text == left_out


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("[app#0]\nscript = x\n", "starts no programs"),
        ("[share#0]\ntype = nfs\n", "over NFS"),
        ("[container#0]\ntype = kvm\n", "no driver container.kvm"),
        ("[container#0]\nname = x\n", "a container needs a type"),
        ("[vdisk#0]\npath = x\n", "no driver disk.vdisk"),
        ("[fs#0]\ntype = directory\n", "no driver fs.directory"),
    ],
)
def test_a_section_without_a_driver_is_refused_whole(text: str, sentence: str) -> None:
    """Every line of it is refused, the section with the reason, and the file stays readable as it was."""
    found = told(text).rows
    assert {row.verdict for row in found} == {"refused"}
    assert sentence in found[0].why


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("[hb#0]\ntype = OpenHA\n", "no heartbeats"),
        ("[hb]\ntype = OpenHA\n", "no heartbeats"),
        ("[stonith#0]\ntype = ilo\n", "fences no nodes"),
        ("[task#0]\ncommand = x\n", "by a clock"),
        ("[sync#0]\ntype = zfs\n\n# a\n", "replicates nothing"),
        ("[printer#0]\nname = x\n", "no agent had sections of this name"),
        ("[diks#0]\ntype = vg\n", "did you mean 'disk'?"),
    ],
)
def test_a_section_that_no_action_would_run_is_left_out_whole(text: str, sentence: str) -> None:
    """Each of its lines becomes a comment."""
    found = told(text)
    assert {row.verdict for row in found.rows} == {"ignored"}
    assert sentence in found.rows[0].why
    assert all(line.startswith("# ") for line in found.text.splitlines() if line)


@pytest.mark.parametrize(
    "before, after",
    [
        ("[vg#3]\nvgname = x\n", "[disk#3]\ntype = vg\nname = x\n"),
        ("[vg]\nvgname = x\n", "[disk#0]\ntype = vg\nname = x\n"),
        ("[disk#0]\nvgname = x", "[disk#0]\ntype = vg\nname = x"),
        ("[disk#0]", "[disk#0]\ntype = vg\n"),
        ("[disk#0]\ntype = pool\npoolname@nodes = x\n", "[disk#0]\ntype = zpool\nname@nodes = x\n"),
        ("[default]\r\nservice_type = PRD\r\n", "[DEFAULT]\r\nenv = PRD\r\n"),
        ("[DEFAULT]\nenv = DEV\nservice_type = PRD\n", "[DEFAULT]\nenv = DEV\n# service_type = PRD\n"),
        ("[FS#0]\ntype = none\n", "[fs#0]\ntype = none\n"),
        ("[fs#0-a]\ntype = none\n", "[fs#0a]\ntype = none\n"),
        ("[fs#0]\ntype = none\n[FS#0]\ntype = none\n", "[fs#0]\ntype = none\n[fs#1]\ntype = none\n"),
        (
            "[fs#0]\ndev = {vg#1.vgname} {vg#1.#pvs} {nodes[0]} {service_type}\ntype = bind\n[vg#1]\nvgname = x\n",
            "[fs#0]\ndev = {disk#1.name} {disk#1.#pvs} {nodes[0]} {env}\ntype = bind\n[disk#1]\ntype = vg\nname = x\n",
        ),
        (
            "[ip#a-b]\nipname = x\n[ip#0]\ntype = amazon\ncascade_allocation = ip#a-b.ipname\n",
            "[ip#ab]\nipname = x\n[ip#0]\ntype = amazon\ncascade_allocation = ip#ab.ipname\n",
        ),
        ("\ufeff[fs#0]\ntype = none\n", "\ufeff[fs#0]\ntype = none\n"),
        ("[env]\nvgname = {vg#0.vgname} ; x\n[vg#0]\n", "[env]\n; x\nvgname = {disk#0.name}\n[disk#0]\ntype = vg\n"),
    ],
)
def test_only_what_has_a_new_name_is_changed(before: str, after: str) -> None:
    """Sections, types and keywords get their present names, and references follow; all other bytes stay."""
    assert told(before, ".conf").text == after


def test_words_of_templates_become_references() -> None:
    """What sed replaced in 2015 is a reference now, and so is the agent's own directory."""
    found = told("[fs#0]\ntype = ext4\ndev = /opt/opensvc/var/__SVCNAME__/dev/disk.0.0\n", ".env")
    assert found.text.endswith("dev = {var}/{svcname}/dev/disk.0.0\n")
    assert found.rows[-1].why == "__SVCNAME__ is {svcname} now; /opt/opensvc/var/ is {var}/ now"


def test_the_number_of_a_renamed_section_is_free() -> None:
    """A disk keeps its number, and a volume group that had the same gets one that nobody has."""
    found = told("[vg#0]\nvgname = a\n[disk#0]\ntype = raw\n[vg#1]\nvgname = b\n[disk#2]\ntype = raw\n")
    assert found.names == {"vg#0": "disk#3", "disk#0": "disk#0", "vg#1": "disk#1", "disk#2": "disk#2"}


def test_a_section_that_is_there_twice_is_refused() -> None:
    """To the agents the two were one; which lines belong where is for their author to say."""
    found = told("[fs#0]\ntype = none\n[fs#0]\nmnt = /a\n")
    assert [(row.line, row.verdict) for row in found.rows if not row.key] == [(3, "refused")]
    assert "line 1" in found.rows[1].why


def test_what_the_agent_of_2016_made_comments_are_keywords_again() -> None:
    """Exactly as it wrote them, of keywords that it did so with, where there is no other of the name; in 2016 only."""
    lines = "#pvs = /dev/sdb\n#pvs = /dev/sdc\n# options = -x\n#comment = x\n#options = -y\noptions = -z\n"
    text = f"[disk#0]\ntype = vg\nname = a\n{lines}[sync#0]\ntype = zfs\n#size = 1\n"
    after = text.replace("#pvs = /dev/sdb", "pvs = /dev/sdb").replace(
        "[sync#0]\ntype = zfs\n", "# [sync#0]\n# type = zfs\n# "
    )
    assert told(text).text == after
    assert rows(text)["disk#0.pvs"] == (
        4, "disk#0", "pvs", "supported", "", "the agent made it a comment once it had provisioned that"
    )  # fmt: skip
    assert told(f"{FS}#vg = a\n", ".env").text == f"{FS}#vg = a\n"


def test_a_file_of_nothing_but_strange_words_is_told_soon() -> None:
    """What somebody may have meant is guessed for the first hundred; a mebibyte on one line takes no time either."""
    found = told(FS + "".join(f"mnt_opts{at} = x\n" for at in range(200)))
    assert sum("did you mean" in row.why for row in found.rows) == 100
    for hostile in ("{a[" * 300_000, "$(" * 500_000, " ;" * 500_000, " " * 1_000_000):
        assert told(f"[fs#0]\na{hostile}\n[ip#0]\nipname ={hostile}\n").rows


def test_the_last_of_two_values_counts() -> None:
    """As it did for the agents; the others are comments now."""
    found = told("[fs#0]\ntype = none\nmnt = /a\nmnt = /b\n")
    assert found.text == "[fs#0]\ntype = none\n# mnt = /a\nmnt = /b\n"
    assert found.rows[1].why == "line 4 has another value, which counts"


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("pre_start = /bin/true", "run once now"),
        ("optional = true", "each section had it"),
        ("size = 1g", "each section"),
    ],
)
def test_what_every_section_had_from_default_is_refused(line: str, sentence: str) -> None:
    """DEFAULT was the default of every section, and is a section of its own now."""
    row = rows(f"[DEFAULT]\n{line}\n{FS}")[f"DEFAULT.{line.partition(' ')[0]}"]
    assert row.verdict == "refused"
    assert sentence in row.why


def test_what_was_text_in_2015_is_no_reference_silently() -> None:
    """A value with braces is refused in a file of 2015, and a comment within a value in any."""
    old = rows("[fs#0]\ntype = bind\ndev = /srv/{home}\n", ".env")["fs#0.dev"]
    free = rows("[env]\na = b\n  # c\n")["env.a"]
    assert free.verdict == "refused"
    commented = rows("[fs#0]\ntype = bind\nmnt_opt = a\n  # b\n")["fs#0.mnt_opt"]
    assert [(row.verdict, row.why) for row in (old, commented)] == [
        ("refused", "it was text in 2015, and is a reference now; write what it stands for"),
        ("refused", "'# b' was a part of the value, and is a comment now; take it out"),
    ]


def test_a_comment_at_the_end_of_a_value_gets_a_line_of_its_own() -> None:
    """It was none of the value's, and would be now."""
    found = told("[fs#0]\ntype = none\nmnt = /a   ; here\n")
    assert found.text == "[fs#0]\ntype = none\n; here\nmnt = /a\n"
    assert found.places == (1, 2, 3, 3)


def test_what_is_no_line_of_a_service_file_is_refused() -> None:
    """It stays where it is."""
    found = told("[fs#0]\ntype = none\nwhat is this\n")
    assert found.rows[-1].verdict == "refused"
    assert found.text.endswith("what is this\n")


@pytest.mark.parametrize(
    "suffix, section, before, after",
    [
        (".conf", "disk#0]\ntype = loop", "size = 10485760", "size = 10M"),
        (".conf", "disk#0]\ntype = loop", "size = 100", "size = 100"),
        (".env", "disk#0]\ntype = loop", "size = 100", "size = 100"),
        (".conf", "fs#0]\ntype = ext4", "size = 1048576", "size = 1M"),
        (".conf", "fs#0]\ntype = ext4", "size = 500", "size = 500"),
        (".conf", "fs#0]\ntype = ext4", "size = 1,5g", "size = 1.5g"),
        (".conf", "fs#0]\ntype = ext4", "size = 1.5", "size = 1.5"),
        (".conf", "fs#0]\ntype = ext4", "size = 1.5 GiB", "size = 1500000000B"),
        (".conf", "fs#0]\ntype = ext4", "size = 10%FREE", "size = 10%FREE"),
        (".conf", "disk#0]\ntype = md", "chunk = 65k", "chunk = 65k"),
    ],
)
def test_a_size_says_what_it_said(suffix: str, section: str, before: str, after: str) -> None:
    """Bytes of a loop file in 2016, thousands where the unit has an i, a decimal comma: written as they are now."""
    assert told(f"[{section}\n{before}\n", suffix).text == f"[{section}\n{after}\n"


@pytest.mark.parametrize(
    "agent, section, driver, name, known",
    [
        ("first", "sync", "symclone", "symdevs", True),
        ("second", "sync", "symclone", "symdevs", False),
        ("first", "fs", "", "post_start", True),
        ("first", "fs", "", "post_provision", False),
        ("second", "fs", "", "blocking_post_provision", True),
        ("first", "fs", "", "blocking_post_start", False),
        ("second", "fs", "", "sync_break_requires", True),
        ("first", "fs", "", "start_requires", False),
        ("second", "fs", "", "disable_on", True),
        ("first", "DEFAULT", "", "restart", False),
        ("second", "stonith", "callout", "cmd", True),
    ],
)
def test_the_vocabulary_of_each_agent(agent: str, section: str, driver: str, name: str, known: bool) -> None:  # noqa: FBT001 - the cases
    """Each agent knows its own keywords, those that every resource had, and its triggers."""
    assert knows(agent, section, driver, name) is known
    assert GONE
