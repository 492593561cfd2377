"""What makes a process of many imports start sooner: no collecting of garbage, and dataclasses made cheaply.

Python 3.11 compiles six functions from text for every frozen dataclass, one by one; over the hundred and
fifty behind the first screen that is a sixth of the time until it is ready. Five of the six need no text:
they are closures here. The sixth, `__init__`, is compiled when the first object is made: most of the classes
have none on the first screen. All behave the same (`tests/unit/test_haste.py`). Later Pythons compile once a
class.
"""

import dataclasses
import gc
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from operator import attrgetter
from typing import Any

from lineside.console.areas import AREAS

PREPARE_AFTER_S, BREATH_S = 0.7, 0.02
_Get = Callable[[Any], tuple[Any, ...]]
_INIT: Any = dataclasses._init_fn  # type: ignore[attr-defined]
"""What compiles an `__init__`; ours asks it when there is something to make."""


def begin() -> None:
    """Before the imports."""
    gc.disable()
    if sys.version_info[:2] == (3, 11):
        for name, made in _CHEAP.items():
            setattr(dataclasses, name, made)


def end() -> None:
    """After the first frame: what is there stays there, and need not be looked through again.

    DuckDB counts what is left of it when a process ends and says so on stderr: frozen, all of it would be.
    """
    if "_duckdb" not in sys.modules:
        gc.freeze()
    gc.enable()


def prepare() -> None:
    """Import what comes behind the first screen, while nobody waits: a third of an area's first showing."""
    areas = [f"lineside.console.screens.{name}" for name in AREAS]
    overlays = [f"lineside.console.overlays.{name}" for name in ("menu", "help", "palette")]
    for module in ("numpy", *areas, *overlays):
        import_module(module)
        time.sleep(BREATH_S)  # a key may be waiting


def _values(names: Sequence[str]) -> _Get:
    """The values of these attributes, always as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda _: ()
    get = attrgetter(names[0])
    return lambda each: (get(each),)


def _init(fields: Any, std_fields: Sequence[Any], *given: Any) -> Callable[..., None]:
    """An `__init__` that compiles the one dataclasses would have made, and gives its class that instead."""
    _in_order(std_fields)
    made: Callable[..., None] | None = None

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        nonlocal made
        if made is None:
            made = _INIT(fields, std_fields, *given)
            made.__qualname__ = __init__.__qualname__
            for owner in type(self).__mro__:
                if owner.__dict__.get("__init__") is __init__:
                    owner.__init__ = made  # type: ignore[misc]
        made(self, *args, **named)

    return __init__


def _in_order(std_fields: Sequence[Any]) -> None:
    """What dataclasses refuses while the class is made.

    Raises:
        TypeError: a field without a default stands behind one that has one.
    """
    seen_default = False
    for field in (each for each in std_fields if each.init):
        if field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING:
            seen_default = True
        elif seen_default:
            raise TypeError(f"non-default argument {field.name!r} follows default argument")


def _repr(fields: Sequence[Any], globals: Any) -> Callable[[Any], str]:
    names = [field.name for field in fields]

    def __repr__(self: Any) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({inner})"

    made: Callable[[Any], str] = dataclasses._recursive_repr(__repr__)  # type: ignore[attr-defined]
    return made


def _hash(fields: Sequence[Any], globals: Any) -> Callable[[Any], int]:
    get = _values([field.name for field in fields])

    def __hash__(self: Any) -> int:
        return hash(get(self))

    return __hash__


def _compare(name: str, op: str, mine: str, theirs: str, globals: Any) -> Callable[[Any, Any], Any]:
    """`mine` is "(self.a,self.b,)", as dataclasses writes it."""
    if op != "==":
        made: Callable[[Any, Any], Any] = _compiled(name, op, mine, theirs, globals)
        return made
    get = _values([part.removeprefix("self.") for part in mine.strip("()").split(",") if part])

    def __eq__(self: Any, other: Any) -> Any:
        return get(self) == get(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _frozen(cls: type[Any], fields: Sequence[Any], globals: Any) -> tuple[Callable[..., None], ...]:
    names = frozenset(field.name for field in fields)

    def __setattr__(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __setattr__, __delattr__


def _compiled(*given: Any) -> Any:
    """An order comparison, as dataclasses would have made it."""
    name, op, mine, theirs, globals = given
    body = ["if other.__class__ is self.__class__:", f" return {mine}{op}{theirs}", "return NotImplemented"]
    made: Any = dataclasses._create_fn  # type: ignore[attr-defined]
    return made(name, ("self", "other"), body, globals=globals)


_CHEAP = {
    "_init_fn": _init, "_repr_fn": _repr, "_hash_fn": _hash, "_cmp_fn": _compare,
    "_frozen_get_del_attr": _frozen,
}  # fmt: skip
"""Private functions of `dataclasses`, and what does the same without a compiler."""
