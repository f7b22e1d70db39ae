"""docker(1) and dockerd(8): containers, and the daemon that a service has for itself.

Two dialects are spoken. Until 1.11 the program is its own daemon (`docker -d`), and `docker run` pulls the image. From
17 on the daemon is a program of its own, which shares the node with another one only when it is told to keep off the
other's bridge, firewall rules and run-time directory; pulling is a step of its own. Client and daemon are then two
programs, and often of two versions: what a container is given follows the client's, what a daemon is given its own.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from core.command import Check, Command, Completed, Makes, Thing

TOOL = "docker"
NOT_FOUND = 127
UNREACHABLE = 1
CGROUP_DRIVER = ("--exec-opt", "native.cgroupdriver=cgroupfs")
IP6TABLES_BY_DEFAULT = (27,)
LOG_LINES_MAX = 20
_VERSION = re.compile(r"Docker version (\d+)\.(\d+)")


class Client(NamedTuple):
    """A daemon, as one speaks to it: the docker program, its version, and the daemon's socket ("": the node's own)."""

    program: str
    version: tuple[int, ...]
    socket: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What every command line begins with."""
        return (self.program, "-H", f"unix://{self.socket}") if self.socket else (self.program,)

    @property
    def is_own_daemon(self) -> bool:
        """Tell the dialect in which `docker` is the daemon, too, and `run` pulls."""
        return self.version < (1, 12)


class Program(NamedTuple):
    """The program of a daemon, and its version."""

    name: str
    version: tuple[int, ...]


class Daemon(NamedTuple):
    """What a private daemon is given. bridge: the network interface of its containers, "" when `arguments` name it."""

    data_root: str
    pidfile: str
    exec_root: str
    bridge: str
    arguments: tuple[str, ...]


class Container(NamedTuple):
    """What a container is run with. options: the words of the user. cgroup: the parent of its control group."""

    name: str
    image: str
    options: tuple[str, ...]
    command: tuple[str, ...]
    cgroup: str


def version(program: str) -> Command:
    """Ask for the version of the program; 127 when it is not installed."""
    return Command((program, "--version"), accepts=(0, NOT_FOUND), tool=TOOL)


def parse_version(answer: Completed) -> tuple[int, ...]:
    """Read the answer of `version`; empty when that is no docker."""
    found = _VERSION.match(answer.stdout)
    return () if found is None else (int(found[1]), int(found[2]))


def daemon_programs(client: Client) -> tuple[str, ...]:
    """Where the daemon's program may be: beside the client's, or where the system has it (not beside, in Debian)."""
    return (f"{client.program}d", "dockerd") if "/" in client.program else (f"{client.program}d",)


def daemon_words(client: Client, program: Program, daemon: Daemon) -> tuple[str, ...]:
    """The words that start a private daemon."""
    cgroup_driver = () if _names(daemon.arguments, "--exec-opt") else CGROUP_DRIVER
    socket = f"unix://{client.socket}"
    if client.is_own_daemon:
        places = ("-r=false", "-d", "-g", daemon.data_root, "-p", daemon.pidfile)
        return (program.name, "-H", socket, *places, *daemon.arguments, *cgroup_driver)
    places = ("--data-root", daemon.data_root, "--exec-root", daemon.exec_root, "--pidfile", daemon.pidfile)
    bridge = ("--bridge", daemon.bridge) if daemon.bridge else ()
    # A second daemon would flush the chains of the first: its ports are served by docker-proxy, without rules.
    rules = ("--iptables=false", *(("--ip6tables=false",) if program.version >= IP6TABLES_BY_DEFAULT else ()))
    return (program.name, "-H", socket, *places, *bridge, *rules, *daemon.arguments, *cgroup_driver)


def names_bridge(arguments: Sequence[str]) -> bool:
    """Tell whether a daemon's arguments say which bridge it has."""
    return _names(arguments, "-b", "--bridge", "--bip")


def _names(words: Sequence[str], *options: str) -> bool:
    return any(word.partition("=")[0] in options for word in words)


def answers(client: Client) -> Command:
    """Ask the daemon for anything: 0 when it answers, 1 when nobody does."""
    return Command((*client.words, "info"), accepts=(0, UNREACHABLE), tool=TOOL)


def data_root(client: Client) -> Command:
    """Ask a daemon for the directory that it keeps everything in."""
    return answers(client)._replace(argv=(*client.words, "info", "--format", "{{.DockerRootDir}}"))


def image_table(client: Client) -> Command:
    """Ask for every image that has a name; read the answer with `parse_image_table`."""
    columns = "{{.Repository}}:{{.Tag}} {{.ID}} {{.Digest}}"
    return Command((*client.words, "images", "--no-trunc", "--digests", "--format", columns), tool=TOOL)


def parse_image_table(answer: Completed) -> list[tuple[str, str, str]]:
    """Read the answer of `image_table`: name, id and digest ("" when it has none)."""
    rows = [line.split() for line in answer.stdout.splitlines()]
    named = (row for row in rows if len(row) == 3 and "<none>" not in row[0])  # noqa: PLR2004 - the columns above
    return [(name, identity, "" if digest == "<none>" else digest) for name, identity, digest in named]


def every_container(client: Client) -> Command:
    """Ask for the ids of all containers, running or not."""
    return Command((*client.words, "ps", "-a", "-q", "--no-trunc"), tool=TOOL)


def describe(client: Client, containers: Sequence[str]) -> Command:
    """Ask for everything about containers, as JSON."""
    return Command((*client.words, "inspect", *containers), tool=TOOL)


def is_answering(client: Client, otherwise: str = "") -> Check:
    """Hold when the daemon answers."""
    return Check(answers(client), otherwise=otherwise)


def find(client: Client, name: str) -> Command:
    """Ask for the id of the container of this name, running or not; no line when there is none."""
    exactly = name.replace(".", r"\.")
    return Command((*client.words, "ps", "-a", "-q", "--no-trunc", "--filter", f"name=^/?{exactly}$"), tool=TOOL)


def running(client: Client) -> Command:
    """Ask for the ids of the containers that run, one on each line."""
    return Command((*client.words, "ps", "-q", "--no-trunc"), tool=TOOL)


def ids(answer: Completed) -> list[str]:
    """Read the answer of `find`, `running` or `image_id`."""
    return answer.stdout.split()


def is_running(client: Client, container: str, *, absent: bool = False) -> Check:
    """Hold when this container runs. Without a daemon none does, which is an answer: a node has just booted."""
    return Check(_reachable(running(client)), path="lines", text=container, absent=absent)


def _reachable(command: Command) -> Command:
    return command._replace(accepts=(0, UNREACHABLE))


class Life(NamedTuple):
    """Whether a container runs, or is about to run once more, and how it ended when it did."""

    running: bool
    restarting: bool
    exit_code: str


def life(client: Client, container: str) -> Command:
    """Ask how a container is; `parse_life` reads the answer."""
    template = "{{.State.Running}} {{.State.Restarting}} {{.State.ExitCode}}"
    return Command((*client.words, "inspect", "--format", template, container), tool=TOOL)


def is_living(client: Client, container: str) -> Check:
    """Hold when the container runs; it counts as running, too, while it is about to run once more."""
    return Check(life(client, container), path="words[0]", text="true")


def has_ended(client: Client, container: str) -> Check:
    """Hold when the container is not about to run once more."""
    return Check(life(client, container), path="words[1]", text="false")


def parse_life(answer: Completed) -> Life:
    """Read the answer of `life`."""
    runs, restarts, code = answer.stdout.split()
    return Life(runs == "true", restarts == "true", code)


def last_words(client: Client, container: str) -> Command:
    """Ask for the last lines that a container wrote, on stdout and stderr; `parse_last_words` reads the answer."""
    lines = str(LOG_LINES_MAX)
    return Command((*client.words, "logs", "--tail", lines, container), accepts=(0, 1), tool=TOOL)


def parse_last_words(answer: Completed) -> list[str]:
    """Read the answer of `last_words`; nothing where the daemon keeps no log that can be read."""
    return [] if answer.returncode else [line.rstrip() for line in (answer.stdout + answer.stderr).splitlines()]


def image_of(client: Client, container: str) -> Command:
    """Ask for the id of the image that a container was made from."""
    return Command((*client.words, "inspect", "--format", "{{.Image}}", container), tool=TOOL)


def image_id(client: Client, image: str) -> Command:
    """Ask for the id of an image that was pulled; no line when it was not."""
    # Without a tag, `images` lists every tag, and `pull` and `run` mean one.
    whole = image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"
    return Command((*client.words, "images", "-q", "--no-trunc", whole), tool=TOOL)


def mark(client: Client, container: str) -> Command:
    """Ask for the mark of a container; see `mark_text`."""
    template = "{{.HostConfig.CgroupParent}}" if client.is_own_daemon else '{{index .Config.Labels "svcprov"}}'
    return Command((*client.words, "inspect", "--format", template, container), tool=TOOL)


def mark_text(client: Client, container: Container) -> str:
    """What `mark` answers for a container that `run` made: its cgroup in 2015, when it had no other, then a label."""
    return container.cgroup if client.is_own_daemon else container.name


def pull(client: Client, image: str, name: str = "") -> Command:
    """Fetch an image. `name` is that of the image in the record, when it lies in a daemon of the service's own.

    There it is taken back with everything else: its layers would keep the daemon's directory from going. In the node's
    daemon it is a cache, which nothing takes back.
    """
    return Command(
        (*client.words, "pull", image),
        kind="changes",
        makes=Makes(name, "image", identity=image) if name else None,
        check=_has_image(client, image),
        undo=(_remove_image(client, image),) if name else (),
        tool=TOOL,
    )


def recognise_image(client: Client, image: str, name: str) -> Command:
    """Make sure that an image is there which an interrupted run has fetched, so that the record has it."""
    fetched = pull(client, image, name)
    return fetched._replace(argv=image_id(client, image).argv, shows=False, quiet=True)


def remove_image(client: Client, image: str, unmakes: tuple[str, ...]) -> Command:
    """Delete an image that no container uses."""
    return _remove_image(client, image)._replace(unmakes=unmakes)


def _remove_image(client: Client, image: str) -> Command:
    return Command(
        (*client.words, "rmi", image),
        kind="changes",
        check=_has_image(client, image)._replace(absent=True),
        shows=False,
        tool=TOOL,
    )


def _has_image(client: Client, image: str) -> Check:
    return Check(_reachable(image_id(client, image)), path=".")


def forget_image(client: Client, image: str, unmakes: tuple[str, ...]) -> Command:
    """Let the record forget an image that is gone."""
    gone = _has_image(client, image)._replace(absent=True)
    return gone.ask._replace(kind="changes", unmakes=unmakes, check=gone, quiet=True)


def using(client: Client, image: str) -> Command:
    """Ask for the ids of the containers that were made from an image, running or not."""
    return Command((*client.words, "ps", "-a", "-q", "--no-trunc", "--filter", f"ancestor={image}"), tool=TOOL)


def run(client: Client, container: Container, name: str) -> Command:
    """Make a container and start it; `made` is its id.

    It is there when it exists: docker leaves a container behind that it could not start. The cgroup is given where
    the user gave options, as it always was, to a daemon of our own: another one may want slices of systemd instead.
    To one of 2015 it is given always, since there it is what a container is known by.
    """
    label = () if client.is_own_daemon else (f"--label=svcprov={container.name}",)
    cgroup = (
        ("--cgroup-parent", container.cgroup) if client.socket and (container.options or client.is_own_daemon) else ()
    )
    listed = _reachable(find(client, container.name))
    options = ("-t", "-i", "-d", f"--name={container.name}", *label, *container.options, *cgroup)
    return Command(
        (*client.words, "run", *options, container.image, *container.command),
        kind="changes",
        makes=Makes(name, "container", answer=".", witness=listed, path="lines"),
        check=Check(listed, path="lines"),
        undo=(_stop(client, f"«{name}»"), remove(client, f"«{name}»")._replace(destroys=())),
        tool=TOOL,
    )


def start(client: Client, container: str, name: str = "") -> Command:
    """Start a container that exists. `name` puts one that is ours, but not in the record, there."""
    return _start(client, container)._replace(
        makes=Makes(name, "container", identity=container) if name else None, undo=(_stop(client, container),)
    )


def _start(client: Client, container: str) -> Command:
    return Command((*client.words, "start", container), kind="changes", check=is_running(client, container), tool=TOOL)


def stop(client: Client, container: str) -> Command:
    """Stop a container; it can be started again."""
    return _stop(client, container)._replace(undo=(_start(client, container),))


def _stop(client: Client, container: str) -> Command:
    return Command(
        (*client.words, "stop", container),
        kind="changes",
        check=is_running(client, container, absent=True),
        tool=TOOL,
    )


def remove(client: Client, container: str, unmakes: tuple[str, ...] = ()) -> Command:
    """Delete a stopped container, and the volumes without a name that it brought along."""
    listed = _reachable(Command((*client.words, "ps", "-a", "-q", "--no-trunc"), tool=TOOL))
    return Command(
        (*client.words, "rm", "-v", container),
        kind="changes",
        unmakes=unmakes,
        check=Check(listed, path="lines", text=container, absent=True),
        destroys=(Thing("container", container),),
        tool=TOOL,
    )


def forget(client: Client, container: str, unmakes: tuple[str, ...]) -> Command:
    """Let the record forget a container that is gone: deleted by somebody, or out of reach with all of its daemon."""
    listed = _reachable(
        Command((*client.words, "ps", "-a", "-q", "--no-trunc", "--filter", f"id={container}"), tool=TOOL)
    )
    return listed._replace(kind="changes", unmakes=unmakes, check=Check(listed, path="lines", absent=True), quiet=True)
