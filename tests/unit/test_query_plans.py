"""Every named SQL constant of the store runs by an index: a table that grows is never scanned unplanned."""

import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator

from lineside.store import queries

SMALL = {
    "alert", "alias_interval", "dataset", "dataset_version", "deployment", "endpoint", "experiment", "home",
    "model", "model_version", "monitor", "project", "promotion", "retrain", "schedule", "sqlite_master",
    "sqlite_stat1", "story",
}  # fmt: skip
"""Tables of tens or hundreds of rows, whatever a team does."""

WHOLE = {
    "audit._ALL": "verifying the chain reads the chain",
    "examinations._BACK": "doctor looks at everything once",
    "examinations._DAMAGED": "doctor looks at everything once",
    "examinations._WARM": "doctor looks at everything once",
    "examinations._WINDOWS": "doctor looks at everything once",
    "jobs._FIND_TAIL": "a person typed the tail of a uid",
    "jobs._IDS": "the virtual table holds every id",
    "jobs._IDS_IN": "the virtual table holds every id that a filter leaves",
    "queues._ENDED": "the virtual table holds every id",
    "queues._IN_ORDER": "the virtual table holds every id",
    "queues._MATCHING": "a person typed a filter",
    "runs._FIND_TAIL": "a person typed the tail of a uid",
    "keys._FORGET": "once a day",
    "segments._COLD_RUNS": "once, in a home whose segments an older lineside made",
    "segments._EVERY": "the manifest: SQL over every point reads every segment",
    "segments._SMALL": "merging looks at all segments; there are few, as small ones are merged",
    "reachability._COLD": "gc looks at everything once",
    "reachability._NAMED": "gc looks at everything once",
    "reachability._NEEDED": "doctor and backups look at everything once",
    "reachability._OVER": "gc looks at everything once",
    "reachability._RUNS_OVER": "gc looks at everything once",
    "reachability._WARM": "a backup looks at everything once",
    "reachability._WINDOWS": "a backup looks at everything once",
    "restoring._ATTEMPTS": "a restored home is looked at once, as a whole",
    "windows._ROWS": "a fragment: every statement made of it has its own condition",
}
"""Statements that mean to read all of a table that grows."""

_SQL = re.compile(r"\s*(with|select|insert|update|delete)\b", re.IGNORECASE)
_SCAN = re.compile(r"SCAN (\w+)(?! (?:USING|VIRTUAL|CONSTANT))")


def constants() -> Iterator[tuple[str, str]]:
    """`module.NAME` and text of every statement that is not a template of the filter language."""
    for module in pkgutil.iter_modules(queries.__path__):
        if module.name == "views":  # whole tables for DuckDB: reading all is their purpose
            continue
        named = vars(importlib.import_module(f"lineside.store.queries.{module.name}"))
        for name, value in named.items():
            texts = value if isinstance(value, dict) else {"": value}
            for key, text in texts.items():
                if isinstance(text, str) and _SQL.match(text) and "{" not in text:
                    yield f"{module.name}.{name}{f'[{key}]' if key else ''}", text


def scanned(db: sqlite3.Connection, sql: str) -> set[str]:
    """The growing tables that a statement walks without an index."""
    names = dict.fromkeys(re.findall(r"(?<!:):([a-z_]\w*)", sql))
    plan = [row["detail"] for row in db.execute(f"explain query plan {sql}", names)]
    paged = " limit " in " ".join(sql.split()) and not any("TEMP B-TREE" in step for step in plan)
    found = {match[1] for step in plan if (match := _SCAN.match(step)) and not paged}
    return {table for alias in found if (table := _table(sql, alias)) and table not in SMALL}


def _table(sql: str, alias: str) -> str | None:
    """What `alias` stands for in the text; None for a child that SQLite visits for a foreign key."""
    match = re.search(rf"\b(?:from|join|update)\s+(\w+)(?:\s+as)?\s+{alias}\b", sql)
    return match[1] if match else alias if re.search(rf"\b(?:from|join|update)\s+{alias}\b", sql) else None


def test_no_statement_scans_a_table_that_grows(db: sqlite3.Connection) -> None:
    db.execute("analyze")  # makes SQLite's own table of sizes
    found = {name: tables for name, sql in constants() if (tables := scanned(db, sql)) and name not in WHOLE}

    assert found == {}, "add an index to the schema, or the statement to WHOLE with its reason"


def test_the_check_itself_sees_a_scan(db: sqlite3.Connection) -> None:
    assert scanned(db, "select id from run where note = :note") == {"run"}
    assert scanned(db, "select r.id from run r where r.note = :note") == {"run"}
    assert scanned(db, "select id from run where uid = :uid") == set()
    assert sum(1 for _ in constants()) > 100
