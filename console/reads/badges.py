"""What surrounds every area: how much waits where, and the line the demo is at."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lineside.console.reads.needs import needs
from lineside.store.clock import Micros
from lineside.store.queries import alerts, promotions, stories
from lineside.store.queries.stories import StoryRow
from lineside.store.states import AlertState, PromotionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The frame's content."""

    badges: Mapping[str, int]  # area → how many things wait there
    story: StoryRow | None  # None outside a demo


NOTHING = Surroundings(badges={}, story=None)


def surroundings(db: sqlite3.Connection, *, at: Micros) -> Surroundings:
    """Count what waits for somebody, and take the newest line of the story."""
    waiting = needs(db, at=at)
    firing = sum(1 for alert in alerts.open_ones(db) if alert.state == AlertState.FIRING)
    asked = sum(1 for need in waiting if need.kind in ("approve", "ratify"))
    return Surroundings(badges={"wall": len(waiting), "models": asked, "monitor": firing}, story=_story(db))


def _story(db: sqlite3.Connection) -> StoryRow | None:
    """The newest line of the story, or what a person has decided since."""
    told = stories.newest(db)
    if told is None:
        return None
    for p in promotions.recent(db, limit=5):
        if p.state == PromotionState.APPLIED and (p.applied_us or 0) > told.at_us:
            words = f"request {p.id} is approved: {p.model}@{p.alias} is v{p.number}; the record of it all"
            return replace(told, text=words, key="8")
        if p.state == PromotionState.REJECTED and (p.decided_us or 0) > told.at_us:
            words = (
                f"request {p.id} is rejected: {p.model}@v{p.number} is not {p.alias}; the record of it all"
            )
            return replace(told, text=words, key="8")
    return told
