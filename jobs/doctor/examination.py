"""The order in which a home is looked at: from the folder to the rows, so that the cause comes first."""

import contextlib
import platform
import re
import sqlite3
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

from lineside.jobs.doctor import runners, supervision
from lineside.jobs.doctor.runners import Sight
from lineside.store import db
from lineside.store.clock import Micros
from lineside.store.doctor import database, files, house, points, trail
from lineside.store.doctor.findings import Case, Check, Finding, guarded, ok, problem
from lineside.store.homes import Home

_SETTLE_S = 600.0
"""While a runner is up, what is younger than this may still be on its way."""
_DRIVER = Path("/proc/driver/nvidia/version")


def examine(
    home: Home, *, at: Micros, quick: bool = False, mounts: str | None = None, within_s: float = 5.0
) -> Iterator[Finding]:
    """Look at everything, change nothing, start nothing; a finding at a time, since some take long.

    Args:
        quick: compare names and sizes, and read no file to its end.
        mounts: the mount table; None: that of this machine.
        within_s: how long a runner has to answer.
    """
    yield ok("versions", versions())
    if missing := house.missing(home):
        yield missing
        return
    sight = runners.look(home, within_s=within_s)
    case = Case(
        home=home, at=at, quick=quick, settle_s=_SETTLE_S if sight.lives else 0.0,
        mounts=Path("/proc/self/mounts").read_text() if mounts is None else mounts,
    )  # fmt: skip
    for subject, check in _outside(case, sight):
        yield from guarded(subject, check)
    yield from guarded("database", partial(_inside, case, sight))


def versions() -> str:
    """What works here: the first thing anybody asks."""
    parts = [f"lineside {version('lineside')}", f"Python {platform.python_version()}",
             f"SQLite {sqlite3.sqlite_version}", f"polars {version('polars')}",
             f"DuckDB {version('duckdb')}", f"Linux {platform.release()}"]  # fmt: skip
    with contextlib.suppress(OSError):
        said = re.search(r"\b\d+\.\d+(?:\.\d+)?\b", _DRIVER.read_text())
        parts.append(f"NVIDIA driver {said[0] if said else 'of an unknown version'}")
    return ", ".join(parts)


def _outside(case: Case, sight: Sight) -> list[tuple[str, Check]]:
    """All that can be said without a row of the database."""
    return [
        ("home", partial(house.identity, case)),
        ("home", partial(house.rights, case)),
        ("home", partial(house.place, case)),
        ("disk", partial(house.room, case)),
        ("config", partial(house.settings, case)),
        ("runner", partial(runners.judge, case, sight)),
        ("leftovers", partial(house.leftovers, case)),
    ]


def _inside(case: Case, sight: Sight) -> Iterator[Finding]:
    """The database, and what its rows say should be there."""
    if gone := database.gone(case):
        yield gone
        return
    yield from database.log(case, lives=sight.lives)
    try:
        conn = db.unchecked(case.home.db)
    except sqlite3.Error as error:
        yield database.shut(case.home, error)
        return
    with contextlib.closing(conn):
        try:
            unfit = database.fits(conn, lives=sight.lives)
            found = [unfit] if unfit else list(database.sound(case, conn))
        except sqlite3.Error as error:
            yield database.shut(case.home, error)
            return
        yield from found
        if not unfit:
            yield from _all(_rows(case, conn, sight))


def _all(checks: list[tuple[str, Check]]) -> Iterator[Finding]:
    """Every check; those that cannot read their rows are named together."""
    unread: dict[str, str] = {}
    for subject, check in checks:
        try:
            yield from guarded(subject, check)
        except sqlite3.Error as error:
            unread[subject] = str(error)
    if unread:
        why = "; ".join(dict.fromkeys(unread.values()))
        words = f"its rows cannot be read ({why}), so these were not looked at: {', '.join(unread)}"
        yield problem("database", words, hint=database.RESTORE)


def _rows(case: Case, conn: sqlite3.Connection, sight: Sight) -> list[tuple[str, Check]]:
    lives = sight.lives
    return [
        ("audit", partial(trail.chain, case, conn)),
        ("clock", partial(trail.clock, case, conn)),
        ("jobs", partial(supervision.live, case, conn, lives=lives)),
        ("jobs", partial(supervision.environments, case, conn, lives=lives)),
        ("segments", partial(points.files, case, conn)),
        ("spools", partial(points.damaged, case, conn)),
        ("spools", partial(points.warm, case, conn)),
        ("spools", partial(points.unread, case, conn, lives=lives)),
        ("objects", partial(files.needed, case, conn)),
        ("windows", partial(files.windows, case, conn)),
    ]
