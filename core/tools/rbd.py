"""rbd(8) and rbd-nbd(8): images of a Ceph cluster, the locks on them, and the block devices that they are mapped to.

An image is written `POOL/IMAGE`; its id tells it from another of that name. Both programs end with 2 for an image that
does not exist, and also when no monitor answers. So whether an image exists is asked of the list of its pool, which
is an answer only with 0; the text of an error tells the rest.
"""

import json
from typing import NamedTuple

from core.answers import pick
from core.command import Check, Command, Completed, Makes, Thing

TOOL = "rbd"
NOT_FOUND = 2
JSON = ("--format", "json")
WATCHERS = "watchers[].address"
SNAPSHOTS = "[].name"
WATCH_SECONDS_MAX = 40
"""A watcher that died (its node lost power) is listed until it has been silent for 30 seconds."""


class Client(NamedTuple):
    """Whom the cluster is asked as. name: `client.admin`; "" leaves it to the configuration of the node."""

    name: str = ""
    keyring: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The options that say so."""
        return (*(("-n", self.name) if self.name else ()), *(("--keyring", self.keyring) if self.keyring else ()))


class Image(NamedTuple):
    """What `info` says. identity: "" for an image of format 1, which has none."""

    identity: str
    size: int
    features: tuple[str, ...]


class Lock(NamedTuple):
    """A lock on an image: `identity` is what it was given, `locker` the client that took it."""

    identity: str
    locker: str
    address: str


class Mapping(NamedTuple):
    """A way to have an image as a block device: by the kernel's own client (krbd) or by rbd-nbd.

    field: what the list of mapped images calls the image. present: what it has for a snapshot where there is none.
    """

    program: str
    listing: tuple[str, ...]
    field: str
    present: str


KRBD = Mapping("rbd", ("rbd", "showmapped", *JSON), "name", "-")
NBD = Mapping("rbd-nbd", ("rbd-nbd", "list-mapped", *JSON), "image", "")
MAPPINGS = {"krbd": KRBD, "rbd-nbd": NBD}


def _ask(client: Client, *words: str, accepts: tuple[int, ...] = (0,)) -> Command:
    return Command(("rbd", *client.words, *words), accepts=accepts, tool=TOOL)


def _split(image: str) -> tuple[str, str]:
    pool, _, name = image.partition("/")
    return pool, name


def info(client: Client, image: str) -> Command:
    """Ask what an image is; read the answer with `parse_info`, after `is_answer`."""
    return _ask(client, "info", image, *JSON, accepts=(0, NOT_FOUND))


def is_answer(answer: Completed) -> bool:
    """Tell whether `info` knows: an image that is not there is an answer, a cluster that is silent is none."""
    return not answer.returncode or "error opening image" in answer.stderr


def lacks_pool(answer: Completed) -> bool:
    """Tell whether `info` found no pool of that name."""
    return "error opening pool" in answer.stderr


def parse_info(answer: Completed) -> Image | None:
    """Read the answer of `info`; None where there is no such image."""
    if answer.returncode:
        return None
    said = json.loads(answer.stdout)
    return Image(said.get("id", ""), said["size"], tuple(said.get("features", ())))


def exists(client: Client, image: str) -> Check:
    """Hold when the pool lists the image."""
    pool, name = _split(image)
    return Check(_ask(client, "ls", pool, *JSON), path="[]", text=name)


def is_gone(client: Client, image: str) -> Check:
    """Hold when the pool does not list the image."""
    return exists(client, image)._replace(absent=True)


def forget(client: Client, image: str, *names: str) -> Command:
    """Ask once more for an image that is gone without our doing, so that the record can forget it."""
    gone = is_gone(client, image)
    return gone.ask._replace(kind="changes", unmakes=names, check=gone, quiet=True, shows=False)


def create(client: Client, image: str, mebibytes: int, name: str, options: tuple[str, ...] = ()) -> Command:
    """Create an image; `made` is its id. It reads as zeroes.

    options: `--image-format 2`, and `--image-shared` for one without what a lock of ours would block.
    """
    pool, plain = _split(image)
    listed = _ask(client, "ls", "-l", pool, *JSON)
    hole = f"«{name}»"
    return Command(
        ("rbd", *client.words, "create", "--size", str(mebibytes), image, *options),
        kind="changes",
        makes=Makes(name, "rbd image", witness=listed, path=f"[?image=='{plain}'].id"),
        check=exists(client, image),
        undo=(unwatched(client, image)._replace(seconds_max=WATCH_SECONDS_MAX), remove(client, image, hole)),
        tool=TOOL,
    )


def remove(client: Client, image: str, identity: str, name: str = "") -> Command:
    """Delete an image of ours that nobody uses and nothing depends on. name: that it has in the record."""
    is_ours = Check(
        _ask(client, "info", image, *JSON), "id", identity, otherwise=f"{image} is another image than {identity} now"
    )
    proofs = (is_ours, unwatched(client, image), without_snapshots(client, image))
    return Command(
        ("rbd", *client.words, "rm", image),
        kind="changes",
        unmakes=(name,) if name else (),
        check=is_gone(client, image),
        destroys=(Thing("rbd image", identity, at=image, proofs=proofs),),
        shows=False,
        tool=TOOL,
    )


def resize(client: Client, image: str, mebibytes: int) -> Command:
    """Let an image grow. It stays as large when the action is taken back: to shrink it would cut what is at its end."""
    said = _ask(client, "info", image, *JSON)
    return Command(
        ("rbd", *client.words, "resize", "--size", str(mebibytes), image),
        kind="changes",
        check=Check(said, path="size", text=str(mebibytes * 1024 * 1024)),
        shows=False,
        tool=TOOL,
    )


def watchers(client: Client, image: str) -> Command:
    """Ask who has an image open; read the answer with `parse_watchers`."""
    return _ask(client, "status", image, *JSON)


def parse_watchers(answer: Completed) -> list[str]:
    """Read the answer of `watchers`: their addresses."""
    return pick(answer.stdout, WATCHERS)


def unwatched(client: Client, image: str) -> Check:
    """Hold when nobody has the image open: it is mapped on no node."""
    return Check(watchers(client, image), WATCHERS, absent=True, otherwise=f"{image} is in use: it has watchers")


def snapshots(client: Client, image: str) -> Command:
    """Ask for the snapshots of an image; read the answer with `parse_snapshots`."""
    return _ask(client, "snap", "ls", image, *JSON)


def parse_snapshots(answer: Completed) -> list[str]:
    """Read the answer of `snapshots`: their names."""
    return pick(answer.stdout, SNAPSHOTS)


def without_snapshots(client: Client, image: str) -> Check:
    """Hold when the image has no snapshots."""
    return Check(snapshots(client, image), SNAPSHOTS, absent=True, otherwise=f"{image} has snapshots")


def locks(client: Client, image: str) -> Command:
    """Ask for the locks on an image; read the answer with `parse_locks`."""
    return _ask(client, "lock", "ls", image, *JSON)


def parse_locks(answer: Completed) -> list[Lock]:
    """Read the answer of `locks`."""
    return [Lock(each["id"], each["locker"], each.get("address", "")) for each in json.loads(answer.stdout or "[]")]


def lock(client: Client, image: str, identity: str, tag: str, name: str) -> Command:
    """Take a lock: a shared one, with a tag, else an exclusive one. `made` is the client that it was given to.

    It stays when that client ends, and over a reboot, until it is removed.
    """
    return Command(
        ("rbd", *client.words, "lock", "add", image, identity, *(("--shared", tag) if tag else ())),
        kind="changes",
        makes=Makes(name, "locker", witness=locks(client, image), path=f"[?id=='{identity}'].locker", kept=False),
        check=Check(locks(client, image), path="[].id", text=identity),
        undo=(unlock(client, image, identity, f"«{name}»"),),
        tool=TOOL,
    )


def unlock(client: Client, image: str, identity: str, locker: str) -> Command:
    """Give a lock back."""
    return Command(
        ("rbd", *client.words, "lock", "remove", image, identity, locker),
        kind="changes",
        check=Check(locks(client, image), path="[].id", text=identity, absent=True),
        tool=TOOL,
    )


def mapped(how: Mapping) -> Command:
    """Ask for the images that are mapped on this node; read the answer with `devices`."""
    return Command(how.listing, tool=TOOL)


def device_path(how: Mapping, image: str) -> str:
    """Where the answer of `mapped` has the device of an image (of its present, not of a snapshot)."""
    pool, name = _split(image)
    return f"[?pool=='{pool}'&&namespace==''&&{how.field}=='{name}'&&snap=='{how.present}'].device"


def devices(how: Mapping, answer: Completed) -> dict[str, str]:
    """Read the answer of `mapped`: the image behind each device."""
    rows = json.loads(answer.stdout or "[]")
    plain = [row for row in rows if not row.get("namespace") and row.get("snap") == how.present]
    return {row["device"]: f"{row['pool']}/{row[how.field]}" for row in plain}


def map_(client: Client, how: Mapping, image: str, name: str) -> Command:
    """Map an image to a block device. krbd's has a link, /dev/rbd/POOL/IMAGE; `made` is the device of rbd-nbd."""
    path = device_path(how, image)
    made = Makes(name, "nbd", answer=".", witness=mapped(how), path=path, kept=False) if how is NBD else None
    return Command(
        (how.program, *client.words, "map", image),
        kind="changes",
        makes=made,
        check=Check(mapped(how), path=path),
        undo=(unmap(how, image),),
        reaches=True,
        shows=False,
        tool=TOOL,
    )


def unmap(how: Mapping, image: str) -> Command:
    """Give the block device of an image up."""
    argv = ("rbd", "unmap", f"/dev/rbd/{image}") if how is KRBD else ("rbd-nbd", "unmap", image)
    return Command(argv, kind="changes", check=Check(mapped(how), path=device_path(how, image), absent=True), tool=TOOL)
