"""The model server as its clients meet it: a real process, real HTTP."""

import asyncio
import dataclasses
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures.packages import PIXELS, digits, tiny_package
from fixtures.rentals import rental_package, rentals
from fixtures.servers import MODEL, RunningServer, running_server
from fixtures.waiting import PATIENCE_S, until

from lineside.jobs.packaging.packages import Package
from lineside.jobs.packaging.scoring import Scorer
from lineside.jobs.serving import replay, tokens
from lineside.jobs.serving.client import talking_to
from lineside.jobs.serving.replay import Client
from lineside.store import spool
from lineside.store.errors import Refused

INFER = f"/v2/models/{MODEL}/infer"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Versions 1 and 2 of a digit reader; 1 is live at the start of every test."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        tiny_package(running.folder / "1")
        tiny_package(running.folder / "2", seed=1, trees=10)
        yield running


@pytest.fixture(autouse=True)
def version_1_is_live(server: RunningServer) -> None:
    server.go_live("1")


def rows(first: int, last: int) -> list[list[float]]:
    columns = digits(first, last)
    return [list(row) for row in zip(*(columns[name] for name in PIXELS), strict=True)]


def question(first: int, last: int, **more: Any) -> dict[str, Any]:
    data = [value for row in rows(first, last) for value in row]
    tensor = {"name": "features", "shape": [last - first, 64], "datatype": "FP32", "data": data}
    return {"inputs": [tensor], **more}


def logged(server: RunningServer) -> list[dict[str, Any]]:
    """The payload log so far."""
    return list(spool.read(server.payloads).requests)


def logged_as(server: RunningServer, id: str) -> dict[str, Any]:
    return until(lambda: next((each for each in logged(server) if each["id"] == id), None))


def metric(server: RunningServer, series: str) -> float:
    lines = server.call("/metrics")[1].splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(series)), 0.0)


def test_it_answers_as_the_package_itself_does(server: RunningServer) -> None:
    columns = digits(300, 310)
    said = Scorer(server.folder / "1").predict(columns)

    status, answer = server.call(INFER, question(300, 310, id="same"))

    assert status == 200
    assert (answer["model_name"], answer["model_version"], answer["id"]) == (MODEL, "1", "same")
    predict, probabilities = answer["outputs"]
    assert (predict["datatype"], predict["shape"], predict["data"]) == ("INT64", [10], said.labels)
    assert said.probabilities is not None
    assert probabilities["data"] == pytest.approx(said.probabilities.ravel().tolist())
    assert probabilities["shape"] == [10, 10]


def test_rows_sent_column_by_column_get_the_same_answer(server: RunningServer) -> None:
    columns = digits(300, 303)
    inputs = [{"name": n, "shape": [3], "datatype": "FP32", "data": columns[n]} for n in PIXELS]

    by_column = server.call(INFER, {"inputs": inputs})[1]["outputs"]

    assert by_column == server.call(INFER, question(300, 303))[1]["outputs"]


def test_every_request_is_in_the_payload_log_with_its_answer(server: RunningServer) -> None:
    parameters = {"ids": ["row-a", "row-b"], "event_time_us": [5, 6]}
    answer = server.call(INFER, question(0, 2, id="logged", parameters=parameters))[1]

    table = logged_as(server, "logged")

    assert (table["ids"], table["event_us"], table["version"]) == (["row-a", "row-b"], [5, 6], "1")
    assert table["prediction"] == answer["outputs"][0]["data"]
    assert table["columns"]["pixel_0_3"] == digits(0, 2)["pixel_0_3"]
    assert len(table["probability"]) == 2


def test_a_request_without_an_id_is_given_one_that_the_log_knows(server: RunningServer) -> None:
    id = server.call(INFER, question(0, 1))[1]["id"]

    assert logged_as(server, id)["ids"] == [id]


def test_a_golden_check_leaves_no_trace(server: RunningServer) -> None:
    before = metric(server, "lineside_payload_records_total")

    assert server.call(INFER, question(0, 1, parameters={"probe": True}))[0] == 200

    assert metric(server, "lineside_payload_records_total") == before


def test_the_metrics_count_what_was_answered(server: RunningServer) -> None:
    good = f'lineside_requests_total{{code="200",model="{MODEL}",version="1"}}'
    bad = f'lineside_requests_total{{code="400",model="{MODEL}",version="1"}}'
    count = f'lineside_request_duration_seconds_count{{model="{MODEL}",version="1"}}'
    before = [metric(server, series) for series in (good, bad, count)]

    for row in range(7):
        server.call(INFER, question(row, row + 1))
    for _ in range(3):
        server.call(INFER, raw=b"{")

    assert [metric(server, series) for series in (good, bad, count)] == [
        before[0] + 7, before[1] + 3, before[2] + 7,
    ]  # fmt: skip
    assert metric(server, f'lineside_live{{model="{MODEL}",version="1"}}') == 1.0


def test_a_wrong_request_is_refused_in_words_and_the_connection_lives_on(server: RunningServer) -> None:
    with Client(server.url, MODEL) as client:
        status, answer = client._ask("POST", INFER, b'{"inputs": []}')
        assert status == 400
        assert "at least one tensor" in answer["error"]
        assert client.infer(digits(0, 1), ids=["after"])
        assert client.tally.retried == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/models/nobody/infer", 404),
        (f"/v2/models/{MODEL}/versions/9/infer", 404),
        (f"/v2/models/{MODEL}/nothing", 404),
    ],
)
def test_what_is_not_there_is_a_404_in_json(server: RunningServer, path: str, status: int) -> None:
    code, answer = server.call(path, question(0, 1))

    assert code == status
    assert answer["error"]


def test_the_protocol_s_questions_are_answered(server: RunningServer) -> None:
    assert server.call("/v2/health/live") == (200, {"live": True})
    assert server.call("/v2/health/ready") == (200, {"ready": True})
    assert server.call("/v2")[1]["name"] == "lineside"
    assert server.call(f"/v2/models/{MODEL}/ready")[0] == 200
    assert server.call(f"/v2/models/{MODEL}/versions/7/ready")[0] == 404
    metadata = server.call(f"/v2/models/{MODEL}")[1]
    assert metadata["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, 64]}]
    assert metadata["parameters"]["features"] == PIXELS
    (index,) = [each for each in server.call("/v2/repository/index", {})[1] if each["reason"] == "live"]
    assert index["version"] == "1"


def test_only_the_token_may_change_versions(server: RunningServer) -> None:
    assert server.call("/admin/route", {"live": "1"}, token="guess")[0] == 401
    assert stat.S_IMODE((server.folder / "token").stat().st_mode) == 0o600


def test_a_package_that_is_not_what_it_says_is_not_loaded(server: RunningServer) -> None:
    folder = tiny_package(server.folder / "3", seed=1, trees=10)
    table = json.loads((folder / "package.json").read_text())
    table["golden"] = json.loads((server.folder / "1" / "package.json").read_text())["golden"]
    (folder / "package.json").write_text(json.dumps(table))

    status, answer = server.call("/admin/load", {"version": "3", "path": str(folder)})

    assert status == 422
    assert "golden answers moved" in answer["error"]
    assert server.call("/admin/route", {"live": "3"})[0] == 409
    assert server.call("/admin/load", {"version": "4", "path": "/etc"})[0] == 400


def test_a_version_can_be_asked_for_by_its_own_path_before_it_is_live(server: RunningServer) -> None:
    body = {"version": "2", "path": str(server.folder / "2")}
    assert server.call("/admin/load", body)[0] == 200

    answer = server.call(f"/v2/models/{MODEL}/versions/2/infer", question(0, 1))[1]

    assert answer["model_version"] == "2"
    assert server.call(INFER, question(0, 1))[1]["model_version"] == "1"


def test_versions_are_swapped_under_load_without_a_failed_request(server: RunningServer) -> None:
    """Each version is loaded, proven and routed to while four clients ask without a pause."""
    stop, tallies = threading.Event(), []
    versions = [str(number) for number in range(11, 23)]
    columns = digits(0, 1)

    def hammer() -> None:
        with Client(server.url, MODEL) as client:
            tallies.append(client.tally)
            while not stop.is_set():
                client.infer(columns, ids=["hammer"])

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for version in versions:
            seen = sum(tally.requests for tally in tallies)
            tiny_package(server.folder / version, seed=int(version) % 2, trees=20 - 10 * (int(version) % 2))
            server.go_live(version)
            until(lambda seen=seen: sum(tally.requests for tally in tallies) > seen + 50)  # type: ignore[misc]
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert [tally.last_error for tally in tallies] == [""] * 4
    assert sum(tally.failed + tally.retried for tally in tallies) == 0
    for version in versions:
        assert sum(tally.versions.get(version, 0) for tally in tallies) > 0


def test_many_rows_go_in_one_request_and_come_back_in_order(server: RunningServer) -> None:
    answer = server.call(INFER, question(0, 1500, id="many"))[1]

    assert answer["outputs"][0]["data"] == Scorer(server.folder / "1").predict(digits(0, 1500)).labels
    until(lambda: sum(len(each["ids"]) for each in logged(server) if each["id"] == "many") == 1500)


def test_a_file_is_replayed_row_by_row_with_ids_that_labels_can_join(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import polars as pl

    table = pl.DataFrame(digits(400, 430)).with_columns(at=pl.Series(range(30)))
    table.write_parquet(tmp_path / "recent.parquet")
    argv = ["--url", server.url, "--model", MODEL, "--data", str(tmp_path / "recent.parquet"),
            "--ids-prefix", "new-", "--batch", "7", "--rate", "3000", "--time", "at"]  # fmt: skip

    assert replay.main(argv) == 0

    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["rows"], last["requests"], last["failed"]) == (30, 5, 0)
    found = logged_as(server, "new-28")
    assert (found["ids"], found["event_us"]) == (["new-28", "new-29"], [28, 29])
    assert "digit" not in found["columns"]


def test_a_replay_to_nobody_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import polars as pl

    pl.DataFrame(digits(0, 2)).write_parquet(tmp_path / "x.parquet")
    argv = ["--url", "http://127.0.0.1:9", "--model", MODEL, "--data", str(tmp_path / "x.parquet")]

    assert replay.main(argv) == 1
    assert "no model server answers" in capsys.readouterr().err


def test_a_port_in_use_is_said_in_words_and_ends_with_1(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        argv = [sys.executable, "-m", "lineside.jobs.serving", "--name", "x", "--folder", str(tmp_path / "f"),
                "--port", str(port), "--payloads", str(tmp_path / "p.sp")]  # fmt: skip
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 is already in use" in done.stderr
    assert not (tmp_path / "p.sp").exists()


def test_a_server_told_to_stop_has_its_payload_log_on_disk(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        assert server.call("/v2/health/ready")[0] == 503
        assert server.call(INFER, question(0, 1))[0] == 503
        tiny_package(server.folder / "1")
        server.go_live("1")
        with Client(server.url, MODEL) as client:
            for row in range(200):
                client.infer(digits(0, 1), ids=[f"r{row}"])
            os.kill(server.process.pid, signal.SIGTERM)
            server.process.wait(timeout=PATIENCE_S)

        assert [each["id"] for each in logged(server)] == [f"r{row}" for row in range(200)]


def test_words_gaps_and_regression_are_served_column_by_column(tmp_path: Path) -> None:
    columns = rentals(60, seed=1)
    with running_server(tmp_path) as server:
        rental_package(server.folder / "1")
        server.go_live("1")
        kinds = {each["name"]: each["datatype"] for each in server.call(f"/v2/models/{MODEL}")[1]["inputs"]}
        asyncio.run(golden_check(server))
        with Client(server.url, MODEL) as client:
            ids = [f"r{row}" for row in range(60)]
            assert client.infer(columns, ids=ids, event_us=7), client.tally.last_error
        table = logged_as(server, "r0")

    said = Scorer(server.folder / "1").predict(columns)
    assert kinds == {"sky": "BYTES", "temp": "FP32"}
    assert table["prediction"] == pytest.approx(said.labels)
    assert table["columns"] == {"sky": columns["sky"], "temp": columns["temp"]}
    assert None in columns["temp"]
    assert (table["probability"], table["event_us"]) == (None, [7] * 60)


async def golden_check(server: RunningServer) -> None:
    """The runner's own questions to version 1."""
    golden = Package.read(server.folder / "1").golden
    async with talking_to(server.url, model=MODEL, token=tokens.ensure(server.folder)) as client:
        assert await client.live_version() == "1"
        await client.check("1", golden)
        with pytest.raises(Refused, match="version 1 answers, not version 2"):
            await client.check("2", golden)
        moved = dataclasses.replace(golden, labels=[float(label) + 1 for label in golden.labels])
        with pytest.raises(Refused, match="moved by"):
            await client.check("1", moved)
