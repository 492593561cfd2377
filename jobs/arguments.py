"""Reading a verb's arguments: what is missing or of the wrong kind is said by name."""

from typing import Any

from lineside.jobs.context import Args
from lineside.store.errors import Usage


def text(args: Args, key: str, *, default: str | None = None) -> str:
    """The text under `key`; `default` where nothing stands there.

    Raises:
        Usage: it is missing, or is no text.
    """
    value = _value(args, key, default)
    if not isinstance(value, str):
        raise Usage(f"{key} must be text, not {value!r}")
    return value


def number(args: Args, key: str) -> int:
    """The whole number under `key`.

    Raises:
        Usage: it is missing, or is no whole number.
    """
    value = _value(args, key, None)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Usage(f"{key} must be a whole number, not {value!r}")
    return value


def flag(args: Args, key: str) -> bool:
    """True or False under `key`; False where nothing stands there.

    Raises:
        Usage: it is neither.
    """
    value = _value(args, key, False)
    if not isinstance(value, bool):
        raise Usage(f"{key} must be true or false, not {value!r}")
    return value


def _value(args: Args, key: str, default: Any) -> Any:
    value = args.get(key)
    if value is None:
        value = default
    if value is None:
        raise Usage(f"{key} is missing", hint=f"say {key}")
    return value
