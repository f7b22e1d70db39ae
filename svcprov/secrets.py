"""Keep declared secrets out of what is written: a journal shows `«secret:env.password»` where the value would be.

The service file has the value, so what is read back is whole again; without the service file there is nothing to read.
"""

from collections.abc import Callable, Mapping
from typing import Any


def shown(name: str) -> str:
    """What stands for the secret called `name` (`env.password`)."""
    return f"«secret:{name}»"


def mask(value: Any, secrets: Mapping[str, str]) -> Any:
    """Replace the values of secrets in every text of a JSON value. secrets: their values by name."""
    pairs = sorted(
        ((secret, shown(name)) for name, secret in secrets.items() if secret), key=lambda pair: -len(pair[0])
    )
    return _walked(value, lambda text: _replaced(text, pairs)) if pairs else value


def reveal(value: Any, secrets: Mapping[str, str]) -> Any:
    """The inverse of `mask`; a secret that is not declared any more stays hidden."""
    pairs = [(shown(name), secret) for name, secret in secrets.items() if secret]
    return _walked(value, lambda text: _replaced(text, pairs)) if pairs else value


def mask_json(text: str, secrets: Mapping[str, str]) -> str:
    """`mask`, for the text of a JSON file."""
    if not secrets:
        return text
    import json

    return json.dumps(mask(json.loads(text), secrets), ensure_ascii=False, indent=1) + "\n"


def reveal_json(text: str, secrets: Mapping[str, str]) -> str:
    """`reveal`, for the text of a JSON file; one that is no JSON is left to whoever reads it."""
    if not secrets or "«secret:" not in text:
        return text
    import json

    try:
        return json.dumps(reveal(json.loads(text), secrets), ensure_ascii=False)
    except ValueError:
        return text


def _replaced(text: str, pairs: list[tuple[str, str]]) -> str:
    for old, new in pairs:
        text = text.replace(old, new)
    return text


def _walked(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(name): _walked(item, change) for name, item in value.items()}
    return [_walked(item, change) for item in value] if isinstance(value, list) else value
