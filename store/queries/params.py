"""Params and tags of runs: what went in, and what people said about it."""

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence

from lineside.store.queries import names

_PARAMS = """
    select n.name, p.value from param p join name n on n.id = p.key_id
     where p.run_id = :run_id order by n.name
"""

_TAGS = """
    select n.name, t.value from tag t join name n on n.id = t.key_id
     where t.run_id = :run_id order by n.name
"""

_TABLE = """
    select p.run_id, n.name, p.value
      from json_each(:keys) k
      cross join name n on n.kind = 'param' and n.name = k.value
      cross join json_each(:runs) r
      cross join param p on p.run_id = r.value and p.key_id = n.id
"""

_TAG_TABLE = """
    select t.run_id, n.name, t.value
      from json_each(:keys) k
      cross join name n on n.kind = 'tag' and n.name = k.value
      cross join json_each(:runs) r
      cross join tag t on t.run_id = r.value and t.key_id = n.id
"""

_PUT_PARAM = """
    insert into param (run_id, key_id, value, num) values (:run_id, :key_id, :value, :num)
    on conflict (run_id, key_id) do update set value = excluded.value, num = excluded.num
"""

_PUT_TAG = """
    insert into tag (run_id, key_id, value) values (:run_id, :key_id, :value)
    on conflict (run_id, key_id) do update set value = excluded.value
"""

_DROP_TAG = "delete from tag where run_id = :run_id and key_id = :key_id"


def params(db: sqlite3.Connection, run_id: int) -> dict[str, str]:
    """What the run was given, by name."""
    return {row["name"]: row["value"] for row in db.execute(_PARAMS, {"run_id": run_id})}


def param_table(
    db: sqlite3.Connection, run_ids: Sequence[int], keys: Sequence[str]
) -> dict[tuple[int, str], str]:
    """The cells of a leaderboard; a run without the param has no cell."""
    return _cells(db, _TABLE, run_ids, keys)


def tag_table(
    db: sqlite3.Connection, run_ids: Sequence[int], keys: Sequence[str]
) -> dict[tuple[int, str], str]:
    """The cells of a leaderboard; a run without the tag has no cell."""
    return _cells(db, _TAG_TABLE, run_ids, keys)


def _cells(
    db: sqlite3.Connection, sql: str, run_ids: Sequence[int], keys: Sequence[str]
) -> dict[tuple[int, str], str]:
    asked = {"runs": json.dumps(list(run_ids)), "keys": json.dumps(list(keys))}
    cursor = db.cursor()
    cursor.row_factory = None
    return {(run_id, name): value for run_id, name, value in cursor.execute(sql, asked)}


def tags(db: sqlite3.Connection, run_id: int) -> dict[str, str]:
    """What was said about the run, by name."""
    return {row["name"]: row["value"] for row in db.execute(_TAGS, {"run_id": run_id})}


def put_params(db: sqlite3.Connection, run_id: int, values: Mapping[str, str]) -> None:
    """Set params; a later value replaces an earlier one."""
    for key, value in values.items():
        key_id = names.number(db, "param", key)
        db.execute(_PUT_PARAM, {"run_id": run_id, "key_id": key_id, "value": value, "num": number_in(value)})


def put_tags(db: sqlite3.Connection, run_id: int, values: Mapping[str, str | None]) -> None:
    """Set tags; None takes one away."""
    for key, value in values.items():
        row = {"run_id": run_id, "key_id": names.number(db, "tag", key)}
        if value is None:
            db.execute(_DROP_TAG, row)
        else:
            db.execute(_PUT_TAG, {**row, "value": value})


def number_in(text: str) -> float | None:
    """The number a param's text says, for comparing; None: not a number.

    >>> number_in("1e-3"), number_in("nan"), number_in("adam")
    (0.001, None, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number
