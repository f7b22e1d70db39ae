"""Find identities in what a tool answered, by paths that can be stored, printed and used by a shell script.

A path is "." (all of the text), "lines" (each line), "words[1]" (the second word), or a small subset of JMESPath, the
language of `aws --query`: `Volumes[].VolumeId`, `Reservations[0].Instances[0].InstanceId`, `[].addr_info[].local`,
`[?pool=='rbd'&&name=='db'].device`.
"""

import re
from typing import Any

WORD = re.compile(r"words\[(\d+)\]")
STEP = re.compile(r"([A-Za-z0-9_-]+)|\[(\d*)\]|\[\?([^\[\]]+)\]")
_EQUAL = re.compile(r"([A-Za-z0-9_-]+)=='([^']*)'")


def equals(condition: str) -> list[tuple[str, str]]:
    """Read the condition of `[?...]`: the names, each with the text that it has to have."""
    terms = [_EQUAL.fullmatch(part) for part in condition.split("&&")]
    if None in terms:
        raise ValueError(f"[?{condition}] has something else in it than NAME=='TEXT'")
    return [(term[1], term[2]) for term in terms if term is not None]


def version(text: str, after: str = "") -> tuple[int, int] | None:
    """Return the first `MAJOR.MINOR` that `text` has right behind `after`, None where there is none."""
    found = re.search(re.escape(after) + r"([0-9]+)\.([0-9]+)", text)
    return None if found is None else (int(found[1]), int(found[2]))


def pick(text: str, path: str) -> list[str]:
    """Return the texts that `path` finds in `text`; an empty list where there are none (`null` and "" are none).

    Raises ValueError when the text is not the JSON that the path needs.
    """
    if path == ".":
        stripped = text.strip()
        return [stripped] if stripped else []
    if path == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if word := WORD.fullmatch(path):
        return text.split()[int(word[1]) :][:1]
    import json

    found: list[Any] = [json.loads(text)] if text.strip() else []
    for name, index, condition in STEP.findall(path):
        if condition:
            wanted = equals(condition)
            rows = [item for value in found if isinstance(value, list) for item in value if isinstance(item, dict)]
            found = [row for row in rows if all(row.get(name) == text for name, text in wanted)]
        elif name:
            found = [value[name] for value in found if isinstance(value, dict) and value.get(name) is not None]
        elif index:
            found = [value[int(index)] for value in found if isinstance(value, list) and int(index) < len(value)]
        else:
            found = [item for value in found if isinstance(value, list) for item in value]
    return [value if isinstance(value, str) else json.dumps(value) for value in found if value not in (None, "")]
