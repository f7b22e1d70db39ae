"""The JSON schema of service files, written from the declarations of keywords, for editors and other programs.

It is about the JSON form of a file: an object of sections, each an object of options, whose values are texts (or the
numbers and booleans that they stand for). It knows names, kinds and candidates; what depends on other values, on
references or on the node is for `svcmgr validate config`.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from core.config.document import Document
from core.config.keywords import COMMON, DEFAULTS, FALSE, SUBSET, TRIGGERS, TRUE, Keyword, Kind
from core.config.sizes import UNITS
from core.config.validation import GROUPS
from core.driver import UNTYPED, load
from svcprov import inventory

FILE = "docs/service-file.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

EVALUATED = {"type": "string", "pattern": r"\{[#A-Za-z_]|\$\("}
"""A text with a reference or an expression may become anything."""
SCALAR = {"type": ["string", "number", "boolean"]}

_LETTERS = UNITS.replace("B", "")
_EITHER_CASE = "".join(f"{letter}{letter.lower()}" for letter in _LETTERS)
_SIZE = rf"^[0-9]+(\.[0-9]+)?[ \t]*([{_EITHER_CASE}]([iI]?[bB])?|[bB])$"
_BARE = r"^[0-9]+(\.[0-9]+)?$"
_SHARE = r"^[0-9]{1,3}%([fF][rR][eE][eE]|[vV][gG]|[pP][vV][sS]|[oO][rR][iI][gG][iI][nN])$"


def in_json(document: Document) -> dict[str, dict[str, str]]:
    """The JSON form of a service file: what the schema is about."""
    return {
        section: {option: document.get(section, option) or "" for option in document.options(section)}
        for section in document.sections()
    }


def text() -> str:
    """The schema as it is in the documentation."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def schema() -> Schema:
    """The schema of a whole service file."""
    drivers = {name: load(*name.split(".")) for name in inventory.drivers()}
    service_keywords = [keyword for driver in drivers.values() for keyword in driver.service_keywords]
    definitions = {
        "triggers": _keywords(TRIGGERS),
        "common": _keywords(_without_triggers(COMMON), "triggers"),
        "DEFAULT": _section(
            "What holds for the service as a whole.", _without_triggers(_merged(DEFAULTS, service_keywords)), "triggers"
        ),
        "subset": _section("What holds for the resources of one subset.", _without_triggers(SUBSET), "triggers"),
        "evaluated": EVALUATED,
        "scalar": SCALAR,
    }
    groups = sorted({name.partition(".")[0] for name in drivers})
    for name, driver in drivers.items():
        definitions[name] = _section(driver.__doc__ or "", driver.keywords, "common")
    for group in groups:
        definitions[group] = _group(group, [name for name in drivers if name.startswith(f"{group}.")])
    return {
        "$schema": DIALECT,
        "title": "A service file of svcprov, as JSON: an object of sections",
        "type": "object",
        "properties": {
            "DEFAULT": {"$ref": "#/$defs/DEFAULT"},
            "env": {"type": "object", "additionalProperties": {"$ref": "#/$defs/scalar"}},
        },
        "patternProperties": {
            **{f"^{group}#[a-z0-9]+$": {"$ref": f"#/$defs/{group}"} for group in groups},
            rf"^subset#({'|'.join(GROUPS)})(:[^\s:]+)?$": {"$ref": "#/$defs/subset"},
        },
        "additionalProperties": False,
        "$defs": definitions,
    }


def _merged(common: Iterable[Keyword], own: Iterable[Keyword]) -> list[Keyword]:
    return list(({each.name: each for each in common} | {each.name: each for each in own}).values())


def _group(group: str, names: list[str]) -> Schema:
    """A section of a group: its type says which of the drivers it is; an evaluated type may be any of them."""
    types = [name.partition(".")[2] for name in names]
    untyped = UNTYPED.get(group)
    found: Schema = {
        "type": "object",
        "properties": {"type": {"anyOf": [{"enum": types}, {"$ref": "#/$defs/evaluated"}]}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": type_}}, "required": ["type"]},
                "then": {"$ref": f"#/$defs/{name}"},
            }
            for type_, name in zip(types, names, strict=True)
        ],
    }
    if untyped is None:
        found["anyOf"] = [{"required": ["type"]}, _some_scope("type")]
    else:
        is_untyped = {"not": {"anyOf": [{"required": ["type"]}, _some_scope("type")]}}
        found["allOf"].append({"if": is_untyped, "then": {"$ref": f"#/$defs/{group}.{untyped}"}})
    return found


def _without_triggers(keywords: Iterable[Keyword]) -> list[Keyword]:
    return [keyword for keyword in keywords if keyword not in TRIGGERS]


def _section(description: str, keywords: Iterable[Keyword], inherited: str) -> Schema:
    """A whole section: its keywords, those of another definition, and no others."""
    described = {"description": " ".join(description.split()), "type": "object"}
    return described | _keywords(keywords, inherited) | {"unevaluatedProperties": False}


def _keywords(keywords: Iterable[Keyword], inherited: str = "") -> Schema:
    listed = list(keywords)
    demands: list[Schema] = [{"$ref": f"#/$defs/{inherited}"}] if inherited else []
    demands += [{"anyOf": [{"required": [each.name]}, _some_scope(each.name)]} for each in listed if each.required]
    found: Schema = {
        "properties": {each.name: _keyword(each) for each in listed},
        "patternProperties": {f"^{re.escape(each.name)}@.+$": _value(each) for each in listed if each.scopable},
    }
    return found | ({"allOf": demands} if demands else {})


def _some_scope(name: str) -> Schema:
    """Hold where an option is given for some nodes: not every name is another one."""
    return {"not": {"propertyNames": {"not": {"pattern": f"^{re.escape(name)}@"}}}}


def _keyword(keyword: Keyword) -> Schema:
    described: Schema = {"description": keyword.text}
    if keyword.default is not None:
        described["default"] = keyword.default
    return described | _value(keyword)


def _value(keyword: Keyword) -> Schema:
    """What a value may be: of its kind, or a text that has to be evaluated."""
    kinds = list(_kinds(keyword))
    if not keyword.required or keyword.kind == "text":
        kinds.append({"const": ""})
    return {"anyOf": [*kinds, {"$ref": "#/$defs/evaluated"}]}


def _kinds(keyword: Keyword) -> Iterable[Schema]:
    kind: Kind = keyword.kind
    if keyword.candidates and kind != "boolean":
        one = "|".join(map(re.escape, keyword.candidates))
        pattern = rf"^({one})(\s+({one}))*$" if kind == "words" else f"^({one})$"
        return [{"type": "string", "pattern": pattern}, *_numbers(keyword)]
    match kind:
        case "boolean":
            words = [*sorted(TRUE | FALSE)]
            either = "|".join("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in word) for word in words)
            return [{"type": "boolean"}, {"enum": [0, 1]}, {"type": "string", "pattern": f"^({either})$"}]
        case "integer":
            return [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]{1,18}$"}]
        case "size":
            patterns = [_SIZE, _SHARE, *([_BARE] if keyword.unit else [])]
            bare = [{"type": "number", "exclusiveMinimum": 0}] if keyword.unit else []
            return [*({"type": "string", "pattern": pattern} for pattern in patterns), *bare]
        case "address":
            return [{"type": "string", "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}$|:"}]
        case "path":
            return [{"type": "string", "pattern": r"^/[^\n]*$"}]
        case "mountpoint":
            return [{"type": "string", "pattern": r"^/[^\n]*[^/.\n]"}]
        case "device":
            return [{"type": "string", "pattern": r"^(?!(LABEL|UUID)=$)\S+$"}]
        case _:
            return [{"$ref": "#/$defs/scalar"}]


def _numbers(keyword: Keyword) -> list[Schema]:
    """Candidates that are numbers may be written as such."""
    numbers = [int(each) for each in keyword.candidates if each.isdecimal()]
    return [{"enum": numbers}] if numbers and keyword.kind != "words" else []
