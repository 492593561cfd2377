"""How the runner is: which of its rounds are late, what it takes, and what `runner status` makes of that."""

import json
import os
import time

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.console.__main__ import main
from lineside.jobs import commands, health
from lineside.jobs.runner import hold
from lineside.store.homes import Home


def stale(age_s: float, *, period_s: float = 1, going_s: float | None = None, words: str = "") -> str | None:
    """What is said of one round, when it is stale."""
    going = {} if going_s is None else {"a": going_s}
    (one,) = health.rounds([("a", period_s, age_s)], going=going, failures={"a": words} if words else {})
    return one.words if one.stale else None


def test_a_round_is_stale_when_it_has_not_ended_well_for_long_and_is_not_at_work() -> None:
    assert stale(14.0) is None
    assert stale(14.0, words="OSError: no") is None  # it failed, and may yet be tried again
    assert stale(19.0, words="OSError: no") == "OSError: no"
    assert stale(19.0) == "it is not called"
    assert stale(60.0, period_s=60.0) is None
    assert stale(60.0, going_s=60.0) is None
    assert stale(600.0, going_s=600.0) == "it hangs"


def test_the_meter_tells_the_share_of_a_core_that_was_used() -> None:
    meter = health.Meter()
    begun = time.process_time()
    while time.process_time() - begun < 0.02:
        pass

    assert 10.0 < meter.cpu_percent() <= 110.0


def test_status_tells_what_the_runner_takes_and_that_all_its_rounds_go(
    busy_runner: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(busy_runner.home.path), "runner", "status"]

    assert main(home) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "of memory" in lines[-2]
    assert "ingest 0." in lines[-1]

    assert main([*home, "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert 10e6 < info["memory_bytes"] < 120e6
    assert {each["name"] for each in info["rounds"]} >= {"queue", "ingest", "watching", "home"}
    assert not any(each["stale"] or each["words"] for each in info["rounds"])


def test_status_names_the_round_that_fails_and_exits_1_once_it_is_stale(
    busy_runner: RunnerUnderTest, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    info = busy_runner.ask("runner.info")
    (first, *others) = info["rounds"]
    for age_s, code in ((2.0, 0), (60.0, 1)):
        failing = {**first, "age_s": age_s, "words": "OSError: no room", "stale": age_s > 18}
        told = {**info, "rounds": [failing, *others]}
        monkeypatch.setattr(commands, "runner_info", lambda home, told=told: told)

        assert main(["--home", str(busy_runner.home.path), "runner", "status"]) == code
        assert f"✗ {first['name']}: OSError: no room" in capsys.readouterr().out


def test_status_tells_a_runner_that_does_not_answer_from_none(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--home", str(home.path), "runner", "status"]
    assert main(asked) == 1
    assert "no runner is up" in capsys.readouterr().out
    lock = hold(home)

    assert main(asked) == 1
    os.close(lock)
    assert "does not answer" in capsys.readouterr().out


def test_an_idle_runner_leaves_alone_what_nothing_can_come_of(busy_runner: RunnerUnderTest) -> None:
    def ages() -> dict[str, float]:
        return {each["name"]: each["age_s"] for each in busy_runner.ask("runner.info")["rounds"]}

    assert until(lambda: ages()["deployments"] > 1.2)  # its period is half a second
    assert ages()["ingest"] < 1.0
