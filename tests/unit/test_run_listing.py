"""`lineside runs ls` and `show`: columns that were asked for, groups, families."""

import json
import math
import sqlite3
from typing import Any

import pytest
from fixtures.spools import take_all, writing

from lineside.console.__main__ import main
from lineside.store.homes import Home


@pytest.fixture
def sweep(db: sqlite3.Connection, home: Home) -> Home:
    """A sweep of two trials, one of which broke."""
    writing(home, "run_a", name="sweep").finish()
    for number, losses in enumerate(((0.5, 0.25), (0.75, math.nan))):
        trial = writing(home, f"run_t{number}", name=f"trial {number}", parent="run_a")
        trial.log_params({"lr": 10**-number})
        for step, loss in enumerate(losses):
            trial.log_metrics({"loss": loss, "acc": math.inf if step and number else 1 - loss}, step=step)
        trial.finish("FAILED" if number else "FINISHED")
    take_all(db, home)
    return home


@pytest.fixture
def said(sweep: Home, capsys: pytest.CaptureFixture[str]) -> Any:
    def say(*words: str) -> str:
        assert main(["--home", str(sweep.path), "runs", *words]) == 0
        return capsys.readouterr().out

    return say


def test_columns_take_the_place_of_the_usual_ones(said: Any) -> None:
    head, _, first, sweep = said(
        "ls", "--columns", "acc@best(loss),min(loss),lr", "--columns", "parent"
    ).splitlines()
    assert head.split() == ["run", "status", "name", "acc@best(loss)", "min(loss)", "lr", "parent"]
    assert first.split() == ["2", "FINISHED", "trial", "0", "0.75", "0.25", "1", "1"]
    assert sweep.split() == ["1", "FINISHED", "sweep", "–", "–", "–", "–"]


def test_cells_are_json_with_what_is_no_number_as_words(said: Any) -> None:
    found = json.loads(said("ls", "--columns", "loss,acc,acc@best(loss),lr", "--json"))
    assert [(run["id"], run["parent_id"], run["children"]) for run in found] == [
        (3, 1, 0),
        (2, 1, 0),
        (1, None, 2),
    ]
    assert found[0]["cells"] == {"loss": "NaN", "acc": "Infinity", "acc@best(loss)": 0.25, "lr": "0.1"}
    assert found[2]["cells"] == {"loss": None, "acc": None, "acc@best(loss)": None, "lr": None}


def test_the_usual_list_says_who_belongs_to_whom(said: Any) -> None:
    head, *lines = said("ls").splitlines()
    assert head.split()[5:7] == ["parent", "children"]
    assert len(lines) == 3
    assert "parent" not in said("ls", "--where", "parent:none children<1 or nothing-like-it")


def test_a_list_is_sorted_by_a_value_at_the_best_step(said: Any) -> None:
    found = json.loads(said("ls", "--sort", "-acc@best(loss)", "--limit", "2", "--json"))
    assert [run["id"] for run in found] == [2, 3]


def test_groups_are_one_line_each_and_say_how_to_open_them(
    said: Any, sweep: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    head, first, second = said("ls", "--group", "parent", "--metric", "loss").splitlines()
    assert head.split() == [
        "parent",
        "runs",
        "running",
        "failed",
        "best",
        "median",
        "worst",
        "best",
        "run",
        "newest",
    ]
    assert first.split()[:9] == ["1", "sweep", "2", "0", "1", "0.25", "0.5", "0.75", "2"]
    assert second.split()[:2] == ["–", "1"]
    found = json.loads(said("ls", "--group", "parent", "--metric", "loss", "--json"))
    assert [group["where"] for group in found] == ["parent:1", "parent:none"]
    assert main(["--home", str(sweep.path), "runs", "ls", "--group", "lr", "--limit", "1"]) == 0
    assert (
        "3 groups of 3 runs, the first 1 shown; best, median and worst are of min(loss)"
        in capsys.readouterr().err
    )


def test_a_run_shows_its_parent_and_its_children(said: Any) -> None:
    assert "  child   run 2 trial 0  FINISHED\n  child   run 3 trial 1  FAILED\n" in said("show", "1")
    assert "  parent  run 1 sweep  FINISHED\n" in said("show", "3")
    told = json.loads(said("show", "1", "--json"))
    assert (told["parent"], [child["id"] for child in told["children"]]) == (None, [2, 3])
    assert json.loads(said("show", "2", "--json"))["parent"]["id"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--metric", "loss"), "--metric goes with --group"),
        (("--group", "lr", "--columns", "lr"), "give one of them"),
        (("--columns", "lrr"), "no column 'lrr'"),
        (("--group", "loss"), "cannot be grouped by 'loss'"),
        (("--where", "acc@best(loss)>0.5"), "not filtered by"),
    ],
)
def test_what_cannot_be_listed_is_wrong_usage(
    sweep: Home, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert main(["--home", str(sweep.path), "runs", "ls", *words]) == 2
    assert message in capsys.readouterr().err
