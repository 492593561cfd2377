"""A rule fires at the same point however the stream is cut, and where a plain loop over it says."""

import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineside.jobs.watching.judging import Memory, fold
from lineside.jobs.watching.rules import Rule
from lineside.jobs.watching.watched import Watched
from lineside.store.clock import now
from lineside.store.queries.watches import WatchedRow
from lineside.store.spool import Steps

ODD = st.sampled_from([math.nan, math.inf, -math.inf])
VALUES = st.lists(st.integers(-4, 12).map(lambda n: n / 2) | ODD, max_size=60)
RULES = st.one_of(
    st.just(Rule(when="nan", metric="*")),
    st.builds(
        lambda factor, window: Rule(when="diverges", metric="*", factor=factor, window=window),
        st.sampled_from([1.5, 2.0, 3.0]), st.integers(1, 8),
    ),
    st.builds(
        lambda steps, delta: Rule(when="plateau", metric="*", steps=steps, min_delta=delta),
        st.integers(1, 9), st.sampled_from([0.0, 0.5, 1.0]),
    ),
)  # fmt: skip


def plainly(rule: Rule, steps: list[int], values: list[float]) -> int | None:
    """Where a rule fires, point by point, as its documentation says it."""
    seen: list[float] = []
    lowest, best, best_step = math.inf, math.inf, 0
    for place, (step, value) in enumerate(zip(steps, values, strict=True)):
        finite = math.isfinite(value)
        if rule.when == "nan" and not finite:
            return place
        if rule.when == "diverges" and finite:
            seen.append(value)
            if len(seen) >= rule.window:
                median = float(np.median(seen[-rule.window :]))
                lowest = min(lowest, median)
                if median > lowest + (rule.factor - 1) * abs(lowest):
                    return place
        if rule.when == "plateau":
            if finite and value < best - rule.min_delta:
                best, best_step = value, step
            elif best < math.inf and step - best_step >= rule.steps:
                return place
    return None


@given(rule=RULES, values=VALUES, gaps=st.lists(st.integers(0, 3), min_size=60, max_size=60),
       cuts=st.lists(st.integers(0, 60), max_size=6))  # fmt: skip
def test_a_rule_fires_at_the_same_point_in_any_cut_of_the_stream(
    rule: Rule, values: list[float], gaps: list[int], cuts: list[int]
) -> None:
    steps = np.cumsum([0, *gaps])[: len(values)].astype(np.int64)
    line, memory, found = np.array(values, np.float64), Memory(), None
    edges = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    for lo, hi in pairwise(edges):
        memory, finding = fold(rule, "loss", memory, steps[lo:hi], line[lo:hi])
        if finding is not None:
            found = lo + finding.place
            break

    assert found == plainly(rule, steps.tolist(), values)


@given(rule=RULES, streams=st.lists(st.tuples(st.sampled_from("ab"), VALUES), max_size=4),
       cuts=st.lists(st.integers(0, 240), max_size=6))  # fmt: skip
def test_of_several_metrics_the_first_to_be_written_fires_in_any_cut(
    rule: Rule, streams: list[tuple[str, list[float]]], cuts: list[int]
) -> None:
    frames = [(name, value) for name, values in streams for value in values]
    whole, cut = _watched(rule), _watched(rule)

    whole.take("run.sp", _parts(frames, 0, len(frames)))
    for lo, hi in zip([0, *sorted(cuts)], [*sorted(cuts), len(frames)], strict=True):
        cut.take("run.sp", _parts(frames, lo, hi))

    assert [(f.step, f.words) for _, f in cut.pending] == [(f.step, f.words) for _, f in whole.pending]


def _watched(rule: Rule) -> Watched:
    row = WatchedRow(
        job_id=1, attempt=1, begun_us=now(), run_id=1, uid="run", name="n", watch="[]", grace_s=1
    )
    return Watched.of(row, [rule])


def _parts(frames: list[tuple[str, float]], lo: int, hi: int) -> list[Steps]:
    """A stretch of frames as a spool gives it: by shape, each with its places."""
    parts = []
    for name in sorted({name for name, _ in frames[lo:hi]}):
        at = np.array([n for n, (each, _) in enumerate(frames[:hi]) if n >= lo and each == name], np.int64)
        values = np.array([[frames[n][1]] for n in at], np.float64)
        parts.append(Steps(names=(name,), seq=at - lo, steps=at, at_ns=at, values=values))
    return parts
