"""From a file to a packaged model through a real runner: added, applied, planned, run, logged."""

import os
import sys
from pathlib import Path

import pytest
from fixtures.packages import digits_folder
from fixtures.runners import RunnerUnderTest

from lineside.jobs.packaging.scoring import Scorer
from lineside.jobs.projects import pipelines, project
from lineside.store import objects
from lineside.store.errors import BadData
from lineside.store.queries import artifacts, datasets, lineage, runs, summaries
from lineside.store.queries.lineage import Node

pytestmark = pytest.mark.integration

TEXT = """\
[pipeline.train.params]
trees = 50

[pipeline.train.stage.network]
cmd = "{python} -P -m lineside.jobs.trainers.network --data {data.digits}"
deps = ["dataset:digits@latest"]
resources = { gpus = -1 }

[pipeline.train.stage.forest]
cmd = "{python} -P -m lineside.jobs.trainers.ensemble --data {data.digits} --trees {trees}"
deps = ["dataset:digits@latest"]
"""


def test_a_file_becomes_two_models_and_the_way_is_kept(runner: RunnerUnderTest, tmp_path: Path) -> None:
    path = digits_folder(tmp_path, last=500) / "all.parquet"
    added = runner.ask("data.add", {"name": "digits", "path": str(path), "target": "digit"})
    assert runner.ask("data.add", {"name": "digits", "path": str(path), "target": "digit"})["new"] is False

    jobs = pipelines.plan(
        project.parse(TEXT), "train", params={}, datasets=datasets.by_name(runner.db), home=runner.home,
        python=sys.executable, folder=tmp_path, env=dict(os.environ),
    )  # fmt: skip
    started = runner.ask("jobs.submit", {"jobs": jobs})["jobs"]

    for job in started:
        ended = runner.wait_for(job["job"], within=120)
        assert ended.state == "SUCCEEDED", runner.log(job["job"])
        assert "hold-out accuracy 0.9" in runner.log(job["job"])
        (run,) = runs.by_ids(runner.db, [job["run"]])
        assert run.status == "FINISHED"
        last = {row.metric: row.last for row in summaries.summaries(runner.db, run.id)}
        assert last["holdout"] is not None
        assert last["holdout"] > 0.93
        (model,) = [a for a in artifacts.artifacts(runner.db, run.id) if a.kind == "model"]
        Scorer(objects.materialise(runner.home, model.digest, tmp_path / f"model{run.id}")).check_golden()
        above = lineage.around(runner.db, Node("run", run.id), down=False)
        assert Node("dataset_version", added["version_id"]) in {node.node for node in above.nodes}


def test_a_refusal_of_the_compute_child_reaches_the_asker_whole(
    runner: RunnerUnderTest, tmp_path: Path
) -> None:
    path = tmp_path / "x.parquet"
    path.write_text("no table")

    with pytest.raises(BadData, match="is not a Parquet file") as caught:
        runner.ask("data.add", {"name": "x", "path": str(path)})

    assert "PAR1" in caught.value.hint
    assert datasets.every(runner.db) == []
