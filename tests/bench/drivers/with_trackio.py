"""trackio doing the shared work: its own client and its own reading functions on its SQLite store."""

import json
import os
import sqlite3
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
_FOLDER = (
    Path(sys.argv[2]) / f"trackio_{'pages' if sys.argv[1] == 'fill' else sys.argv[1]}{int(sys.argv[3]) or ''}"
)
os.environ.setdefault("TRACKIO_DIR", str(_FOLDER))

from fixtures import workload  # noqa: E402 - the folder must be said before trackio is imported

_POINTS = """
    select coalesce(sum((select count(*) from json_each(m.metrics) j where typeof(j.value) <> 'null')), 0)
      from (select cast(metrics as text) metrics from metrics) m
"""
_METRICS = "insert into metrics (timestamp, run_id, run_name, step, metrics) values (?, ?, ?, ?, ?)"
_CONFIG = "insert into configs (run_id, run_name, config, created_at) values (?, ?, ?, ?)"
_PAGE = """
    select c.run_name, json_extract(cast(m.metrics as text), '$.m3') v
      from configs c join metrics m on m.run_id = c.run_id and m.step = 0
     where json_extract(cast(c.config as text), '$.model') = 'vit'
     order by v desc limit 50
"""


def begun(project: str, name: str) -> Any:
    import trackio

    return trackio.init(project=project, name=name, embed=False, auto_log_gpu=False, auto_log_cpu=False)


def stored(project: str) -> int:
    from trackio.sqlite_storage import SQLiteStorage

    db = sqlite3.connect(SQLiteStorage.get_project_db_path(project))
    found: int = db.execute(_POINTS).fetchone()[0]
    db.close()
    return found


def one(_: int) -> None:
    import trackio

    begun("one", "run")
    begin = time.perf_counter()
    said = workload.drive(lambda row, step: trackio.log(row, step=step), steps=workload.STEPS,
                          metrics=workload.METRICS, cap_s=60)  # fmt: skip
    trackio.finish()
    took = time.perf_counter() - begin
    kept = stored("one")
    size = sum(path.stat().st_size for path in _FOLDER.rglob("*") if path.is_file())
    workload.say(**said, stored=kept, bytes_per_point=size / max(kept, 1), visible_per_s=kept / took)


def writer(number: int, barrier: Barrier) -> dict[str, Any]:
    import trackio

    begun("eight", f"writer{number}")
    barrier.wait()
    said = workload.drive(lambda row, step: trackio.log(row, step=step), steps=workload.WRITER_STEPS,
                          metrics=workload.WRITER_METRICS, seed=number, cap_s=60)  # fmt: skip
    trackio.finish()
    return said


def eight(_: int) -> None:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    took, said = workload.together(writer)
    kept = stored("eight")
    workload.say(**workload.summed(said), stored=kept, visible_per_s=kept / took)


def fill(runs: int) -> None:
    """Into its own schema by SQL: the reads are what is measured."""
    from trackio.sqlite_storage import SQLiteStorage

    if (_FOLDER / "ready").exists():
        return
    db = sqlite3.connect(SQLiteStorage.init_db("pages"))
    db.execute("pragma synchronous = off")
    for number in range(runs):
        params, metrics, tags = workload.attributes(number)
        uid, at = f"{number:032x}", f"2026-01-01T00:00:{number % 60:02}.{number:06}+00:00"
        config = {**params, **tags, "_Username": "bench", "_Created": at, "_Group": None}
        db.execute(_METRICS, (at, uid, f"run{number}", 0, json.dumps(metrics).encode()))
        db.execute(_CONFIG, (uid, f"run{number}", json.dumps(config).encode(), at))
    for number in range(workload.CURVED_RUNS):
        rows = ((f"2026-01-02T{step // 3600:02}:{step // 60 % 60:02}:{step % 60:02}+00:00", f"{number:032x}",
                 f"run{number}", step + 1, json.dumps(workload.curve(step)).encode())
                for step in range(workload.CURVE_STEPS))  # fmt: skip
        db.executemany(_METRICS, rows)
    db.commit()
    db.close()
    (_FOLDER / "ready").touch()


def pages(runs: int) -> None:
    from trackio import server, sqlite_storage

    rows = len(server.query_project("pages", _PAGE)["rows"])
    page_ms = workload.median_ms(lambda: server.query_project("pages", _PAGE), times=3)
    middle = runs // 2
    detail_ms = workload.median_ms(
        lambda: server.get_run_summary("pages", f"run{middle}", f"{middle:032x}"), times=3
    )
    asked = [{"run": f"run{number}", "run_id": f"{number:032x}"} for number in range(workload.CURVED_RUNS)]

    def history() -> object:
        sqlite_storage._LOGS_READ_CACHE.clear()
        return sqlite_storage.SQLiteStorage.get_logs_batch("pages", asked, max_points=None)

    workload.say(
        page_ms=page_ms, rows=rows, detail_ms=detail_ms, history_ms=workload.median_ms(history, times=3)
    )


if __name__ == "__main__":
    {"one": one, "eight": eight, "fill": fill, "pages": pages}[sys.argv[1]](int(sys.argv[3]))
