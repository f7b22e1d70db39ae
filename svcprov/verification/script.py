"""A case as a shell script that shows it: service files, a node file, a command line. And back."""

import json
import re
from collections.abc import Iterator
from typing import Any

from core.config.sizes import human
from core.state import DEBIAN_12, NodeState, dumps, load, loads
from svcprov import shell
from svcprov.verification.case import Case
from svcprov.verification.world import World

END = "END"


def pasteable(case: Case, *words: str) -> str:
    """A script that runs `svcmgr ... verify` on a case, in a directory of its own: nothing else is touched."""
    line = shell.line(("svcmgr", "-s", case.name, "verify", "--node", "node.json", *_adopting(case), *words))
    return "\n".join(
        (
            'cd "$(mktemp -d)" && mkdir etc && export OSVCETC="$PWD/etc" OSVCVAR="$PWD/var"',
            *(_file(f"etc/{name}.conf", text) for name, text in case.files.items()),
            *_beside(case),
            _file("node.json", short(case.state)),
            line,
        )
    )


def _beside(case: Case) -> Iterator[str]:
    """What writes the files beside the service files."""
    for name, texts in case.beside.items():
        if texts:
            yield f"mkdir {shell.line((f'etc/{name}.dir',))}"
        for each, text in texts.items():
            yield _file(f"etc/{name}.dir/{each}", text)


def _adopting(case: Case) -> list[str]:
    given = (("--adopt", case.adopt), *zip(("--rid", "--tags", "--subsets"), case.selection, strict=True))
    return [word for option, values in given for value in values for word in (option, value)]


def _file(path: str, text: str) -> str:
    """What writes a file. A line of the text may be the usual end of such a document."""
    end, number = END, 0
    while end in text.splitlines():
        number += 1
        end = f"{END}{number}"
    return f"cat > {shell.line((path,))} <<'{end}'\n{text.removesuffix(chr(10))}\n{end}"


def history(world: World, words: str = "create --config service.conf --provision") -> str:
    """A script that brings a world about by what has happened in it."""
    flags = [*(f"--adopt {rid}" for rid in world.adopt), *(f"--allow-destroy {name}" for name in world.allow)]
    command = " ".join(("svcmgr", "-s", world.name, words, "--node", "node.json", *flags))
    later = [" ".join(("svcmgr", "-s", world.name, "--node node.json", *flags, done)) for done in world.history[1:]]
    return (
        f"cat > service.conf <<'END'\n{world.first_file.removesuffix(chr(10))}\nEND\n"
        f"cat > node.json <<'END'\n{short(world.first_state)}\nEND\n" + "\n".join((command, *later))
    )


def read(script: str) -> World:
    """The world of a `history`. Raises ValueError for another text."""
    match = re.fullmatch(
        r"cat > service.conf <<'END'\n(.*)\nEND\ncat > node.json <<'END'\n(.*)\nEND\nsvcmgr -s (\S+) (.*)",
        script.strip(),
        re.DOTALL,
    )
    if match is None:
        raise ValueError("not the history of a world")
    adopt = tuple(re.findall(r"--adopt (\S+)", match[4]))
    allow = tuple(re.findall(r"--allow-destroy (\S+)", match[4]))
    return World(match[1] + "\n", loads(match[2]), match[3], adopt=adopt, allow=allow)


def short(state: NodeState) -> str:
    """A node-state file without what every node has anyway, nor what its parts have when nothing else is said."""
    default = load({})
    whole = json.loads(dumps(state))
    whole["tools"] = {name: version for name, version in whole["tools"].items() if DEBIAN_12.get(name) != version}
    given = {name: value for name, value in whole.items() if state[name] != default[name]}
    for name, value in given.items():
        brief = _brief(name, value)
        if load({"complete": state["complete"], name: brief})[name] == state[name]:
            given[name] = brief
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in given.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _brief(name: str, value: Any) -> Any:
    """A value without the parts that are empty, or as a person would write it."""
    if name == "size" and isinstance(value, int):
        return human(value)
    if isinstance(value, list):
        return [_brief("", each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "directory":
        return "directory" if value == {"kind": "directory", "mode": "0755", "docker": None} else value
    usual: tuple[Any, ...] = ({"kind": "zero"}, "", 0, None, [])
    return {key: _brief(key, inner) for key, inner in value.items() if inner not in usual}
