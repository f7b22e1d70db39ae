"""The ways in which the code is made wrong by `tests.mutants`, each with the tests that have to notice."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """What is done wrong, where, and the tests that have to notice."""

    wrong: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


INVARIANTS = "tests/property/test_invariants.py"
CRASHES = "tests/property/test_crashes.py"
FORMATS = "tests/fidelity/test_formats.py"
STRANGERS = "tests/property/test_strangers.py"
GUARD = "tests/property/test_guard.py"
APPLY = "tests/e2e/test_apply.py"
JOURNAL = "tests/unit/layers/test_journal.py"
SETTLING = "tests/unit/layers/test_settling.py"
CONTRACT = "tests/unit/layers/test_contract.py"
GUARD_CASES = "tests/unit/layers/test_guard.py"
MUTANTS = (
    Mutant(
        "a device is formatted without the proof that it is blank",
        "core/evidence.py",
        "    return Evidence(size, signatures=signatures, residue=not signatures and not is_zero)\n",
        "    return Evidence(size)\n",
        (STRANGERS,),
    ),
    Mutant(
        "an existing filesystem is taken for ours",
        "core/drivers/filesystem.py",
        '        return tags.get("UUID") in recorded or tags.get("LABEL") in labels or fs.rid in service.adopt\n',
        "        return bool(recorded or labels or tags)\n",
        (STRANGERS,),
    ),
    Mutant(
        "an address is taken although somebody answers for it",
        "core/drivers/ip/address.py",
        "        if (yield ping.anybody(address)).returncode == ping.ANSWERED:\n            raise",
        "        if (yield ping.anybody(address)).returncode == -1:\n            raise",
        (STRANGERS,),
    ),
    Mutant(
        "a simulated tool agrees where it must not: bytes that are not zero are",
        "executors/simulated/tools/cmp.py",
        """        return Completed(1, f"{path} /dev/zero differ: byte {offset + 1}, line 1\\n")\n""",
        "        return Completed(0)\n",
        (STRANGERS,),
    ),
    Mutant(
        "unprovision deletes the volumes that the file names, not those of the record",
        "core/drivers/disk/amazon.py",
        '        created = _recorded(disk, "volume")\n',
        '        created = {str(place): word for place, word in enumerate(disk.words("volumes"))}\n',
        (f"{INVARIANTS}::test_nothing_of_others_is_touched",),
    ),
    Mutant(
        "steps are taken back in the order in which they were made",
        "svcprov/action.py",
        "    return taken[::-1] if verb in UNDOING else taken\n",
        "    return taken\n",
        (f"{INVARIANTS}::test_unprovision_is_the_inverse_of_provision",),
    ),
    Mutant(
        "two writes are swapped: the service file loses its user's text before the record has it",
        "executors/layers/service_file.py",
        """            self._save_record()
        if value is None:
            service.unset(key)
        else:
            service.set(key, value)
        self._save_file()
""",
        """        if value is None:
            service.unset(key)
        else:
            service.set(key, value)
        self._save_file()
        self._save_record()
""",
        (f"{CRASHES}::test_every_crash_point", "-k", "haproxy and unprovision"),
    ),
    Mutant(
        "a cascade is forgotten",
        "core/drivers/ip/amazon.py",
        "                yield SetKey(entry, address)\n",
        "",
        (f"{INVARIANTS}::test_a_provisioned_service_is_up",),
    ),
    Mutant(
        "an undo is missing: a created volume is not deleted",
        "core/tools/aws.py",
        """            delete_volume(cli, f"«{name}»", (name,), blank=not new.snapshot),\n""",
        "",
        (f"{INVARIANTS}::test_rolling_back_a_whole_provision_is_its_inverse",),
    ),
    Mutant(
        "a value that was made up is not saved before it is used",
        "executors/layers/journal.py",
        """            if self._write is not None:
                # Nothing has this value before a change does, and the intent of that syncs this line with its own.
                self._write({"fresh": name, "value": value}, sync=False)
""",
        "",
        (JOURNAL,),
    ),
    Mutant(
        "the journal writes the intent after the change",
        "executors/layers/journal.py",
        """        if self._write is not None:
            self._write({"intent": entry.number, "command": command, "before": list(before)})
        self.entries.append(entry)
        answer = self._inner.run(command)
""",
        """        answer = self._inner.run(command)
        if self._write is not None:
            self._write({"intent": entry.number, "command": command, "before": list(before)})
        self.entries.append(entry)
""",
        (f"{CRASHES}::test_every_crash_point", "-k", "haproxy and rollback"),
    ),
    Mutant(
        "brackets that a crash left open stay open",
        "executors/layers/journal.py",
        '            if entry.state != "done" or not command.temporary:\n',
        "            if command.temporary or True:\n",
        (f"{CRASHES}::test_every_crash_point", "-k", "stack and resume"),
    ),
    Mutant(
        "a command that failed is believed not to have happened",
        "executors/layers/journal.py",
        "        if answer.returncode not in command.accepts:\n            return answer\n        made",
        '        if answer.returncode not in command.accepts:\n            self._answered(entry, "gone")\n'
        "            return answer\n        made",
        (f"{CRASHES}::test_every_crash_point", "-k", "haproxy and rollback and kill"),
    ),
    Mutant(
        "a driver reads inside a value that nobody knows yet",
        "core/drivers/disk/amazon.py",
        """            yield SetKey(f"{disk.rid}.volumes", " ".join(words))\n""",
        """            yield SetKey(f"{disk.rid}.volumes", " ".join(word[:16] for word in words))\n""",
        (f"{INVARIANTS}::test_drivers_are_parametric", f"{INVARIANTS}::test_a_preview_is_the_run"),
    ),
    Mutant(
        "what the plan does not show is run",
        "executors/layers/contract.py",
        "        if not self._may_repeat(command):\n            raise",
        "        if not self._may_repeat(command) and command.tool == 'nothing':\n            raise",
        (f"{INVARIANTS}::test_what_the_plan_does_not_show_is_not_run",),
    ),
    Mutant(
        "the guard lets an unreadable device pass",
        "executors/layers/guard.py",
        "    if found.unreadable:\n",
        "    if not found.users and found.held:\n",
        (GUARD_CASES,),
    ),
    Mutant(
        "the guard lets pass what somebody uses",
        "core/evidence.py",
        "    if users := blockdev.keepers(uses):\n        return Evidence(size, users=tuple(users))\n",
        "",
        (GUARD_CASES,),
    ),
    Mutant(
        "the guard does not look at the uuid of a filesystem",
        "executors/layers/guard.py",
        '    if blkid.tags(probed).get("UUID") == thing.identity:\n        return\n',
        "    if thing.identity:\n        return\n",
        (GUARD,),
    ),
    Mutant(
        "the guard does not look at the uuid above a subvolume",
        "executors/layers/guard.py",
        '    if blkid.tags(probed).get("UUID") == uuid:\n',
        "    if uuid:\n",
        (GUARD_CASES,),
    ),
    Mutant(
        "the guard believes the driver's proof of a blank device",
        "executors/layers/guard.py",
        "    if thing.blank and signature:\n",
        "    if thing.blank:\n        return\n    if signature and thing.blank:\n",
        (GUARD,),
    ),
    Mutant(
        "the guard does not ask the record",
        "executors/layers/guard.py",
        "    if thing.identity not in command.argv or not _is_given(",
        "    if thing.identity not in command.argv and not _is_given(",
        (GUARD_CASES,),
    ),
    Mutant(
        "a run is not guarded",
        "svcprov/action.py",
        "        contract = Contract(self._journal, _terms(self.approved or plan), guard)\n",
        "        contract = Contract(self._journal, _terms(self.approved or plan))\n",
        (GUARD,),
    ),
    Mutant(
        "a rollback is not guarded",
        "svcprov/action.py",
        "self._journal.rollback(Guard(self._journal, self._service))",
        "self._journal.rollback()",
        (GUARD,),
    ),
    Mutant(
        "the preview of apply is not held to the saved plan",
        "svcprov/action.py",
        "        contract = None if self.approved is None else Contract(",
        "        contract = None if self.approved is not None else Contract(",
        (APPLY, "-k", "stale"),
    ),
    Mutant(
        "a plan may end earlier than it was approved",
        "svcprov/action.py",
        "        if contract is not None:\n            contract.finish()\n",
        "",
        (APPLY, "-k", "not_needed_any_more"),
    ),
    Mutant(
        "an edited plan is applied",
        "core/saved_plan.py",
        '    if content.get("digest") != digest_of(content):\n',
        '    if content.get("digest") == "":\n',
        (APPLY, "-k", "bad_plan and edited"),
    ),
    Mutant(
        "a plan is applied twice",
        "svcprov/files.py",
        '        if "plan" in header:\n            self.use(str(header["plan"]))\n',
        "",
        (APPLY, "-k", "applied_once"),
    ),
    Mutant(
        "what makes something may be left out of a run although nobody made it",
        "executors/layers/contract.py",
        "            return self._journal.remembers(fill(planned, self._bound))\n",
        "            return True\n",
        (CONTRACT,),
    ),
    Mutant(
        "a hole may be filled anew at each use",
        "executors/layers/contract.py",
        "                self._bound |= added\n                self._next = position + 1\n",
        "                self._next = position + 1\n",
        (CONTRACT,),
    ),
    Mutant(
        "what a command that was in flight made is forgotten",
        "executors/layers/journal.py",
        '            self._answered(entry, "done" if made else "gone", made)\n',
        '            self._answered(entry, "gone")\n',
        (f"{CRASHES}::test_every_crash_point", "-k", "testec2docker and rollback and kill"),
    ),
    Mutant(
        "a change in flight counts as done without a look",
        "executors/layers/journal.py",
        "            there = check is None or self.holds(check)\n",
        "            there = check is None or bool(check)\n",
        (SETTLING,),
    ),
    Mutant(
        "a rollback takes back the first change first",
        "executors/layers/journal.py",
        "        for entry in reversed(self.entries[:]):\n",
        "        for entry in self.entries[:]:\n",
        (f"{CRASHES}::test_every_crash_point", "-k", "stack and rollback and kill"),
    ),
    Mutant(
        "a rollback does not reach again what a reboot took away",
        "executors/layers/journal.py",
        "        self.rolling = True\n        self._reach()\n",
        "        self.rolling = True\n",
        (f"{CRASHES}::test_every_crash_point", "-k", "stack and rollback and reboot"),
    ),
    Mutant(
        "the guard deletes a file that a process has open",
        "executors/layers/guard.py",
        "    if pids := find.pids((yield find.openers(real))):\n",
        "    if (pids := find.pids((yield find.openers(real)))) and not real:\n",
        (GUARD_CASES,),
    ),
    Mutant(
        "a script takes for its own what it has not begun with",
        "svcprov/script/steps.py",
        "    return not recognises",
        "    return False",
        ("tests/unit/svcprov/test_script.py", "-k", "somebody_else_has_made"),
    ),
    Mutant(
        "a claim that came free before our own choice counts as free",
        "svcprov/claims.py",
        "place < later",
        "place > later",
        ("tests/unit/svcprov/test_claims.py",),
    ),
    Mutant(
        "the guard lets a file be written over that came to be meanwhile",
        "executors/layers/guard.py",
        "        if command.argv[0] in WRITES_OVER:\n",
        "        if command.argv[0] in WRITES_OVER and not command.argv:\n",
        ("tests/unit/layers/test_guard_of_what_is_made.py",),
    ),
    Mutant(
        "a node state that contradicts itself is believed",
        "core/consistency.py",
        "if identity not in plugged:",
        "if identity is None:",
        ("tests/unit/test_consistency.py",),
    ),
    Mutant(
        "a record goes with any journal",
        "svcprov/files.py",
        "        if has == told[-1] or place.get(has, 0)",
        "        if has or place.get(has, 0)",
        ("tests/unit/svcprov/test_journal_file.py",),
    ),
    Mutant(
        "a command that was killed on request counts as answered",
        "executors/real/machine.py",
        "if self._killed and answer.returncode not in command.accepts:",
        "if self._killed and not command.argv:",
        ("tests/unit/svcprov/test_interruption.py",),
    ),
    Mutant(
        "what somebody waits for is not told by its question",
        "svcprov/course.py",
        "if self.waits is not None and command.argv != self.waits.ask:",
        "if self.waits is not None:",
        ("tests/unit/svcprov/test_course.py",),
    ),
    Mutant(
        "an explanation of unprovision has the order of provision",
        "core/explanation.py",
        " = (relation.after, relation.before) if plan.verb in UNDOING else (relation.before, relation.after)",
        " = relation.before, relation.after",
        ("tests/unit/test_explanation.py",),
    ),
    Mutant(
        "a disk that a killed rollback attached again keeps its old name",
        "executors/layers/journal.py",
        "if len(listed) == 1 and entry.made not in listed:",
        "if len(listed) == 1 and entry.made is None:",
        ("tests/unit/svcprov/test_verification.py", "-k", "another_name"),
    ),
    Mutant(
        "what a reboot unmounted is taken for missing",
        "executors/layers/journal.py",
        "if in_flight and reaching:",
        "if in_flight and not reaching:",
        ("tests/unit/svcprov/test_verification.py", "-k", "found_again"),
    ),
    Mutant(
        "an apply that goes on has forgotten what its holes are",
        "executors/layers/contract.py",
        "        self._remember()\n",
        "",
        (CONTRACT,),
    ),
    Mutant(
        "a status lies: what is not mounted is up",
        "core/drivers/mounting.py",
        """            return Status("down", gone, label)\n""",
        """            return Status("up", gone, label)\n""",
        (f"{INVARIANTS}::test_a_stopped_service_starts_again",),
    ),
    Mutant(
        "a simulated refusal is a success: mkfs.xfs overwrites what a device holds",
        "executors/simulated/tools/xfs.py",
        "    if is_formatted(content) and not is_forced:\n",
        "    if is_formatted(content) and is_forced and not device:\n",
        (FORMATS, "-k", "holds_a_filesystem and xfs"),
    ),
    Mutant(
        "a simulated answer has one wrong byte: where wipefs finds a btrfs",
        "executors/simulated/devices.py",
        '"btrfs": ("0x10040", ',
        '"btrfs": ("0x10041", ',
        (FORMATS, "-k", "formatted_and_wiped and btrfs"),
    ),
)
