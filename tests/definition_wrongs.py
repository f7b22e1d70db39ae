"""Ways in which definitions, deletions and triggers are made wrong, each with the tests that have to notice."""

from tests.wrongs import Mutant

UPDATE = "tests/e2e/test_update.py"
USAGE = "tests/e2e/test_provisioning_usage.py"
ANY = "tests/property/test_definitions.py"
CASES = "tests/unit/svcprov/test_definitions.py"
TRIGGER = "tests/unit/test_trigger.py"
REMOVAL = "tests/unit/config/test_removal.py"
DEFINITIONS = (
    Mutant(
        "half of a surrogate pair is written",
        "svcprov/definitions.py",
        "        (option + value).encode()\n",
        "",
        (ANY, CASES),
    ),
    Mutant(
        "a number that is taken is given once more",
        "svcprov/definitions.py",
        '    while document.has(f"{rtype}#{number}"):\n        number += 1\n',
        "",
        (ANY,),
    ),
    Mutant(
        "a name with a dot is a section",
        "svcprov/definitions.py",
        "        if not re.fullmatch(RID, rid, re.ASCII):\n",
        '        if "#" not in rid:\n',
        (CASES,),
    ),
    Mutant(
        "what a file of definitions holds is shown",
        "svcprov/definitions.py",
        '        called, shown = f"{called}: {_short(path)}", ""\n        text = _content(path, called)\n',
        '        called = f"{called}: {_short(path)}"\n        text = _content(path, called)\n'
        '        shown = f": {text}"\n',
        (CASES,),
    ),
    Mutant(
        "the comment of the next section goes with the one that is removed",
        "core/config/document.py",
        "        before.pieces += own\n",
        "",
        (REMOVAL,),
    ),
    Mutant(
        "a resource goes although another one needs it",
        "svcprov/commands/delete_resources.py",
        "    _refuse_needed(call, service, rids)\n",
        "",
        (UPDATE,),
    ),
    Mutant(
        "what was made for a resource is forgotten with it",
        "svcprov/commands/delete_resources.py",
        "    if things:\n        raise Refused(\n",
        "    if things and not rids:\n        raise Refused(\n",
        (UPDATE,),
    ),
    Mutant(
        "a resource that left the file asks for what was allocated",
        "svcprov/action.py",
        "            if has_left or known.shared or",
        "            if known.shared or",
        (UPDATE,),
    ),
    Mutant(
        "an update acts on everything",
        "svcprov/changed_file.py",
        "        task = task._replace(selection=Selection(rids), typed=typed)\n",
        "        task = task._replace(typed=typed)\n",
        (UPDATE,),
    ),
    Mutant(
        "another type is taken over with the things of the old one",
        "svcprov/commands/update.py",
        "    _refuse_other_types(call, before, service, touched)\n",
        "",
        (UPDATE,),
    ),
    Mutant(
        "a file that somebody edited is written over",
        "core/tools/install.py",
        "    if not (yield files.is_filled(path)).returncode:\n        return\n",
        "    yield files.is_filled(path)\n",
        (TRIGGER, USAGE),
    ),
    Mutant(
        "a file that somebody edited is taken away by a rollback",
        "core/tools/install.py",
        "undo=(ours, files.remove(path), *missing)",
        "undo=(ours._replace(text=''), files.remove(path), *missing)",
        (TRIGGER,),
    ),
    Mutant(
        "a file beside the template comes before one of the service's own",
        "svcprov/files.py",
        "        for directory in (self.own_directory, self.template_directory):\n",
        "        for directory in (self.template_directory, self.own_directory):\n",
        (USAGE,),
    ),
)
