"""The rules of all live attempts of a home: fed by ingest with each slice, asked once a second about silence.

A rule that fired becomes an alert and, where it says so, the order to stop, in one transaction. After a
restart the points that were there already are seen again; what the alerts tell of is not done twice.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lineside.jobs.context import Context
from lineside.jobs.execution import attempts
from lineside.jobs.monitor.alerts import Observation, observe, resolve
from lineside.jobs.watching import words
from lineside.jobs.watching.judging import Finding
from lineside.jobs.watching.rules import Rule, with_home
from lineside.jobs.watching.watched import Watched, starts
from lineside.store import ingest
from lineside.store.clock import Micros, now
from lineside.store.errors import LinesideError
from lineside.store.homes import Home
from lineside.store.ingest import Slice
from lineside.store.queries import alerts, jobs, spools, watches
from lineside.store.queries.watches import WatchedRow
from lineside.store.states import AlertState, Cause, JobState

log = logging.getLogger(__name__)
_MANY = 20_000
"""Points that are looked at on a thread rather than on the loop."""


@dataclass(slots=True, kw_only=True)
class Watching:
    """One home's. `known` holds None for a run that no rule is about."""

    home_rules: list[Rule] = field(default_factory=list)
    known: dict[str, Watched | None] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def meet(self, ctx: Context, uid: str, *, afresh: bool) -> Watched | None:
        """What is watched of a run; asked of the store when it is new, or when an attempt may have begun."""
        known = self.known.get(uid)
        if uid in self.known and not afresh:
            return known
        row = watches.of_run(ctx.db, uid)
        if known is None or row is None or row.attempt != known.row.attempt:
            known = self.known[uid] = self._begin(row)
        return known

    def _begin(self, row: WatchedRow | None) -> Watched | None:
        if row is None:
            return None
        try:
            own = [Rule.of(said) for said in json.loads(row.watch)]
        except LinesideError as error:  # checked when it was submitted: by a lineside that knew other rules
            log.error("rules not understood", extra={"job": row.job_id, "error": str(error)})
            own = []
        rules = with_home(own, self.home_rules)
        return Watched.of(row, rules) if rules else None


_WATCHING: dict[Path, Watching] = {}


def watching_of(home: Home) -> Watching:
    """What this process knows of a home's rules."""
    return _WATCHING.get(home.path) or _WATCHING.setdefault(home.path, Watching())


def begin(home: Home, home_rules: str) -> None:
    """Set the rules that every job of a home has.

    Raises:
        Usage: they are none.
    """
    watching_of(home).home_rules = words.parse_all(home_rules, "config.toml [watch] rules")


async def feed(ctx: Context, pieces: Sequence[Slice]) -> None:
    """Look at what ingest has just taken. Never fails: what could not be done is done by the next tick."""
    watching = watching_of(ctx.home)
    for piece in pieces:
        began = any(event.get("event") == "start" for event in piece.events)
        if piece.system or (not began and watching.known.get(piece.uid, piece) is None):
            continue
        async with watching.turn:
            watched = watching.meet(ctx, piece.uid, afresh=began)
            if watched is None:
                continue
            try:
                await _take(ctx.home, watched, piece)
                await _act(ctx, watched)
            except (LinesideError, OSError, sqlite3.Error):
                log.exception("a rule could not act", extra={"run": piece.uid})


async def tick(ctx: Context) -> bool:
    """Look for silence, do what is left to do, and end the alerts of runs that are over.

    Raises:
        LinesideError, OSError, sqlite3.Error: something could not be done for one run; the others had theirs.
    """
    watching, rows = watching_of(ctx.home), watches.live(ctx.db)
    failed: Exception | None = None
    _forget(watching, {row.uid for row in rows})
    for row in rows:
        async with watching.turn:
            watched = watching.meet(ctx, row.uid, afresh=False)
            if watched is None or watched.row.attempt != row.attempt:
                continue
            try:
                await _look(ctx, watched)
            except (LinesideError, OSError, sqlite3.Error) as error:
                failed = error
    if watches.groundless(ctx.db):
        await ctx.write(lambda db: end_groundless(db, at=now()))
    if failed is not None:
        raise failed
    return not rows


def end_groundless(db: sqlite3.Connection, *, at: Micros) -> None:
    """Nothing is left to be done about a run that runs no longer."""
    for alert in watches.groundless(db):
        resolve(db, alert, "the run is over", at=at)


def _forget(watching: Watching, live: Collection[str]) -> None:
    for uid in watching.known.keys() - set(live):
        del watching.known[uid]


async def _take(home: Home, watched: Watched, piece: Slice) -> None:
    """The points of one slice, and those before it that this process has not seen."""
    stream = watched.stream(piece.path)
    if stream.offset == piece.end:
        return  # seen in the file, when this runner began
    if any(starts(event, watched.row.attempt) for event in piece.events):
        stream.begun = True  # what stands before it is an earlier attempt's
    elif stream.offset < piece.start:
        await asyncio.to_thread(watched.catch_up, home, piece.path, piece.start)
    if piece.points > _MANY:
        await asyncio.to_thread(watched.take, piece.path, piece.steps)
    else:
        watched.take(piece.path, piece.steps)
    stream.offset = piece.end


async def _look(ctx: Context, watched: Watched) -> None:
    if not watched.whole:
        for row in spools.of_run(ctx.db, watched.row.run_id):
            behind = watched.stream(row.path).offset < row.offset_bytes
            if behind and not _measured(row.path):
                await asyncio.to_thread(watched.catch_up, ctx.home, row.path, row.offset_bytes)
        watched.whole = True
    if any(rule.when == "stall" for rule in watched.rules) and not _waits(ctx.home, watched.row.uid):
        watched.look_at_time()
    await _act(ctx, watched)


def _waits(home: Home, uid: str) -> bool:
    """Whether points of a run are written and not taken yet: it is not silent then."""
    from lineside.jobs import ingesting  # which feeds this module

    watch, name = ingesting.watch_of(home), f"{uid}.sp"
    tails = [tail for tail in watch.tails.values() if ingest.uid_in(tail.name) == uid]
    if not tails and name not in watch.over:  # ingest has not come to it yet
        return (home.spool / name).exists()
    return any(tail.grown for tail in tails if not _measured(tail.name))


def _measured(name: str) -> bool:
    """Whether the runner wrote a spool itself: no word of the script."""
    return name.endswith(ingest.SYSTEM)


async def _act(ctx: Context, watched: Watched) -> None:
    while watched.pending:
        rule, finding = watched.pending[0]
        at, row = now(), watched.row
        stop = await ctx.write(lambda db: act(db, ctx.home, row, rule, finding, at=at))  # noqa: B023
        if stop:
            folder = ctx.home.attempt(row.job_id, row.attempt)
            ctx.stop_attempt(folder, cause=Cause(rule.cause), grace_s=row.grace_s)
        del watched.pending[0]


def act(
    db: sqlite3.Connection, home: Home, row: WatchedRow, rule: Rule, finding: Finding, *, at: Micros
) -> bool:
    """The alert, and the order to stop, unless this attempt had them; whether its supervisor is to be told.

    The order is there before the alert is: whoever reads the one finds the other.
    """
    last = alerts.last_of(db, rule=rule.alert, subject_kind="run", subject_id=row.run_id)
    if last is not None and last.opened_us >= row.begun_us:
        return rule.do != "notify"
    if last is not None and last.state is not AlertState.RESOLVED:
        resolve(db, last, "another attempt began", at=at)
    job = jobs.get(db, row.job_id)
    lives = job.attempt == row.attempt and job.state in (JobState.STARTING, JobState.RUNNING)
    stops = rule.do != "notify" and lives and _order(home, row, rule, finding)
    value = finding.value if finding.value == finding.value else None  # no column holds NaN
    title = finding.words + (f"; job {row.job_id} is stopped" if stops else "")
    subject = ("run", row.run_id, row.name)
    seen = Observation(rule=rule.alert, subject=subject, firing=True, title=title, value=value,
                       line=finding.line)  # fmt: skip
    observe(db, seen, at=at)
    return stops


def _order(home: Home, row: WatchedRow, rule: Rule, finding: Finding) -> bool:
    """Leave the order to stop; False: the job took its folder away, and nobody can be told."""
    folder = home.attempt(row.job_id, row.attempt)
    saves = rule.do == "checkpoint"
    try:
        attempts.order_stop(
            folder, cause=Cause(rule.cause), grace_s=row.grace_s, detail=finding.words, checkpoint=saves
        )
    except FileNotFoundError:
        return False
    return True
