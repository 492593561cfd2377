"""Tracking under a real runner: jobs, spools, kills."""

from pathlib import Path

from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.store import objects
from lineside.store.queries import runs

TRAIN = """
import lineside, os, time
lineside.log_params({"lr": 0.1})
step = 0
while not os.path.exists("go"):
    lineside.log_metrics({"loss": 1.0 / (step + 1), "step": step}, step=step)
    step += 1
    time.sleep(0.001)
with open("weights", "w") as file:
    file.write("w")
lineside.log_model("weights")
print(step, flush=True)
"""


def test_points_of_a_job_are_seen_while_it_runs_and_all_when_it_ends(
    busy_runner: RunnerUnderTest,
) -> None:
    job = busy_runner.python(TRAIN, name="net", cwd=str(busy_runner.work))
    run = busy_runner.job(job).run_id
    assert run is not None
    until(lambda: runs.summaries(busy_runner.db, run))
    assert runs.get(busy_runner.db, run).status == "RUNNING"

    (busy_runner.work / "go").touch()
    row = busy_runner.wait_for(job)

    assert row.state == "SUCCEEDED"
    steps = int(busy_runner.log(job).split()[-1])
    assert [line.count for line in runs.summaries(busy_runner.db, run)] == [steps, steps]
    assert runs.params(busy_runner.db, run) == {"lr": "0.1"}
    model = next(file for file in runs.artifacts(busy_runner.db, run) if file.kind == "model")
    assert objects.path_of(busy_runner.home, model.digest).read_text() == "w"
    assert runs.get(busy_runner.db, run).status == "FINISHED"


def test_a_runner_killed_in_training_ingests_everything_and_nothing_twice(runner: RunnerUnderTest) -> None:
    job = runner.python(TRAIN, name="net")
    run = runner.job(job).run_id
    assert run is not None
    for _ in range(3):
        seen = sum(line.count for line in runs.summaries(runner.db, run))
        until(lambda seen=seen: sum(line.count for line in runs.summaries(runner.db, run)) > seen)  # type: ignore[misc]
        runner.kill()
        runner.restart()
    Path(runner.work, "go").touch()
    assert runner.wait_for(job).state == "SUCCEEDED"
    steps = int(runner.log(job).split()[-1])
    lines = runs.summaries(runner.db, run)
    assert [(line.count, line.last_step) for line in lines] == [(steps, steps - 1)] * 2
    assert runner.job(job).attempt == 1


def test_a_killed_trainer_keeps_its_points_and_its_run_says_signal_9(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.python(
        "import lineside, os, signal\n"
        "for step in range(1000): lineside.log_metrics({'loss': 1.0}, step=step)\n"
        "os.kill(os.getpid(), signal.SIGKILL)",
    )
    row = busy_runner.wait_for(job)
    assert row.run_id is not None
    run = runs.get(busy_runner.db, row.run_id)
    assert (run.status, run.cause, run.detail) == ("FAILED", "signal", "signal 9")
    assert runs.summaries(busy_runner.db, row.run_id)[0].count == 1000
    assert row.run_id in runs.ids(busy_runner.db, "status:crashed")


def test_a_tag_goes_through_the_runners_socket(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.python("import lineside; lineside.log_metric('a', 1)")
    run = busy_runner.wait_for(job).run_id
    told = busy_runner.ask("runs.tag", {"run": run, "tags": {"base": "yes"}})
    assert told == {"run": run, "tags": {"base": "yes"}}
    assert run in runs.ids(busy_runner.db, "base:yes")
