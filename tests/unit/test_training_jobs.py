"""Jobs that log through the SDK: what they say is in the store when they end, once, whatever was killed."""

from pathlib import Path

from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.store.db import writer
from lineside.store.queries import artifacts, lineage, params, runs, summaries
from lineside.store.queries.lineage import Node
from lineside.store.series import read

TRAINER = """
import lineside, pathlib, time
with lineside.start_run(params={"lr": 0.1}) as run:
    for step in range(400):
        run.log_metrics({"loss": 1 / (step + 1)}, step=step)
        if step == 150:
            pathlib.Path("half").touch()
            while not pathlib.Path("go").exists(): time.sleep(0.01)
    pathlib.Path("weights.txt").write_text("w")
    run.log_artifact("weights.txt")
"""


def test_a_runner_killed_in_the_middle_of_training_ingests_everything_once(runner: RunnerUnderTest) -> None:
    job = runner.python(TRAINER)
    until(lambda: (runner.work / "half").exists())

    runner.kill()
    (runner.work / "go").touch()
    runner.restart()
    row = runner.wait_for(job)

    assert (row.state, row.attempt) == ("SUCCEEDED", 1)
    assert row.run_id is not None
    assert runs.get(runner.db, row.run_id).status == "FINISHED"
    [loss] = summaries.summaries(runner.db, row.run_id)
    assert (loss.count, loss.last_step, loss.last) == (400, 399, 1 / 400)
    [series] = read(runner.home, runner.db, [row.run_id], ["loss"])
    assert list(series.steps) == list(range(400))


def test_all_a_run_said_is_in_the_store_the_moment_its_job_has_ended(busy_runner: RunnerUnderTest) -> None:
    (busy_runner.work / "go").touch()
    job = busy_runner.python(TRAINER)

    run = busy_runner.wait_for(job).run_id

    assert run is not None
    assert params.params(busy_runner.db, run) == {"lr": "0.1"}
    left = [each.path for each in artifacts.artifacts(busy_runner.db, run)]
    assert left == ["environment/packages.txt", "weights.txt"]


def test_a_job_that_dies_leaves_what_it_logged_and_a_failed_run(busy_runner: RunnerUnderTest) -> None:
    code = "import lineside, os; run = lineside.start_run()\nfor i in range(50): run.log_metric('x', i)\n"
    row = busy_runner.wait_for(busy_runner.python(code + "os.kill(os.getpid(), 9)"))

    assert row.run_id is not None
    run = runs.get(busy_runner.db, row.run_id)
    assert (run.status, run.cause, run.detail) == ("FAILED", "signal", "signal 9")
    assert summaries.summaries(busy_runner.db, row.run_id)[0].count == 50


def test_the_data_a_job_reads_stands_in_its_lineage(runner: RunnerUnderTest) -> None:
    version = _a_dataset(runner.home.db)

    job = runner.submit("true", inputs=[{"name": "digits", "version_id": version}])
    run = runner.wait_for(job).run_id

    graph = lineage.around(runner.db, Node("run", run or 0), down=False)
    assert [(edge.src_kind, edge.relation) for edge in graph.edges] == [("dataset_version", "trained")]


def _a_dataset(path: Path) -> int:
    """One row, as the data verbs would write it."""
    db = writer(path)
    db.execute("insert into dataset (id, name, created_us) values (1, 'digits', 1)")
    db.execute(
        "insert into dataset_version (id, uid, dataset_id, number, digest, rows, bytes, columns, origin,"
        " created_us, created_by) values (7, 'data_1', 1, 1, 'd', 1, 1, '[]', '{}', 1, 'ana')"
    )
    db.close()
    return 7


def test_a_job_that_left_a_large_file_has_ended_only_when_that_is_in_the_store(
    busy_runner: RunnerUnderTest,
) -> None:
    code = (
        "import lineside\nwith lineside.start_run() as run:\n"
        "    with open('big', 'wb') as file: file.truncate(80 << 20)\n    run.log_artifact('big')\n"
    )
    row = busy_runner.wait_for(busy_runner.python(code))

    assert row.state == "SUCCEEDED"
    left = {each.path: each.bytes for each in artifacts.artifacts(busy_runner.db, row.run_id or 0)}
    assert left["big"] == 80 << 20
