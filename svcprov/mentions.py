"""Which keys of [env] stand behind the options of a service file, by what their texts mention. Nothing is evaluated.

A text that cannot be evaluated yet has keys behind it all the same, and so has one whose index is computed. What only
looks like a reference (`${HOME}`) leads to an option that is not there, and says nothing.
"""

import re
from collections.abc import Mapping

from core.config.document import Document

_MENTION = re.compile(r"\{(?:([A-Za-z]\w*(?:#\w+)?)\.)?#?([A-Za-z_]\w*)", re.ASCII)

Option = tuple[str, str]


def keys_behind(document: Document, keys: frozenset[str]) -> Mapping[Option, frozenset[str]]:
    """For each option (section and name, without its scope) those of the keys that its value may depend on."""
    mentioned: dict[Option, set[Option]] = {}
    for section in document.sections():
        for option in document.options(section):
            found = mentioned.setdefault((section, option.partition("@")[0]), set())
            text = document.get(section, option) or ""
            if "{" in text:
                found |= {(match[1] or "DEFAULT", match[2].lower()) for match in _MENTION.finditer(text)}
    users: dict[Option, list[Option]] = {}
    for user, used in mentioned.items():
        for each in used:
            users.setdefault(each, []).append(user)
    behind: dict[Option, set[str]] = {option: set() for option in mentioned}
    for key in keys:
        reached = {("env", key)}
        waiting = list(reached)
        while waiting:
            now = waiting.pop()
            behind.setdefault(now, set()).add(key)
            new = set(users.get(now, ())) - reached
            reached |= new
            waiting += new
    return {each: frozenset(found) for each, found in behind.items()}
