"""The two lines about the collector are true, and only there when one is configured."""

from tests.e2e.bench import LOOP, Bench
from tests.e2e.stand_in import StandIn


def configure(bench: Bench, url: str, uuid: str = "secret") -> None:
    """Write a node.conf that names a collector."""
    (bench.etc / "node.conf").write_text(f"[node]\ndbopensvc = {url}\nuuid = {uuid}\n")


def test_without_a_collector_there_is_no_line(bench: Bench) -> None:
    """Nothing is said about a collector that is not configured."""
    assert bench.provisioned("web").out == ""


def test_the_word_none_disables_it(bench: Bench) -> None:
    """`dbopensvc = None` means that there is no collector."""
    configure(bench, "None")
    assert bench.provisioned("web").out == ""


def test_what_was_allocated_is_sent(bench: Bench) -> None:
    """The collector gets the service file as it is after provisioning, and the time is written down."""
    with StandIn().running() as collector:
        configure(bench, collector.url)
        said = bench.provisioned("web")
    flag = bench.var / "web.push"
    assert said.out == f"send {bench.etc}/web.conf to collector ... OK\nupdate {flag} timestamp ... OK\n"
    assert float(flag.read_text()) > 0
    assert "size = 100M" in collector.services[0]["svc_envfile"]


def test_a_collector_that_is_away_is_an_error_line(bench: Bench) -> None:
    """A push that failed is ERR with the reason; the provision is done all the same, no time is written."""
    with StandIn().running() as collector:
        url = collector.url
    configure(bench, url)
    said = bench.provisioned("web")
    assert said.out.startswith(f"send {bench.etc}/web.conf to collector ... ERR (")
    assert "Connection refused" in said.out
    assert not (bench.var / "web.push").exists()


def test_a_fault_of_the_collector_is_its_reason(bench: Bench) -> None:
    """What the collector says went wrong is what the line says."""
    with StandIn(fault="agent authentication error").running() as collector:
        configure(bench, collector.url)
        said = bench.provisioned("web")
    assert "agent authentication error" in said.out


def test_an_unregistered_node_is_told_so(bench: Bench) -> None:
    """Without a uuid nothing is sent to a collector that wants one, and the remedy is named."""
    with StandIn().running() as collector:
        configure(bench, collector.url, uuid="")
        said = bench.provisioned("web")
    assert (collector.services, "nodemgr register" in said.out) == ([], True)


def test_a_simulated_node_is_no_other_machines_business(bench: Bench) -> None:
    """What happens on a simulated node is not sent to a collector elsewhere."""
    configure(bench, "https://collector.example.com/feed/default/call/xmlrpc")
    said = bench.provisioned("web")
    assert (said.out, "is not told" in said.err) == ("", True)


def test_a_broken_node_conf_fails_nothing(bench: Bench) -> None:
    """A node.conf that cannot be read is said to be so after the service was provisioned."""
    (bench.etc / "node.conf").write_text("[node\n")
    said = bench.on("web", "create", "--config", bench.write(LOOP), "--provision")
    assert (said.code, "node.conf" in said.err) == (0, True)


def test_json_has_the_lines_as_notes(bench: Bench) -> None:
    """With --format json, what is said about the collector is an object too."""
    with StandIn().running() as collector:
        configure(bench, collector.url)
        said = bench.on("web", "create", "--config", bench.write(LOOP), "--provision", "--format", "json")
    texts = [line["text"] for line in said.objects if line["type"] == "note"]
    assert f"send {bench.etc}/web.conf to collector ... OK" in texts
    assert said.objects[-1]["type"] == "summary"
