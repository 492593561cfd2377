"""What SQLite knows about the sizes of its tables, for its choice between indexes."""

import sqlite3

NEW_RUNS = 1_000
"""So many more runs than at the last look make it look again."""

_TOTAL = "select count(*) from run"
_KNOWS = "select 1 from sqlite_master where name = 'sqlite_stat1'"
_KNOWN = "select cast(stat as integer) from sqlite_stat1 where tbl = 'run' limit 1"
_LIMIT = "pragma analysis_limit = 400"
_ANALYZE = "analyze"


def stale(db: sqlite3.Connection) -> bool:
    """Whether a thousand runs came since SQLite last looked."""
    known = db.execute(_KNOWN).fetchone() if db.execute(_KNOWS).fetchone() else None
    total: int = db.execute(_TOTAL).fetchone()[0]
    return total - (known[0] if known else 0) >= NEW_RUNS


def refresh(db: sqlite3.Connection) -> None:
    """Look at some hundred rows of each index: some ms, however large the home is."""
    db.execute(_LIMIT)
    db.execute(_ANALYZE)
