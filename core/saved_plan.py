"""A plan in a file: what was shown, approved perhaps, and may be run later, exactly.

The file is JSON that people read and compare: each event of the plan with the line that a person would type, in order.
Its commands are whole (`core.wire`), since the run is held to them. The questions are there with their answers, so that
a plan that does not fit any more can say which answer has changed. `digest` is over everything but itself: a plan that
was edited is another plan, and nobody has seen that one.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from shlex import join
from typing import Any, NamedTuple

from core.command import Command, Completed
from core.errors import SvcprovError
from core.holes import is_of_kind, open_holes
from core.plan import Plan, PlannedNote, Step
from core.wire import decode, encode

FORMAT = "plan of svcprov"
VERSION = 1
ANSWER_CHARACTERS_MAX = 4000
"""How much of an answer is kept as it was; of the rest, only a digest."""
VERBS = ("provision", "unprovision", "start", "stop")
HIDDEN = "secret:"
"""What the name begins with that stands for a secret of the service file, where a hole would stand."""

Content = dict[str, Any]


class SavedPlanError(SvcprovError):
    """A file that is no plan, or not one that can be run. The sentence says what to do."""

    exit_code = 6


class Read(NamedTuple):
    """A question that a driver asked, and the answer that it had."""

    rid: str
    argv: tuple[str, ...]
    returncode: int
    stdout: str


class Origin(NamedTuple):
    """What a plan was made of. All of it is shown to whoever reads the plan; service, verb and hostname bind it.

    node: where it was seen (`REAL web1`, `SIMULATED ec2.json`). resumes: it goes on with an unfinished action.
    selection: rids, tags, subsets. file: the lines of the service file.
    """

    service: str
    verb: str
    hostname: str
    node: str
    simulated: bool
    made_at: str
    made_by: str
    selection: tuple[tuple[str, ...], ...] = ((), (), ())
    adopt: tuple[str, ...] = ()
    allow_destroy: tuple[str, ...] = ()
    resumes: bool = False
    file: tuple[str, ...] = ()


class SavedPlan(NamedTuple):
    """A plan that was read from a file.

    commands, conditional, made_up: what the run is held to, as in `Plan`. reads: what its drivers were answered.
    """

    identity: str
    origin: Origin
    commands: tuple[Command, ...]
    conditional: frozenset[int]
    made_up: Mapping[str, str]
    reads: tuple[Read, ...]

    @property
    def steps(self) -> list[Step]:
        """The numbered steps, as in `Plan`; what they were answered is not kept."""
        return [
            Step(position + 1, command, Completed(0), position in self.conditional)
            for position, command in enumerate(self.commands)
        ]


def read_of(step: Step, hide: Callable[[str], str]) -> Read:
    """The question of a step, its answer shortened to what is kept of it.

    hide: takes secrets out of a text, before it is shortened: half of one would not be recognised any more.
    """
    text = hide(step.answer.stdout)
    if len(text) > ANSWER_CHARACTERS_MAX:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        text = f"{text[:ANSWER_CHARACTERS_MAX]}... sha256:{digest}"
    return Read(step.command.rid, step.command.argv, step.answer.returncode, text)


def written(plan: Plan, identity: str, origin: Origin, version: str, hide: Callable[[str], str]) -> Content:
    """The content of a plan's file, without its digest: JSON values.

    version: of the program that writes it. hide: takes secrets out of what was answered.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "svcprov": version,
        "id": identity,
        **{name: encode(value) for name, value in origin._asdict().items()},
        "resources": list(plan.order),
        "purposes": plan.purposes,
        "made_up": plan.made_up,
        "events": [_event(event, hide) for event in plan.events],
    }


def _event(event: Any, hide: Callable[[str], str]) -> Content:
    if isinstance(event, Step):
        if not event.number:
            read = read_of(event, hide)
            return {"asks": join(read.argv), "rid": read.rid, "argv": list(read.argv), "answer": list(read[2:])}
        needed = {"conditional": True} if event.conditional else {}
        return {"step": event.number, "runs": join(event.command.argv), **needed, "command": encode(event.command)}
    if isinstance(event, PlannedNote):
        return {"notes": event.note.text, "rid": event.rid, "level": event.note.level}
    return {"waits": event.wait.subject, "rid": event.rid, "seconds_max": event.wait.seconds_max}


def sealed(content: Content) -> str:
    """The text of a plan's file: its content with the digest of it."""
    return json.dumps({**content, "digest": digest_of(content)}, ensure_ascii=False, indent=1) + "\n"


def digest_of(content: Content) -> str:
    """The digest of a content, however it was laid out."""
    plain = {name: value for name, value in content.items() if name != "digest"}
    text = json.dumps(plain, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def opened(text: str, path: str) -> Content:
    """The content of a plan's file, proven to be the one that was written. Raises SavedPlanError."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SavedPlanError(f"{path}: this is not JSON, or not all of it: {error}; make the plan again") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise SavedPlanError(f"{path}: this is no saved plan; `svcmgr -s SERVICE plan -o FILE` makes one")
    if content.get("version") != VERSION:
        said = f"a plan of version {content.get('version')!r}, and this svcprov runs version {VERSION}"
        raise SavedPlanError(f"{path}: {said}; make the plan again with this one")
    if content.get("digest") != digest_of(content):
        said = "it is not as it was written, so nobody has seen what it would do"
        raise SavedPlanError(f"{path}: {said}; make the plan again")
    return content


def understood(content: Content, path: str) -> SavedPlan:
    """The plan of a content. Raises SavedPlanError for what `written` does not write, and for a hole nobody makes."""
    try:
        saved = _understood(content)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        said = f"it is no plan of this version ({error})"
        raise SavedPlanError(f"{path}: {said}; make the plan again") from None
    for name, number in _unmade(saved):
        said = f"step {number} needs «{name}», which no step before it makes"
        raise SavedPlanError(f"{path}: {said}; make the plan again")
    return saved


def _understood(content: Content) -> SavedPlan:
    if not is_of_kind(_text(content["id"]), "uuid"):
        raise ValueError(f"its id is {content['id']!r}")
    steps = [event for event in content["events"] if "step" in event]
    if [step["step"] for step in steps] != list(range(1, len(steps) + 1)):
        raise ValueError("its steps are not numbered from 1")
    return SavedPlan(
        content["id"],
        _origin(content),
        tuple(_command(step["command"]) for step in steps),
        frozenset(position for position, step in enumerate(steps) if step.get("conditional")),
        {_text(name): _text(kind) for name, kind in content["made_up"].items()},
        tuple(
            Read(_text(event["rid"]), tuple(event["argv"]), int(event["answer"][0]), _text(event["answer"][1]))
            for event in content["events"]
            if "asks" in event
        ),
    )


def _origin(content: Content) -> Origin:
    given = {name: content[name] for name in Origin._fields}
    for name in ("adopt", "allow_destroy", "file"):
        given[name] = tuple(_text(word) for word in given[name])
    rids, tags, subsets = (tuple(_text(word) for word in words) for words in given["selection"])
    given["selection"] = (rids, tags, subsets)
    for name in ("service", "verb", "hostname", "node", "made_at", "made_by"):
        _text(given[name])
    if given["verb"] not in VERBS:
        raise ValueError(f"{given['verb']!r} is none of {', '.join(VERBS)}")
    return Origin(**given)


def _command(value: Any) -> Command:
    command = decode(value)
    if not isinstance(command, Command) or not command.argv or not all(isinstance(word, str) for word in command.argv):
        raise TypeError(f"{value!r} is no command")
    if command.kind == "reads":
        raise TypeError(f"{join(command.argv)} only reads")
    return command


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _unmade(saved: SavedPlan) -> Iterator[tuple[str, int]]:
    """The holes that nobody makes before they are needed, each with the step that needs it."""
    made = set(saved.made_up)
    for number, command in enumerate(saved.commands, start=1):
        own = {command.makes.name} if command.makes is not None else set()
        for name in open_holes(command.argv):
            if not (name in made | own or name.rpartition(".")[0] in made or name.startswith(HIDDEN)):
                yield name, number
        made |= own
