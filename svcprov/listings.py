"""The documentation's listings of keywords: `usr/share/doc/template.*.conf`, every keyword in them commented.

They are written from the declarations of keywords, for people who copy from them, and for `grep`: the keyword stands
three lines above `provisioning: True`. What three drivers of a group declare alike stands in the file of the group.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from core.config.keywords import COMMON, DEFAULTS, SUBSET, Keyword
from core.driver import UNTYPED, Driver, load
from svcprov import inventory

FOLDER = "usr/share/doc"
PROVISIONERS_FOLDER = "lib"
ALIKE_MIN = 3
"""How many drivers of a group have to declare a keyword alike, for it to stand in the file of the group."""
WIDTH = 78
RULE = f"# {'-' * (WIDTH - 2)}"

PROVISIONERS: Mapping[str, str] = {
    "provDiskDcs": "",
    "provDiskFreenas": "",
    "provFs": "core.drivers.filesystem:Filesystem",
    "provFsBtrfs": "core.drivers.fs.btrfs:driver",
    "provFsExt2": "core.drivers.fs.ext2:driver",
    "provFsExt3": "core.drivers.fs.ext3:driver",
    "provFsExt4": "core.drivers.fs.ext4:driver",
    "provFsVxfs": "core.drivers.fs.vxfs:driver",
    "provFsZfs": "core.drivers.fs.zfs:driver",
    "provIp": "core.drivers.ip.address:driver",
    "provIpAmazon": "core.drivers.ip.amazon:driver",
    "provKvm": "",
    "provLoopLinux": "core.drivers.disk.loop:driver",
    "provLxc": "",
    "provSrp": "",
    "provVgAmazon": "core.drivers.disk.amazon:driver",
    "provVgHP-UX": "",
    "provVgLinux": "core.drivers.disk.lvm:driver",
    "provVgRadosLinux": "core.drivers.disk.rados:driver",
    "provZone": "",
    "provisioning": "core.engine:Engine",
}
"""The provisioners as the documentation's `ls` names them, and what each is here; "" for one that is still to come."""


class Listed(NamedTuple):
    """A keyword in a listing; `drivers`: which of them have it, where not all of the file do."""

    keyword: Keyword
    drivers: tuple[str, ...] = ()


def files() -> dict[str, str]:
    """The listings by file name."""
    found = {
        "template.DEFAULT.conf": _file("[DEFAULT]", "What holds for the service as a whole.", _all(DEFAULTS)),
        "template.resource.conf": _file("", "What the section of every resource may hold.", _all(COMMON)),
        "template.subset.conf": _file("[subset#fs:NAME]", "What holds for the resources of one subset.", _all(SUBSET)),
    }
    groups: dict[str, dict[str, Driver]] = {}
    for name in inventory.drivers():
        group, _, type_ = name.partition(".")
        groups.setdefault(group, {})[type_] = load(group, type_)
    for group, drivers in groups.items():
        found.update(_of_group(group, drivers))
    return dict(sorted(found.items()))


def provisioners() -> dict[str, str]:
    """The files of `lib` that the documentation's `ls` shows, as far as there are these drivers."""
    found = {}
    for name, place in PROVISIONERS.items():
        module, _, attribute = place.partition(":")
        if place:
            said = f'"""The provisioner that the documentation calls {name} is {module.replace(".", "/")}.py."""'
            found[f"{name}.py"] = f'{said}\n\nfrom {module} import {attribute}\n\n__all__ = ["{attribute}"]\n'
    return found


def provisioner(driver: str) -> str:
    """The file of a driver (`fs.btrfs`) in the documentation's `ls`; "" for one that it does not show."""
    place = f"core.drivers.{'disk.lvm' if driver == 'disk.vg' else driver}:driver"
    return next((f"lib/{name}.py" for name, each in PROVISIONERS.items() if each == place), "")


def lines(keywords: Sequence[Listed]) -> Iterator[str]:
    """The lines about some keywords, each of them commented."""
    for keyword, drivers in keywords:
        yield "#"
        yield f"# keyword:       {keyword.name}"
        yield RULE
        yield f"#  required:     {keyword.required}"
        yield f"#  provisioning: {keyword.provisioning}"
        yield f"#  default:      {_shown(keyword.default)}".rstrip()
        yield from _field("candidates", " ".join(keyword.candidates))
        yield f"#  kind:         {keyword.kind}" + (f", a bare number counts {keyword.unit}" if keyword.unit else "")
        yield f"#  scopable:     {keyword.scopable}"
        if keyword.only_with is not None:
            name, values = keyword.only_with
            yield from _field("depends", f"{name} = {' or '.join(values)}" if values else name)
        yield from _field("drivers", " ".join(drivers))
        yield "#"
        yield from textwrap.wrap(keyword.text, WIDTH, initial_indent="#  ", subsequent_indent="#  ")
        yield "#"
        yield f";{keyword.name} = {_shown(keyword.default)}".rstrip()


def comment(text: str) -> list[str]:
    """A text as comments."""
    return textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent="# ", subsequent_indent="# ")


def _field(name: str, value: str) -> Iterator[str]:
    if value:
        head = f"#  {name + ':':<14}"
        yield from textwrap.wrap(value, WIDTH, initial_indent=head, subsequent_indent=f"#{'':<{len(head) - 1}}")


def _shown(default: str | None) -> str:
    return default or ""


def _all(keywords: Iterable[Keyword]) -> list[Listed]:
    return [Listed(keyword) for keyword in keywords]


def _file(heading: str, text: str, keywords: Sequence[Listed]) -> str:
    return "\n".join((*comment(text), "", *([heading] if heading else []), *lines(keywords))) + "\n"


def _of_group(group: str, drivers: Mapping[str, Driver]) -> dict[str, str]:
    """The files of a group: one for what its drivers have alike or is written without a type, one for each type."""
    alike = _alike(drivers)
    shared = {name for names in alike.values() for name in names}
    untyped = UNTYPED.get(group, "")
    own = {
        type_: [Listed(each) for each in driver.keywords if (type_, each.name) not in shared]
        for type_, driver in drivers.items()
    }
    common = [Listed(*each) for each in _named(alike)] + own.pop(untyped, [])
    found = {}
    if common:
        text = (drivers[untyped].__doc__ or "") if untyped else f"What several types of {group} have alike."
        found[f"template.{group}.conf"] = _file(f"[{group}#0]", text, common)
    for type_, keywords in own.items():
        text = drivers[type_].__doc__ or ""
        if any(type_ == each for each, _ in shared):
            text += f" See template.{group}.conf, too."
        heading = f"[{group}#0]\ntype = {type_}"
        found[f"template.{group}.{type_}.conf"] = _file(heading, text, keywords)
    return found


def _alike(drivers: Mapping[str, Driver]) -> "dict[Keyword, list[tuple[str, str]]]":
    """The keywords that enough drivers declare alike, up to their rules, with (type, name) of each that has them."""
    met: dict[Keyword, list[tuple[str, str]]] = {}
    for type_, driver in drivers.items():
        for keyword in driver.keywords:
            met.setdefault(keyword._replace(syntax=None, each=None), []).append((type_, keyword.name))
    return {keyword: names for keyword, names in met.items() if len(names) >= ALIKE_MIN}


def _named(alike: "Mapping[Keyword, list[tuple[str, str]]]") -> Iterator[tuple[Keyword, tuple[str, ...]]]:
    for keyword, names in alike.items():
        yield keyword, tuple(type_ for type_, _ in names)
