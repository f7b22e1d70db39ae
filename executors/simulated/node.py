"""A node that is only a state: the same commands, answered by the simulated faces of the tools.

It refuses what it does not know: a program without a simulated face, or one that the node does not have installed,
ends with 127 as a shell would; an unknown option is the tool's own usage error.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from core.command import Command, Completed
from core.holes import hole
from core.stacked import TABLES
from core.state import DEBIAN_12, ON_PATHS, Content, Entry, NodeState, Question
from core.tree import Tree
from executors import missing
from executors.simulated.identifiers import generated

USUAL = {"docker.io": "20.10.24", "lvm2": "2.03.16"}
"""What is taken for the version of a tool that nobody has asked yet, beside Debian's."""


class SimulatedNode:
    """Runs commands against `state`, in place.

    holes: hand out holes («disk#0.volume.0») in place of identifiers, for a preview.
    hopeless: questions that have no answer. supposes: what is then taken for so: that it is there, or that it is not.
    hidden: files that lie in filesystems which are not mounted: of one whose content is not unseen it is known.
    questions: what was asked of a state that is not complete, was not known, and can be asked of the real node.
    guesses: what was asked, and can be known by nobody beforehand.
    """

    def __init__(
        self,
        state: NodeState,
        *,
        holes: bool = False,
        hopeless: Collection[Question] = (),
        supposes: bool = False,
        hidden: Mapping[str, Entry] = MappingProxyType({}),
    ) -> None:
        self.state = state
        self.holes = holes
        self.tree = Tree(state, None if state["complete"] else self.ask)
        self.questions: list[Question] = []
        self.guesses: list[Question] = []
        self._hopeless, self._supposes, self._hidden = hopeless, supposes, hidden
        self._mounts_at_first = list(state["mounts"])
        self._tools: dict[str, Any] = {}
        self.members: dict[str, str] = {}
        """Where the superblocks of members were seen last, by uuid: hints, to be looked at before they are believed."""
        self.labels: dict[str, tuple[str, Any, Any, Content]] = {}
        """Their devices, what has the content of these, and the content, for who has to look at all of them often."""
        self.stacked: dict[tuple[str, str, str], str] = {}
        """The devices of what is stacked, as they were when there were `stacked_of_devices`."""
        self.stacked_of_devices = -1
        self.erased = 0
        """How often the superblock of a member was written over."""
        self.whole_at: tuple[int, ...] = ()
        """When no volume group lacked a device."""
        self._loops: dict[str, list[str]] = {}
        self._loops_of_devices = -1

    def run(self, command: Command) -> Completed:
        """Answer as the tool would, and change the state as it would."""
        if command.tool == "engine":
            return self._engine(command)
        program = command.argv[0]
        if program in self.state["programs"]:
            return Completed(**self.state["programs"][program])
        tool = self._tools.get(command.tool) or self._imported(command.tool)
        if tool is None and not self.state["complete"] and self._is_unknown(Question("program", program)):
            # What a program of the user's does cannot be foreseen: it is taken to go well.
            return Completed(0)
        packages = () if tool is None else tool.PROGRAMS.get(program, ())
        if not self.has(packages):
            return missing.answer(program, packages)
        answer: Completed = tool.run(self, command)
        return answer

    def has(self, packages: str | tuple[str, ...]) -> bool:
        """Tell whether one of the packages that bring a program is installed."""
        if not self.state["complete"]:
            return any(self._is_installed(name) for name in ((packages,) if isinstance(packages, str) else packages))
        installed = self.state["tools"]
        return packages in installed if isinstance(packages, str) else any(name in installed for name in packages)

    def _is_installed(self, package: str) -> bool:
        installed = self.state["tools"]
        if package not in installed and self._is_unknown(Question("tool", package)):
            # Taken to be there, as on most nodes, so that what comes after it is asked in the same round.
            installed[package] = DEBIAN_12.get(package, USUAL.get(package, "1"))
        return package in installed

    def ask(self, question: Question) -> Entry | None:
        """Hear what the state does not say; return what to take for there, if anything."""
        hidden = self._hidden.get(question.subject) if question.kind == "path" else None
        hidden = None if hidden is None or self._can_be_seen(question) else hidden
        if hidden is not None and hidden["content"]["kind"] != "unseen" and not self._is_answered(question):
            return hidden
        if not (self._is_unknown(question) and question in self.guesses and self._supposes):
            return None
        return hidden or {"kind": "directory", "mode": "0755", "docker": None}

    def _is_answered(self, question: Question) -> bool:
        return str(question) in self.state["known"] or self._needs_no_look(question)

    def _is_unknown(self, question: Question) -> bool:
        """Note a question, unless its answer is known."""
        if self._is_answered(question):
            return False
        asked = self.guesses if question in self._hopeless or not self._can_be_seen(question) else self.questions
        if question not in asked:
            asked.append(question)
        return True

    def _needs_no_look(self, question: Question) -> bool:
        """Tell whether a path is known anyway: a device, or a name that the plan made up, outside of all mounts."""
        subject = question.subject
        return question.kind in ON_PATHS and (
            subject in self.state["devices"] or (subject.startswith("«") and not self.tree.place(subject).device)
        )

    def _can_be_seen(self, question: Question) -> bool:
        """Tell whether a path leads to the same filesystem now as before anything was planned.

        What a docker daemon keeps is known to the daemon only, so it cannot be seen while none runs.
        """
        if question.kind == "store":
            return False
        if question.kind not in ON_PATHS:
            return True
        now = self.tree.place(question.subject).device
        return now == Tree({**self.state, "mounts": self._mounts_at_first}).place(question.subject).device

    def _imported(self, name: str) -> Any:
        """The simulated face of a tool; None where there is none."""
        module = f"executors.simulated.tools.{name}"
        try:
            tool = import_module(module) if name else None
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            return None
        self._tools[name] = tool
        return tool

    def _engine(self, command: Command) -> Completed:
        """Answer what the engine itself asks of a node: time to pass, and values that are made up."""
        match command.argv:
            case (("sleep" | "pause"), seconds):
                self.state["clock"] += int(seconds)
                self._settle()
                return Completed(0)
            case ("fresh", kind, name):
                return Completed(0, hole(name) if self.holes else self._identifier(kind))
            case _:
                return missing.answer(command.argv[0])

    def identifier(self, kind: str, command: Command, part: str = "") -> str:
        """Hand out the identity of a thing that `command` makes: in a preview, the hole of its name.

        part: for a second identity of the same thing (an elastic address has an allocation and a public address).
        """
        if self.holes and command.makes is not None:
            return hole(f"{command.makes.name}.{part}" if part else command.makes.name)
        return self._identifier(kind)

    def _identifier(self, kind: str) -> str:
        waiting = self.state["identifiers"].get(kind)
        if waiting:
            return str(waiting.pop(0))
        self.state["serial"] += 1
        return generated(kind, self.state["seed"], self.state["serial"])

    def version(self, package: str) -> tuple[int, ...]:
        """The version of an installed package, as numbers to compare; empty when it is not installed."""
        return _numbers(self.state["tools"].get(package, ""))

    def latency(self, name: str, seconds: int) -> int:
        """How long something takes on this node: what the state says, else `seconds`."""
        return int(self.state["latencies"].get(name, seconds))

    @property
    def clock(self) -> int:
        """Seconds since the state began."""
        return int(self.state["clock"])

    def device(self, path: str) -> dict[str, Any] | None:
        """The block device that a path leads to through its links; None when there is none (yet)."""
        device = self.state["devices"].get(self.tree.real(path))
        return device if device is not None and device["appears"] <= self.clock else None

    def loops(self, file: str) -> list[str]:
        """The loop devices of a file, given by its real path."""
        devices = self.state["devices"]
        if self._loops_of_devices != len(devices):
            self._loops = {}
            for path, device in devices.items():
                if device["file"]:
                    self._loops.setdefault(device["file"], []).append(path)
            self._loops_of_devices = len(devices)
        # As many devices as before need not be the same ones.
        return [path for path in self._loops.get(file, ()) if path in devices and devices[path]["file"] == file]

    def attach_loop(self, path: str, device: dict[str, Any]) -> None:
        """Let a loop device come to be."""
        attached = [*self.loops(device["file"]), path]
        self.state["devices"][path] = device
        self._loops[device["file"]] = attached
        self._loops_of_devices = len(self.state["devices"])
        self._settle(path)

    def _settle(self, path: str = "") -> None:
        """Let udev look at devices that have appeared (at this one), where one has a signature."""
        devices = self.state["devices"]
        waiting = [devices[path]] if path else [device for device in self.present().values() if not device["settled"]]
        if not any(self.tree.holder(device)["content"]["kind"] == "signature" for device in waiting):
            for device in waiting:
                device["settled"] = True
            return
        from executors.simulated import stacking

        stacking.settle(self)

    def present(self) -> dict[str, dict[str, Any]]:
        """The block devices that have appeared, by path."""
        return {path: device for path, device in self.state["devices"].items() if device["appears"] <= self.clock}

    def content(self, device: dict[str, Any]) -> Content:
        """What a device holds, wherever that lives: on the device, on its volume or in its loop file."""
        holder = self.tree.holder(device)
        content: Content = holder["content"]
        if content["kind"] == "unseen":
            path = next((path for path, each in self.state["devices"].items() if each is device), "")
            # A file is looked at by its name: the loop device may be one that is only planned. A volume has none here.
            question = Question("content", device["file"] if device["file"] and holder is not device else path)
            # Until somebody has looked it is taken for blank, so that what comes after it is asked in the same round.
            if self._is_unknown(question) and question in self.questions:
                return {"kind": "zero"}
        return content

    def set_content(self, device: dict[str, Any], content: Content) -> None:
        """Replace what a device holds; what it was a member of loses it."""
        holder = self.tree.holder(device)
        before, holder["content"] = holder["content"], content
        self.erased += before.get("type", "").endswith("_member")
        is_other = before.get("files") is not content.get("files")
        if is_other or before.get("member_of", "") not in {"", content.get("member_of")}:
            self.forget(before)

    def forget(self, content: Content) -> None:
        """Let what a device was a member of lose it, since what said so is gone; and so with all files that it held."""
        if not any(self.state[name] for name in TABLES):
            return
        if content.get("member_of"):
            from executors.simulated import stacking

            stacking.leave(self, content)
        for files in (content.get("files", {}), *content.get("subvolumes", {}).values()):
            for inner in [entry["content"] for entry in files.values() if "content" in entry]:
                self.forget(inner)

    def by_tag(self, tag: str) -> str | None:
        """The device that `LABEL=...`, `UUID=...` or a path names; None when there is none."""
        name, _, value = tag.partition("=")
        if name not in {"LABEL", "UUID"}:
            return self.tree.real(tag) if self.device(tag) is not None else None
        # What nobody has looked at is asked about last: a tag that the plan itself gave needs no look at all disks.
        unseen_last = sorted(self.present().items(), key=lambda item: (self.is_unseen(item[1]), item[0]))
        for path, device in unseen_last:
            if value and self.content(device).get(name.lower()) == value:
                return path
        return None

    def is_unseen(self, device: dict[str, Any]) -> bool:
        """Tell whether nobody has looked at what a device holds."""
        return bool(self.tree.holder(device)["content"]["kind"] == "unseen")

    def users(self, path: str) -> list[str]:
        """Who holds a device: mount points, swap, devices above it. An empty list means that it is free."""
        real = self.tree.real(path)
        device = self.state["devices"].get(real)
        mounts = [mount["mount_point"] for mount in self.state["mounts"] if mount["device"] == real]
        swaps = ["[SWAP]"] if real in self.state["swaps"] else []
        return mounts + swaps + (list(device["holders"]) if device is not None else []) + self._pools_on(real)

    def _pools_on(self, path: str) -> list[str]:
        """The imported pools that have a device, or a partition of it, open."""
        pools = (pool for pool in self.state["pools"].values() if pool["imported"])
        return [pool["name"] for pool in pools if {path, f"{path}1", f"{path}p1"}.intersection(pool["vdevs"])]


@lru_cache(maxsize=256)
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.replace("-", ".").split(".") if part.isdigit())
