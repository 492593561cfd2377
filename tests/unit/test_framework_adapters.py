"""Lightning, Transformers and Optuna log into runs; the first two stood in for by their interfaces."""

import importlib
import sqlite3
import sys
from argparse import Namespace
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from fixtures.spools import take_all

import lineside
from lineside.store.homes import Home
from lineside.store.queries import artifacts, runs


@pytest.fixture(autouse=True)
def in_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The SDK of this process writes into the test's home, and forgets it afterwards."""
    monkeypatch.setenv("LINESIDE_HOME", str(home.path))
    monkeypatch.setenv("LINESIDE_SURVEY", "off")
    monkeypatch.setattr(lineside, "_state", lineside._State())
    monkeypatch.setattr(sys, "exit", sys.exit)
    yield
    for run in reversed(list(lineside._state.open)):
        run.finish()


def adapter(monkeypatch: pytest.MonkeyPatch, name: str, **modules: dict[str, Any]) -> Any:
    """The adapter, imported with these modules in the place of its framework."""
    for module, content in modules.items():
        made = ModuleType(module.replace("__", "."))
        made.__dict__.update(content)
        monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.delitem(sys.modules, f"lineside.jobs.adapters.{name}", raising=False)
    found = importlib.import_module(f"lineside.jobs.adapters.{name}")
    monkeypatch.delitem(sys.modules, f"lineside.jobs.adapters.{name}")
    return found


def test_lightning_logs_metrics_params_and_its_best_checkpoint(
    home: Home, db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    found = adapter(
        monkeypatch, "lightning",
        lightning={}, lightning__pytorch={},
        lightning__pytorch__loggers={"Logger": object},
        lightning__pytorch__utilities={"rank_zero_only": lambda call: call},
    )  # fmt: skip
    (tmp_path / "best.ckpt").write_text("w")
    logger = found.LinesideLogger(name="net", experiment="e", checkpoints=True)
    logger.log_hyperparams(Namespace(lr=0.1, net={"depth": 3}))
    logger.log_metrics({"loss": 1.0, "epoch": 0}, step=5)
    logger.after_save_checkpoint(SimpleNamespace(best_model_path=str(tmp_path / "best.ckpt")))
    logger.finalize("failed")
    take_all(db, home)

    assert (logger.name, logger.version) == ("e", runs.get(db, 1).uid)
    assert runs.params(db, 1) == {"lr": "0.1", "net/depth": "3"}
    assert {line.metric: line.last_step for line in runs.summaries(db, 1)} == {"loss": 5, "epoch": 5}
    assert [(file.path, file.kind) for file in artifacts.artifacts(db, 1)] == [("best.ckpt", "checkpoint")]
    assert runs.get(db, 1).status == "FAILED"


def test_transformers_logs_what_its_trainer_says(
    home: Home, db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    found = adapter(monkeypatch, "transformers", transformers={"TrainerCallback": object})
    (tmp_path / "checkpoint-5").mkdir()
    (tmp_path / "checkpoint-5" / "weights").write_text("w")
    args = SimpleNamespace(seed=42, to_sanitized_dict=lambda: {"learning_rate": 0.1})
    state = SimpleNamespace(
        is_world_process_zero=True, global_step=5, best_model_checkpoint=str(tmp_path / "checkpoint-5")
    )
    model = SimpleNamespace(config=SimpleNamespace(to_dict=lambda: {"layers": 2}))
    callback = found.LinesideCallback(checkpoints=True)
    callback.on_train_begin(args, state, None, model=model)
    callback.on_log(args, state, None, logs={"loss": 1.0, "epoch": 0.5})
    callback.on_train_end(args, state, None)
    other = SimpleNamespace(is_world_process_zero=False, global_step=5)
    found.LinesideCallback().on_train_begin(args, other, None)
    lineside.finish()
    take_all(db, home)

    assert runs.context(db, 1)["seed"] == "42"
    assert runs.params(db, 1) == {"learning_rate": "0.1", "model/layers": "2"}
    assert {line.metric: line.last for line in runs.summaries(db, 1)} == {"loss": 1.0, "epoch": 0.5}
    assert [file.kind for file in artifacts.artifacts(db, 1)] == ["checkpoint"]
    assert len(runs.ids(db)) == 1


def test_each_trial_of_a_study_is_a_child_of_its_run(home: Home, db: sqlite3.Connection) -> None:
    optuna = pytest.importorskip("optuna")
    from lineside.jobs.adapters.optuna import LinesideCallback

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", -1, 1)
        trial.report(x, step=3)
        if trial.number == 1:
            raise optuna.TrialPruned
        if trial.number == 2:
            raise ValueError("no")
        return float(x * x)

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(study_name="s")
    study.optimize(objective, n_trials=4, callbacks=[LinesideCallback()], catch=ValueError, n_jobs=2)
    lineside.finish()
    take_all(db, home)

    trials = [run for run in runs.recent(db) if run.name.startswith("trial ")]
    assert sorted((run.name, run.status) for run in trials) == [
        ("trial 0", "FINISHED"), ("trial 1", "FINISHED"), ("trial 2", "FAILED"), ("trial 3", "FINISHED"),
    ]  # fmt: skip
    parents = {row[0] for row in db.execute("select parent_id from run where name like 'trial %'")}
    (parent,) = parents
    assert runs.get(db, parent).name == "s"
    first = next(run.id for run in trials if run.name == "trial 0")
    assert set(runs.params(db, first)) == {"x"}
    said = {line.metric: line.last for line in runs.summaries(db, first)}
    assert said["value"] == study.trials[0].value
    assert said["intermediate"] == study.trials[0].params["x"]
    pruned = next(run.id for run in trials if run.name == "trial 1")
    assert runs.tags(db, pruned)["state"] == "PRUNED"
    assert runs.summaries(db, parent)[0].min == study.best_value
