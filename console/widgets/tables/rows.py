"""Where a table gets its rows: a list in memory, or ids of which only the pages on show are fetched."""

from array import array
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from lineside.console.text import Span
from lineside.console.widgets.tables.ordering import in_order

T = TypeVar("T")
R = TypeVar("R", covariant=True)
Cell = str | Span
"""One cell: plain text, or text with the name of its style."""

PAGE = 64
SORTABLE = 2_000
"""Rows that a paged table fetches at most to sort them by a column; more is the store's work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table; it takes what its cells need, between `min` and `max`."""

    key: str
    title: str
    align: str = "<"  # ">" for numbers
    min: int = 1
    max: int = 40
    priority: int = 5  # 1 stays longest on a narrow screen
    grow: bool = False  # takes the room that is left
    value: Callable[[Any], Any] | None = None  # item → what it sorts by; None: this column does not sort


class RowSource(Protocol[R]):
    """Rows in the order of the view. `key` is what a row is known by: its id, never its position."""

    def __len__(self) -> int: ...
    def item(self, index: int) -> R | None: ...
    def key(self, index: int) -> Hashable: ...
    def index_of(self, key: Hashable) -> int | None: ...
    def cells(self, index: int) -> Sequence[Cell]: ...
    def problem(self, index: int) -> bool: ...
    def ordered(self, value: Callable[[Any], Any], *, falling: bool) -> "RowSource[R] | None":
        """The same rows by that value; None where they are too many for it."""
        ...


class ListRows(Generic[T]):
    """All rows in memory: for tables of up to a few thousand."""

    def __init__(
        self,
        items: Sequence[T],
        *,
        key: Callable[[T], Hashable],
        cells: Callable[[T], Sequence[Cell]],
        problem: Callable[[T], bool] = lambda _: False,
    ) -> None:
        self._items, self._key, self._cells, self._problem = items, key, cells, problem
        self._places = {key(item): place for place, item in enumerate(items)}

    def __len__(self) -> int:
        return len(self._items)

    def item(self, index: int) -> T | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def key(self, index: int) -> Hashable:
        return self._key(self._items[index])

    def index_of(self, key: Hashable) -> int | None:
        return self._places.get(key)

    def cells(self, index: int) -> Sequence[Cell]:
        return self._cells(self._items[index])

    def problem(self, index: int) -> bool:
        return self._problem(self._items[index])

    def ordered(self, value: Callable[[Any], Any], *, falling: bool) -> "ListRows[T]":
        items = in_order(self._items, value, falling=falling)
        return ListRows(items, key=self._key, cells=self._cells, problem=self._problem)


class PagedRows(Generic[T]):
    """Ids in view order, rows fetched 64 at a time as they come into sight: 100,000 rows cost what 64 do."""

    def __init__(
        self,
        ids: Sequence[int],
        *,
        fetch: Callable[[Sequence[int]], Mapping[int, T]],
        cells: Callable[[T], Sequence[Cell]],
        problem: Callable[[T], bool] = lambda _: False,
    ) -> None:
        self._ids = array("q", ids)
        self._fetch, self._cells, self._problem = fetch, cells, problem
        self._pages: dict[int, Mapping[int, T]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def item(self, index: int) -> T | None:
        if not 0 <= index < len(self._ids):
            return None
        page = index // PAGE
        if page not in self._pages:
            if len(self._pages) >= 64:
                self._pages.clear()
            self._pages[page] = self._fetch(self._ids[page * PAGE : (page + 1) * PAGE])
        return self._pages[page].get(self._ids[index])

    def key(self, index: int) -> Hashable:
        return self._ids[index]

    def index_of(self, key: Hashable) -> int | None:
        try:
            return self._ids.index(key)  # type: ignore[arg-type]
        except (ValueError, TypeError):
            return None

    def cells(self, index: int) -> Sequence[Cell]:
        item = self.item(index)
        return () if item is None else self._cells(item)

    def problem(self, index: int) -> bool:
        item = self.item(index)
        return item is not None and self._problem(item)

    def ordered(self, value: Callable[[Any], Any], *, falling: bool) -> "PagedRows[T] | None":
        if len(self._ids) > SORTABLE:
            return None
        found = self._fetch(self._ids)
        ids = in_order([id for id in self._ids if id in found], lambda id: value(found[id]), falling=falling)
        return PagedRows(ids, fetch=self._fetch, cells=self._cells, problem=self._problem)
