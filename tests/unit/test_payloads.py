"""The payload log: frames that a reader finds again, a queue that never makes a request wait."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineside.jobs.packaging.encoding import Encoder, Feature
from lineside.jobs.packaging.scoring import Predictions
from lineside.jobs.serving import payloads, wire
from lineside.jobs.serving.metrics import Metrics
from lineside.jobs.serving.payloads import MAX_FRAME, PayloadLog, Record, frames
from lineside.store import spool
from lineside.store.clock import Micros

NAMES = ("a", "b")
ENCODER = Encoder(tuple(Feature(name=name, kind="numeric") for name in NAMES))


def record(rows: int = 1, *, id: str = "q", value: Any = 0.5, parameters: Any = None) -> Record:
    tensor = {"name": "t", "shape": [rows, 2], "datatype": "FP32", "data": [value] * rows * 2}
    asked = wire.parse(json.dumps({"inputs": [tensor], "parameters": parameters}).encode(), ENCODER)
    said = Predictions(labels=[7] * rows, probabilities=np.full((rows, 2), 0.5, dtype=np.float32))
    return Record(id, asked, said, "3", Micros(9), NAMES)


def said(record: Record) -> list[dict[str, Any]]:
    """What the spool's own reader finds in the frames of one request."""
    data = b"".join(frames(record))
    found = spool.decode(data, {})
    assert (found.end, found.skipped) == (len(data), 0)
    return list(found.requests)


def test_a_frame_says_all_that_was_asked_and_answered() -> None:
    (table,) = said(record(parameters={"ids": ["m"], "event_time_us": 4}))

    assert table == {
        "id": "q", "ids": ["m"], "at_us": 9, "event_us": [4], "version": "3",
        "columns": {"a": [0.5], "b": [0.5]}, "prediction": [7], "probability": [0.5],
    }  # fmt: skip


def test_numbers_that_json_lacks_are_words() -> None:
    (table,) = said(record(value="NaN"))

    assert table["columns"] == {"a": ["NaN"], "b": ["NaN"]}


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 9000))
def test_a_large_request_is_cut_into_frames_that_hold_every_row_once(rows: int) -> None:
    tables = said(record(rows))

    ids = [id for table in tables for id in table["ids"]]
    assert ids == (["q"] if rows == 1 else [f"q#{row}" for row in range(rows)])
    assert sum(len(table["columns"]["b"]) for table in tables) == rows
    assert sum(len(table["prediction"]) for table in tables) == rows
    assert all(len(frame) <= MAX_FRAME + 8 for frame in frames(record(rows)))


def test_closing_the_log_writes_what_waits(tmp_path: Path) -> None:
    log = PayloadLog(tmp_path / "x.sp", Metrics("m"))
    for number in range(500):
        log.put(record(id=f"r{number}"))
    log.close()

    ids = [table["id"] for table in spool.read(tmp_path / "x.sp").requests]
    assert ids == [f"r{number}" for number in range(500)]


def test_a_full_queue_drops_and_counts_and_never_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, "_GATHER_S", 30.0)  # the writer gathers until it is closed
    metrics = Metrics("m")
    size = len(b"".join(frames(record())))
    log = PayloadLog(tmp_path / "x.sp", metrics, capacity=10 * size)
    for _ in range(25):
        log.put(record())
    log.close()

    assert len(spool.read(tmp_path / "x.sp").requests) == 10
    assert b'lineside_payload_dropped_total{model="m"} 15.0' in metrics.page()


def test_a_disk_that_refuses_costs_payloads_and_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    metrics = Metrics("m")
    log = PayloadLog(tmp_path / "x.sp", metrics)
    with monkeypatch.context() as patched:
        patched.setattr(payloads, "_append", full)
        log.put(record())
        log.close()

    assert b'lineside_payload_dropped_total{model="m"} 1.0' in metrics.page()


def test_a_log_that_exists_is_continued(tmp_path: Path) -> None:
    for id in ("first", "second"):
        log = PayloadLog(tmp_path / "x.sp", Metrics("m"))
        log.put(record(id=id))
        log.close()

    assert [table["id"] for table in spool.read(tmp_path / "x.sp").requests] == ["first", "second"]


def test_a_frame_torn_by_a_kill_hides_nothing_behind_it(tmp_path: Path) -> None:
    whole = b"".join(frames(record(id="before")))
    (tmp_path / "x.sp").write_bytes(whole + whole[:-7])

    log = PayloadLog(tmp_path / "x.sp", Metrics("m"))
    log.put(record(id="after"))
    log.close()

    assert [table["id"] for table in spool.read(tmp_path / "x.sp").requests] == ["before", "after"]
