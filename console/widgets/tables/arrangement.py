"""How one person wants a table: which columns in which order, how wide, and sorted by what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from lineside.console.widgets.tables.rows import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """All of it; the default is the table as its area gives it."""

    order: tuple[str, ...] = ()  # keys of columns; those not named stand where the area puts them
    hidden: frozenset[str] = frozenset()
    wide: bool = False  # all columns, to be scrolled through, rather than those that fit
    sort: str = ""  # key of a column, with `-` in front for largest first; "": the area's own order

    def places(self, columns: Sequence[Column], *, all: bool = False) -> list[int]:
        """The indexes of the columns on show, in order.

        Args:
            all: the hidden ones too.
        """
        at = {column.key: place for place, column in enumerate(columns)}
        out = [at[key] for key in self.order if key in at]
        for place in range(len(columns)):
            if place not in out:
                out.insert(out.index(place - 1) + 1 if place else 0, place)
        seen = [place for place in out if all or columns[place].key not in self.hidden]
        return seen or out

    def as_json(self) -> dict[str, Any]:
        return {
            "order": list(self.order),
            "hidden": sorted(self.hidden),
            "wide": self.wide,
            "sort": self.sort,
        }

    @classmethod
    def of_json(cls, said: object) -> Self:
        """What was kept; whatever makes no sense in it counts as not said."""
        if not isinstance(said, Mapping):
            return cls()
        sort = said.get("sort")
        return cls(
            order=_words(said.get("order")), hidden=frozenset(_words(said.get("hidden"))),
            wide=said.get("wide") is True, sort=sort if isinstance(sort, str) else "",
        )  # fmt: skip


def _words(said: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(w for w in said if isinstance(w, str))) if isinstance(said, list) else ()
