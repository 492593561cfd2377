"""Every verb that reads answers in JSON from a home that tells the demo's story; nothing needs a runner."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fixtures import demo_home

from lineside.console.__main__ import main
from lineside.store.homes import Home

VERBS = {
    "runs ls": {"id", "status", "author"},
    "runs ls --where status:FINISHED": {"id", "status"},
    "models ls": {"model", "number", "aliases", "holdout"},
    "promotions ls": {"id", "state", "requested_by"},
    "alerts ls": {"id", "rule", "state", "title"},
    "alerts ls --open": {"id", "rule", "state"},
    "retrain ls": {"trigger_name", "state", "reason"},
    "drift digits-watch": {"number", "columns_fired", "domain_auc", "value"},
    "drift digits-watch --window 1": {"feature", "statistic", "fired"},
    "jobs ls": {"id", "state", "reason"},
    "data ls": {"name", "number", "rows"},
    "audit ls": {"seq", "verb", "hash"},
    "sql 'select * from runs'": {"id", "status"},
}
"""Verbs that answer with a list, and some keys of each row."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return demo_home.build(Home(tmp_path_factory.mktemp("told") / "home"))


@pytest.fixture
def answer(told: Home, capsys: pytest.CaptureFixture[str]) -> Any:
    """Calls the command line in this process: what it wrote to stdout as JSON, and nothing else."""

    def call(*words: str) -> Any:
        assert main(["--home", str(told.path), *words, "--json"]) == 0, capsys.readouterr().err
        said = capsys.readouterr()
        assert said.err == ""
        return json.loads(said.out)

    return call


@pytest.mark.parametrize(("verb", "keys"), VERBS.items(), ids=VERBS)
def test_a_list_is_an_array_of_objects(answer: Any, verb: str, keys: set[str]) -> None:
    rows = answer(*shlex.split(verb))

    assert rows
    assert all(keys <= set(row) for row in rows)


def test_the_lineage_of_a_version_goes_from_its_data_to_what_it_serves(answer: Any) -> None:
    graph = answer("lineage", "digit-reader@v2")

    assert graph["root"][0] == "model_version"
    assert {node["kind"] for node in graph["nodes"]} >= {
        "dataset_version", "run", "model_version", "deployment", "window", "alert", "retrain",
    }  # fmt: skip


def test_the_packet_of_a_request_holds_its_gates_and_approvals(answer: Any) -> None:
    done, waiting = answer("promotions", "show", "2"), answer("promotions", "show", "3")

    assert (done["request"]["state"], done["approvals"][0]["actor"]) == ("APPLIED", "demo:ben")
    assert (waiting["request"]["state"], waiting["approvals"]) == ("PENDING_MANUAL_APPROVAL", [])
    assert {gate["passed"] for gate in waiting["gates"]} == {True}


def test_the_champion_is_the_version_that_was_approved(answer: Any) -> None:
    assert {row["number"]: row["aliases"] for row in answer("models", "ls")} == {
        3: [],
        2: ["champion"],
        1: [],
    }
    assert answer("models", "show", "digit-reader@champion")["version"]["number"] == 2


def test_the_chain_of_the_told_home_holds(answer: Any) -> None:
    verdict = answer("audit", "verify")

    assert verdict["broken_seq"] is None
    assert verdict["rows"] == len(answer("audit", "ls", "--limit", "1000"))


def test_sql_counts_what_the_lists_show(answer: Any) -> None:
    counts = answer("sql", "select status, count(*) as n from runs group by status")

    assert sum(row["n"] for row in counts) == len(answer("runs", "ls"))


def test_the_program_itself_answers_with_nothing_else_on_stdout(told: Home, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lineside.console", "--home", str(told.path), "runs", "ls", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stderr == ""
    assert json.loads(done.stdout)
