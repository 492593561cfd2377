"""The audit trail and the clock: nobody changed what was done, and time went one way."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

from lineside.store.clock import SECOND, Micros
from lineside.store.doctor.findings import Case, Finding, counted, ok, problem, warning
from lineside.store.queries import audit, examinations

SLACK_S = 60.0
"""Clocks are set by so much every day, and nobody minds."""
_RECENT_S = 30 * 86_400.0
"""A step back that is longer ago is history."""
_SET = "compare with another clock: date -u; timedatectl   then set this one"


def chain(case: Case, conn: sqlite3.Connection) -> Iterator[Finding]:
    """The hash chain holds from the first row to the last."""
    verdict = audit.verify(conn)
    if verdict.broken_seq is None:
        head = f", head {verdict.rows}:{verdict.head}" if verdict.rows else ""
        yield ok("audit", f"the chain holds: {counted(verdict.rows, 'row')}{head}")
        return
    words = f"the chain is broken at row {verdict.broken_seq}: {verdict.reason}; {verdict.rows} rows hold"
    hint = "compare it, from that row on, with a backup's: lineside audit export"
    yield problem("audit", words, hint=hint)


def clock(case: Case, conn: sqlite3.Connection) -> Iterator[Finding]:
    """Nothing was written down in the future, and no later row of the trail says an earlier time."""
    ahead = [one for one in examinations.newest(conn) if one.at_us - case.at > SLACK_S * SECOND]
    if ahead:
        last = max(ahead, key=lambda one: one.at_us)
        words = f"{last.what} {last.id} was written {told(last.at_us, case.at)} from now, in the future"
        yield problem("clock", f"{words}: the clock is wrong, or was", hint=_SET)
    since = case.at - _RECENT_S * SECOND
    back = [
        one
        for one in examinations.steps_back(conn, tolerance_us=int(SLACK_S * SECOND))
        if one.before_us >= since
    ]
    if back:
        one = back[0]
        more = f", and {len(back) - 1} times before" if len(back) > 1 else ""
        span, day = told(one.before_us, one.at_us), datetime.fromtimestamp(one.at_us / SECOND, UTC)
        words = (
            f"the clock was set back by {span} before audit row {one.seq} ({day:%Y-%m-%d %H:%M} UTC){more}"
        )
        yield warning("clock", words, hint="keep it in step: timedatectl set-ntp true")
    if not ahead and not back:
        yield ok("clock", "nothing lies in the future, and time went one way")


def told(later: Micros, earlier: Micros) -> str:
    """A span in words: "2.0 h"."""
    seconds = (later - earlier) / SECOND
    for size, unit in ((86_400.0, "days"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
