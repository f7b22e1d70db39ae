"""The values of [env]: who gives them, who wins, how they get into the file. A document is edited, nothing is written.

The file has a value, `--env-file FILE` gives another, `--env K=V` another, the environment variable of the key's name
in upper case the last; the later one wins. Only keys that [env] declares can be given, and only they are looked for in
the environment. This happens once, at `create` and at `update`: what comes of it stands in the file from then on.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from core.config import variations
from core.config.keywords import is_true
from core.config.spelling import meant
from core.errors import ConfigError, UsageError, beginning

if TYPE_CHECKING:
    from core.config.document import Document
    from core.config.service import Service
    from svcprov.files import ServiceFiles
    from svcprov.interview import Respondent
    from svcprov.invocation import Invocation

ENV = "env"
SECRET, COMMENT = ".secret", ".comment"
ANNOTATIONS = (SECRET, COMMENT, *variations.DECLARATIONS)
"""What follows the name of a key in the options that say something of the key, and are none themselves."""

SHOWN_CHARS_MAX = 60
VALUE_BYTES_MAX = 65536
FILE_BYTES_MAX = 1024 * 1024

SYSTEM = {
    "COLUMNS", "DISPLAY", "EDITOR", "EUID", "GID", "HOME", "HOSTNAME", "HOSTTYPE", "IFS", "LANG", "LANGUAGE",
    "LD_LIBRARY_PATH", "LD_PRELOAD", "LINES", "LOGNAME", "MACHTYPE", "MAIL", "MANPATH", "OLDPWD", "OSTYPE", "OSVCETC",
    "OSVCVAR", "PAGER", "PATH", "PPID", "PS1", "PWD", "PYTHONHOME", "PYTHONPATH", "SHELL", "SHLVL", "TERM", "TMPDIR",
    "TZ", "UID", "USER", "VISUAL",
}  # fmt: skip
"""Names of the environment that a process finds there whatever its service is."""


class Given(NamedTuple):
    """A value that somebody gives a key (or one scope of it), and where that was: `--env`, `--env-file site.env:3`."""

    key: str
    value: str
    source: str
    secret: bool = False


class Settled(NamedTuple):
    """An option of [env] (with its scope) once all have had their say.

    source: who won. lost: who was overridden, the strongest first.
    """

    option: str
    value: str
    source: str
    lost: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The option without its scope."""
        return self.option.partition("@")[0]

    @property
    def variable(self) -> str:
        """The environment variable that its value comes from; "" when it comes from somewhere else."""
        source, _, variable = self.source.partition(" ")
        return variable if source == "environment" else ""


def settle(call: "Invocation", files: "ServiceFiles", document: "Document", origin: str) -> None:
    """Give the keys of a document's [env] their values, as the command line asks for.

    origin: what the document is called as a source of values (`template`). Raises UsageError for what cannot be given,
    ConfigError for a document that no service can be made of, and what `interview` raises.
    """
    if call.options.interactive or call.options.answers is not None:
        from svcprov.interview import respondent

        # Whether there is somebody to ask is known before anything else is.
        with respondent(call) as who:
            _settle(call, files, document, origin, who)
    else:
        _settle(call, files, document, origin, None)


def _settle(
    call: "Invocation", files: "ServiceFiles", document: "Document", origin: str, who: "Respondent | None"
) -> None:
    options = call.options
    given = [*of_files(options.env_file or ()), *of_words(options.env or ())]
    if not (given or who or options.explain_env or document.has(ENV)):
        return
    service = files.serve(document, call.nodename())
    settled = fill_in(service, given, os.environ, origin)
    # An error that quotes a value comes after this.
    with suppress(ConfigError):
        call.screen.hide(service.secrets())
    if who is None:
        for sentence in remarks(settled):
            call.screen.err(sentence)
    else:
        from svcprov.interview import interview

        if not options.dry_run:
            files.check_writable()
        settled = interview(call, files, document, settled, who)
    if options.explain_env:
        write = call.screen.out if options.format == "text" else call.screen.err
        for line in explained(settled, secret_keys(service)):
            write(line)


def of_words(texts: Iterable[str]) -> Iterator[Given]:
    """The values of `--env K=V` or `K:V`; the first separator counts. `K=@FILE` is what the file holds, a secret.

    Raises UsageError for a text without a separator, and for a file that cannot be read.
    """
    for text in texts:
        yield _given(text, "--env", f"--env {_short(text)}: write it as --env KEY=VALUE or --env KEY:VALUE")


def of_files(paths: Iterable[str]) -> Iterator[Given]:
    """The values of `--env-file`: a `K=V` or `K:V` on each line, as `--env` takes it; `#` and `;` begin comments.

    Raises UsageError, naming file and line.
    """
    for path in paths:
        met: dict[str, int] = {}
        for number, line in enumerate(_text(path, f"--env-file {path}", FILE_BYTES_MAX).split("\n"), 1):
            text = line.strip()
            if not text or text[0] in "#;":
                continue
            place = f"{path}:{number}"
            given = _given(text, f"--env-file {place}", f"{place}: {_short(text)}: write it as KEY=VALUE or KEY:VALUE")
            if given.key in met:
                raise UsageError(f"{place}: {given.key} is already on line {met[given.key]}; keep one of them")
            met[given.key] = number
            yield given


def _given(text: str, source: str, complaint: str) -> Given:
    at = min((text.index(mark) for mark in "=:" if mark in text), default=-1)
    key, value = text[:at].strip().lower(), text[at + 1 :].strip()
    if at <= 0 or not key:
        raise UsageError(complaint)
    if not value.startswith("@"):
        return Given(key, value, source)
    path = value.removeprefix("@")
    what = f"{source} {key}=@{path}" if source == "--env" else f"{source.removeprefix('--env-file ')}: {key}=@{path}"
    return Given(key, _text(path, what, VALUE_BYTES_MAX).rstrip("\n"), f"{source}, file {path}", secret=True)


def _text(path: str, what: str, bytes_max: int) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(bytes_max + 1)
        if len(data) > bytes_max:
            raise UsageError(f"{what}: the file has more than {bytes_max} bytes; is this the right file?")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what}: this is not a text file: byte {error.start} is not UTF-8") from None
    except ValueError:
        raise UsageError(f"{what}: this cannot be the name of a file") from None
    except OSError as error:
        remedy = "" if what.startswith("--env-file") else "; after @ comes the file with the value"
        raise UsageError(f"{what}: {error.strerror}{remedy}") from None


def fill_in(
    service: "Service", given: Sequence[Given], environment: Mapping[str, str], origin: str = "template"
) -> list[Settled]:
    """Put the winner of each key into the document of a service; return all keys, in the order of the file.

    given: the weakest first. origin: what the file is called as a source. A value is written where the one that holds
    for this node comes from, scope included. Raises UsageError for a key that [env] does not declare, and for a value
    that a service file cannot hold; then the document is not to be used.
    """
    declared = service.options(ENV)
    before = frozenset(service.document.options(ENV))
    chosen: dict[str, list[Given]] = {}
    for each in given:
        if each.key.partition("@")[0] not in declared:
            raise _undeclared(each, service)
        chosen.setdefault(_option(service, each.key), []).append(each)
    for key in declared:
        variable = key.upper().replace(".", "_")
        if not is_annotation(key, declared) and variable in environment:
            value = environment[variable].strip()
            chosen.setdefault(_option(service, key), []).append(Given(key, value, f"environment {variable}"))
    for option, values in chosen.items():
        key = option.partition("@")[0]
        if any(each.secret for each in values):
            service.set(f"{ENV}.{key}{SECRET}", "true")
        put(service, option, values[-1].value, values[-1].source)
    found = []
    for option in service.document.options(ENV):
        if not is_annotation(option.partition("@")[0], declared):
            *lost, winner = [*([origin] if option in before else []), *(each.source for each in chosen.get(option, ()))]
            value = service.document.get(ENV, option) or ""
            found.append(Settled(option, value, winner, tuple(reversed(lost))))
    return found


def put(service: "Service", option: str, value: str, source: str) -> None:
    """Give one option of [env] a value. Raises UsageError, without the value when that is a secret."""
    where = f"{source}: {ENV}.{option}"
    if "«" in value or "»" in value:
        raise UsageError(f"{where}: « and » stand for values that nobody knows yet; take them out")
    try:
        value.encode()
        service.set(f"{ENV}.{option}", value)
    except UnicodeEncodeError:
        raise UsageError(f"{where}: the value is not UTF-8 text") from None
    except ConfigError as error:
        said = error.problems[0].text.removeprefix(f"{ENV}.{option}: ")
        if option.partition("@")[0] in secret_keys(service):
            said = "a value cannot hold control characters, nor a further line that begins with # or ;"
        raise UsageError(f"{where}: {said}") from None
    if service.document.get(ENV, option) != value:
        raise UsageError(f"{where}: a service file keeps no blanks at the ends of lines, and no empty lines")


def _option(service: "Service", key: str) -> str:
    """The option that holds a key's value for this node; the key itself where none does, or where it has a scope."""
    source = None if "@" in key else service.source(f"{ENV}.{key}")
    return key if source is None else source.removeprefix(f"{ENV}.")


def is_annotation(key: str, declared: Iterable[str]) -> bool:
    """Tell whether an option says something of a key (`size.comment`), rather than being one."""
    base = next((key.removesuffix(suffix) for suffix in ANNOTATIONS if key.endswith(suffix)), "")
    return bool(base) and base in declared


def secret_keys(service: "Service") -> frozenset[str]:
    """The keys that are declared secret, whether they have a value or not."""
    declared = service.options(ENV)
    found = set()
    for name in declared:
        if name.endswith(SECRET) and is_annotation(name, declared):
            # A declaration that cannot be evaluated hides, rather than shows.
            value = "true"
            with suppress(ConfigError):
                value = service.read(ENV, name) or ""
            found |= {name.removesuffix(SECRET)} if is_true(value) else set()
    return frozenset(found)


def _undeclared(given: Given, service: "Service") -> UsageError:
    declared = service.options(ENV)
    place = "--env" if given.source.startswith("--env,") else given.source
    keys = [key for key in declared if not is_annotation(key, declared)]
    variable = given.key.upper()
    if variable in SYSTEM or variable.startswith("LC_"):
        said = f"{variable} is a name that the system uses, and [env] does not declare {given.key}"
        remedy = (
            f"declare a key of another name, such as my_{given.key}: the environment's {variable} would win over this"
        )
        return UsageError(f"{place} {given.key}: {said}; {remedy}")
    remedy = f"it declares {', '.join(keys)}" if keys else "it declares none"
    if not service.document.has(ENV):
        remedy = "the file has no section [env]"
    return UsageError(f"{place} {given.key}: [env] has no such option{meant(given.key, keys)}; {remedy}")


def remarks(settled: Iterable[Settled]) -> Iterator[str]:
    """Say what came from the environment: nobody typed it, so somebody may wonder."""
    for each in settled:
        if each.variable:
            said = f"env.{each.option} is taken from the environment variable {each.variable}"
            if each.variable in SYSTEM:
                said += ", which every process has; call the key otherwise to give it a value of its own"
            yield said


def explained(settled: Sequence[Settled], secrets: Iterable[str]) -> list[str]:
    """A table of the keys: the value of each, who gave it, and who was overridden by that."""
    from svcprov.secrets import shown

    hidden = frozenset(secrets)
    rows = [("KEY", "VALUE", "FROM")]
    for each in settled:
        value = shown(f"{ENV}.{each.key}") if each.key in hidden else " ".join(each.value.split())
        over = f" (over {', '.join(each.lost)})" if each.lost else ""
        rows.append((each.option, value, f"{each.source}{over}"))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"{key:<{widths[0]}}  {value:<{widths[1]}}  {source}" for key, value, source in rows]


def _short(text: str) -> str:
    return beginning(text, SHOWN_CHARS_MAX)
