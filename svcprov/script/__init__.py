"""A plan as a script of the POSIX shell: what a change board reads, and what a node runs that has no svcprov.

Each step is its check, and only where that does not hold its command, with the guard's proofs right before it. What the
steps make is learnt from the answers. Between two runs the script remembers what it made up and what it has made, as
svcprov's journal does; so it can be run again, after its end or after a power failure.
"""

from hashlib import sha256
from typing import TYPE_CHECKING

from core.errors import Refused, Remedy
from core.plan import Plan, PlannedWait
from executors.real.machine import PATH
from svcprov import consent, shell
from svcprov.render import count
from svcprov.script.library import wanted
from svcprov.script.lines import Lines, Unsayable
from svcprov.script.outline import needed, unmade
from svcprov.script.steps import Steps
from svcprov.script.words import Words, environment_variable, referring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.config.service import Service
    from svcprov.invocation import Invocation
    from svcprov.presenting import Presented

DIGEST_CHARACTERS = 12
ALWAYS = ("fail", "say", "remember", "recalled", "unfinished")
"""The functions that every script needs."""
FINISHED_ONCE = {"unprovision"}
"""The verbs whose script does nothing any more once it has come to its end: what it took away may be there again."""


def script(call: "Invocation", shown: "Presented") -> str:
    """The plan as a script. Raises Refused for a plan that no script can say, with the line that says it otherwise."""
    if lost := consent.uncovered(shown.plan, shown.service):
        raise consent.unallowed(call, shown.plan.verb, shown.service, lost)
    try:
        text = written(shown)
        _check_masked(call, text)
    except Unsayable as error:
        saved = f"{shown.plan.service}.plan"
        line = f"{call.line('plan', shown.plan.verb, '-o', saved)} && {call.line('apply', saved)}"
        said = f"this plan cannot be a script: {error.text}"
        raise Refused(said, Remedy("to save it, and apply it there", line, whole=True)) from None
    return text


def _check_masked(call: "Invocation", text: str) -> None:
    """Refuse a script that the screen would mask somewhere: in the middle of a word of the shell, for example."""
    if call.screen.masked(text) != text:
        raise Unsayable("the script has the text of a secret in it by chance, it is so short or so common a word")


def written(shown: "Presented") -> str:
    """The plan as a script. Raises Unsayable for one that cannot be."""
    _check(shown)
    return _Script(shown).text()


def _check(shown: "Presented") -> None:
    """Refuse what is no plain sequence of steps."""
    if shown.resumable:
        raise Unsayable(f"an action on {shown.plan.service} is unfinished, and only its journal knows how far it came")
    for step in shown.plan.steps:
        if step.conditional:
            words = shell.line(step.command.argv)
            raise Unsayable(
                f"step {step.number} ({step.command.rid}: {words}) may not be needed, which only shows when the steps "
                "before it have run"
            )
    if names := unmade(shown.plan):
        raise Unsayable(f"{names[0]} is read out of an answer by svcprov, not by a check that a shell could ask")


class _Script:
    """The script of a plan."""

    def __init__(self, shown: "Presented") -> None:
        self._plan: Plan = shown.plan
        self._service: Service = shown.service
        self._secrets = self._service.secrets()
        self._words = Words(self._secrets)
        var = self._service.var
        self._log = f"/var/log/opensvc/{self._plan.service}"
        if var != "/var/lib/opensvc":
            self._log = f"{var}/log/{self._plan.service}"
        self._digest = ""

    def text(self) -> str:
        """All of it."""
        if not self._plan.steps:
            return "\n".join((*self._title(), "", f"echo {self._words.word(self._nothing())}", "exit 0"))
        body, closing, end = Lines(self._words), Lines(self._words), Lines(self._words)
        steps = Steps(self._plan, self._service, body, self._log)
        self._made_up(body)
        steps.write()
        closing_steps = Steps(self._plan, self._service, closing, self._log)
        closing_steps.closing()
        self._end(end)
        # Another plan has another memory.
        self._digest = sha256("\n".join((*body.text, *end.text)).encode()).hexdigest()[:DIGEST_CHARACTERS]
        functions = {*body.functions, *closing.functions, *end.functions, *ALWAYS}
        programs = {*body.programs, *closing.programs, *end.programs, "flock", "id", "uname"}
        for function in wanted(functions):
            programs.update(function.programs)
        parts = (
            self._title(),
            self._explanation(),
            ("",),
            self._surroundings(programs),
            (line for function in wanted(functions) for line in ("", *function.text.splitlines())),
            self._beginning(steps, closing),
            body.text,
            end.text,
        )
        return "\n".join(line for part in parts for line in part)

    def _nothing(self) -> str:
        return f"{self._plan.verb} of {self._plan.service}: nothing is to be done"

    def _title(self) -> "Iterator[str]":
        yield "#!/bin/sh"
        hidden = self._words.hidden
        yield f"# {hidden(f'{self._plan.verb} of {self._plan.service} on {self._service.nodename}')}"

    def _explanation(self) -> "Iterator[str]":
        from svcprov import __version__

        plan = self._plan
        cascades = sum(step.is_cascade for step in plan.steps)
        waits = sum(isinstance(event, PlannedWait) for event in plan.events)
        counts = (
            count(len(plan.steps) - cascades, "command"),
            f"{count(cascades, 'change')} of the service file",
            count(waits, "wait"),
            f"{len(plan.destructive)} destructive",
        )
        yield "#"
        yield f"# {', '.join(counts)}. Planned by svcprov {__version__}."
        for step in plan.destructive:
            for thing in step.lost:
                yield f"# {self._words.hidden(f'DESTROYS {thing.kind} {thing.identity} (step {step.number})')}"
        yield from EXPLANATION
        if plan.verb in FINISHED_ONCE:
            yield "# Once it has come to its end it does nothing any more."
        if cascades:
            yield from CASCADES
        yield from UNCHECKED
        yield from EXIT_CODES

    def _surroundings(self, programs: set[str]) -> "Iterator[str]":
        yield "set -eu"
        if self._cascades():
            yield "svcmgr=$(command -v svcmgr || true)"
        yield f"PATH={PATH}"
        yield "LC_ALL=C.UTF-8"
        yield "export PATH LC_ALL"
        yield "umask 077"
        yield "mask=077"
        yield "cd /"
        yield f"service={self._words.word(self._plan.service)}"
        yield "step="
        for name in sorted(self._words.demanded):
            said = f"the secret {name} of the service file"
            yield f': "${{{environment_variable(name)}:?{said}}}"'
        yield ""
        words = " ".join(self._words.word(each) for each in sorted(programs))
        yield f"for program in {words}; do"
        yield '    command -v "$program" >/dev/null || {'
        yield '        printf \'%s: %s is not installed: nothing was done\\n\' "$service" "$program" >&2'
        yield "        exit 1"
        yield "    }"
        yield "done"

    def _beginning(self, steps: Steps, closing: Lines) -> "Iterator[str]":
        word = self._words.word
        yield from ("", "# ---- before anything is done")
        yield "[ \"$(id -u)\" -eq 0 ] || fail 'this is for root'"
        node = self._service.nodename
        yield 'node=$(uname -n | tr "[:upper:]" "[:lower:]")'
        yield f'[ "$node" = {word(node)} ] || fail "this is the node $node, and the plan is for {node}" 4'
        memory = f"{self._service.var}/{self._plan.service}.{self._plan.verb}.{self._digest}"
        yield f"memory=${{SVCPROV_MEMORY:-{memory}}}"
        yield '(umask 022; mkdir -p "${memory%/*}")'
        yield 'exec 9>>"$memory"'
        yield "flock -n 9 || fail 'this script is running already' 5"
        if self._plan.verb in FINISHED_ONCE:
            yield 'if [ "$(recalled finished)" = yes ]; then'
            yield '    say "$service: this script has come to its end before; to run it again, remove $memory"'
            yield "    exit 0"
            yield "fi"
        for number in steps.openers:
            yield f"opened_{number}="
        yield from ("", "# However this ends: what is open for a moment only is closed, the last first.", "leave() {")
        yield "    code=$?"
        yield "    trap - EXIT"
        yield from (f"    {line}" for line in closing.text)
        for name, kind in self._plan.made_up.items():
            if kind == "tmpdir" and self._words.is_known(name):
                variable = self._words.variable(name)
                yield f"    [ -e \"${variable}\" ] || remember {variable} ''"
        yield '    [ "$code" -eq 0 ] || unfinished'
        yield '    exit "$code"'
        yield "}"

    def _made_up(self, lines: Lines) -> None:
        """What is made up, before anything has it."""
        known = needed(self._plan)
        for name, kind in self._plan.made_up.items():
            if name in known:
                variable = self._words.variable(name)
                lines.add(f"{variable}=$(made_up {variable} {kind})", "made_up")
        lines.add("trap leave EXIT")
        lines.add("trap 'exit 129' HUP")
        lines.add("trap 'exit 130' INT")
        lines.add("trap 'exit 143' TERM")

    def _cascades(self) -> list[tuple[str, str | None]]:
        """The keys of the service file that change, with what they get at last; None: they are taken out."""
        last: dict[str, str | None] = {}
        for step in self._plan.steps:
            if step.is_cascade:
                argv = step.command.argv
                last.pop(argv[2], None)
                last[argv[2]] = argv[3] if argv[1] == "set" else None
        return list(last.items())

    def _end(self, lines: Lines) -> None:
        word, cascades = self._words.word, self._cascades()
        lines.add("")
        lines.comment("---- the end")
        lines.add("step=")
        if cascades:
            lines.add("say 'The service file gets:'")
            for key, value in cascades:
                said = f"  {key} is taken out" if value is None else f"  {key} = {value}"
                lines.add(f"say {word(self._shown(said))}")
            lines.add('if [ -n "$svcmgr" ] && "$svcmgr" -s "$service" print config >/dev/null 2>&1; then')
            with lines.inner():
                for key, value in cascades:
                    if value is None:
                        lines.add(f"unset_key {word(key)}", "unset_key")
                    else:
                        lines.add(f"set_key {word(key)} {word(value)}", "set_key")
            lines.add("fi")
        if self._plan.verb in FINISHED_ONCE:
            lines.add("remember finished yes")
        lines.add(f'say "$service: {self._plan.verb} is done"')

    def _shown(self, text: str) -> str:
        """A line for people, in which secrets are called by their names."""
        from svcprov.secrets import mask

        masked: str = mask(text, self._secrets)
        return referring(masked, self._secrets)


EXPLANATION = (
    "#",
    "# Run it as root, with sh. It needs no svcprov. Each step asks whether it has been done, and runs its command",
    "# only where it has not, so the script can be run again: after its end, where it changes nothing, and after a",
    "# failure, where it goes on. It remembers what it made up and what it has made in the file $memory",
    "# (SVCPROV_MEMORY names another), and ends where something is there that it did not make. Before data could be",
    "# lost it proves that there is none.",
)

CASCADES = (
    "# What the service file has to get is shown at the end, and is written there when this node has svcprov and",
    "# the service.",
)

UNCHECKED = (
    "#",
    "# Not checked: that the plan is still what svcprov would do, since the service file and the cloud are not read",
    "# again; that devices which are named here (/dev/sdb) are the disks that they were, unless they are formatted",
    "# or zeroed here; what triggers do. svcprov, where there is one, has no record of what this makes, and does",
    "# not unprovision it.",
)

EXIT_CODES = (
    "#",
    "# Exit codes: 0 done, 1 failed, 3 refused: data would be destroyed, or something is in the way, 4 this node is",
    "# not as it was planned, 5 it is running already.",
)
