"""What surrounds every area: how much waits where, and the line the demo is at.

Read on the loop, so a few indexed rows at most.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from lineside.store.queries import stories
from lineside.store.queries.stories import StoryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The frame's content."""

    badges: Mapping[str, int]  # area → how many things wait there
    story: StoryRow | None  # None outside a demo


def surroundings(db: sqlite3.Connection) -> Surroundings:
    """Count what waits for somebody, and take the newest line of the story."""
    return Surroundings(badges={}, story=stories.newest(db))
