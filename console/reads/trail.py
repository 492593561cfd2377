"""The audit area as one read: how long the trail is, what a filter finds, whether the chain holds."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lineside.store.clock import Micros
from lineside.store.queries import audit
from lineside.store.queries.audit import AuditRow, Verdict

CHECKED = 5_000
"""A chain up to this long is checked whenever it grew (0.1 s); a longer one when somebody asks."""

SEARCHED = 50_000
"""The newest rows that a filter looks through."""

MOMENTS = 4_000
"""The newest rows whose times the strip of hours counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What verifying the chain found, and when it was asked."""

    verdict: Verdict
    at_us: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The trail as far as it is on screen."""

    newest: int  # number of the newest row; rows are numbered without a gap
    found: Sequence[int] | None  # rows that the filter lets through; None: no filter
    checked: Checked | None  # None: not checked
    moments: tuple[Micros, ...]  # when the newest rows were written, newest first
    people: tuple[tuple[str, int], ...] = ()  # who wrote how many of them, busiest first
    verbs: tuple[tuple[str, int], ...] = ()  # "promotions", "jobs": of what how many
    deeds: tuple[
        tuple[int, AuditRow], ...
    ] = ()  # of each verb: how often, and its newest row; commonest first


def read(db: sqlite3.Connection, *, text: str, before: View | None, check: bool, now: Micros) -> View:
    """Everything the area shows, from one moment.

    Args:
        text: the filter: words, or `who:`, `did:`, `to:` and a word; all have to be there.
        before: what was read last: a chain that did not grow since is not checked again.
        check: verify the chain whatever its length.
        now: the moment a check is said to be of.
    """
    newest = audit.newest(db, limit=1)
    number = newest[0].seq if newest else 0
    grew = before is None or before.newest != number
    checked = before.checked if before else None
    if check or (grew and number <= CHECKED):
        checked = Checked(verdict=audit.verify(db), at_us=now)
    if before is None or grew:
        newest_rows = audit.newest(db, limit=MOMENTS)
        moments = tuple(row.at_us for row in newest_rows)
        people = tuple(Counter(row.acting_as or row.name for row in newest_rows).most_common(8))
        verbs = tuple(Counter(row.verb.partition(".")[0] for row in newest_rows).most_common(8))
        deeds = _deeds(newest_rows)
    else:
        moments, people, verbs, deeds = before.moments, before.people, before.verbs, before.deeds
    rows = search(db, text) if text.strip() else None
    return View(
        newest=number, found=rows, checked=checked, moments=moments, people=people, verbs=verbs, deeds=deeds
    )


def _deeds(newest: Sequence[AuditRow]) -> tuple[tuple[int, AuditRow], ...]:
    """How often each verb was done, and when it was done last."""
    last = {row.verb: row for row in reversed(newest)}
    return tuple((times, last[verb]) for verb, times in Counter(row.verb for row in newest).most_common())


def search(db: sqlite3.Connection, text: str) -> list[int]:
    """The numbers of the newest rows that hold every term."""
    return [row.seq for row in found(db, text.split(), limit=SEARCHED)]


def found(db: sqlite3.Connection, terms: Sequence[str], *, limit: int) -> list[AuditRow]:
    """The newest rows that hold every term, at most `limit`."""
    if not terms:
        return audit.newest(db, limit=limit)
    tests = [_test(term.lower()) for term in terms]
    return [row for row in audit.newest(db, limit=SEARCHED) if all(test(row) for test in tests)][:limit]


def _test(term: str) -> Callable[[AuditRow], bool]:
    """`who:ana`, `did:promotions`, `to:job:57`, or a word that may stand anywhere."""
    field, _, word = term.partition(":")
    if word and field == "who":
        return lambda row: word in row.who.lower()
    if word and field == "did":
        return lambda row: word in row.verb.lower()
    if word and field == "to":
        kind, _, number = word.partition(":")
        return lambda row: kind in row.subject_kind and (not number or number == str(row.subject_id))
    return lambda row: (
        term in f"{row.who} {row.verb} {row.subject_kind} {row.subject_id} {row.detail}".lower()
    )
