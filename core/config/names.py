"""What services are called, and how the names of keys are read."""

import re

SERVICE_NAME_CHARS_MAX = 100

_SERVICE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.|$))*", re.ASCII)


def service_name_problem(name: str) -> str | None:
    """Say what is wrong with the name of a service, and what a right one is; None when it is right."""
    if not name:
        return "the name of the service is empty; give it with -s"
    if len(name) > SERVICE_NAME_CHARS_MAX:
        return f"the name of the service has {len(name)} characters; it may have {SERVICE_NAME_CHARS_MAX}"
    if _SERVICE_NAME.fullmatch(name):
        return None
    return (
        f"{name!r} cannot be the name of a service: files, devices and containers are called after it; "
        "use letters, digits, . _ and -, such as web1.example.com"
    )


def split_key(key: str) -> tuple[str, str]:
    """Split `section.option` at its first dot; a key without one is an option of DEFAULT."""
    section, dot, option = key.partition(".")
    return (section, option) if dot and "@" not in section else ("DEFAULT", key)


def names_of(service: str, node: str, var: str) -> dict[str, str]:
    """The words that references may have without any section, and what they stand for."""
    return {
        "svcname": service,
        "short_svcname": service.partition(".")[0],
        "nodename": node,
        "short_nodename": node.partition(".")[0],
        "var": var,
    }
