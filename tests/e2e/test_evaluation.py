"""`get` and `print config` with --eval, --explain and --impersonate, and what they say of values that there are not."""

import pytest

from tests.e2e.bench import LOOP, Bench

CONF = (
    LOOP.replace("node12.nsx.lab.net", "node12.nsx.lab.net node13").replace("size = 100M", "size = $({env.size}*2)")
    + "\n[env]\nsize = 5G\nsize@node13 = 7G\npassword = hunter2\npassword.secret = true\nlink = {env.password}!\n"
)


@pytest.fixture
def web(bench: Bench) -> Bench:
    """A bench with a service of two nodes."""
    (bench.etc / "web.conf").write_text(CONF)
    return bench


@pytest.mark.parametrize(
    "words,out",
    [
        ("get --param disk#0.size", "$({env.size}*2)\n"),
        ("get --param disk#0.size --eval", "10G\n"),
        ("get --param disk#0.size --eval --impersonate node13", "14G\n"),
        ("get --param disk#0.size --eval --impersonate NODE13", "14G\n"),
        ("get --param env.size", "5G\n"),
        ("get --param env.size --impersonate node13", "7G\n"),
        ("get --param env.size@node13", "7G\n"),
        ("get --param env.size@node13 --eval", "7G\n"),
        ("get --param fs#0", "[fs#0]\ntype = ext4\ndev = {disk#0.file}\nmnt = /srv/{svcname}\n"),
        ("get --param fs#0 --eval", "type = ext4\ndev = /srv/web.img\nmnt = /srv/web\n"),
        ("get --param DEFAULT", "[DEFAULT]\nnodes = node12.nsx.lab.net node13\n"),
        ("get --param env.link --eval", "«secret:env.password»!\n"),
    ],
)
def test_get(web: Bench, words: str, out: str) -> None:
    """A value is printed as it is written for a node, or as it is understood there; a section as a whole."""
    said = web.on("web", *words.split())
    assert (said.code, said.out) == (0, out), said.err


def test_explain_shows_each_step(web: Bench) -> None:
    """Every text that a value is made of is shown with its line and its scope; the value comes last."""
    said = web.on("web", "get", "--param", "disk#0.size", "--eval", "--explain", "--impersonate", "node13")
    assert said.out.splitlines() == [
        "disk#0.size (line 7) = $({env.size}*2)",
        "  env.size@node13 (line 16) = 7G",
        "= $(7G*2)",
        "= 14G",
        "14G",
    ]


def test_explain_keeps_secrets(web: Bench) -> None:
    """A secret is in no step."""
    said = web.on("web", "get", "--param", "env.link", "--eval", "--explain")
    assert said.code == 0
    assert "hunter2" not in said.out
    assert "env.password (line 17) = «secret:env.password»" in said.out


def test_print_config_explains_in_comments(web: Bench) -> None:
    """With --explain, what is printed is still a service file, whose comments say how its values came about."""
    plain = web.on("web", "print", "config", "--eval").out
    said = web.on("web", "print", "config", "--eval", "--explain")
    assert [line for line in said.out.splitlines() if not line.startswith("#")] == plain.splitlines()
    assert "# disk#0.size (line 7) = $({env.size}*2)\n#   env.size (line 15) = 5G\n" in said.out
    assert "\n# fs#0.type" not in said.out


def test_everything_that_has_no_value_is_told_at_once(web: Bench) -> None:
    """`print config --eval` prints no part of a file that cannot be evaluated, and names all that cannot."""
    (web.etc / "web.conf").write_text(CONF.replace("{disk#0.file}", "{disk#0.name}").replace("{svcname}", "{svcnam}"))
    said = web.on("web", "print", "config", "--eval")
    assert (said.code, said.out) == (6, "")
    where = f"{web.etc}/web.conf"
    unknown = "DEFAULT.svcnam: section DEFAULT has no option svcnam (did you mean {svcname}?)"
    assert f"{where}:6: disk#0.file -> {unknown}" in said.err
    assert f"{where}:11: fs#0.dev -> disk#0.name: section disk#0 has no option name" in said.err


def test_an_explanation_stops_where_the_value_does(web: Bench) -> None:
    """What was read before an error is shown, then the error, and the exit code is that of a bad configuration."""
    (web.etc / "web.conf").write_text(CONF.replace("{env.size}*2", "{env.size}*{env.times}"))
    said = web.on("web", "get", "--param", "disk#0.size", "--eval", "--explain")
    assert (said.code, said.out.splitlines()[-1]) == (6, "  env.size (line 15) = 5G")
    assert "disk#0.size -> env.times: section env has no option times" in said.err


@pytest.mark.parametrize(
    "words,sentence",
    [
        ("get --param env.size --explain", "--explain is about values as they are understood: add --eval"),
        ("print config --explain", "add --eval"),
        ("print config --impersonate node13", "--impersonate is about values as they are understood: add --eval"),
        ("get --param env.size --impersonate node14", "web has no such node; did you mean 'node13'?; its nodes are"),
        ("get --param env.size --eval --impersonate x", "--impersonate x: web has no such node; its nodes are node12"),
        ("plan -o p --impersonate node13", "--impersonate only shows one"),
        ("get --param nosuch", "option 'nosuch' not found in section 'DEFAULT'"),
        (
            "unset --param fs#0",
            "unset takes out one option, and fs#0 is a section; a resource goes with `svcmgr -s web",
        ),
        ("unset --param fs#0.mnt@node13", "option 'mnt@node13' not found in section 'fs#0'"),
        ("get --param fs#0.mnt@node13", "option 'mnt@node13' not found in section 'fs#0'"),
        ("status --impersonate node13", "--impersonate means nothing to status"),
    ],
)
def test_what_makes_no_sense(web: Bench, words: str, sentence: str) -> None:
    """An option that cannot mean anything is refused with what would."""
    said = web.on("web", *words.split())
    assert said.code == 6
    assert sentence in said.err


def test_plan_for_another_node(web: Bench) -> None:
    """A plan as another node would make it has its values, and says where it would be typed; nothing changes."""
    before = web.node.read_bytes()
    said = web.on("web", "plan", "--impersonate", "node13")
    assert said.code == 0, said.err
    assert "SIMULATED ec2.json as node13" in said.out + said.err
    assert f"truncate -s {14 * 1024**3} /srv/web.img" in said.out
    assert "To do it: svcmgr -s web provision  # on node13" in said.out
    assert web.node.read_bytes() == before


def test_this_machine_is_nobody_else(web: Bench) -> None:
    """What this machine would do as another one cannot be seen from here."""
    said = web.svcmgr("-s", "web", "plan", "--impersonate", "node13")
    assert said.code == 6
    assert "this machine is not node13; give a simulated node with --node FILE" in said.err


@pytest.mark.parametrize("value", ["\udcff", "a\ud800b", "x\x00", "a\x1bb"])
def test_set_refuses_what_no_file_holds(web: Bench, value: str) -> None:
    """A byte that is no UTF-8, or a control character, is refused, and the file is as it was."""
    said = web.on("web", "set", "--param", "env.size", "--value", value)
    assert (said.code, (web.etc / "web.conf").read_text()) == (6, CONF)
    assert "env.size: a value cannot hold the" in said.err


def test_set_and_unset_of_one_scope(web: Bench) -> None:
    """A scope is set and unset by itself, on its own line."""
    assert web.on("web", "set", "--param", "env.size@node13", "--value", "9G").code == 0
    assert (web.etc / "web.conf").read_text() == CONF.replace("7G", "9G")
    assert web.on("web", "unset", "--param", "env.size@node13").code == 0
    assert (web.etc / "web.conf").read_text() == CONF.replace("size@node13 = 7G\n", "")
    assert web.on("web", "set", "--param", "disk#0.size@nodes", "--value", "1G").code == 0
    assert "size = $({env.size}*2)\nsize@nodes = 1G\n" in (web.etc / "web.conf").read_text()
