"""MLflow doing the shared work: its client straight on its SQLite store, its fastest way to answer."""

import os
import sqlite3
import sys
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", GIT_PYTHON_REFRESH="quiet")

import logging

from fixtures import workload

logging.disable(logging.WARNING)
BEGAN_MS = 1_760_000_000_000

_RUN = """
    insert into runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
                      end_time, source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time)
    values (?, ?, 'UNKNOWN', '', '', 'bench', 'FINISHED', ?, ?, '', 'active', '', 0, null)
"""
_PARAM = "insert into params (key, value, run_uuid) values (?, ?, ?)"
_POINT = "insert into metrics (key, value, timestamp, run_uuid, step, is_nan) values (?, ?, ?, ?, ?, 0)"
_LATEST = (
    "insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid) values (?, ?, ?, 0, 0, ?)"
)
_TAG = "insert into tags (key, value, run_uuid) values (?, ?, ?)"


def main(work: str, folder: Path, runs: int) -> None:
    place = folder / f"mlflow_{'pages' if work == 'fill' else work}{runs or ''}"
    place.mkdir(parents=True, exist_ok=True)
    os.chdir(place)  # it puts its artifact folder where it stands
    {"one": one, "eight": eight, "fill": fill, "pages": pages}[work](place / "mlflow.db", runs)


def stored(path: Path) -> int:
    db = sqlite3.connect(path)
    found: int = db.execute("select count(*) from metrics").fetchone()[0]
    db.close()
    return found


def one(path: Path, _: int) -> None:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{path}")
    mlflow.set_experiment("bench")
    empty = path.stat().st_size
    with mlflow.start_run():
        said = workload.drive(lambda row, step: mlflow.log_metrics(row, step=step), steps=workload.STEPS,
                              metrics=workload.METRICS, cap_s=10)  # fmt: skip
    kept = stored(path)
    size = (path.stat().st_size - empty) / max(kept, 1)
    workload.say(**said, stored=kept, bytes_per_point=size, visible_per_s=kept / said["loop_s"])


def writer(number: int, barrier: Barrier, uri: str) -> dict[str, Any]:
    import mlflow

    mlflow.set_tracking_uri(uri)
    run = mlflow.MlflowClient().create_run("0").info.run_id
    errors = [0]
    barrier.wait()

    def call(row: workload.Values, step: int) -> None:
        try:
            mlflow.log_metrics(row, step=step, run_id=run)
        except mlflow.MlflowException:
            errors[0] += 1

    said = workload.drive(
        call, steps=workload.WRITER_STEPS, metrics=workload.WRITER_METRICS, seed=number, cap_s=15
    )
    return {**said, "errors": errors[0]}


def eight(path: Path, _: int) -> None:
    import mlflow

    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    took, said = workload.together(writer, f"sqlite:///{path}")
    kept = stored(path)
    workload.say(**workload.summed(said), stored=kept, visible_per_s=kept / took)


def fill(path: Path, runs: int) -> None:
    """Into its own schema by SQL: the reads are what is measured."""
    import mlflow

    if (path.parent / "ready").exists():
        return
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    db = sqlite3.connect(path)
    db.execute("pragma synchronous = off")
    for low in range(0, runs, 5_000):
        for number in range(low, min(runs, low + 5_000)):
            uid, at = f"{number:032x}", BEGAN_MS + number
            params, metrics, tags = workload.attributes(number)
            db.execute(_RUN, (uid, f"run{number}", at, at + 5))
            db.executemany(_PARAM, [(key, value, uid) for key, value in params.items()])
            db.executemany(_POINT, [(key, value, at, uid, 0) for key, value in metrics.items()])
            db.executemany(_LATEST, [(key, value, at, uid) for key, value in metrics.items()])
            db.executemany(_TAG, [(key, value, uid) for key, value in tags.items()])
        db.commit()
    for number in range(workload.CURVED_RUNS):
        uid = f"{number:032x}"
        points = ((key, value, BEGAN_MS + step, uid, step) for step in range(workload.CURVE_STEPS)
                  for key, value in workload.curve(step).items())  # fmt: skip
        db.executemany(_POINT, points)
    db.commit()
    db.execute("analyze")
    db.close()
    (path.parent / "ready").touch()


def pages(path: Path, runs: int) -> None:
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{path}")
    asked: dict[str, Any] = {
        "filter_string": "params.model = 'vit'", "order_by": ["metrics.m3 DESC"], "max_results": 50
    }  # fmt: skip
    rows = len(client.search_runs(["0"], **asked))
    page_ms = workload.median_ms(lambda: client.search_runs(["0"], **asked), times=3)
    detail_ms = workload.median_ms(lambda: client.get_run(f"{runs // 2:032x}"))

    def history() -> object:
        return [client.get_metric_history(f"{number:032x}", f"h{key}")
                for number in range(workload.CURVED_RUNS) for key in range(workload.CURVES)]  # fmt: skip

    workload.say(page_ms=page_ms, rows=rows, detail_ms=detail_ms,
                 history_ms=workload.median_ms(history, times=1, cap_s=5))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
