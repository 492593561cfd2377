"""The rule: large and not chance; and the gaps that no distance sees."""

import math

import numpy as np
import pytest

from lineside.jobs.monitor import profiles
from lineside.jobs.monitor.drift import chi, columns, domain, ks, psi
from lineside.jobs.monitor.drift.rules import Lines, Score, adjust, fired_features, judge, judged_features
from lineside.jobs.packaging.encoding import Feature


def scores(old: list[object], new: list[object], kind: str = "numeric") -> dict[str, Score]:
    feature = Feature(name="x", kind="category" if kind == "category" else "numeric")
    profile = profiles.build({"x": old}, [feature])
    found = judge(columns.score(profile, {"x": new}), Lines())
    return {score.statistic: score for score in found}


def test_a_small_change_does_not_fire_however_sure() -> None:
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=20_000), rng.normal(0.1, size=20_000)
    found = scores(old.tolist(), new.tolist())["ks"]
    assert found.p_adjusted is not None
    assert found.p_adjusted < 1e-6
    assert not found.fired


def test_a_large_change_does_not_fire_when_it_may_be_chance() -> None:
    found = scores([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [4.0, 5.0, 6.0, 7.0])["ks"]
    assert found.value > 0.4
    assert not found.fired


def test_too_few_rows_are_shown_and_never_judged() -> None:
    profile = profiles.build({"x": [0.0] * 300}, [Feature(name="x", kind="numeric")])
    found = judge(columns.score(profile, {"x": [9.0] * 90}), Lines(), verdict=False)
    assert found[0].value == 1.0
    assert found[0].line == 0.1
    assert fired_features(found) == set()


def test_a_constant_column_that_starts_to_move_fires() -> None:
    found = scores([0.0] * 500, [0.0] * 100 + [7.5] * 100)
    assert found["ks"].value == pytest.approx(0.5)
    assert found["ks"].fired
    assert found["psi_refdecile"].value > 1


def test_a_surge_of_missing_values_is_a_finding_of_its_own() -> None:
    column = np.random.default_rng(0).normal(size=700)
    live = [None if i % 2 else float(v) for i, v in enumerate(column[500:])]
    found = scores(column[:500].tolist(), live)
    assert found["null_share"].fired
    assert found["null_share"].value == pytest.approx(0.5)
    assert not found["ks"].fired


def test_nan_and_infinity_count_as_missing_and_break_nothing() -> None:
    found = scores([1.0, 2.0, 3.0] * 100, [math.nan, math.inf, 1.0] * 100)
    assert found["null_share"].value == pytest.approx(2 / 3)
    assert math.isfinite(found["ks"].value)


def test_a_column_without_any_value_is_only_a_gap() -> None:
    found = scores([1.0, 2.0] * 200, [None] * 200)
    assert set(found) == {"null_share"}
    assert found["null_share"].fired


def test_a_category_never_seen_at_training_fires_and_is_named() -> None:
    found = scores(["a", "b"] * 200, ["a"] * 100 + ["z"] * 100, kind="category")
    assert found["l_inf"].fired
    assert found["l_inf"].edges == ("a", "b", chi.UNSEEN)
    assert found["unseen_share"].value == pytest.approx(0.5)


def test_one_single_category_gives_no_nan() -> None:
    found = scores(["a"] * 300, ["a"] * 300, kind="category")
    assert found["l_inf"].value == 0.0
    assert found["l_inf"].p_adjusted == 1.0


def test_the_line_is_raised_by_the_worst_block_of_a_long_reference() -> None:
    season = np.sin(np.linspace(0, 8 * np.pi, 5_000))
    profile = profiles.build({"x": season.tolist()}, [Feature(name="x", kind="numeric")])
    found = judge(columns.score(profile, {"x": season[300:500].tolist()}), Lines())[0]
    assert found.worst_block is not None
    assert found.line == found.worst_block
    assert found.value > 0.1
    assert not found.fired


def test_a_short_reference_is_not_calibrated() -> None:
    assert ks.worst_block(np.arange(500.0), 200) is None


def test_adjusting_keeps_the_order_and_never_leaves_zero_to_one() -> None:
    adjusted = adjust([0.2, 0.001, 0.9, 0.04])
    assert adjusted == pytest.approx([0.8 / 3, 0.004, 0.9, 0.08])
    assert max(adjusted) <= 1.0
    assert adjust([]) == []


def test_the_picture_keeps_what_lies_outside_training_apart() -> None:
    edges = psi.picture_edges(np.array([0.0, 5.0, 10.0]))
    shares = psi.picture_shares(np.array([-3.0, 0.0, 10.0, 12.0]), edges)
    assert shares.tolist() == pytest.approx([0.25, 0.25, *[0.0] * 8, 0.25, 0.25])


def test_every_tested_feature_counts_once() -> None:
    profile = profiles.build({"x": ["a"] * 300}, [Feature(name="x", kind="category")])
    assert judged_features(columns.score(profile, {"x": [None] * 150 + ["a"] * 150})) == {"x"}


def test_the_domain_classifier_says_nothing_about_a_handful_of_rows() -> None:
    assert domain.auc(np.zeros((100, 3)), np.zeros((4, 3))) is None
