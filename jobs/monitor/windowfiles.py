"""The rows of a window as a Parquet file. Runs in the compute child: it needs polars.

Features stand under their own names; what belongs to the request begins with `_`:
`_id _at_us _event_us _version _prediction _probability`.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineside.jobs.context import Json
from lineside.jobs.monitor.cutting import Position, event_times
from lineside.store import spool

if TYPE_CHECKING:
    import polars as pl

SLICE = 1 << 20
"""Bytes of payload log read at a time, here and by the cutter."""

_ODD = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def write(*, payloads: str, at_bytes: int, at_rows: int, rows: int, path: str) -> Json:
    """Write `rows` rows that begin at a position of a payload log; the same rows give the same file.

    Returns:
        digest, rows (as found), versions: {"3": 180, "2": 20}.
    """
    requests = list(_requests(Path(payloads), Position(at_bytes, at_rows), rows))
    frame = _frame(requests)
    target = Path(path)
    fresh = target.with_suffix(f".{os.getpid()}.tmp")
    frame.write_parquet(fresh, compression="zstd", statistics=False)
    os.replace(fresh, target)
    versions = Counter(str(request["version"]) for request in requests for _ in request["ids"])
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    return {"digest": digest, "rows": frame.height, "versions": dict(versions)}


def _requests(path: Path, start: Position, rows: int) -> Iterator[Mapping[str, Any]]:
    """The requests of those rows, the first and the last cut to fit."""
    offset, skip = start
    while rows > 0:
        found = spool.read(path, offset=offset, limit=SLICE)
        if found.end == offset:
            return
        for request in found.requests:
            count = len(request["ids"])
            part = _part(request, min(skip, count), min(skip + rows, count))
            skip = max(0, skip - count)
            if taken := len(part["ids"]):
                rows -= taken
                yield part
        offset = found.end


def _part(request: Mapping[str, Any], start: int, end: int) -> dict[str, Any]:
    """Rows start..end of one request."""
    lists = ("ids", "event_us", "prediction", "probability")
    cut = {key: request[key] and request[key][start:end] for key in lists}
    columns = {name: values[start:end] for name, values in request["columns"].items()}
    return {**request, **cut, "columns": columns}


def _frame(requests: Sequence[Mapping[str, Any]]) -> "pl.DataFrame":
    import polars as pl

    data: dict[str, Any] = {
        "_id": [str(each) for request in requests for each in request["ids"]],
        "_at_us": [request["at_us"] for request in requests for _ in request["ids"]],
        "_event_us": [each for request in requests for each in event_times(request)],
        "_version": [str(request["version"]) for request in requests for _ in request["ids"]],
        "_prediction": [str(each) for request in requests for each in request["prediction"]],
        "_probability": pl.Series(_probabilities(requests), dtype=pl.Float64),
    }
    names = dict.fromkeys(name for request in requests for name in request["columns"])
    for name in names:
        data[name] = _column(name, requests)
    return pl.DataFrame(data)


def _probabilities(requests: Sequence[Mapping[str, Any]]) -> list[float | None]:
    found: list[float | None] = []
    for request in requests:
        found += request["probability"] or [None] * len(request["ids"])
    return found


def _column(name: str, requests: Sequence[Mapping[str, Any]]) -> "pl.Series":
    """One feature: numbers where any value is one, else words."""
    import polars as pl

    values: list[Any] = []
    for request in requests:
        values += request["columns"].get(name) or [None] * len(request["ids"])
    if any(isinstance(value, int | float) for value in values):
        return pl.Series([_number(value) for value in values], dtype=pl.Float64)
    return pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)


def _number(value: Any) -> float | None:
    if value is None:
        return None
    return _ODD.get(value, float("nan")) if isinstance(value, str) else float(value)
