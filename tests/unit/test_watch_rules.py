"""Watch rules: what each fires at, how they are said, and what a wrong one is told."""

import math

import numpy as np
import pytest

from lineside.jobs.execution.specs import JobSpec
from lineside.jobs.watching import words
from lineside.jobs.watching.judging import Finding, Memory, fold, stalled
from lineside.jobs.watching.rules import Rule, with_home
from lineside.store.errors import Usage

NAN, INF = math.nan, math.inf


def fired(rule: str, metric: str, values: list[float], steps: list[int] | None = None) -> Finding | None:
    """The finding of a whole stream."""
    at = np.arange(len(values)) if steps is None else np.array(steps)
    return fold(words.parse(rule), metric, Memory(), at.astype(np.int64), np.array(values, np.float64))[1]


@pytest.mark.parametrize(
    ("values", "step", "said"),
    [
        ([1.0, 2.0], None, ""),
        ([1.0, NAN, NAN], 1, "loss is NaN at step 1"),
        ([1.0, 2.0, INF], 2, "loss is +inf at step 2"),
        ([-INF], 0, "loss is -inf at step 0"),
    ],
)
def test_nan_fires_at_the_first_value_that_is_not_finite(
    values: list[float], step: int | None, said: str
) -> None:
    found = fired("nan(loss)", "loss", values)

    assert (found.step if found else None, found.words if found else "") == (step, said)


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([1.0] * 10, None),
        ([9.0, 5.0, 3.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0], None),  # twice the lowest is not three times
        ([1.0, 1.0, 1.0, 99.0, 1.0, 1.0], None),  # a spike
        ([1.0, 1.0, 1.0, 4.0, 4.0, 4.0], 4),  # the median of three
        ([1.0, 1.0, 1.0, NAN, 4.0, NAN, 4.0], 6),  # what is no number is left out
        ([-5.0, -5.0, -5.0, -1.0, -1.0, 6.0, 6.0, 6.0], 6),  # more than twice its size above the lowest
        ([4.0, 4.0], None),  # no window yet
    ],
)
def test_diverges_fires_when_a_window_lies_far_above_the_lowest(
    values: list[float], step: int | None
) -> None:
    found = fired("diverges(loss) factor=3 window=3", "loss", values)

    assert (found.step if found else None) == step


@pytest.mark.parametrize(
    ("metric", "values", "step"),
    [
        ("val_loss", [5.0, 4.0, 3.0, 2.0, 1.0, 0.5], None),
        ("val_loss", [5.0, 4.0, 4.0, 4.0, 4.0], 4),
        ("val_loss", [5.0, 4.0, 3.95, 3.92, 3.91], 4),  # better, but not by enough
        ("val_loss", [5.0, 4.0, 3.95, 3.92, 3.8], None),  # and then by enough in sum
        ("val_accuracy", [0.1, 0.5, 0.9, 1.5, 2.5], None),  # more is better
        ("val_accuracy", [0.5, 0.5, 0.4, 0.3], 3),
        ("val_loss", [NAN, NAN, NAN, NAN, 4.0], None),  # counts from the first number
        ("val_loss", [4.0, NAN, NAN, NAN], 3),
    ],
)
def test_plateau_fires_when_nothing_is_better_for_so_many_steps(
    metric: str, values: list[float], step: int | None
) -> None:
    found = fired("plateau(val_*) steps=3 min_delta=0.1", metric, values)

    assert (found.step if found else None) == step


def test_a_plateau_counts_steps_and_not_points() -> None:
    assert fired("plateau(val_loss) 500", "val_loss", [1.0, 1.0, 1.0], [0, 499, 500]) is not None
    assert fired("plateau(val_loss) 500", "val_loss", [1.0, 1.0, 1.0], [0, 498, 499]) is None


def test_a_stall_says_how_long_and_after_which_step() -> None:
    rule = words.parse("stall 600")

    assert stalled(rule, 599.9, 3) is None
    assert stalled(rule, 600.0, 1204) == "no step for 600 s after step 1,204"
    assert stalled(rule, 600.0, None) == "no step for 600 s"


def test_capitals_and_folders_in_names_do_not_matter_to_a_glob() -> None:
    rule = words.parse("nan(*loss*)")

    assert [name for name in ("Loss/train", "val_loss", "accuracy") if rule.concerns(name)] == [
        "Loss/train",
        "val_loss",
    ]


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("nan(loss) stop", Rule(when="nan", metric="loss", do="stop")),
        ("NaN( train/* )", Rule(when="nan", metric="train/*")),
        ("diverges(loss)", Rule(when="diverges", metric="loss", factor=3.0, window=50)),
        ("diverges(loss) stop window=9 factor=1.5",
         Rule(when="diverges", metric="loss", factor=1.5, window=9, do="stop")),
        ("plateau(val_loss) steps=500 min_delta=1e-3 checkpoint",
         Rule(when="plateau", metric="val_loss", steps=500, min_delta=0.001, do="checkpoint")),
        ("plateau(a) 5", Rule(when="plateau", metric="a", steps=5)),
        ("stall 600 notify", Rule(when="stall", seconds=600.0)),
        ("stall seconds=0.5 stop", Rule(when="stall", seconds=0.5, do="stop")),
    ],
)  # fmt: skip
def test_a_rule_is_said_in_words_or_as_a_table(said: str, rule: Rule) -> None:
    assert words.parse(said) == rule
    assert Rule.of(words.table(said)) == rule
    if rule.do != "notify":
        assert words.parse(f"{rule.condition} {rule.do}") == rule


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        ("stal 600", "'stal' is no kind of rule\n    stal 600\n    ^^^^", "did you mean 'stall'?"),
        ("stall 6 stopp", "'stopp' means nothing to stall\n    stall 6 stopp\n            ^^^^^", "'stop'"),
        ("diverges(loss) factr=3", "'factr=3' means nothing to diverges", "'factor='"),
        ("diverges(loss) factor=x", "'factor=x' is no number", "factor=NUMBER"),
        ("diverges(loss) factor=1", "factor = 1", "above 1"),
        ("diverges(loss) window=2.5", "window = 2.5", "points"),
        ("diverges(loss) window=9 window=8", "says window again", "once"),
        ("nan", "nan of which metric?", "nan(loss)"),
        ("nan()", "nan of which metric?", "nan(loss)"),
        ("nan(loss stop", "is no rule", "nan(loss) stop"),
        ("nan(loss) 5", "'5' means nothing to nan", "notify"),
        ("stall(loss) 600", "'(loss)' does not belong to stall", "any step"),
        ("stall", "stall needs seconds", "stall 600"),
        ("stall 0", "seconds = 0", "above 0"),
        ("stall inf", "is no number", "stall 600"),
        ("plateau(a)", "plateau needs steps", "steps=500"),
        ("", "is no rule", "nan(loss) stop"),
    ],
)
def test_a_wrong_rule_is_told_which_word_is_wrong(said: str, message: str, hint: str) -> None:
    with pytest.raises(Usage) as caught:
        words.parse(said)

    assert message in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"when": "nan", "metric": "a", "factor": 3}, "unknown key 'factor'"),
        ({"when": "nan", "metric": 5}, "of which metric"),
        ({"when": "never"}, "when = 'never'"),
        ({"when": "stall", "seconds": True}, "is no number"),
        ({"when": "stall", "seconds": 9, "do": "explode"}, "do = 'explode'"),
        ({"when": "nan", "metric": "a", "do": "checkpoint"}, "has no signal for it"),
        (7, "7 is no rule"),
    ],
)
def test_a_job_with_a_wrong_rule_is_refused_when_it_is_submitted(rule: object, message: str) -> None:
    with pytest.raises(Usage, match="watch") as caught:
        JobSpec.of({"argv": ["true"], "watch": [rule]}, at=0)

    assert message in str(caught.value)


def test_a_job_keeps_its_rules_as_tables_however_they_were_said() -> None:
    spec = JobSpec.of({"argv": ["true"], "watch": ["stall 9 stop", {"when": "nan", "metric": "loss"}]}, at=0)

    assert spec.watch == (
        {"when": "stall", "seconds": 9.0, "do": "stop"},
        {"when": "nan", "metric": "loss", "do": "notify"},
    )


def test_the_homes_rules_count_where_a_job_has_none_of_their_kind() -> None:
    home = words.parse_all("nan(*loss*) notify; stall 3600", "test")

    assert with_home([], home) == home
    assert [r.condition for r in with_home([words.parse("nan(loss) stop")], home)] == [
        "nan(loss)",
        "stall 3600",
    ]
    assert words.parse_all(" ", "test") == []
