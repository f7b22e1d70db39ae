"""systemd-run(1) and systemctl(1): a program that goes on when we end, looked after by systemd."""

from core.command import Check, Command, Completed

TOOL = "systemd_run"
NOT_FOUND = 127
AT_WORK = frozenset(("initializing", "starting", "running", "degraded", "maintenance"))


def state() -> Command:
    """Ask whether systemd runs this node; `is_at_work` reads the answer. 1 for many reasons, 127 without systemd."""
    return Command(("systemctl", "is-system-running"), accepts=(0, 1, NOT_FOUND), tool=TOOL)


def is_at_work(answer: Completed) -> bool:
    """Tell whether systemd can be asked to start something; `offline` is what an installed one says in a chroot."""
    return answer.stdout.strip() in AT_WORK


def is_active(name: str, *, absent: bool = False) -> Check:
    """Hold when the unit is active, or about to be: it is listed then. `systemctl is-active` knows only the first."""
    return Check(
        Command(("systemctl", "list-units", "--no-legend", "--plain", name), tool=TOOL), path=".", absent=absent
    )


def start(name: str, words: tuple[str, ...]) -> Command:
    """Start a program as a unit of its own; done when the program has said that it is ready.

    Its processes are its own business (`KillMode=process`, `Delegate=yes`): containers are not killed with it.
    """
    properties = ("--service-type=notify", "--property=Delegate=yes", "--property=KillMode=process")
    return Command(
        ("systemd-run", "--quiet", "--collect", f"--unit={name}", *properties, *words),
        kind="changes",
        check=is_active(name),
        undo=(stop(name),),
        tool=TOOL,
    )


def stop(name: str) -> Command:
    """Stop a unit, and wait until it has ended; a transient one is gone then."""
    return Command(("systemctl", "stop", name), kind="changes", check=is_active(name, absent=True), tool=TOOL)
