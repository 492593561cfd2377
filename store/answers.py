"""Answers of DuckDB as polars frames, column by column: NaN, infinities and null stay what they are.

`polars.DataFrame(relation)` would be shorter, but leaves objects behind that complain when the process ends.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_EXACT = 2.0**53
"""Whole numbers below it are floats without loss."""


def taken(con: "duckdb.DuckDBPyConnection") -> "pl.DataFrame":
    """What the last query found; of two columns of one name, the second becomes `name_1`."""
    import polars as pl

    kinds = [str(column[1]) for column in con.description or []]
    arrays = con.fetchnumpy()
    return pl.DataFrame(
        [_column(name, kind, array) for kind, (name, array) in zip(kinds, arrays.items(), strict=True)]
    )


def _column(name: str, kind: str, array: NDArray[Any]) -> "pl.Series":
    """One column; `array` is masked where it holds nulls."""
    import polars as pl

    data, missing = np.ma.getdata(array), np.ma.getmaskarray(array)
    if data.dtype == object:
        values = [None if gone else _value(value) for value, gone in zip(data, missing, strict=True)]
        return pl.Series(name, values, dtype=pl.String if kind == "VARCHAR" else None, strict=False)
    found = pl.Series(name, data)
    if missing.any():
        found = found.scatter(np.flatnonzero(missing), None)
    if kind == "DATE":
        return found.cast(pl.Date)
    if kind == "HUGEINT" and bool((found.abs() < _EXACT).all()):  # what sum() of whole numbers is
        return found.cast(pl.Int64)
    return found


def _value(value: Any) -> Any:
    """What stands in a cell that is neither a number nor a moment, as polars can hold it."""
    if isinstance(value, np.ndarray):
        pairs = zip(np.ma.getdata(value), np.ma.getmaskarray(value), strict=True)
        return [None if gone else _value(each) for each, gone in pairs]
    if isinstance(value, dict):
        return {str(key): _value(each) for key, each in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytearray):
        return bytes(value)
    return value if value is None or isinstance(value, bool | int | float | str) else _other(value)


def _other(value: Any) -> Any:
    """Times are known to polars; of the rest, like UUIDs, the text is."""
    import datetime

    known = (datetime.date, datetime.time, datetime.timedelta, bytes)
    return value if isinstance(value, known) else str(value)
