"""container.docker: a docker container, in the service's own daemon or in the node's.

It is called after its resource, `SERVICE.container.N`, and provisioning it is no more than starting it: `docker run`
makes the container and pulls its image. A stopped container keeps what it wrote; only unprovision deletes it.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence

from core.command import Check, Note, Steps, Wait
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.driver import Driver, Holding, Tie
from core.drivers import docker_daemon
from core.errors import CommandFailed, Failed, Refused, Remedy
from core.status import Remark, Status
from core.tools import docker, mount

UP_SECONDS_MAX = 600
UP_SECONDS_EVERY = 2
DOWN_SECONDS_MAX = 60

REMEDIES = (
    ("manifest unknown", "correct run_image, or push that image"),
    ("invalid reference format", "correct run_image"),
    ("denied", "correct run_image, or `docker login`, as the image may be private"),
    ("no basic auth credentials", "`docker login` to that registry"),
    ("connection refused", "nobody listens there: start the registry, or correct run_image"),
    ("Cannot connect to the Docker daemon", "the daemon has ended: start it, then go on"),
)
"""What docker says when it cannot pull an image, and what is to be done then."""

NETWORK = ("--net", "--network")
VOLUMES_FROM = ("--volumes-from",)
VOLUME = ("-v", "--volume")
PUBLISH = ("-p", "--publish")


def _shell_words(value: str) -> str | None:
    try:
        shlex.split(value)
    except ValueError as error:
        return f"{value!r} cannot be split into words: {str(error).lower()}; close the quote"
    return None


class DockerContainer(Driver):
    """A docker container, in a daemon that belongs to the service (`docker_data_dir`), or else in the node's.

    A stopped container keeps what it wrote; only unprovision deletes it.
    """

    keywords = (
        Keyword("run_image", "The image: a name, a tag, a digest, as `docker run` takes it.", required=True),
        Keyword("run_args", "Options of `docker run`, such as ports and volumes.", default="", syntax=_shell_words),
        Keyword("run_command", "What runs, where that is not what the image says.", default="", syntax=_shell_words),
    )
    service_keywords = (
        Keyword(
            "docker_daemon_args",
            "Further options of the service's own docker daemon.",
            syntax=_shell_words,
            only_with=("docker_data_dir", ()),
        ),
    )

    def label(self, container: Resource) -> str:
        """Name the container and its image."""
        return f"{container.name}@{container['run_image']}"

    def purpose(self, container: Resource) -> str:
        """Say what runs where."""
        where = "the service's own docker daemon" if docker_daemon.is_private(container) else "the node's docker daemon"
        return f"a container of {container['run_image']}, running in {where}"

    def set_name(self, container: Resource) -> str:
        """All docker containers of a subset are one set."""
        return f"container:{container.subset}" if container.subset else "container.docker"

    def gives(self, container: Resource) -> Iterable[Tie]:
        """Other containers may share its network or volumes."""
        return (Tie("container", container.name),)

    def needs(self, container: Resource) -> Iterable[Tie]:
        """The daemon's directory, the directories that are mounted into it, the containers whose network it shares."""
        if docker_daemon.is_private(container):
            yield Tie("path", container.service_value("docker_data_dir"))
        given = docker_daemon.split(container["run_args"])
        yield from (Tie("path", value.partition(":")[0]) for value in _values(given, VOLUME) if value.startswith("/"))
        yield from (Tie("container", value.partition(":")[0]) for value in _values(given, VOLUMES_FROM))
        yield from (
            Tie("container", value.partition(":")[2])
            for value in _values(given, NETWORK)
            if value.startswith("container:")
        )

    def claims(self, container: Resource) -> Iterable[tuple[str, str]]:
        """Ports of the node go to one container each."""
        given = docker_daemon.split(container["run_args"])
        published = (value.rpartition(":") for value in _values(given, PUBLISH))
        # Without a colon docker chooses the port of the node.
        return [
            ("run_args", f"the port {host} of the node") for host, colon, _ in published if colon and host[-1:] != ":"
        ]

    def stores(self, container: Resource) -> Iterable[str]:
        """The daemon fills its directory by itself."""
        return (container.service_value("docker_data_dir"),) if docker_daemon.is_private(container) else ()

    def provision(self, container: Resource) -> Steps:
        """Bring the container up, unless one of its name exists that is not ours. Raises Refused then."""
        here = yield from docker_daemon.client(container)
        yield from docker_daemon.bring_up(container, here)
        found = yield from _found(here, container)
        if found and not (yield from _is_ours(here, container, found)):
            raise Refused(
                f"{container.rid}: a container {container.name} exists, and is not recorded as ours",
                "remove it, or use it",
                Remedy("to use it", f"svcmgr -s {container.service.name} provision --adopt {container.rid}"),
            )
        yield from self._up(here, container, found)

    def start(self, container: Resource) -> Steps:
        """Bring the daemon and the container up."""
        here = yield from docker_daemon.client(container)
        yield from docker_daemon.bring_up(container, here)
        yield from self._up(here, container, (yield from _found(here, container)))

    def _up(self, here: "docker.Client", container: Resource, found: str) -> Steps:
        # A container that carries our mark without being recorded was made by a run that was killed before it knew.
        unrecorded = found and container.made("container") is None and (yield from _is_marked(here, container, found))
        if found and not unrecorded and found in docker.ids((yield docker.running(here))):
            yield Note(f"container {self.label(container)} already started on {container.service.nodename}")
            return
        name = f"{container.rid}.container"
        if found:
            yield docker.start(here, found, name if unrecorded else "")
        else:
            if not here.is_own_daemon:
                yield from _has_image(here, container)
            found = (yield docker.run(here, _described(here, container), name)).made
        yield Note("wait for container up status")
        answer = yield Wait(
            docker.life(here, found),
            (docker.is_living(here, found),),
            UP_SECONDS_EVERY,
            UP_SECONDS_MAX,
            f"container {container.name} up status",
            in_vain=(docker.has_ended(here, found),),
        )
        life = docker.parse_life(answer)
        if not life.running:
            last = docker.parse_last_words((yield docker.last_words(here, found)))
            said = "its last words:\n" + "\n".join(f"  {line}" for line in last) if last else "it said nothing"
            how = f"with exit code {life.exit_code}; {said}"
            raise Failed(f"{container.rid}: container {container.name} ended at once, {how}")
        yield Note("wait for container operational")

    def stop(self, container: Resource) -> Steps:
        """Stop the container, and the daemon after the last one."""
        here = yield from docker_daemon.client(container)
        answers = (yield docker.answers(here)).returncode == 0
        if not answers and (yield from docker_daemon.is_outlived(container, here)):
            yield Note(
                "the docker daemon has ended, and its containers have not: it is started to stop them", "warning"
            )
            yield from docker_daemon.bring_up(container, here)
            answers = True
        if not answers:
            yield Note(f"container {self.label(container)} already stopped")
        else:
            yield from self._down(here, container, (yield from _found(here, container)))
        yield from docker_daemon.shut_down(container, here)

    def _down(self, here: "docker.Client", container: Resource, found: str) -> Steps:
        if found not in docker.ids((yield docker.running(here))):
            yield Note(f"container {self.label(container)} already stopped")
            return
        yield docker.stop(here, found)
        yield Note("wait for container down status")
        yield Wait(
            docker.running(here),
            (Check(docker.running(here), path="lines", text=found, absent=True),),
            1,
            DOWN_SECONDS_MAX,
            f"container {container.name} down status",
            unless=docker.is_answering(here)._replace(absent=True),
        )

    def unprovision(self, container: Resource) -> Steps:
        """Stop the container; delete it, if it was made for the service."""
        here = yield from docker_daemon.client(container)
        made, unmakes = container.made("container"), (f"{container.rid}.container",)
        ours = made is not None or container.made("image") is not None
        if ours and (yield from _goes_with_its_filesystem(here, container)):
            names = tuple(
                f"{container.rid}.{what}" for what in ("container", "image") if container.made(what) is not None
            )
            yield docker.forget(here, made or "none", names)
        elif ours or (yield docker.answers(here)).returncode == 0:
            yield from docker_daemon.bring_up(container, here)
            found = yield from _found(here, container)
            if found and not (yield from _is_ours(here, container, found)):
                yield Note(f"container {self.label(container)} is not recorded as ours: left alone", "warning")
            else:
                yield from self._down(here, container, found)
            if made is not None:
                yield docker.remove(here, made, unmakes) if made == found else docker.forget(here, made, unmakes)
            yield from _image_gone(here, container)
        yield from docker_daemon.shut_down(container, here)
        yield from docker_daemon.clear(container, here)

    def holds(self, container: Resource) -> Steps:
        """The container; and its image, in a daemon of the service's own."""
        here = yield from docker_daemon.client(container)
        if (yield docker.answers(here)).returncode:
            return []
        identity = yield from _found(here, container)
        found = [Holding("container", "container", identity)] if identity else []
        image, own = container["run_image"], here.socket and not here.is_own_daemon
        if own and docker.ids((yield docker.image_id(here, image))):
            found.append(Holding("image", "image", image))
        return found

    def status(self, container: Resource) -> Steps:
        """Up when the container runs; a remark when it runs another image than the file says by now."""
        here = yield from docker_daemon.client(container)
        if (yield docker.answers(here)).returncode:
            return Status("down", (Remark("docker daemon is not running"),))
        found = yield from _found(here, container)
        if not found:
            return Status("down", (Remark("can not find container id"),))
        if found not in docker.ids((yield docker.running(here))):
            return Status("down")
        runs = (yield docker.image_of(here, found)).stdout.strip()
        wanted = docker.ids((yield docker.image_id(here, container["run_image"])))
        if wanted and runs not in wanted:
            other = f"the running container is based on image '{runs}' instead of '{wanted[0]}'"
            return Status("up", (Remark(other),))
        return Status("up")


def _has_image(here: "docker.Client", container: Resource) -> Steps:
    """Fetch the image where it is missing. In a daemon of the service's own it is the service's: the record has it."""
    image, name = container["run_image"], f"{container.rid}.image" if here.socket else ""
    made = container.service.record.made.values()
    if not docker.ids((yield docker.image_id(here, image))):
        yield from _pulled(here, container, name)
    elif name and not any(thing.kind == "image" and thing.identity == image for thing in made):
        yield docker.recognise_image(here, image, name)


def _image_gone(here: "docker.Client", container: Resource) -> Steps:
    """Delete the image that was fetched for the container, unless another container uses it."""
    image, unmakes = container.made("image"), (f"{container.rid}.image",)
    if image is None:
        return
    if not docker.ids((yield docker.image_id(here, image))):
        yield docker.forget_image(here, image, unmakes)
    elif docker.ids((yield docker.using(here, image))):
        yield Note(f"image {image} stays: another container uses it", "warning")
    else:
        yield docker.remove_image(here, image, unmakes)


def _pulled(here: "docker.Client", container: Resource, name: str) -> Steps:
    """Fetch the image. Raises Failed, with what may be done about it."""
    image = container["run_image"]
    try:
        yield docker.pull(here, image, name)
    except CommandFailed as error:
        said = (error.stderr or error.stdout).strip().rpartition("\n")[2]
        remedy = next((remedy for words, remedy in REMEDIES if words in said), "try again when that is mended")
        raise Failed(f"{container.rid}: image {image} cannot be pulled: {said}; {remedy}") from error


def _values(words: Sequence[str], names: tuple[str, ...]) -> Iterator[str]:
    """The values of an option, as `--net=X`, `--net X` or `-vX`."""
    for position, word in enumerate(words):
        name, equals, value = word.partition("=")
        if word in names:
            yield from words[position + 1 : position + 2]
        elif equals and name in names:
            yield value
        elif not word.startswith("--") and word[:2] in names:
            yield word[2:]


def _described(here: "docker.Client", container: Resource) -> "docker.Container":
    return docker.Container(
        container.name,
        container["run_image"],
        docker_daemon.words(here, container["run_args"]),
        docker_daemon.words(here, container["run_command"]),
        f"/{container.service.name}/{container.driver.set_name(container)}/{container.group}.{container.index}",
    )


def _found(here: "docker.Client", container: Resource) -> Steps:
    """Ask for the id of the container of our name; "" when there is none."""
    return "".join(docker.ids((yield docker.find(here, container.name))))


def _is_marked(here: "docker.Client", container: Resource, found: str) -> Steps:
    answer = yield docker.mark(here, found)
    return answer.stdout.strip() == docker.mark_text(here, _described(here, container))


def _is_ours(here: "docker.Client", container: Resource, found: str) -> Steps:
    """Tell whether a container is recorded as ours, named with --adopt, or carries our mark."""
    if container.made("container") == found or container.rid in container.service.adopt:
        return True
    return (yield from _is_marked(here, container, found))


def _goes_with_its_filesystem(here: "docker.Client", container: Resource) -> Steps:
    """Tell whether the daemon's directory is out of reach, in an unmounted filesystem that was made for the service."""
    holder = docker_daemon.filesystem(container) if here.socket else None
    if holder is None or (yield mount.at(holder["mnt"])).returncode == 0:
        return False
    made = container.service.record.made.values()
    return any(thing.rid == holder.rid and thing.kind in {"filesystem", "subvolume"} for thing in made)


driver = DockerContainer()
