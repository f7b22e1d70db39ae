"""The rules for `mkfs_opt`: what would take away the identity by which a filesystem is known, or force anything."""

from collections.abc import Collection, Mapping

UUID = "the uuid is one of ours, by which the filesystem is known again; leave it out"
FORCE = "nothing is forced: what the device holds is looked at first; leave it out, or give it up by --allow-destroy"
NOTHING_MADE = "nothing would be made; leave it out"
OTHER_TYPE = "the type of the filesystem is that of the resource; leave it out"


def complaint(
    value: str, refused: Mapping[str, str], with_value: str, long_with_value: Collection[str] = ()
) -> str | None:
    """Say what is wrong with options of mkfs; None for nothing.

    refused: letters, words (`--force`) and beginnings of values (`-m uuid=`) that are not for a service file, each with
    the reason. with_value: the letters of the options that are followed by a value; long_with_value: the words.
    """
    rest = iter(value.split())
    for word in rest:
        if not word.startswith("-") or word == "--":
            return f"{word!r} is no option of mkfs; the device is named by dev"
        if word.startswith("--"):
            name, equals, _ = word.partition("=")
            if name in refused:
                return f"{name}: {refused[name]}"
            if name in long_with_value and not equals:
                next(rest, "")
            continue
        for place, letter in enumerate(word[1:], 2):
            option = f"-{letter}"
            if option in refused:
                return f"{option}: {refused[option]}"
            if letter in with_value:
                given = word[place:] or next(rest, "")
                wrong = next((each for each in refused if _is_given(each, option, given)), None)
                if wrong is not None:
                    return f"{wrong}: {refused[wrong]}"
                break
    return None


def _is_given(refused: str, option: str, value: str) -> bool:
    """Tell whether an option with this value, or one part of it, is one that begins as `-m uuid=` does."""
    name, _, beginning = refused.partition(" ")
    return bool(beginning) and name == option and any(part.startswith(beginning) for part in value.split(","))
