"""The status tree."""

from tests.e2e.bench import LOOP, Bench


def line_of(bench: Bench, rid: str) -> str:
    """The line of a resource in the tree of the service `web`."""
    return next(line for line in bench.on("web", "print", "status").out.splitlines() if f" {rid} " in line)


def test_a_standby_resource_says_so(bench: Bench) -> None:
    """What `always_on` keeps up on this node is `stdby up` or `stdby down`."""
    text = LOOP.replace("[fs#0]\n", "[fs#0]\nalways_on = nodes\n")
    bench.provisioned("web", text)
    assert line_of(bench, "fs#0").split()[4:6] == ["stdby", "up"]
    bench.on("web", "stop", "--rid", "fs#0")
    assert line_of(bench, "fs#0").split()[4:6] == ["stdby", "down"]


def test_flags_tell_what_a_resource_is(bench: Bench) -> None:
    """The flags are Monitored, Disabled, Optional, Encapsulated; a disabled resource is n/a."""
    text = LOOP.replace("[fs#0]\n", "[fs#0]\nmonitor = true\noptional = true\ndisable = true\n")
    bench.on("web", "create", "--config", bench.write(text))
    assert line_of(bench, "fs#0").split()[2:5] == ["fs#0", "MDO.", "n/a"]


def test_what_cannot_be_asked_is_undef(bench: Bench) -> None:
    """A resource whose tool does not answer is undef with the reason; the others are shown all the same."""
    import json

    bench.provisioned("web")
    state = bench.state()
    state["programs"]["losetup"] = {"returncode": 5, "stderr": "no permission\n"}
    bench.node.write_text(json.dumps(state))
    said = bench.on("web", "print", "status")
    assert said.code == 0
    assert line_of(bench, "disk#0").split()[4] == "undef"
    assert "no permission" in said.out
