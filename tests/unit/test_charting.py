"""Curves on the command line: a picture for eyes, the points for scripts."""

import json
import math
import re
import sqlite3
from collections.abc import Callable

import pytest
from fixtures.spools import clock_at, take_all, writing

from lineside.console.__main__ import main
from lineside.console.reads import charts
from lineside.console.reads.charts import Look
from lineside.store import series
from lineside.store.homes import Home

NOON = 1_700_049_600_000_000
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(db: sqlite3.Connection, home: Home, capsys: pytest.CaptureFixture[str]) -> Ask:
    """`lineside runs chart …` in a home of two runs; the first was begun again at step 20."""
    for again, steps in enumerate((range(30), range(20, 40))):
        run = writing(home, "run_a", at_us=NOON, resume=again > 0)
        for step in steps:
            with clock_at(NOON + (step + 10 * again) * 60_000_000):
                run.log_metric("loss", 1.0 if again else 9.0 if step % 2 else 5.0, step=step)
        run.finish()
    other = writing(home, "run_b", at_us=NOON)
    for step, value in enumerate((1.0, math.nan, math.inf, -math.inf)):
        with clock_at(NOON + step * 60_000_000):
            other.log_metrics({"loss": value, "only_b": value}, step=step)
    other.finish()
    take_all(db, home, at=NOON)

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["--home", str(home.path), "runs", "chart", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_a_chart_keeps_to_its_room_and_says_how_it_is_looked_at(ask: Ask) -> None:
    code, out, err = ask(
        "1", "--metric", "loss", "--smooth", "0.9", "--log", "--width", "70", "--height", "9"
    )
    lines = out.splitlines()
    assert (code, err, len(lines)) == (0, "", 9)
    assert max(map(len, lines)) <= 70
    assert "x step · y log · ema 0.9 · branch 2 of 2" in lines[0]
    assert "\x1b" not in out


def test_letters_tell_lines_apart_where_there_is_no_colour(ask: Ask) -> None:
    _, out, _ = ask("1", "2", "--metric", "loss")
    plot = "".join(line.partition("│")[2][:70] for line in out.splitlines())
    assert "a" in plot
    assert "b" in plot
    assert re.search(r"a 1 +1\b", out)


def test_the_axis_reads_as_a_clock_or_as_a_length_of_time(ask: Ask) -> None:
    _, out, _ = ask("1", "--x", "relative")
    assert "x since start" in out
    assert "10 m" in out.splitlines()[-1]
    _, out, _ = ask("1", "--x", "time")
    assert "x time, 15 Nov" in out
    assert ":10" in out.splitlines()[-1]


def test_json_has_every_point_and_tells_nan_and_infinities_apart(ask: Ask) -> None:
    code, out, err = ask("2", "1", "--metric", "loss", "--smooth", "0.5", "--x", "relative", "--json")
    assert (code, err) == (0, "")
    second, first = json.loads(out)
    assert second["values"] == [1.0, "NaN", "Infinity", "-Infinity"]
    assert second["smoothed"] == second["values"]
    assert second["seconds"] == [0.0, 60.0, 120.0, 180.0]
    assert (second["run_id"], second["count"], len(first["steps"])) == (2, 4, 40)
    assert len(json.loads(ask("1", "--json", "--width", "24")[1])[0]["steps"]) <= 40


def test_an_older_branch_is_the_line_before_the_run_went_on(ask: Ask) -> None:
    (old,) = json.loads(ask("1", "--branch", "1", "--json")[1])
    (new,) = json.loads(ask("1", "--json")[1])
    assert (old["steps"][-1], set(old["values"])) == (29, {5.0, 9.0})
    assert (new["steps"][-1], new["values"][20:]) == (39, [1.0] * 20)


def test_what_was_never_logged_is_said_with_what_was(ask: Ask) -> None:
    code, out, err = ask("1", "--metric", "accuracy")
    assert (code, out) == (1, "")
    assert "no metric 'accuracy'" in err
    assert "run 1: loss" in err
    code, out, err = ask("1", "2", "--metric", "only_b")
    assert code == 0
    assert "run 1 logged no only_b" in err
    assert "2 -inf" in out


@pytest.mark.parametrize("words", [("--smooth", "1"), ("--branch", "0"), ("--x", "epoch"), tuple("2" * 8)])
def test_what_makes_no_chart_is_wrong_usage(ask: Ask, words: tuple[str, ...]) -> None:
    assert ask("1", *words)[0] == 2


def test_looks_go_round() -> None:
    look = Look()
    assert charts.AXES == series.AXES
    assert look.along_next().along_next().along_next() == look
    assert look.smoother().smoother().smoother().smoother() == look
    assert [look.older(3).branch, look.older(3).older(3).branch] == [2, 1]
    assert look.older(3).older(3).older(3) == look
    assert look.older(1) == look
