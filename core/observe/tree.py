"""Files, directories and links: what is at a path, what is below it, what a small file says."""

from core.command import Steps
from core.observe.reads import anyhow, is_denied, note_unseen
from core.state import Entry, NodeState, Question
from core.tools import files, find
from core.tree import Tree

BLOCK_BYTES = 512


def paths(state: NodeState, subjects: list[str]) -> Steps:
    """Look at paths, and at all that is above them, since a link may be on the way."""
    whole = sorted({above for path in subjects for above in _ancestry(path)} - _known(state, "path"))
    if not whole:
        return subjects
    answer = yield anyhow(find.facts(whole))
    if is_denied(answer):
        note_unseen(state, "some files", answer)
    denied = {path for path in subjects if is_denied(answer) and f"\u2018{path}\u2019" in answer.stderr}
    _put(state, find.parse_facts(answer.stdout))
    state["known"] += (str(Question("path", path)) for path in whole if path not in denied)
    return [path for path in subjects if path not in denied]


def _ancestry(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")
    return ["/".join(parts[:depth]) for depth in range(2, len(parts) + 1)]


def _known(state: NodeState, kind: str) -> set[str]:
    return {text.removeprefix(f"{kind} ") for text in state["known"] if text.startswith(f"{kind} ")}


def _put(state: NodeState, facts: list[find.Fact]) -> None:
    """Put facts where their paths lead; of a mount point, also the directory beneath, which its parent holds."""
    place = Tree(state)
    points = {mount["mount_point"] for mount in state["mounts"]}
    for fact in sorted(facts):
        entry = _entry(fact)
        if fact.path in points and fact.path != "/":
            beneath = Tree({**state, "mounts": [each for each in state["mounts"] if each["mount_point"] != fact.path]})
            if beneath.link(fact.path) is None:
                beneath.put(fact.path, {"kind": "directory", "mode": "0755", "docker": None})
        if entry is not None and "content" in entry:
            # The device of a file may have been looked at first; it is the file that has the content.
            held = (each["content"] for each in state["devices"].values() if each["file"] == fact.path)
            entry["content"] = next((each for each in held if each["kind"] != "unseen"), entry["content"])
        there = place.place(fact.path)
        if entry is not None and (
            there.path not in there.files if there.path == "/" else place.link(fact.path) is None
        ):
            place.put(fact.path, entry)


def _entry(fact: find.Fact) -> Entry | None:
    """What a node state has for a file (sockets and pipes too); None for a device, which it has elsewhere."""
    match fact.kind:
        case "d":
            return {"kind": "directory", "mode": fact.mode.zfill(4), "docker": None}
        case "l":
            return {"kind": "link", "target": fact.target}
        case "f" | "s" | "p":
            return {
                "kind": "file",
                "mode": fact.mode.zfill(4),
                "size": fact.size,
                "text": None,
                "allocated": fact.blocks * BLOCK_BYTES,
                "content": {"kind": "unseen"},
            }
        case _:
            return None


def below(state: NodeState, subjects: list[str]) -> Steps:
    """See what directories hold: their entries, and one file anywhere below, or that there is none."""
    answered = []
    yield from paths(state, subjects)
    for directory in subjects:
        first = yield anyhow(find.file(directory))
        everything = not first.stdout.strip()
        answer = yield anyhow(find.facts_below(directory, deep=everything))
        if is_denied(answer):
            note_unseen(state, f"what {directory} holds", answer)
            continue
        facts = [fact for fact in find.parse_facts(answer.stdout) if "\n" not in fact.path]
        if not everything:
            yield from paths(state, first.stdout.splitlines()[:1])
        _put(state, facts)
        listed = [directory, *(fact.path for fact in facts if fact.kind == "d")] if everything else [directory]
        state["known"] += (str(Question("below", path)) for path in listed)
        answered.append(directory)
    return answered


def texts(state: NodeState, subjects: list[str]) -> Steps:
    """Read small files, such as the one with the pid of a daemon."""
    answered = []
    for path in subjects:
        answer = yield anyhow(files.read(path))
        entry = Tree(state).entry(path)
        if answer.returncode:
            note_unseen(state, f"what {path} says", answer)
        elif entry is not None and entry["kind"] == "file":
            entry["text"] = answer.stdout.replace("«", "<").replace("»", ">")
            answered.append(path)
    return answered
