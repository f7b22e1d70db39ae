"""The ways in which values of [env], interviews, edits and completion are made wrong by `tests.mutants`."""

from tests.wrongs import Mutant

VALUES = "tests/unit/svcprov/test_environment.py"
INTERVIEW = "tests/e2e/test_interview.py"
EDIT = "tests/e2e/test_edit_config.py"
SETTINGS = (
    Mutant(
        "the first who gives a value of [env] wins",
        "svcprov/environment.py",
        "        put(service, option, values[-1].value, values[-1].source)\n",
        "        put(service, option, values[0].value, values[0].source)\n",
        (VALUES,),
    ),
    Mutant(
        "a value that a service file cannot hold as it is is changed without a word",
        "svcprov/environment.py",
        "    if service.document.get(ENV, option) != value:\n",
        "    if service.document.get(ENV, option) is None:\n",
        (VALUES,),
    ),
    Mutant(
        "a refused secret is shown",
        "svcprov/environment.py",
        '        if option.partition("@")[0] in secret_keys(service):\n',
        "        if option in ():\n",
        (VALUES,),
    ),
    Mutant(
        "an option is looked at before all keys behind it are answered",
        "svcprov/interview.py",
        "if behind(problem) <= answered]\n",
        "if behind(problem) & answered]\n",
        (INTERVIEW,),
    ),
    Mutant(
        "only the last of the keys behind a wrong option is asked again",
        "svcprov/interview.py",
        "        again = frozenset({current.key} if found else ()).union(*map(behind, found))\n",
        "        again = frozenset({current.key} if found else ())\n",
        (INTERVIEW,),
    ),
    Mutant(
        "a secret is echoed",
        "svcprov/interview.py",
        "silent[ECHO_FLAGS] & ~termios.ECHO | termios.ECHONL",
        "silent[ECHO_FLAGS] | termios.ECHONL",
        (INTERVIEW,),
    ),
    Mutant(
        "what somebody else changed while a file was edited is overwritten",
        "svcprov/commands/edit.py",
        "        if now != base:\n",
        "        if not now:\n",
        (EDIT,),
    ),
    Mutant(
        "Ctrl-C in an editor ends us",
        "svcprov/commands/edit.py",
        "        with _unheard(signal.SIGINT, signal.SIGQUIT):\n",
        "        with _unheard(signal.SIGQUIT):\n",
        (EDIT,),
    ),
    Mutant(
        "an edit that was kept is overwritten by the next",
        "svcprov/commands/edit.py",
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC",
        "os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC",
        (EDIT,),
    ),
    Mutant(
        "an option is offered where it means nothing",
        "svcprov/completion.py",
        "        return not self.action or name in EVERYWHERE or name in ACTIONS[self.action].options\n",
        "        return bool(name)\n",
        ("tests/unit/svcprov/test_completion.py",),
    ),
)
