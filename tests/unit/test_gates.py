"""Gates: what passes, what does not, and which numbers they show."""

import pytest

from lineside.jobs.projects.declared import ModelSpec
from lineside.jobs.promotion import gates
from lineside.jobs.promotion.gates import Duel, Evidence, Measured
from lineside.store.clock import Micros
from lineside.store.queries.evidence import GateRow

HELD = Measured(value=0.96, low=0.92, high=0.98, n=100)


def evidence(**other: object) -> Evidence:
    facts = {"broken": (), "golden": "", "metric": "accuracy", "holdout": HELD, "duel": None}
    return Evidence(**(facts | other))  # type: ignore[arg-type]


def duel(low: float, gain: float = 0.09, high: float = 0.14) -> Duel:
    return Duel(candidate=0.92, champion=0.83, gain=gain, low=low, high=high, n=100, kind="paired")


def judged(found: Evidence, spec: ModelSpec, *, champion: str | None = None) -> dict[str, GateRow]:
    return {gate.gate: gate for gate in gates.judge(found, spec, champion=champion, at=Micros(1))}


def test_a_first_version_only_needs_its_bytes_its_answers_and_its_floor() -> None:
    found = judged(evidence(), ModelSpec(name="digits", min_holdout=0.9))

    assert {name: gate.passed for name, gate in found.items()} == {
        "bytes": True, "golden": True, "min_holdout": True, "beats_champion": True,
    }  # fmt: skip
    assert found["min_holdout"].observed == "0.960 [0.920, 0.980]"
    assert found["min_holdout"].required == "accuracy at least 0.900"
    assert found["min_holdout"].rows == 100
    assert found["beats_champion"].observed == "nobody holds the alias yet"


@pytest.mark.parametrize(("limit", "passes"), [(0.95, True), (0.96, True), (0.97, False)])
def test_a_floor_lets_its_own_value_pass(limit: float, passes: bool) -> None:
    assert judged(evidence(), ModelSpec(name="d", min_holdout=limit))["min_holdout"].passed is passes


def test_a_ceiling_holds_errors_down() -> None:
    spec = ModelSpec(name="bikes", direction="minimize", max_holdout=30.0)
    high = evidence(metric="mae", holdout=Measured(value=36.47, low=33.0, high=40.0, n=90))

    gate = judged(high, spec)["max_holdout"]

    assert (gate.passed, gate.observed, gate.required) == (False, "36.47 [33.00, 40.00]", "mae at most 30.00")


@pytest.mark.parametrize(
    ("low", "margin", "passes"),
    [(0.04, 0.0, True), (0.0, 0.0, True), (-0.01, 0.0, False), (-0.01, 0.02, True), (-0.03, 0.02, False)],
)
def test_the_interval_of_the_gain_decides_not_its_middle(low: float, margin: float, passes: bool) -> None:
    spec = ModelSpec(name="digits", margin=margin)

    gate = judged(evidence(duel=duel(low)), spec, champion="digits@v1")["beats_champion"]

    assert gate.passed is passes
    assert gate.rows == 100


def test_a_comparison_shows_both_values_the_gain_and_its_interval() -> None:
    gate = judged(evidence(duel=duel(0.04)), ModelSpec(name="d"), champion="d@v1")["beats_champion"]

    assert gate.observed == "0.920 against d@v1 0.830: +0.090 [+0.040, +0.140], paired"
    assert gate.required == "gain over the holder at least +0.000, with 95 % confidence"


def test_what_cannot_be_compared_does_not_pass() -> None:
    found = judged(
        evidence(fault="accuracy cannot be compared with mae"), ModelSpec(name="d"), champion="d@v1"
    )

    assert not found["beats_champion"].passed
    assert found["beats_champion"].observed == "accuracy cannot be compared with mae"


def test_a_model_that_need_not_beat_anyone_is_not_compared() -> None:
    assert "beats_champion" not in judged(
        evidence(), ModelSpec(name="d", beats_champion=False), champion="d@v1"
    )


def test_changed_bytes_and_moved_answers_fail_by_name() -> None:
    found = judged(evidence(broken=("artifact",), golden="golden answers moved by 0.2"), ModelSpec(name="d"))

    assert (found["bytes"].passed, found["bytes"].observed) == (False, "changed: artifact")
    assert (found["golden"].passed, found["golden"].observed) == (False, "golden answers moved by 0.2")


def test_hold_outs_of_different_rows_give_a_wider_interval() -> None:
    other = Measured(value=0.90, low=0.84, high=0.96, n=80)

    found = gates.own_holdouts(HELD, other, metric="accuracy", higher=True)

    assert found.gain == pytest.approx(0.06)
    assert found.high - found.low > (HELD.high - HELD.low)
    assert (found.n, found.kind) == (80, "own hold-outs")


def test_a_smaller_error_is_a_gain() -> None:
    before, after = Measured(value=40.0, low=36, high=44, n=90), Measured(value=30.0, low=27, high=33, n=90)

    assert gates.own_holdouts(after, before, metric="mae", higher=True).gain == 10.0
    assert gates.own_holdouts(after, before, metric="home-made", higher=False).gain == 10.0
