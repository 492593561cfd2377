"""What one query is built on: the views it reads, and the saved queries it names, innermost first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineside.store.errors import Usage
from lineside.store.queries.views import VIEWS

if TYPE_CHECKING:
    import duckdb

NAMES = "views: " + " ".join(VIEWS)


@dataclass(slots=True)
class Built:
    """Filled while the query is taken apart."""

    views: set[str] = field(default_factory=set)
    saved: list[str] = field(default_factory=list)  # each after those it names itself


def built(con: "duckdb.DuckDBPyConnection", query: str, saved: Mapping[str, str]) -> Built:
    """Take a query apart; `saved` are texts by their names, lower case.

    Raises:
        Usage: it is not one SELECT, or a saved query asks itself.
    """
    found = Built()
    _read(con, query, saved, found, inside=())
    return found


def _read(
    con: "duckdb.DuckDBPyConnection",
    query: str,
    saved: Mapping[str, str],
    found: Built,
    *,
    inside: Sequence[str],
) -> None:
    _one_select(con, query, inside)
    for name in sorted(each.lower() for each in con.get_table_names(query)):
        if name in VIEWS:
            found.views.add(name)
        elif name in inside:
            raise Usage(f"saved query {name!r} asks itself", hint=" → ".join([*inside, name]))
        elif name in saved and name not in found.saved:
            _read(con, saved[name], saved, found, inside=[*inside, name])
            found.saved.append(name)


def _one_select(con: "duckdb.DuckDBPyConnection", query: str, inside: Sequence[str]) -> None:
    kinds = [statement.type.name for statement in con.extract_statements(query)]
    if kinds == ["SELECT"] or (kinds == ["EXPLAIN"] and not inside):
        return
    said = "nothing" if not kinds else " and ".join(kind.lower() for kind in kinds)
    where = f" (in the saved query {inside[-1]!r})" if inside else ""
    raise Usage(
        f"only one SELECT can be asked, this is {said}{where}",
        hint="the views are read-only: " + " ".join(VIEWS),
    )
