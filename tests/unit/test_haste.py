"""Dataclasses made in haste behave like those made at leisure."""

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from lineside.console.terminal import haste

Maker = Any


def _three(order: bool) -> type:
    @dataclasses.dataclass(frozen=True, slots=True, order=order)
    class Three:
        one: int
        two: float
        three: Any = dataclasses.field(default=None, repr=False, compare=False)

    return Three


def _single() -> type:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Single:
        one: float

    return Single


def _empty() -> type:
    @dataclasses.dataclass(frozen=True)
    class Empty:
        pass

    return Empty


def _loose() -> type:
    @dataclasses.dataclass
    class Loose:
        one: int
        two: str = "x"

    return Loose


def _full() -> type:
    @dataclasses.dataclass
    class Base:
        one: int

        def __post_init__(self) -> None:
            self.sum = self.one

    @dataclasses.dataclass(kw_only=True)
    class Full(Base):
        """One with all that an `__init__` can have to do."""

        two: list[int] = dataclasses.field(default_factory=list)
        start: dataclasses.InitVar[int] = 4

        def __post_init__(self, start: int) -> None:  # type: ignore[override]
            super().__post_init__()
            self.sum += start

    return Full


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, made in haste._CHEAP.items():
        monkeypatch.setattr(dataclasses, name, made)


def facts(made: type, *given: Any) -> list[Any]:
    """All that can be told of objects of a class from outside."""
    one, same, other = made(*given), made(*given), made(*(9 for _ in given))
    told: list[Any] = [repr(one), one == same, one == other, one != other, one == 5, one.__eq__(5)]
    told += [_outcome(hash, one), _outcome(hash, one) == _outcome(hash, same), one.__hash__ is None]
    told += [_outcome(lambda: one < other), dataclasses.astuple(one), dataclasses.replace(one) == one]
    told += [
        _outcome(setattr, one, "one", 3),
        _outcome(delattr, one, "one"),
        _outcome(setattr, one, "new", 3),
    ]
    return told


def _outcome(do: Any, *given: Any) -> Any:
    try:
        return do(*given)
    except (TypeError, AttributeError) as error:
        return type(error).__name__, str(error)


CASES = [
    (lambda: _three(False), (1, 2.5)), (lambda: _three(True), (1, float("inf"))), (_single, (1.0,)),
    (_empty, ()), (_loose, (1,)), (_full, (1,)),
]  # fmt: skip


@pytest.mark.parametrize(("make", "given"), CASES)
def test_nothing_can_be_told_from_outside(make: Maker, given: tuple[Any, ...], request: Any) -> None:
    at_leisure = facts(make(), *given)
    request.getfixturevalue("hasty")
    assert facts(make(), *given) == at_leisure


def test_what_is_made_wrongly_is_refused_in_the_same_words(hasty: None) -> None:
    with pytest.raises(TypeError, match=r"_full\.<locals>\.Full\.__init__\(\) missing 1 required"):
        _full()()
    with pytest.raises(TypeError, match="non-default argument 'two' follows default argument"):

        @dataclasses.dataclass
        class Wrong:
            one: int = 1
            two: int  # type: ignore[misc]


def test_an_init_is_compiled_once_and_for_all_that_inherit_it(hasty: None) -> None:
    base = _loose()

    class More(base):  # type: ignore[misc,valid-type]
        pass

    waiting = base.__init__
    assert More(1).two == "x"
    assert base.__init__ is More.__init__ is not waiting
    waiting(kept := base(2), 3)
    assert (kept.one, kept.two) == (3, "x")


def test_a_nan_is_itself_in_a_field_of_its_own(hasty: None) -> None:
    nan = float("nan")
    made = _single()
    assert made(nan) == made(nan)


def test_one_that_holds_itself_is_shown_without_end(hasty: None) -> None:
    made = _loose()
    one = made(1)
    one.two = one
    assert repr(one).endswith("two=...)")


def test_a_subclass_with_attributes_of_its_own_may_set_them(hasty: None) -> None:
    class More(_empty()):  # type: ignore[misc]
        pass

    more = More()
    more.extra = 1
    assert more.extra == 1


def test_a_process_that_asked_duckdb_before_its_first_frame_ends_without_a_word() -> None:
    code = (
        "import duckdb; from lineside.console.terminal import haste; haste.begin(); "
        "duckdb.connect().execute('select 1').fetchall(); haste.end()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
