"""How two runs differ, and how one came about: words for `lineside runs show` and `compare`."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lineside.console.cli import output
from lineside.store import differences
from lineside.store.differences import Change
from lineside.store.homes import Home

_ORIGIN = ("command", "commit", "branch", "changes", "seed", "cwd", "host", "python", "executable", "gpus")


def how_it_came_about(context: Mapping[str, Any]) -> Iterator[str]:
    """Code, command, machine and told environment variables, a line each."""
    for key in _ORIGIN:
        if context.get(key):
            yield f"  {key:<7} {context[key]}"
    for key in sorted(key for key in context if key.startswith("env.")):
        yield f"  env     {key.removeprefix('env.')}={context[key]}"


def log_gaps(context: Mapping[str, Any], dropped: int) -> Iterator[str]:
    """What is missing in the run's log: points that could not be written, bytes that could not be read."""
    if dropped:
        yield f"  log gap {dropped:,} points could not be written by the script"
    for drop in context.get("drops", []):
        between = f"{output.moment(drop['since_us'])} to {output.moment(drop['until_us'])}"
        yield f"  log gap {drop['points']:,} of them {between}: {drop['why'] or 'not said why'}"
    for gap in context.get("gaps", []):
        lost = (
            "what was lost is not known" if gap.get("lost_bytes") is None else f"{gap['lost_bytes']:,} bytes"
        )
        yield f"  log gap {gap.get('why', '')} at byte {gap.get('at_byte')}: {lost}"


def _code(home: Home, db: sqlite3.Connection, first: int, second: int, as_json: bool) -> None:
    found = differences.code(home, db, first, second)
    sides = zip((first, second), found.commits, found.branches, found.changes, strict=True)
    lines = [
        f"run {run}: commit {(commit or 'unknown')[:12]}"
        + (f" on {branch}" if branch else "")
        + f", not committed: {changes or 'unknown'}"
        for run, commit, branch, changes in sides
    ]
    output.one(found, [*lines, "", *found.diff] if found.diff else lines, as_json=as_json)
    if as_json:
        return
    if found.exact:
        output.words("the whole code, as each run had it" if found.diff else "the same code in both")
    else:
        output.words("their checkout is not here: this compares only what was not committed")


def _data(home: Home, db: sqlite3.Connection, first: int, second: int, as_json: bool) -> None:
    _changes(differences.data(db, first, second), first, second, as_json, "both read the same data")


def _env(home: Home, db: sqlite3.Connection, first: int, second: int, as_json: bool) -> None:
    found = differences.environment(home, db, first, second)
    _changes(found, first, second, as_json, "nothing that was recorded differs")


def _changes(found: Sequence[Change], first: int, second: int, as_json: bool, empty: str) -> None:
    columns: output.Columns = {
        "": "kind", "name": "name",
        f"run {first}": lambda change: change.values[0], f"run {second}": lambda change: change.values[1],
    }  # fmt: skip
    output.rows(found, columns, as_json=as_json, empty=empty)


Show = Callable[[Home, sqlite3.Connection, int, int, bool], None]
SHOWN: Mapping[str, Show] = {"code": _code, "data": _data, "env": _env}
