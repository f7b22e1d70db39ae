"""`validate config`: everything that can be said about a service file, for people, editors and CI."""

import os
import sys
from typing import Any

from core.config.document import DOCUMENT_BYTES_MAX, Document
from core.config.findings import Finding, findings, of_error
from core.config.service import VAR, Service, service_name_problem
from core.config.trigger_words import Beside
from core.errors import ConfigError, Problem, UsageError
from core.record import Record
from svcprov import __version__
from svcprov.inventory import load_driver
from svcprov.invocation import Invocation

FORMAT = 1
STANDARD_INPUT = "-"
ANY_NAME = "svcname"
"""What a service is called whose file has no name."""
NODES_MAX = 16
"""For how many of its nodes a file is read: with more, what is wrong on the last one is found when it is acted on."""
STYLE = {"error": "red", "warning": "yellow"}


def validate(call: Invocation) -> int:
    """Print what is wrong with a service file, and what is probably not meant; return 6 where anything is wrong."""
    node = None if call.options.node is None else call.node()
    nodename = call.nodename() if node is None else node.hostname
    try:
        services = _services(call, nodename)
        found = findings(services)
        for service in services:
            call.screen.hide(_secrets(service))
    except ConfigError as error:
        services, found = [], of_error(error)
    if node is not None and services:
        from svcprov.node_file import NodeFile
        from svcprov.presence import absent

        if isinstance(node, NodeFile):
            found = sorted([*found, *absent(services[0], node.state)], key=_line)
    if call.options.format == "json":
        _print_json(call, found)
    else:
        for finding in found:
            call.screen.out(call.screen.styled(str(finding), STYLE[finding.level]))
    return ConfigError.exit_code if any(finding.level == "error" for finding in found) else 0


def _services(call: Invocation, nodename: str) -> list[Service]:
    """The service of the file, for this node, and for each of its nodes where it is not the same on all of them.

    Raises UsageError when there is no file to read, ConfigError when it is no text of a service.
    """
    if call.options.config is None:
        files = call.files()
        first = files.load(nodename)
    else:
        name, document = _name(call), _document(call.options.config)
        # A file by itself is for any node, and this one may have its directory elsewhere.
        first = Service(name, document, nodename, Record(), load_driver, VAR)
        first.beside = _beside(call.options.config)
    call.check_impersonated(first)
    document = first.document
    if "@" not in "".join(option for section in document.sections() for option in document.options(section)):
        return [first]
    others = [name for name in _nodes(first) if name != first.nodename][:NODES_MAX]
    services = [Service(first.name, document, name, first.record, load_driver, first.var) for name in others]
    for service in services:
        service.beside = first.beside
    return [first, *services]


def _beside(path: str) -> Beside:
    """What reads the files beside a file that is not a service's own yet; of standard input, nobody knows them."""
    from svcprov.beside import read

    return lambda name: "" if path == STANDARD_INPUT else read(f"{os.path.dirname(os.path.abspath(path))}/{name}")


def _document(path: str) -> Document:
    """The document of a file. Raises UsageError when there is none to read, ConfigError for what is no text."""
    if path == STANDARD_INPUT:
        return Document.from_bytes(sys.stdin.buffer.read(DOCUMENT_BYTES_MAX + 1), "<stdin>")
    try:
        with open(path, "rb") as file:
            return Document.from_bytes(file.read(DOCUMENT_BYTES_MAX + 1), path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _name(call: Invocation) -> str:
    """The name of the service that the file is of: of -s, else that of the file. Raises UsageError for none."""
    if call.options.service is not None:
        if said := service_name_problem(call.service_name):
            raise UsageError(said)
        return call.service_name
    name = str(call.options.config).rpartition("/")[2].removesuffix(".conf").removesuffix(".template")
    return ANY_NAME if service_name_problem(name) else name


def _nodes(service: Service) -> list[str]:
    try:
        return list(dict.fromkeys((*service.nodes, *service.drpnodes)))
    except ConfigError:
        return []  # told with the option


def _secrets(service: Service) -> dict[str, str]:
    try:
        return service.secrets()
    except ConfigError:
        return {}  # told with the option; what cannot be evaluated is not shown either


def _line(finding: Finding) -> tuple[int, int]:
    return finding.problem.line, finding.problem.column


def _print_json(call: Invocation, found: list[Finding]) -> None:
    """One object on each line, as all JSON Lines of svcprov are; the last one says how many there are."""
    from json import dumps

    errors = sum(finding.level == "error" for finding in found)
    lines: list[dict[str, Any]] = [{"type": "version", "format": FORMAT, "svcprov": __version__}]
    lines += [_object(finding.level, finding.problem) for finding in found]
    result = "invalid" if errors else "valid"
    lines.append(
        {
            "type": "summary",
            "action": call.action,
            "errors": errors,
            "warnings": len(found) - errors,
            "result": result,
        }
    )
    for line in lines:
        call.screen.json(dumps(line, ensure_ascii=False))


def _object(level: str, problem: Problem) -> dict[str, Any]:
    key = ".".join(part for part in (problem.section, problem.key) if part)
    return {
        "type": "finding",
        "level": level,
        "file": problem.path,
        "line": problem.line,
        "column": problem.column,
        "key": key,
        "text": problem.text,
        "fix": problem.fix,
    }
