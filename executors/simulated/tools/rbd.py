"""rbd and rbd-nbd of Ceph 16.2 on a simulated node, with a cluster that answers at once and asks for no key."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from core.command import Command, Completed
from executors.simulated import images, stacking
from executors.simulated.images import Silent
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Options, Usage, options

PROGRAMS = {"rbd": "ceph-common", "rbd-nbd": "rbd-nbd"}
MEBIBYTE = 1024 * 1024
CLIENT = ("-n", "--keyring")
EXISTS, NOT_FOUND, INVALID, BUSY, NOT_EMPTY, NO_DEVICE = 17, 2, 22, 16, 39, 6
SHARED = {"exclusive-lock", "object-map", "fast-diff", "journaling"}
"""What an image that several nodes use at once has to do without."""
KRBD = {"layering", "striping", "exclusive-lock", "object-map", "fast-diff", "deep-flatten", "data-pool", "operations"}
"""What the kernel's client can do."""
WHEN = "2026-01-01T00:00:00.000+0000 7f0000000000 -1"
"""How lines of librbd begin."""
NO_CLUSTER = (
    f"{WHEN} monclient: get_monmap_and_config cannot identify monitors to contact\n"
    "rbd: couldn't connect to the cluster!\n"
)
SYSLOG = 'In some cases useful info is found in syslog - try "dmesg | tail".\n'


class Given(NamedTuple):
    """What a subcommand was given; `client` are the words that say whom the cluster is asked as."""

    node: SimulatedNode
    command: Command
    found: dict[str, list[str]]
    words: list[str]
    client: tuple[str, ...]

    def image(self) -> dict[str, Any]:
        """The image that the first word names. Raises Refusal."""
        pool, _, name = self.words[0].partition("/")
        if not images.has_pool(self.node, pool):
            raise Refusal(NOT_FOUND, f"rbd: error opening pool '{pool}': (2) No such file or directory")
        found = images.find(self.node, self.words[0], self.client, self.command.verb)
        if found is None:
            raise Refusal(NOT_FOUND, f"rbd: error opening image {name}: (2) No such file or directory")
        return found


class Refusal(Exception):
    """What ends a subcommand: a return code, and what is said."""

    def __init__(self, returncode: int, said: str, printed: str = "") -> None:
        super().__init__(said)
        self.answer = Completed(returncode, printed, f"{said}\n")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer the subcommands that `core.tools.rbd` has."""
    program, *words = command.argv
    known = RBD if program == "rbd" else RBD_NBD
    name = next((name for length in (2, 1) if (name := " ".join(_plain(words)[:length])) in known), "")
    if not name:
        said = " ".join(_plain(words)[:1])
        wrong = f"error: unknown option '{said}'\n" if program == "rbd" else f"rbd-nbd: unknown command: {said}"
        return Completed(1, "", f"{wrong}\n")
    flags, values, least, most, answer = known[name]
    try:
        found, operands = options(words, flags=flags, values=(*CLIENT, *values))
    except Usage as error:
        said = str(error).replace("unrecognized option", "unrecognised option")
        return Completed(1, "", f"{program}: {said}\n")
    operands = operands[len(name.split()) :]
    if misused := _misused(name, found, operands, least, most):
        return misused._replace(stderr=f"{program}: {misused.stderr}\n")
    client = tuple(word for option in CLIENT for value in found.get(option, ())[-1:] for word in (option, value))
    try:
        return answer(Given(node, command, found, operands, client))
    except Refusal as refusal:
        return refusal.answer
    except Silent:
        return Completed(NOT_FOUND, "", NO_CLUSTER)


def _misused(name: str, found: Options, operands: list[str], least: int, most: int) -> Completed | None:
    """What is said of words that are too few, too many or none; None where there is nothing to say."""
    if len(operands) < least:
        return Completed(INVALID, "", f"{'lock id' if operands else 'image name'} was not specified")
    if len(operands) > most:
        return Completed(1, "", "too many arguments")
    if found.get("--format", ["json"]) != ["json"]:
        return Completed(1, "", "the argument for option '--format' is invalid")
    if name in TAKES_IMAGE and operands[0].count("/") != 1:
        return Completed(INVALID, "", f"invalid spec '{operands[0]}'")
    return None


def _plain(words: list[str]) -> list[str]:
    """The words that are neither options nor their values, as far as the name of a subcommand reaches."""
    rest = iter(words)
    plain = []
    for word in rest:
        if word in CLIENT:
            next(rest, None)
        elif not word.startswith("-"):
            plain.append(word)
    return plain


def _said(value: Any) -> Completed:
    return Completed(0, json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def _list(given: Given) -> Completed:
    pool = given.words[0]
    if not images.has_pool(given.node, pool):
        missing = "(2) No such file or directory"
        said = f"rbd: error opening pool '{pool}': {missing}\nrbd: listing images failed: {missing}"
        raise Refusal(NOT_FOUND, said)
    there = {
        path.partition("/")[2]: image
        for path, image in given.node.state["images"].items()
        if path.startswith(f"{pool}/")
    }
    if "-l" not in given.found:
        return _said(sorted(there))
    rows = []
    for name, image in sorted(there.items()):
        row = {"image": name, "id": image["id"], "size": image["size"], "format": image["format"]}
        rows.append(
            row | ({"lock_type": "shared" if image["locks"][0]["tag"] else "exclusive"} if image["locks"] else {})
        )
        rows += [{**row, "snapshot": snapshot, "protected": "false"} for snapshot in image["snapshots"]]
    return _said(rows)


def _info(given: Given) -> Completed:
    image = given.image()
    what = {"name": given.words[0].partition("/")[2], "id": image["id"], "size": image["size"]}
    more = {"snapshot_count": len(image["snapshots"]), "block_name_prefix": f"rbd_data.{image['id']}"}
    return _said({**what, **more, "format": image["format"], "features": image["features"]})


def _create(given: Given) -> Completed:
    node, spec = given.node, given.words[0]
    pool, _, name = spec.partition("/")
    size, format_ = given.found.get("--size", [""])[-1], given.found.get("--image-format", ["2"])[-1]
    if not size:
        raise Refusal(INVALID, "rbd: must specify --size <M/G/T>")
    for option, value, right in (("--image-format", format_, {"1", "2"}), ("--size", size, None)):
        if not (value.isdigit() if right is None else value in right):
            raise Refusal(1, f"rbd: the argument for option '{option}' is invalid")
    if not images.has_pool(node, pool):
        raise Refusal(NOT_FOUND, f"rbd: error opening pool '{pool}': (2) No such file or directory")
    if format_ == "1":
        said = f"rbd: image format 1 is deprecated\n{WHEN} librbd: Format 1 image creation unsupported. \n"
        raise Refusal(INVALID, f"{said}rbd: create error: (22) Invalid argument")
    if images.find(node, spec, given.client) is not None:
        said = f"rbd: create error: (17) File exists{WHEN} librbd: rbd image {name} already exists"
        raise Refusal(EXISTS, said)
    features = images.cluster(node)["default_features"]
    node.state["images"][spec] = {
        "id": node.identifier("rbd image", given.command),
        "size": int(size) * MEBIBYTE,
        "format": 2,
        "features": [each for each in features if "--image-shared" not in given.found or each not in SHARED],
        "snapshots": [],
        "watchers": [],
        "locks": [],
        "content": {"kind": "zero"},
    }
    return Completed(0)


def _remove(given: Given) -> Completed:
    node, spec = given.node, given.words[0]
    failed = "Removing image: 0% complete...failed.\nrbd: "
    try:
        image = given.image()
    except Refusal as refusal:
        if "pool" in str(refusal):
            raise
        raise Refusal(NOT_FOUND, f"{failed}delete error: (2) No such file or directory") from None
    if image["snapshots"]:
        said = "image has snapshots - these must be deleted with 'rbd snap purge' before the image can be removed."
        raise Refusal(NOT_EMPTY, f"{failed}{said}")
    if images.watchers(node, spec):
        said = "error: image still has watchers\nThis means the image is still open or the client using it crashed. "
        wait = "Try again after closing/unmapping it or waiting 30s for the crashed client to timeout."
        raise Refusal(BUSY, f"{failed}{said}{wait}")
    del node.state["images"][spec]
    return Completed(0, "", "Removing image: 100% complete...done.\n")


def _resize(given: Given) -> Completed:
    image = given.image()
    text = given.found.get("--size", [""])[-1]
    if not text.isdigit():
        raise Refusal(1, "rbd: the argument for option '--size' is invalid")
    size = int(text) * MEBIBYTE
    if size == image["size"]:
        raise Refusal(INVALID, "rbd: new size is equal to original size ")
    if size < image["size"]:
        raise Refusal(INVALID, "rbd: shrinking an image is only allowed with the --allow-shrink flag")
    images.grow(given.node, given.words[0], size)
    return Completed(0, "", "Resizing image: 100% complete...done.\n")


def _status(given: Given) -> Completed:
    given.image()
    addresses = images.watchers(given.node, given.words[0])
    return _said(
        {"watchers": [{"address": each, "client": 4100 + at, "cookie": 1} for at, each in enumerate(addresses)]}
    )


def _snapshots(given: Given) -> Completed:
    image = given.image()
    return _said([{"id": at, "name": name, "size": image["size"]} for at, name in enumerate(image["snapshots"], 1)])


def _locks(given: Given) -> Completed:
    return _said([{key: lock[key] for key in ("id", "locker", "address")} for lock in given.image()["locks"]])


def _lock(given: Given) -> Completed:
    node, locks, tag = given.node, given.image()["locks"], given.found.get("--shared", [""])[-1]
    held = "rbd: lock is already held by someone else"
    if locks and tag and locks[0]["tag"] != tag:
        raise Refusal(BUSY, f"{held} with a different tag")
    if locks and not tag:
        raise Refusal(BUSY, held)
    locker = node.identifier("locker", given.command)
    address = images.address(node, f"locker {node.clock} {len(locks)}")
    locks.append({"id": given.words[1], "locker": locker, "address": address, "tag": tag})
    return Completed(0)


def _unlock(given: Given) -> Completed:
    locks = given.image()["locks"]
    found = [lock for lock in locks if [lock["id"], lock["locker"]] == given.words[1:]]
    if not found:
        raise Refusal(NOT_FOUND, "rbd: releasing lock failed: (2) No such file or directory")
    locks.remove(found[0])
    return Completed(0)


def _mapped(how: str, field: str) -> Callable[[Given], Completed]:
    def answer(given: Given) -> Completed:
        rows = []
        for at, (path, of) in enumerate(sorted(images.mapped(given.node, how).items())):
            pool, _, name = of.partition("/")
            identity: str | int = str(at) if how == "krbd" else 4000 + at
            snapshot = "-" if how == "krbd" else ""
            rows.append({"id": identity, "pool": pool, "namespace": "", field: name, "snap": snapshot, "device": path})
        return _said(rows)

    return answer


def _map(given: Given) -> Completed:
    node, spec = given.node, given.words[0]
    image = given.image()
    if wrong := [each for each in image["features"] if each not in KRBD]:
        # The pool that is taken where none is named is not named.
        named = f"{spec.removeprefix('rbd/')} {' '.join(wrong)}"
        fix = f'You can disable features unsupported by the kernel with "rbd feature disable {named}".'
        said = f"rbd: sysfs write failed\nrbd: map failed: ({NO_DEVICE}) No such device or address"
        raise Refusal(NO_DEVICE, said, f"RBD image feature set mismatch. {fix}\n{SYSLOG}")
    before = [path for path, of in images.mapped(node, "krbd").items() if of == spec]
    path = images.attach(node, spec, "krbd", "")
    warned = f"rbd: warning: image already mapped as {before[0]}\n" if before else ""
    return Completed(0, f"{path}\n", warned)


def _unmap(given: Given) -> Completed:
    node, path = given.node, given.words[0]
    if node.device(path) is None:
        said = f"rbd: '{path}' is not a block device\nrbd: unmap failed: ({INVALID}) Invalid argument"
        raise Refusal(INVALID, said)
    real = node.tree.real(path)
    if real not in images.mapped(node, "krbd"):
        said = f"rbd: '{path}' is not an rbd device\nrbd: unmap failed: ({INVALID}) Invalid argument"
        raise Refusal(INVALID, said)
    if node.users(real):
        raise Refusal(BUSY, f"rbd: sysfs write failed\nrbd: unmap failed: ({BUSY}) Device or resource busy")
    stacking.remove(node, real)
    return Completed(0)


def _nbd_map(given: Given) -> Completed:
    node = given.node
    try:
        given.image()
    except Refusal:
        # It has gone to the background before it notices, and says nothing.
        return Completed(1)
    wanted = node.identifier("nbd", given.command) if node.holes and given.command.makes is not None else ""
    return Completed(0, images.attach(node, given.words[0], "rbd-nbd", wanted) + "\n")


def _nbd_unmap(given: Given) -> Completed:
    node, spec = given.node, given.words[0]
    found = [path for path, of in images.mapped(node, "rbd-nbd").items() if spec in {path, of}]
    if not found:
        raise Refusal(1, f"rbd-nbd: {spec} is not mapped")
    stacking.remove(node, found[0])
    return Completed(0)


Answer = Callable[[Given], Completed]
RBD: dict[str, tuple[tuple[str, ...], tuple[str, ...], int, int, Answer]] = {
    "ls": (("-l",), ("--format",), 1, 1, _list),
    "info": ((), ("--format",), 1, 1, _info),
    "create": (("--image-shared",), ("--size", "--image-format"), 1, 1, _create),
    "rm": ((), (), 1, 1, _remove),
    "resize": ((), ("--size",), 1, 1, _resize),
    "status": ((), ("--format",), 1, 1, _status),
    "snap ls": ((), ("--format",), 1, 1, _snapshots),
    "lock ls": ((), ("--format",), 1, 1, _locks),
    "lock add": ((), ("--shared",), 2, 2, _lock),
    "lock remove": ((), (), 3, 3, _unlock),
    "showmapped": ((), ("--format",), 0, 0, _mapped("krbd", "name")),
    "map": ((), (), 1, 1, _map),
    "unmap": ((), (), 1, 1, _unmap),
}
"""The subcommands: flags, options with a value, the fewest and the most words, and what answers."""
RBD_NBD: dict[str, tuple[tuple[str, ...], tuple[str, ...], int, int, Answer]] = {
    "list-mapped": ((), ("--format",), 0, 0, _mapped("rbd-nbd", "image")),
    "map": ((), (), 1, 1, _nbd_map),
    "unmap": ((), (), 1, 1, _nbd_unmap),
}
TAKES_IMAGE = frozenset(
    ("info", "create", "rm", "resize", "status", "snap ls", "lock ls", "lock add", "lock remove", "map")
)
