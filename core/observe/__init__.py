"""What is known of a real node, by looking at it.

`begin` sees what every plan needs: interfaces, block devices, mounts. The rest is looked up when somebody asks: a
preview runs on a state that is not complete, its node hears what the state does not say (`core.state.Question`), and
`learn` finds the answers. Both are generators of reads, like everything that wants something of a node.

What cannot be looked at (for lack of root, say) is a sentence in `unseen` of the state, and its question stays open.
"""

from collections.abc import Callable, Iterable

from core.command import Command, Steps
from core.observe import arrays, cloud, containers, groups, images, network, pools, programs, space, storage, tree
from core.state import ON_PATHS, NodeState, Question, load
from core.tree import Tree

Answer = Callable[[NodeState, list[str]], Steps]
"""Looks up the subjects of questions of one kind, and puts what it finds into the state; returns those it answered."""

ANSWERS: dict[str, Answer] = {
    "tool": programs.tools,
    "program": programs.programs,
    "content": storage.contents,
    "held": space.held,
    "lvm": groups.everything,
    "md": arrays.everything,
    "zfs": pools.everything,
    "rbd": images.everything,
    "path": tree.paths,
    "below": tree.below,
    "text": tree.texts,
    "name": network.names,
    "ping": network.pings,
    "process": containers.processes,
    "docker": containers.daemons,
    "cloud": cloud.account,
}


def begin(hostname: str) -> Steps:
    """Look at what every plan needs; return a state that is not complete."""
    state = load({"complete": False, "hostname": hostname, "tools": {}, "names": {}})
    yield from network.interfaces(state)
    yield from storage.devices(state)
    if any(each["type"] == "zfs" for each in state["mounts"]):
        # Where a path leads depends on the dataset that it is in.
        yield from learn(state, [Question("zfs", pools.IMPORTED)])
    behind = [Question("path", device["file"]) for device in state["devices"].values() if device["file"]]
    yield from learn(state, behind)
    return state


def ahead(state: NodeState, questions: Iterable[Question]) -> list[Command]:
    """The commands that `learn` will want answered whatever it hears before: they can be run side by side."""
    subjects: dict[str, list[str]] = {"tool": [], "ping": [], "content": []}
    for question in questions:
        if question.kind in subjects:
            subjects[question.kind].append(question.subject)
    # What takes longest comes first.
    return [
        *network.ahead(state, subjects["ping"]),
        *programs.ahead(subjects["tool"]),
        *storage.ahead(state, subjects["content"]),
    ]


def learn(state: NodeState, questions: Iterable[Question]) -> Steps:
    """Look up what was asked, and put it into the state; return the questions that found an answer."""
    answered: list[Question] = []
    wanted = [*questions]
    # Files are kept with the filesystem that they are in, so that has to be known first.
    inside = {Tree(state).place(question.subject).device for question in wanted if question.kind in ON_PATHS}
    devices = {each: state["devices"][each] for each in inside if each in state["devices"]}
    unseen = (each for each, device in devices.items() if Tree(state).holder(device)["content"]["kind"] == "unseen")
    wanted += (Question("content", device) for device in sorted(unseen))
    for kind, answer in ANSWERS.items():
        subjects = list(dict.fromkeys(question.subject for question in wanted if question.kind == kind))
        if subjects:
            found = yield from answer(state, subjects)
            answered += (Question(kind, subject) for subject in found)
    # What came to be known beside the question itself is there already.
    state["known"] += (text for text in map(str, answered) if text not in state["known"])
    return answered
