"""What a restored database has to forget: that jobs of the old home were running, or waiting to."""

import sqlite3

_WAITING = "select id from job where state = 'QUEUED' order by priority desc, id"

_TRY_NO_MORE = "update job set retry_max = 0 where state in ('STARTING', 'RUNNING', 'STOPPING')"

_ATTEMPTS = "select job_id, number from attempt"


def attempts(db: sqlite3.Connection) -> set[tuple[int, int]]:
    """Every attempt there was, by job and number."""
    return {(row["job_id"], row["number"]) for row in db.execute(_ATTEMPTS)}


def waiting(db: sqlite3.Connection) -> list[int]:
    """The jobs that a runner would start."""
    return sorted(row["id"] for row in db.execute(_WAITING))


def try_no_more(db: sqlite3.Connection) -> None:
    """Let the attempts that were going on be the last ones of their jobs."""
    db.execute(_TRY_NO_MORE)
