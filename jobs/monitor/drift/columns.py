"""Every column of a window beside the same column at training: the scores, not yet judged."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lineside.jobs.monitor.drift import chi, ks, psi
from lineside.jobs.monitor.drift.rules import Score
from lineside.jobs.monitor.profiles import (
    CategoryProfile,
    ColumnProfile,
    NumericProfile,
    Profile,
    worst_block,
)
from lineside.jobs.packaging.encoding import numbers, words

MANY_NULLS = 0.05
"""Change of the share of missing values that is worth testing."""


def score(profile: Profile, columns: Mapping[str, Sequence[Any]]) -> list[Score]:
    """All statistics of all columns of one window, in the order of the profile."""
    found: list[Score] = []
    for column in profile.columns:
        values = columns[column.name]
        found += _numeric(column, values) if isinstance(column, NumericProfile) else _words(column, values)
    return found


def _numeric(profile: NumericProfile, values: Sequence[Any]) -> list[Score]:
    column = numbers(profile.name, values)
    live = np.sort(column[np.isfinite(column)])
    gaps = _missing(profile, len(profile.values), len(column), len(live))
    if not live.size or not profile.values.size:
        return gaps
    distance = ks.statistic(profile.values, live)
    shares = psi.decile_shares(live, profile.deciles)
    return [
        Score(
            feature=profile.name, statistic="ks", value=distance,
            p=ks.p_value(distance, profile.values, live), worst_block=worst_block(profile, len(live)),
            reference=psi.rounded(profile.shares),
            live=psi.rounded(psi.picture_shares(live, profile.edges)),
            edges=tuple(profile.edges.tolist()),
        ),
        Score(
            feature=profile.name, statistic="psi_refdecile",
            value=psi.stability_index(profile.decile_shares, shares),
            reference=psi.rounded(profile.decile_shares), live=psi.rounded(shares),
            edges=tuple(profile.deciles.tolist()),
        ),
        *gaps,
    ]  # fmt: skip


def _words(profile: CategoryProfile, values: Sequence[Any]) -> list[Score]:
    present = [word for word in words(values) if word is not None]
    known, live = int(profile.counts.sum()), chi.counts(present, profile.categories)
    gaps = _missing(profile, known, len(values), len(present))
    if not present or not known:
        return gaps
    old, new = profile.counts / known, live / len(present)
    unseen = Score(feature=profile.name, statistic="unseen_share", value=float(new[-1]))
    return [
        Score(
            feature=profile.name, statistic="l_inf", value=chi.l_infinity(profile.counts, live),
            p=chi.p_value(profile.counts, live), reference=psi.rounded(old), live=psi.rounded(new),
            edges=(*profile.categories, chi.UNSEEN),
        ),
        Score(feature=profile.name, statistic="psi", value=psi.stability_index(old, new)),
        *([unseen] if new[-1] else []),
        *gaps,
    ]  # fmt: skip


def _missing(profile: ColumnProfile, known: int, rows: int, present: int) -> list[Score]:
    """Missing (or not finite) values are a finding of their own; no distance sees them."""
    before, now = 1 - known / max(profile.rows, 1), 1 - present / max(rows, 1)
    if abs(now - before) < MANY_NULLS:
        return []
    old = np.array([known, profile.rows - known], dtype=np.int64)
    new = np.array([present, rows - present], dtype=np.int64)
    return [
        Score(
            feature=profile.name, statistic="null_share", value=abs(now - before), p=chi.p_value(old, new),
            reference=(round(before, 5),), live=(round(now, 5),),
        )
    ]  # fmt: skip
