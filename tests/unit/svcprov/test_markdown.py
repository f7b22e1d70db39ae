"""A plan as a document: nothing in it can be taken for markup, and what is lost stands out."""

import re

from core.command import Check, Command, Note, Thing, Wait
from core.engine import set_key
from core.holes import hole
from core.plan import PlannedNote
from svcprov.markdown import document
from tests.golden import presented as of_world
from tests.golden import services
from tests.unit.svcprov.scripts import CONF, change, presented

HAS = Command(("true",))


def test_a_step_is_a_block_that_nothing_in_it_ends() -> None:
    """A command with backticks stands in a fence that is longer than any row of them."""
    text = document(presented(change("sh", "-c", "echo ```` `x`\n```\nend")))
    fence = "`" * 5
    assert f"**1.**\n\n{fence}sh\nsh -c 'echo ```` `x`\n```\nend'\n{fence}\n" in text


def test_words_are_no_markup() -> None:
    """What is markup elsewhere is text here: angle brackets, bars, stars, backticks."""
    shown = presented(change("true"), Wait(HAS, (Check(HAS),), 1, 5, "<size=15> | *x* `y` $z$"))
    shown.plan.purposes["disk#0"] = "made from <size=15>, a|b"
    text = document(shown)
    assert r"made from \<size=15\>, a\|b" in text
    assert r"Waits for \<size=15\> \| \*x\* \`y\` \$z\$, 5 seconds at most." in text


def test_the_graph_has_nothing_that_ends_a_label() -> None:
    """In the graph every sign that could end a label, or mean something to mermaid, is a number."""
    shown = presented(change("true"))
    shown.plan.purposes["disk#0"] = 'a "quoted" {x} #1; <b>|`'
    line = next(line for line in document(shown).splitlines() if line.startswith("    r0["))
    assert line == ('    r0["disk#35;0<br/>a #34;quoted#34; #123;x#125; #35;1; #60;b#62;#124;#96;"]')


def test_the_graph_shows_why() -> None:
    """An edge leads from what gives to what needs, with the reason."""
    text = document(of_world(services()["stack"], "provision"))
    graph = re.search(r"```mermaid\n(.*?)\n```", text, re.DOTALL)
    assert graph is not None
    lines = graph[1].splitlines()
    assert lines[0] == "flowchart TD"
    assert '    r0 -->|"fs#35;0 needs device /srv/stack1.img, disk#35;0 gives /srv/stack1.img"| r1' in lines


def test_what_is_lost_stands_out() -> None:
    """A step that destroys has a warning, in bold, at the top and with the step; what was blank has none."""
    lost = change("wipefs", "-a", "/dev/sdb")._replace(destroys=(Thing("device", "/dev/sdb"),))
    text = document(presented(lost))
    assert text.count("> [!CAUTION]\n> **Step 1 destroys the device `/dev/sdb`**") == 2
    assert "| destructive | **1** |" in text
    blank = lost._replace(destroys=(Thing("device", "/dev/sdb", blank=True),))
    assert "CAUTION" not in document(presented(blank))


def test_everything_of_a_plan_is_there() -> None:
    """Cascades, input, warnings, conditional steps, unknown values and the command line that does it."""
    shown = presented(
        set_key("disk#0.volumes", hole("disk#0.volume.0"), ""),
        change("tee", hole("disk#0.volume.0"))._replace(stdin="a | b\n"),
    )
    shown.plan.events.append(PlannedNote("disk#0", Note("odd <thing>", "warning")))
    last = shown.plan.steps[-1]
    shown.plan.events[shown.plan.events.index(last)] = last._replace(conditional=True)
    text = document(shown)
    assert "**1.** In the service file:\n\n```ini\ndisk#0.volumes = «disk#0.volume.0»\n```" in text
    assert "**2.** If it is needed:" in text
    assert "with this input:\n\n```text\na | b\n```" in text
    assert r"> warning: odd \<thing\>" in text
    assert "| `«disk#0.volume.0»` | `disk#0`: what is made up for it |" in text
    assert text.endswith("## To do it\n\n```sh\nsvcmgr -s web provision\n```")


def test_a_secret_is_called_by_its_name() -> None:
    """No byte of a secret is in the document."""
    conf = f"{CONF}\n[env]\npassword = hunter|2\npassword.secret = true\n"
    shown = presented(change("login", "--password=hunter|2"), conf=conf)
    shown.plan.purposes["disk#0"] = "logs in with hunter|2"
    text = document(shown)
    assert "hunter" not in text
    assert text.count("secret:env.password") == 3


def test_nothing_to_do_is_said() -> None:
    """An empty plan is a short document."""
    assert document(presented()).endswith("There is nothing to do.")
