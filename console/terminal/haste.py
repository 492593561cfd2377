"""What makes a process of many imports start sooner: no collecting of garbage, and dataclasses made cheaply.

Python 3.11 compiles six functions from text for every frozen dataclass, one by one; over the hundred of them
behind the first screen that is a seventh of the time until it is ready. Five of the six need no text: they
are closures here, with the same behaviour (`tests/unit/test_haste.py`). Later Pythons compile once a class.
"""

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


def begin() -> None:
    """Before the imports."""
    gc.disable()
    if sys.version_info[:2] == (3, 11):
        import dataclasses

        for name, made in _CHEAP.items():
            setattr(dataclasses, name, made)


def end() -> None:
    """After the first frame: what is there stays there, and need not be looked through again."""
    gc.freeze()
    gc.enable()


def prepare() -> None:
    """Import what the areas behind the first one need, while nobody waits: a third of their first showing."""
    for module in ("numpy", *(f"lineside.console.screens.{name}" for name in AREAS)):
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


def _repr(fields: Sequence[Any], globals: Any) -> Callable[[Any], str]:
    from dataclasses import _recursive_repr  # type: ignore[attr-defined]

    names = [field.name for field in fields]

    def __repr__(self: Any) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({inner})"

    made: Callable[[Any], str] = _recursive_repr(__repr__)
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
    from dataclasses import FrozenInstanceError

    names = frozenset(field.name for field in fields)

    def __setattr__(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __setattr__, __delattr__


def _compiled(*given: Any) -> Any:
    """An order comparison, as dataclasses would have made it."""
    from dataclasses import _create_fn  # type: ignore[attr-defined]

    name, op, mine, theirs, globals = given
    body = ["if other.__class__ is self.__class__:", f" return {mine}{op}{theirs}", "return NotImplemented"]
    return _create_fn(name, ("self", "other"), body, globals=globals)


_CHEAP = {"_repr_fn": _repr, "_hash_fn": _hash, "_cmp_fn": _compare, "_frozen_get_del_attr": _frozen}
"""Private functions of `dataclasses`, and what does the same without a compiler."""
