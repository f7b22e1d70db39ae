"""What a plan had to suppose, since nobody could look: whether bytes are left at its end is no prediction."""

from core.record import Record
from core.state import NodeState
from core.tree import Tree


def unseen(state: NodeState) -> set[str]:
    """What nobody could look into: volumes of EC2 and images of Ceph, arrays and logical volumes that are not there."""
    places = {**(state["ec2"]["volumes"] if state["ec2"] else {}), **state["images"], **state["arrays"]}
    for uuid, group in state["volume_groups"].items():
        places |= {f"{uuid} {name}": volume for name, volume in group["volumes"].items()}
    return {identity for identity, place in places.items() if place["content"]["kind"] == "unseen"}


def hidden(state: NodeState, record: Record) -> set[str]:
    """The files of a service that nobody could see: they lie in filesystems that were not mounted."""
    made = {thing.identity for thing in record.made.values() if thing.kind == "file"}
    return {path for path in made if Tree(state).entry(path) is None}


def take_tails(predicted: NodeState, observed: NodeState, supposed: set[str]) -> None:
    """Take over, in place, whether bytes are left at the end of what a plan could not look at."""
    for path, device in predicted["devices"].items():
        there = observed["devices"].get(path)
        stacked = device["stacked"] or {"of": "", "name": ""}
        of = {device["volume"], device["file"], stacked["of"], f"{stacked['of']} {stacked['name']}"}
        if of & supposed and there is not None:
            found = Tree(observed).holder(there)["content"]
            if found["kind"] == "signature":
                Tree(predicted).holder(device)["content"]["tail"] = found["tail"]
