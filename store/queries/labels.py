"""Labels: the truth about a prediction, known by the prediction's id, usually much later."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """What turned out to be true of one prediction."""

    monitor_id: int
    prediction_id: str
    value: str
    arrived_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of what one monitor saw is labelled."""

    windows: int
    rows: int
    labelled: int
    waiting: int  # labels that belong to no closed window (yet)
    newest_us: Micros | None  # None: no label ever came

    @property
    def share(self) -> float | None:
        """Labelled rows of all rows; None where there are no rows."""
        return self.labelled / self.rows if self.rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of labels that came."""

    added: int
    updated: int  # those that said something else before


_INSERT = """
    insert into label (monitor_id, prediction_id, value, arrived_us)
    values (:monitor_id, :prediction_id, :value, :at_us)
    on conflict do nothing
"""

_CORRECT = """
    update label set value = :value, arrived_us = :at_us
     where monitor_id = :monitor_id and prediction_id = :prediction_id and value <> :value
"""

_OF_MONITOR = """
    select monitor_id, prediction_id, value, arrived_us from label
     where monitor_id = :monitor_id and arrived_us > :after_us
     order by arrived_us, prediction_id
"""

_ONE = """
    select value from label where monitor_id = :monitor_id and prediction_id = :prediction_id
"""

_COVERAGE = """
    select (select count(*) from window where monitor_id = :monitor_id and state <> 'OPEN') as windows,
           (select coalesce(sum(rows), 0) from window
             where monitor_id = :monitor_id and state <> 'OPEN') as rows,
           (select coalesce(sum(labelled), 0) from window where monitor_id = :monitor_id) as labelled,
           (select count(*) from label where monitor_id = :monitor_id) as known,
           (select max(arrived_us) from label where monitor_id = :monitor_id) as newest_us
"""

_NEWEST = "select max(arrived_us) from label where monitor_id = :monitor_id"


def add(db: sqlite3.Connection, monitor_id: int, pairs: Iterable[tuple[str, str]], *, at: Micros) -> Added:
    """Take (prediction id, value) pairs; a corrected one replaces the old."""
    added = updated = 0
    for prediction_id, value in pairs:
        values = {"monitor_id": monitor_id, "prediction_id": prediction_id, "value": value, "at_us": at}
        if db.execute(_INSERT, values).rowcount:
            added += 1
        else:
            updated += db.execute(_CORRECT, values).rowcount
    return Added(added=added, updated=updated)


def of_predictions(db: sqlite3.Connection, monitor_id: int, ids: Iterable[str]) -> dict[str, str]:
    """The labels of these predictions, as far as they came."""
    found: dict[str, str] = {}
    for prediction_id in ids:
        row = db.execute(_ONE, {"monitor_id": monitor_id, "prediction_id": prediction_id}).fetchone()
        if row is not None:
            found[prediction_id] = row[0]
    return found


def since(db: sqlite3.Connection, monitor_id: int, *, after: int = 0) -> list[LabelRow]:
    """Labels of one monitor that arrived later than `after`, in order of arrival."""
    key = {"monitor_id": monitor_id, "after_us": after}
    return [LabelRow.of(r) for r in db.execute(_OF_MONITOR, key)]


def newest(db: sqlite3.Connection, monitor_id: int) -> Micros | None:
    """When the newest label came; None: none ever did."""
    value = db.execute(_NEWEST, {"monitor_id": monitor_id}).fetchone()[0]
    return None if value is None else Micros(value)


def coverage(db: sqlite3.Connection, monitor_id: int) -> Coverage:
    """How far the labels have come, over all closed windows of one monitor."""
    row = db.execute(_COVERAGE, {"monitor_id": monitor_id}).fetchone()
    return Coverage(
        windows=row["windows"], rows=row["rows"], labelled=row["labelled"],
        waiting=max(0, row["known"] - row["labelled"]), newest_us=row["newest_us"],
    )  # fmt: skip
