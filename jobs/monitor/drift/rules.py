"""When a distance is a finding: it must be large, and it must not be chance.

A feature fires when its effect reaches the floor (and the worst block of the training rows, where those are
long enough to have blocks) AND its p-value, adjusted over the features of the window, is below the line.
On small windows an effect alone is noise; on long ones a p-value alone is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """How strict a monitor is."""

    floor: float = 0.1  # smallest effect (KS or L-infinity) worth a word
    p: float = 0.01  # largest adjusted p-value


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One statistic of one feature, before and after it is judged."""

    feature: str
    statistic: str  # "ks", "psi_refdecile", "l_inf", "null_share" ...
    value: float
    p: float | None = None  # None: shown, never judged
    worst_block: float | None = None  # None: not calibrated
    line: float | None = None
    p_adjusted: float | None = None
    fired: bool = False
    reference: tuple[float, ...] = ()
    live: tuple[float, ...] = ()
    edges: tuple[float | str, ...] = ()


def judge(scores: Sequence[Score], lines: Lines, *, verdict: bool = True) -> list[Score]:
    """Every score with its line, its adjusted p-value and whether it fired.

    Args:
        verdict: False: too few rows to say; lines and p-values are shown and nothing fires.
    """
    tested = [score for score in scores if score.p is not None]
    adjusted = adjust([score.p for score in tested if score.p is not None])
    judged = {id(score): p for score, p in zip(tested, adjusted, strict=True)}
    return [_judge(score, lines, judged.get(id(score)), verdict) for score in scores]


def adjust(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number, so that a line on them bounds the false discovery rate.

    Source:
        Benjamini and Hochberg (1995).

    >>> [round(p, 3) for p in adjust([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    if not p_values:
        return []
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return [float(value) for value in out]


def fired_features(scores: Sequence[Score]) -> set[str]:
    """The features with at least one finding."""
    return {score.feature for score in scores if score.fired}


def judged_features(scores: Sequence[Score]) -> set[str]:
    """The features that were judged."""
    return {score.feature for score in scores if score.p is not None}


def _judge(score: Score, lines: Lines, p_adjusted: float | None, verdict: bool) -> Score:
    if p_adjusted is None:
        return score
    line = max(lines.floor, score.worst_block or 0.0)
    fired = verdict and score.value >= line and p_adjusted < lines.p
    return replace(score, line=line, p_adjusted=p_adjusted, fired=fired)
