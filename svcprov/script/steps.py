"""The steps of a plan as lines of a script: a check, and the command only where the check does not hold.

What is made is learnt on both ways: from the answer of the command, or by looking where it is in place already. That a
thing is ours is a matter of memory, as it is for svcprov: what is there without this script having begun to make it is
somebody else's, and ends the script.
"""

from core import trigger
from core.command import Command, Makes, Thing, Wait
from core.config.service import Service
from core.plan import Plan, PlannedNote, PlannedWait, Step
from svcprov import shell
from svcprov.script.functions import codes
from svcprov.script.lines import Lines, Unsayable
from svcprov.script.outline import brackets, deletions, needed
from svcprov.script.words import Words

ANYBODYS = {"directory"}
"""What may have been made by anybody: an empty directory is nobody's data."""


class Steps:
    """Writes the events of a plan into `lines`. log: the directory of what daemons say."""

    def __init__(self, plan: Plan, service: Service, lines: Lines, log: str) -> None:
        self._plan, self._service, self._lines, self._log = plan, service, lines, log
        self._words: Words = lines.words
        self.openers = brackets(plan)
        """The steps that begin a bracket, by number, each with the number of the step that ends it."""
        self._closers = {closer: opener for opener, closer in self.openers.items()}
        self._deletions = deletions(plan, self.openers)
        self._needed = needed(plan)

    def write(self) -> None:
        """Write everything, in order."""
        at: str | None = None
        for event in self._plan.events:
            rid = event.command.rid if isinstance(event, Step) else event.rid
            is_shown = isinstance(event, PlannedWait) or (isinstance(event, Step) and event.number > 0)
            if is_shown and rid != at and not (isinstance(event, Step) and event.is_cascade):
                self._section(rid)
                at = rid
            if isinstance(event, PlannedNote):
                if event.note.level != "info":
                    self._lines.comment(f"{event.note.level}: {event.note.text}")
            elif isinstance(event, PlannedWait):
                self._wait(rid, event.wait)
            elif event.number and not event.is_cascade:
                self._bracketed(event)

    def _section(self, rid: str) -> None:
        purpose = self._plan.purposes.get(rid, "triggers")
        self._lines.add("")
        self._lines.comment(f"---- {rid or self._plan.service}: {purpose}")

    def _bracketed(self, step: Step) -> None:
        """Write a step; brackets in which things are deleted are opened only while something is left to delete."""
        last = self._deletions.get(step.number)
        if last is not None:
            self._lines.add("")
            self._lines.comment(f"unless step {last} has been done")
            self._lines.add(f'if [ "$(recalled step_{last})" != yes ]; then', "recalled")
        self._step(step)
        if step.number in self._closers and self._closers[step.number] in self._deletions:
            self._lines.add("fi")

    def _step(self, step: Step) -> None:
        command, lines = step.command, self._lines
        text = self._words.hidden(shell.line(command.argv))
        lines.add("")
        lines.comment(f"{step.number}. {shell.line(command.argv)}")
        lines.add(f"step={self._words.word(f'step {step.number} ({command.rid}): ')}")
        lines.add(f"say {self._words.word(f'{step.number}. {text}'.replace('«', '<').replace('»', '>'))}", "say")
        if step.number in self.openers:
            # Before the command: whoever closes it asks whether it is open.
            lines.add(f"opened_{step.number}=yes")
        if command.makes is not None and command.makes.difference:
            self._different(step, command.makes)
        elif command.check is None:
            self._done(step)
        else:
            self._checked(step)
        if step.number in self._closers:
            lines.add(f"opened_{self._closers[step.number]}=")
        makes = command.makes
        if makes is not None and makes.identity and makes.name in self._needed:
            lines.add(f"{self._words.variable(makes.name)}={self._words.word(makes.identity)}")

    def _checked(self, step: Step) -> None:
        command, lines = step.command, self._lines
        if command.check is None:
            raise AssertionError(command)
        lines.add(f"if {lines.condition(command.check)}; then")
        with lines.inner():
            makes = command.makes
            if makes is not None and _is_kept(command):
                lines.add(f"ours {self._words.variable(makes.name)}", "ours")
            else:
                lines.add("in_place", "in_place")
            if makes is not None and not makes.identity and self._is_learnt(makes):
                self._witnessed(makes)
        for thing in command.destroys:
            if thing.kind == "filesystem" and thing.at:
                lines.add(f"elif ! [ -e {self._words.word(thing.at)} ]; then")
                with lines.inner():
                    lines.add('say "    is gone"')
        lines.add("else")
        with lines.inner():
            self._done(step)
        lines.add("fi")

    def _done(self, step: Step) -> None:
        """The proofs, the command, and what is learnt from it."""
        command, makes = step.command, step.command.makes
        self._proven(command)
        if makes is not None and _is_kept(command):
            self._lines.add(f"remember {self._words.variable(makes.name)}.begun yes", "remember")
        self._run(command)
        if makes is not None and not makes.identity and self._is_learnt(makes):
            self._answered(makes)
        if step.number in self._deletions.values():
            self._lines.add(f"remember step_{step.number} yes", "remember")

    def _run(self, command: Command) -> None:
        lines = self._lines
        if command.tool in trigger.TOOLS and not _is_blocking(self._service, command):
            # Even that there is no such program is no reason not to begin.
            given = "" if command.stdin is None else f"printf '%s' {self._words.word(command.stdin)} | "
            name = "run_anyway" if command.stdin is None else "run_anyway_with_input"
            lines.add(f"{given}{name} {self._words.line(command.argv)}", name)
            return
        argv = lines.argv(command)
        if command.background:
            program = command.argv[0].rpartition("/")[2]
            lines.add(f"run_daemon {self._words.word(f'{self._log}/{program}.log')} {argv}", "run_daemon")
        elif command.stdin is not None:
            mask = "mask=022; " if command.public else ""
            lines.add(
                f"{mask}run_with_input {self._words.word(command.stdin)} {codes(command)} {argv}", "run_with_input"
            )
            if mask:
                lines.add("mask=077")
        else:
            function = "run_public" if command.public else "run"
            lines.add(f"{function} {codes(command)} {argv}", function)

    def _is_learnt(self, makes: Makes) -> bool:
        """Tell whether anything needs the identity of what a command makes. Raises Unsayable when it cannot be had."""
        if makes.name not in self._needed and not makes.difference:
            return False
        if makes.witness is None and not makes.answer:
            raise Unsayable(f"«{makes.name}» is only learnt from what svcprov asks later")
        return True

    def _witnessed(self, makes: Makes) -> None:
        """Learn the identity of what is in place."""
        lines = self._lines
        if makes.witness is None:
            raise Unsayable(f"«{makes.name}» is only in the answer of the command that makes it")
        lines.add(lines.ask(makes.witness))
        lines.add(f"found=$(printf '%s\\n' \"$said\" | {lines.picking(makes.path)})")
        lines.only(makes.kind)
        lines.add(f"{self._words.variable(makes.name)}=$found")

    def _answered(self, makes: Makes) -> None:
        """Learn the identity of what was just made, from the answer, or else by looking."""
        if not makes.answer:
            self._witnessed(makes)
            return
        lines = self._lines
        lines.programs.add("head")
        lines.add(f"found=$(printf '%s\\n' \"$said\" | {lines.picking(makes.answer)} | head -n 1)")
        lines.only(makes.kind)
        lines.add(f"{self._words.variable(makes.name)}=$found")

    def _different(self, step: Step, makes: Makes) -> None:
        """A thing that only this script's memory knows: its list held others before, and will hold others."""
        lines, command, name = self._lines, step.command, self._words.variable(makes.name)
        if makes.witness is None or command.check is None:
            raise Unsayable(f"«{makes.name}» cannot be told from others of its kind")
        listed = f"found=$(printf '%s\\n' \"$said\" | {lines.picking(makes.path)})"
        lines.add(f"{name}=$(recalled {name})", "recalled", "remember", "without", "in_place")
        lines.add(f'if [ -z "${name}" ] && [ "$(recalled {name}.begun)" = yes ]; then')
        with lines.inner():
            lines.comment("a run before this one has not come to know what it made")
            lines.add(lines.ask(makes.witness))
            lines.add(listed)
            lines.add(f'without "$(recalled {name}.before)"')
            lines.add('if [ -n "$found" ]; then')
            with lines.inner():
                lines.only(makes.kind)
                lines.add(f"{name}=$found")
                lines.add(f'remember {name} "$found"')
            lines.add("fi")
        lines.add("fi")
        lines.add(f'if [ -n "${name}" ] && {lines.condition(command.check)}; then')
        with lines.inner():
            lines.add("in_place")
        lines.add("else")
        with lines.inner():
            self._proven(command)
            lines.add(lines.ask(makes.witness))
            lines.add(listed)
            lines.programs.add("tr")
            lines.add("before=$(printf '%s\\n' \"$found\" | tr '\\n' ' ')")
            lines.add(f'remember {name}.before "$before"')
            lines.add(f"remember {name} ''")
            lines.add(f"remember {name}.begun yes")
            self._run(command)
            if makes.answer:
                lines.add(f"found=$(printf '%s\\n' \"$said\" | {lines.picking(makes.answer)})")
                lines.add('without "$before"')
            else:
                lines.add("found=")
            lines.add('if [ -z "$found" ]; then')
            with lines.inner():
                lines.add(lines.ask(makes.witness))
                lines.add(listed)
                lines.add('without "$before"')
            lines.add("fi")
            lines.only(makes.kind)
            lines.add(f"{name}=$found")
            lines.add(f'remember {name} "$found"')
        lines.add("fi")

    def _proven(self, command: Command) -> None:
        """What has to be so right before a command: what its driver saw, and what the guard proves."""
        lines = self._lines
        for check in command.only_if:
            lines.add(f"{lines.condition(check)} ||")
            with lines.inner():
                lines.add(f"refuse {self._words.word(check.otherwise)}", "refuse")
        for thing in command.destroys:
            self._proof(command, thing)

    def _proof(self, command: Command, thing: Thing) -> None:
        words, lines = self._words, self._lines
        allowed = sorted(self._service.allow_destroy)
        match thing.kind:
            case "device":
                counts = "blank" if thing.blank else "given-up"
                named = words.line((thing.identity, thing.at or thing.identity, counts, *allowed))
                lines.add(f"prove_device {named}", "prove_device")
            case "filesystem":
                lines.add(f"prove_filesystem {words.line((thing.identity, thing.at, *allowed))}", "prove_filesystem")
            case "subvolume":
                uuid, _, name = thing.identity.rpartition(":")
                named = words.line((uuid, name, thing.at, command.argv[-1], *allowed))
                lines.add(f"prove_subvolume {named}", "prove_subvolume")
            case "file":
                lines.comment(f"{thing.identity} is recorded as this service's")
                lines.add(f"prove_file {words.word(thing.identity)}", "prove_file")
            case _:
                lines.comment(f"the {thing.kind} {thing.identity} is recorded as this service's, or was named")
                for check in thing.proofs:
                    lines.add(f"{lines.condition(check)} ||")
                    with lines.inner():
                        said = check.otherwise or f"{thing.at or thing.identity} is not {thing.kind} {thing.identity}"
                        lines.add(f"refuse {words.word(said)}", "refuse")

    def _wait(self, rid: str, wait: Wait) -> None:
        """A bounded wait."""
        lines, words = self._lines, self._words
        if callable(wait.until):
            raise Unsayable(f"{rid}: how the wait for {wait.subject} ends is no check that a shell could ask")
        seconds = max(wait.seconds_max, wait.seconds_at_last)
        lines.add("")
        lines.comment(f"wait for {wait.subject}, {seconds} seconds at most")
        lines.add(f"step={words.word(f'{rid}: ')}")
        if wait.unless is not None:
            unless = wait.unless._replace(absent=not wait.unless.absent)
            lines.add(f"if {lines.condition(unless)}; then")
            with lines.inner():
                self._waited(wait, seconds)
            lines.add("fi")
        else:
            self._waited(wait, seconds)

    def _waited(self, wait: Wait, seconds: int) -> None:
        lines, words = self._lines, self._words
        until = () if callable(wait.until) else wait.until
        lines.add(f"left={seconds}")
        lines.add(f"until {' || '.join(map(lines.condition, until))}; do")
        with lines.inner():
            for check in wait.in_vain:
                failed = f"waiting for {wait.subject} was in vain"
                lines.add(f"if {lines.condition(check)}; then")
                with lines.inner():
                    lines.add(f"fail {words.word(failed)}", "fail")
                lines.add("fi")
            failed = f"timeout waiting for {wait.subject} ({seconds} seconds)"
            lines.add(f'[ "$left" -ge {wait.every_seconds} ] || fail {words.word(failed)}', "fail")
            lines.add(f"sleep {wait.every_seconds}")
            lines.programs.add("sleep")
            lines.add(f"left=$((left - {wait.every_seconds}))")
        lines.add("done")

    def closing(self) -> None:
        """Write what closes the brackets that are open, the last one first: the script runs it however it ends."""
        lines = self._lines
        by_number = {step.number: step for step in self._plan.steps}
        for number in reversed(self.openers):
            command = by_number[number].command
            lines.add(f'if [ -n "$opened_{number}" ]; then')
            with lines.inner():
                lines.add("(")
                with lines.inner():
                    lines.add(f"step='closing step {number}: '")
                    check = command.check
                    if check is not None:
                        lines.add(f"{lines.condition(check._replace(absent=not check.absent))} || {{")
                    undo = [each for each in command.undo if isinstance(each, Command)]
                    for each in undo:
                        with lines.inner():
                            self._run(each)
                    if check is not None:
                        lines.add("}")
                lines.add(") || code=1")
            lines.add("fi")


def _is_kept(command: Command) -> bool:
    """Tell whether a command makes what is ours; one that only recognises it has found it made."""
    makes, check = command.makes, command.check
    if makes is None or not makes.kept or makes.kind in ANYBODYS:
        return False
    recognises = (check is not None and check.ask.argv == command.argv) or (command.quiet and not command.shows)
    return not recognises


def _is_blocking(service: Service, command: Command) -> bool:
    """Tell whether a failing trigger ends the action."""
    return any(
        blocking and known.argv == command.argv
        for when in ("pre", "post")
        for known, blocking in trigger.commands(service, command.rid or "DEFAULT", command.verb, when)
    )
