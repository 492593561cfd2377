"""Drift against numbers that other libraries computed: scikit-learn's own tables, windows in stored order."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lineside.jobs.monitor import profiles
from lineside.jobs.monitor.drift import chi, columns, domain, ks, psi
from lineside.jobs.monitor.drift.rules import Lines, Score, fired_features, judge
from lineside.jobs.packaging.encoding import Feature

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden"
SETS = ("digits", "breast_cancer")
WINDOWS = [(name, window) for name in SETS for window in json.loads(
    (GOLDEN / f"{name}.drift.json").read_text())["windows"]]  # fmt: skip


@cache
def golden(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / f"{name}.drift.json").read_text())
    return found


@cache
def table(name: str) -> dict[str, np.ndarray]:
    from sklearn import datasets

    data = getattr(datasets, f"load_{name}")().data
    return dict(zip(golden(name)["numeric"], data.T, strict=True))


def reference(name: str) -> dict[str, np.ndarray]:
    start, end = golden(name)["rows_reference"]
    return {column: values[start:end] for column, values in table(name).items()}


def live(name: str, window: str) -> dict[str, np.ndarray]:
    start, end = golden(name)["windows"][window]
    return {column: values[start:end] for column, values in table(name).items()}


@cache
def profile(name: str) -> profiles.Profile:
    features = [Feature(name=column, kind="numeric") for column in golden(name)["numeric"]]
    return profiles.build({k: v.tolist() for k, v in reference(name).items()}, features)


def scored(name: str, window: str) -> list[Score]:
    return columns.score(profile(name), {k: v.tolist() for k, v in live(name, window).items()})


@pytest.mark.parametrize(("name", "window"), WINDOWS)
def test_ks_and_psi_equal_scipy_and_the_textbook(name: str, window: str) -> None:
    for score in scored(name, window):
        true = golden(name)["features"][score.feature][window]
        if score.statistic == "ks":
            assert score.value == pytest.approx(true["ks_stat"], abs=1e-12)
            assert score.p == pytest.approx(true["ks_p"], rel=1e-6, abs=1e-12)
        else:
            assert score.statistic == "psi_refdecile"
            assert score.value == pytest.approx(true["psi_deciles"], abs=1e-9)
            assert score.edges == pytest.approx(true["psi_edges"])


@pytest.mark.parametrize(("name", "window"), WINDOWS)
def test_categories_equal_the_contingency_table(name: str, window: str) -> None:
    for column in golden(name)["categorical"]:
        true = golden(name)["features"][column][window]
        old, new = np.array(true["ref_counts"]), np.array(true["cur_counts"])
        assert chi.l_infinity(old, new) == pytest.approx(true["l_infinity"], abs=1e-12)
        assert chi.p_value(old, new) == pytest.approx(true["chi2_p"], rel=1e-9)


def test_seven_pixels_drift_in_the_first_window_and_none_in_the_second() -> None:
    fired = [
        len(fired_features(judge(scored("digits", window), Lines())))
        for window in golden("digits")["windows"]
    ]
    assert fired == [7, 0, 14, 10, 8, 0, 0]


def test_shuffled_digits_never_fire() -> None:
    rng = np.random.default_rng(0)
    rows = np.column_stack(list(table("digits").values()))
    features = [Feature(name=column, kind="numeric") for column in golden("digits")["numeric"]]
    fired = 0
    for _ in range(10):
        order = rng.permutation(len(rows))
        old, new = rows[order[:500]], rows[order[500:700]]
        shuffled = profiles.build(
            dict(zip(golden("digits")["numeric"], old.T.tolist(), strict=True)), features
        )
        found = columns.score(shuffled, dict(zip(golden("digits")["numeric"], new.T.tolist(), strict=True)))
        fired += len(fired_features(judge(found, Lines())))
    assert fired == 0


@pytest.mark.parametrize(("name", "window"), WINDOWS)
def test_the_domain_classifier_answers_as_the_golden_one(name: str, window: str) -> None:
    old = np.column_stack(list(reference(name).values()))
    new = np.column_stack(list(live(name, window).values()))
    true = golden(name)["domain"][window]["auc"]
    assert domain.auc(old, new) == pytest.approx(true, abs=0.01)


def test_the_domain_classifier_cannot_tell_shuffled_digits_apart() -> None:
    rows = np.column_stack(list(table("digits").values()))
    order = np.random.default_rng(1).permutation(len(rows))
    found = domain.auc(rows[order[:500]], rows[order[500:700]])
    assert found is not None
    assert 0.42 <= found <= 0.56


def test_a_golden_feature_without_change_has_distance_zero() -> None:
    constant = np.zeros(500)
    assert ks.statistic(constant, np.zeros(200)) == 0.0
    assert psi.stability_index(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0.0
