"""A preview that knows nothing, and asks, plans what a preview plans that knows everything."""

from collections.abc import Callable

import pytest

from core.config.document import Document
from core.config.service import Service
from core.driver import load as load_driver
from core.plan import Plan
from core.record import Record
from core.stacked import TABLES
from core.state import NodeState, Question, copy, load, loads
from core.tree import Tree
from executors.simulated.node import SimulatedNode
from svcprov.action import Action
from svcprov.keeping import Unkept
from tests.golden import GOLDENS
from tests.worlds import Heard

FEW_ROUNDS = 4
SERVICES = ("stack", "testec2docker", "haproxy-served")
SEEN_AT_FIRST = (
    *(
        "hostname",
        "interfaces",
        "devices",
        "mounts",
        "swaps",
        "ec2",
        "docker",
        "processes",
        "neighbours",
        "ceph",
        "trees",
    ),
    *TABLES,
)


Learn = Callable[[list[Question]], list[Question]]


class Asked:
    """A node of which little is known at first; questions are answered from its whole state. rounds: how many."""

    def __init__(self, whole: NodeState) -> None:
        self._whole = whole
        seen = {name: copy(whole)[name] for name in SEEN_AT_FIRST}
        self.state = load({"complete": False, "tools": {}, "names": {}, "registry": whole["registry"]}) | seen
        for device in self.state["devices"].values():
            device["content"] = {"kind": "unseen"}
        # Whoever looks at groups and arrays sees by which names they are called.
        stacked = {path for path, device in whole["devices"].items() if device["stacked"] is not None}
        for link in [link for link in whole["files"] if link.startswith("/dev/") and Tree(whole).real(link) in stacked]:
            Asked.path(self, link)
            self.state["known"].append(f"path {link}")
        self.rounds = 0

    def learn(self, questions: list[Question]) -> list[Question]:
        """Answer from the whole state."""
        self.rounds += 1
        for question in questions:
            getattr(self, question.kind)(question.subject)
            self.state["known"].append(str(question))
        return questions

    def path(self, path: str) -> None:
        """What is at a path, and at all that is above it."""
        whole, here = Tree(self._whole), Tree(self.state)
        for end in (*(at for at, letter in enumerate(path) if letter == "/" and at), len(path)):
            entry = whole.link(path[:end])
            if entry is not None and here.link(path[:end]) is None:
                here.put(path[:end], dict(entry))

    def below(self, directory: str) -> None:
        """What is in a directory."""
        for name in Tree(self._whole).children(directory):
            self.path(f"{directory}/{name}")

    def content(self, device: str) -> None:
        """What a device holds, or the file that is used as one."""
        for state in (self._whole, self.state):
            found = state["devices"].get(device)
            holder = Tree(state).holder(found) if found is not None else Tree(state).entry(device)
            if state is self._whole:
                content = holder["content"] if holder is not None else {"kind": "zero"}
            elif holder is not None:
                holder["content"] = content

    def tool(self, package: str) -> None:
        """The version of a package."""
        if package in self._whole["tools"]:
            self.state["tools"][package] = self._whole["tools"][package]

    def name(self, host: str) -> None:
        """What a name resolves to."""
        self.state["names"][host] = self._whole["names"].get(host, "")

    def ping(self, _address: str) -> None:
        """Who answers is known from the beginning."""

    docker = program = rbd = held = ping

    def lvm(self, _everything: str) -> None:
        """The labels of the members of something; what they say together is known from the beginning."""
        for path, device in self._whole["devices"].items():
            if Tree(self._whole).holder(device)["content"].get("member_of"):
                self.content(path)

    md = zfs = lvm


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_asked_in_rounds_is_planned_as_if_it_were_known(name: str) -> None:
    """From next to nothing, at most four rounds of questions lead to the plan of the whole state."""
    folder = GOLDENS / "services" / name
    whole = loads((folder / "node.json").read_text())
    text = (folder / "service.conf").read_text()
    words = (folder / "command").read_text().split()
    asked = Asked(whole)

    def action(state: NodeState, asked: Asked | None) -> Action:
        service = Service(words[words.index("-s") + 1], Document(text), whole["hostname"], Record(), load_driver)
        service.beside = {path.name: path.read_text() for path in (folder / "beside").glob("*")}.get
        learn = (lambda _questions: []) if asked is None else asked.learn
        return Action(service, "provision", SimulatedNode(copy(state)), lambda: state, Unkept(), Heard(), learn=learn)

    expected, found = action(whole, None).preview(), action(asked.state, asked).preview()
    assert found.conditional == frozenset()
    assert [command.argv for command in found.commands] == [command.argv for command in expected.commands]
    assert 0 < asked.rounds <= FEW_ROUNDS


def test_what_shows_itself_bit_by_bit_is_seen_to_the_end() -> None:
    """A link behind a link behind a link: as long as answers bring new questions, nothing is supposed."""
    text = "[fs#0]\ntype = tmpfs\ndev = tmpfs\nmnt = /srv/link1/data\n"
    links = {f"/srv/link{n}": {"kind": "link", "target": f"/srv/link{n + 1}"} for n in range(1, 3 * FEW_ROUNDS)}
    last = {f"/srv/link{3 * FEW_ROUNDS}": {"kind": "directory", "mode": "0755", "docker": None}}
    whole = load({"files": {**links, **last}, "tools": {"mount": "2.38.1", "coreutils": "9.1", "findutils": "4.9.0"}})
    asked = Asked(whole)

    def planned(state: NodeState, learn: Learn) -> Plan:
        service = Service("web", Document(text), whole["hostname"], Record(), load_driver)
        node = SimulatedNode(copy(state))
        return Action(service, "provision", node, lambda: state, Unkept(), Heard(), learn=learn).preview()

    expected, found = planned(whole, lambda _questions: []), planned(asked.state, asked.learn)
    assert (found.supposed, found.conditional) == ((), frozenset())
    assert [command.argv for command in found.commands] == [command.argv for command in expected.commands]
    assert asked.rounds > 2 * FEW_ROUNDS
