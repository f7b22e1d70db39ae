"""What validation says of a translation is told on the lines of the old file."""

from tests.unit.agents.told import judgement

GOOD = "[ip#0]\nipname = 192.0.2.1\nipdev = eth0\n"


def test_a_right_file_is_whole() -> None:
    """Nothing is refused, and all of it can be planned."""
    found = judgement(GOOD)
    assert (found.refused, found.without, found.why) == ((), (), "")
    assert found.document is not None
    assert found.document.text == GOOD


def test_a_problem_is_told_on_the_line_that_it_comes_from() -> None:
    """A wrong value is refused where it stands, although lines were added above it."""
    found = judgement(f"[vg#0]\nvgname = a\npvs = /dev/sdb ; a\n\n{GOOD}netmask = wide\n")
    row = next(row for row in found.rows if row.key == "netmask")
    assert (row.line, row.verdict) == (8, "refused")
    assert "no netmask" in row.why


def test_what_is_refused_is_taken_out_of_the_plan() -> None:
    """A section with something refused goes whole; a keyword of DEFAULT goes alone."""
    found = judgement(f"[DEFAULT]\nscsireserv = true\nnodes = node1\n[app#0]\nscript = x\n\n# c\n{GOOD}")
    assert found.without == ("app#0", "DEFAULT.scsireserv")
    assert found.document is not None
    assert found.document.text == f"[DEFAULT]\nnodes = node1\n{GOOD}"


def test_the_ends_of_lines_stay_what_they_are() -> None:
    """A line that ends otherwise than the others is whole, also as the last one that is left."""
    found = judgement(f"{GOOD}\r\n[app#0]\nscript = x\n")
    assert found.document is not None
    assert found.document.text == f"{GOOD}\r\n"


def test_what_needs_something_that_is_refused_falls_with_it() -> None:
    """A reference to a section that is taken out is a problem of whoever has it, and so on."""
    chain = "[fs#0]\ntype = bind\ndev = {app#0.script}\nmnt = /srv/a\n[fs#1]\ntype = bind\ndev = {fs#0.mnt}\nmnt = /b\n"
    found = judgement(f"[app#0]\nscript = /x\n{chain}{GOOD}")
    assert found.without == ("app#0", "fs#0", "fs#1")
    assert found.document is not None
    assert found.document.sections() == ("ip#0",)


def test_a_missing_keyword_is_told_on_the_line_of_its_section() -> None:
    """What is not there has no line; its section has one."""
    found = judgement(f"{GOOD}[vg#0]\nvgname = a\n")
    assert [(row.line, row.section, row.verdict) for row in found.rows if "'pvs' is missing" in row.why] == [
        (4, "vg#0", "refused")
    ]


def test_nothing_left_cannot_be_planned() -> None:
    """A file of which everything is refused, or has no resource, has no plan, and it is said why."""
    assert [judgement(text).why for text in ("[app#0]\nscript = x\n", "[DEFAULT]\nnodes = node1\n")] == [
        "nothing is left of it",
        "nothing is left of it",
    ]


def test_a_file_that_cannot_be_read_is_to_be_mended_first() -> None:
    """Of a file with two sections of one name nobody knows what it says."""
    found = judgement("[ip#0]\nipname = a\n[ip#0]\nipdev = eth0\n")
    assert (found.document, found.why) == (None, "it has to be mended first")


def test_what_cannot_be_taken_out_is_to_be_mended_first() -> None:
    """A subset that nobody can be in is refused, and what is left is not planned around it."""
    found = judgement(f"{GOOD}[subset#nope]\nparallel = true\n")
    assert [(row.line, row.section) for row in found.refused] == [(4, "subset#nope")]
    assert (found.document, found.why) == (None, "it has to be mended first")


def test_a_long_chain_is_not_followed_to_its_end() -> None:
    """Sections that fall one after the other are taken out round by round, and not for ever."""
    links = (f"[fs#{at}]\ntype = bind\ndev = {{fs#{at - 1}.mnt}}\nmnt = /srv/{at}\n" for at in range(1, 30))
    found = judgement(f"[fs#0]\ntype = directory\nmnt = /a\n{''.join(links)}{GOOD}")
    assert (found.document, found.why) == (None, "it has to be mended first")


def test_a_control_character_is_told_on_its_line() -> None:
    """What is wrong with the text itself is a row without a keyword."""
    found = judgement("[ip#0]\nipname = a\x01b\nipdev = eth0\n")
    assert [(row.line, row.section) for row in found.refused] == [(2, "")]


def test_what_is_probably_not_meant_is_remarked() -> None:
    """A warning is the remark of a row that is supported; one that has a remark already keeps it."""
    array = "[disk#1]\ntype = md\ndevs = /dev/sdb /dev/sdc\nlevel = 1\nchunk = 64,0k\n"
    text = f"[disk#0]\ntype = loop\nfile = /srv/a\nsize = 400\n{array}"
    found = {f"{row.section}.{row.key}": row for row in judgement(text, ".env").rows}
    assert found["disk#0.size"].why == "a bare number is read as 400M; write 400M"
    assert found["disk#1.chunk"].why == "written with a point"
    assert {row.verdict for row in found.values()} == {"supported"}
