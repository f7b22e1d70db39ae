"""The docker daemon that the containers of a service share: its own, on docker_data_dir, or the node's.

The service's own daemon is started before the first container and ends after the last. It never starts while the
filesystem that the service declares for docker_data_dir is not mounted: it would fill the directory below.
"""

import shlex
from functools import lru_cache
from typing import NamedTuple

from core.command import Check, Command, Note, Steps, Wait
from core.config.keywords import is_true
from core.config.resource import Resource
from core.config.service import VAR
from core.drivers import directories
from core.errors import Failed, Refused, WaitedTooLong
from core.tools import docker, files, find, ip_link, mount, start_stop_daemon, systemd_run

ANSWER_SECONDS_MAX = 60
ANSWER_SECONDS_USUAL = 5
SOCKET_PATH_CHARACTERS_MAX = 107
CONTAINERD_PATH_CHARACTERS_MAX = 104
SPOKEN = (17,)
RUN = "/run/opensvc"


class Launch(NamedTuple):
    """How the daemon is started and stopped on this node, and the read that tells whether its process is there.

    log: a clause on where it says why it has ended.
    """

    start: Command
    stop: Command
    alive: Check
    log: str


def is_private(container: Resource) -> bool:
    """Tell whether the service has a daemon of its own."""
    private = is_true(container.service_value("docker_daemon_private"))
    return private and bool(container.service_value("docker_data_dir"))


@lru_cache(maxsize=64)
def split(text: str) -> tuple[str, ...]:
    """Split a text as a shell does; the same arguments are asked for again and again."""
    return tuple(shlex.split(text))


def words(client: "docker.Client", text: str) -> tuple[str, ...]:
    """Split arguments as the agent of the time did: at blanks in 2015, as a shell does now."""
    return tuple(text.split()) if client.is_own_daemon else split(text)


def client(container: Resource) -> Steps:
    """Ask for the version of docker; return a `docker.Client`. Raises Failed for one that is not spoken."""
    program = container.service_value("docker_exe") or "docker"
    answer = yield docker.version(program)
    if answer.returncode:
        raise Failed(f"{container.rid}: docker executable not found: name it with docker_exe, or install docker.io")
    found = docker.Client(program, docker.parse_version(answer))
    if not found.is_own_daemon and found.version < SPOKEN:
        said = answer.stdout.strip()
        raise Failed(f"{container.rid}: {said!r} is not spoken: docker until 1.11 is, and from 17 on")
    if not is_private(container):
        return found
    return _socket_fits(container, found._replace(socket=f"{_directory(container)}/docker.sock"))


def bring_up(container: Resource, here: "docker.Client") -> Steps:
    """Start the service's own daemon where it does not run, and wait until it answers."""
    if (yield docker.answers(here)).returncode == 0:
        return
    if not here.socket:
        raise Failed(f"{container.rid}: the docker daemon of the node is not running; start it, or set docker_data_dir")
    yield from _filesystem_is_mounted(container)
    yield from files.missing_directories(container.rid, _directory(container))
    launch = yield from _launch(container, here)
    if not (yield from _holds(launch.alive)):
        if (yield files.exists(_pidfile(container))).returncode == 0:
            yield Note(f"removing leftover pid file {_pidfile(container)}", "warning")
        yield from _remove_leftovers(container, here)
        bridge = _daemon(container, here).bridge
        if bridge and (yield ip_link.show(bridge)).returncode:
            yield ip_link.add_bridge(bridge)
        yield Note("starting docker daemon")
        yield launch.start._replace(only_if=_place_is_there(container))
    try:
        yield _answer(here, ANSWER_SECONDS_USUAL)
    except WaitedTooLong:
        if not (yield from _holds(launch.alive)):
            raise Failed(
                f"{container.rid}: the docker daemon has ended instead of answering; {launch.log}; then provision or "
                "start again: what it left is removed first"
            ) from None
        yield _answer(here, ANSWER_SECONDS_MAX)


def _answer(here: "docker.Client", seconds_max: int) -> Wait:
    said = "the docker daemon to answer"
    check = docker.is_answering(here)
    # A daemon that is alive is given more time.
    return Wait(check.ask, (check,), 1, seconds_max, said, seconds_at_last=ANSWER_SECONDS_MAX)


def is_outlived(container: Resource, here: "docker.Client") -> Steps:
    """Tell whether containers go on although the service's daemon was killed; none does after a reboot."""
    if not here.socket or here.is_own_daemon:
        return False
    # Where runc keeps what it runs: below /run, which does not outlive a reboot either.
    kept = f"{RUN}/{container.service.name}/runtime-runc/moby"
    return bool((yield find.entry(kept)._replace(accepts=(0, 1))).stdout)


def shut_down(container: Resource, here: "docker.Client") -> Steps:
    """End the service's own daemon when no container runs any more, and take its bridge away."""
    if not here.socket:
        return
    launch = yield from _launch(container, here)
    if (yield docker.answers(here)).returncode == 0:
        if docker.ids((yield docker.running(here))):
            return
        yield Note("no more container handled by docker daemon. shut it down")
    if (yield from _holds(launch.alive)):
        again = launch.start._replace(check=docker.is_answering(here), undo=())
        yield launch.stop._replace(undo=(again, *_until_it_answers(here, launch)))
    bridge = _daemon(container, here).bridge
    if bridge and (yield ip_link.show(bridge)).returncode == 0:
        yield ip_link.delete(bridge)


def clear(container: Resource, here: "docker.Client") -> Steps:
    """Remove what an ended daemon has left, and the directory that was made for its socket."""
    if not here.socket or (yield docker.answers(here)).returncode == 0:
        return
    yield from _remove_leftovers(container, here)
    if not here.is_own_daemon:
        yield from _run_time_gone(container)
    directory = _directory(container)
    made = {thing.identity for thing in container.service.record.made.values() if thing.kind == "directory"}
    if directory in made and not (yield find.entry(directory)).stdout:
        yield from directories.remove_made(container, directory)


def _run_time_gone(container: Resource) -> Steps:
    """Remove the run-time directory of the daemon, and the one that all services' daemons have theirs in when empty."""
    directory = f"{RUN}/{container.service.name}"
    if (yield files.is_directory(directory)).returncode == 0:
        yield find.clear_run_time(directory)
    if (yield files.is_directory(RUN)).returncode == 0 and not (yield find.entry(RUN)).stdout:
        # The daemon of another service may begin at this moment.
        yield files.remove_directory_if_empty(RUN)


def _remove_leftovers(container: Resource, here: "docker.Client") -> Steps:
    for path in _files(container, here):
        if (yield files.exists(path)).returncode == 0:
            yield files.remove(path)


def _directory(container: Resource) -> str:
    return f"{container.service.var}/{container.service.name}"


def _pidfile(container: Resource) -> str:
    return f"{_directory(container)}/docker.pid"


def _log_directory(container: Resource) -> str:
    """Where daemons of the service write what they say: see `svcprov.files.log_directory`."""
    var, name = container.service.var, container.service.name
    return f"/var/log/opensvc/{name}" if var == VAR else f"{var}/log/{name}"


def _files(container: Resource, here: "docker.Client") -> tuple[str, str]:
    return (here.socket, _pidfile(container))


def _daemon(container: Resource, here: "docker.Client") -> "docker.Daemon":
    name = container.service.name
    arguments = words(here, container.service_value("docker_daemon_args"))
    # The name of an interface has 15 characters at most, which the name of a service does not fit into.
    own_bridge = not here.is_own_daemon and not docker.names_bridge(arguments)
    from binascii import crc32

    bridge = f"svc-{crc32(name.encode()):08x}" if own_bridge else ""
    data_root = container.service_value("docker_data_dir")
    return docker.Daemon(data_root, _pidfile(container), f"{RUN}/{name}", bridge, arguments)


def _launch(container: Resource, here: "docker.Client") -> Steps:
    """Return the `Launch` of this node: through systemd where it is at work, else in the background."""
    program = yield from _program(container, here)
    argv = docker.daemon_words(here, program, _daemon(container, here))
    if not here.is_own_daemon and systemd_run.is_at_work((yield systemd_run.state())):
        unit = f"svcprov-docker-{container.service.name}.service"
        start, stop, alive = systemd_run.start(unit, argv), systemd_run.stop(unit), systemd_run.is_active(unit)
        log = f"`journalctl -u {unit}` says why"
    else:
        pidfile, name = _pidfile(container), program.name.rpartition("/")[2]
        start = Command(argv, kind="changes", background=True, tool=docker.TOOL)
        stop, alive = start_stop_daemon.stop(pidfile, name), Check(start_stop_daemon.is_alive(pidfile, name))
        log = f"the end of {_log_directory(container)}/{name}.log says why"
    # A daemon that a power failure ended has left its files, which are to be taken back as well; the pid file, last.
    run_time = (find.clear_run_time(f"{RUN}/{container.service.name}"), files.remove_directory_if_empty(RUN))
    undo = (stop, *(() if here.is_own_daemon else run_time), *(files.remove(path) for path in _files(container, here)))
    # In place as long as anything of it is there: an undo that was interrupted has to be seen to its end.
    places = (_pidfile(container), *(() if here.is_own_daemon else (f"{RUN}/{container.service.name}",)))
    return Launch(start._replace(check=files.any_is_there(*places), undo=undo), stop, alive, log)


def _program(container: Resource, here: "docker.Client") -> Steps:
    """Ask for the daemon's program and its version, which need not be those of the client."""
    if here.is_own_daemon:
        return docker.Program(here.program, here.version)
    for name in docker.daemon_programs(here):
        answer = yield docker.version(name)
        if answer.returncode == 0:
            return docker.Program(name, docker.parse_version(answer))
    raise Failed(f"{container.rid}: dockerd not found: install docker.io, which has it, or unset docker_data_dir")


def _holds(alive: Check) -> Steps:
    answer = yield alive.ask
    if alive.ask.tool == start_stop_daemon.TOOL and (why := start_stop_daemon.refusal(answer)):
        raise Failed(f"it cannot be told whether the docker daemon runs: {why}")
    return answer.returncode == 0 and (not alive.path or bool(answer.stdout.strip()))


def _until_it_answers(here: "docker.Client", launch: Launch) -> tuple[Command | Check, ...]:
    """The steps of an undo that wait for a daemon started in the background; systemd has waited already."""
    from core.engine import ENGINE

    pause = Command(("sleep", str(ANSWER_SECONDS_USUAL)), quiet=True, tool=ENGINE)
    check = docker.is_answering(here, "the docker daemon does not answer yet")
    return (pause, check) if launch.start.background else (check,)


def _socket_fits(container: Resource, here: "docker.Client") -> "docker.Client":
    """Refuse a service whose name makes the paths of the daemon's sockets longer than the kernel takes."""
    containerd = "" if here.is_own_daemon else f"{RUN}/{container.service.name}/containerd/containerd.sock.ttrpc"
    for path, most in ((here.socket, SOCKET_PATH_CHARACTERS_MAX), (containerd, CONTAINERD_PATH_CHARACTERS_MAX)):
        if len(path) > most:
            raise Failed(
                f"{container.rid}: the docker daemon would need the socket {path}, of {len(path)} characters; "
                f"it may have {most}: give the service a shorter name"
            )
    return here


def filesystem(container: Resource) -> Resource | None:
    """The resource of the service whose mount holds docker_data_dir; None when that is a directory of the node."""
    below = f"{container.service_value('docker_data_dir').rstrip('/')}/"
    points = {each["mnt"].rstrip("/"): each for each in container.service.resources() if each.group == "fs"}
    above = [point for point in points if point and below.startswith(f"{point}/")]
    return points[max(above, key=len)] if above else None


def _place_is_there(container: Resource) -> tuple[Check, ...]:
    holder = filesystem(container)
    if holder is None:
        return ()
    return (Check(mount.at(holder["mnt"]), otherwise=f"{holder.rid} is not mounted, and has the daemon's directory"),)


def _filesystem_is_mounted(container: Resource) -> Steps:
    """Refuse to go on while the service's filesystem for docker_data_dir, if it has one, is not mounted."""
    holder = filesystem(container)
    if holder is not None and (yield mount.at(holder["mnt"])).returncode:
        raise Refused(
            f"{container.rid}: the docker daemon data dir is handled by the {holder.rid} resource in down state. "
            "can't start the docker daemon",
            f"start {holder.rid} first, or add it to --rid",
        )
