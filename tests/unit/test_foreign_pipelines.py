"""dvc.yaml and MLproject as lineside.toml: what is kept, what is resolved, what is refused and where."""

import sys
from pathlib import Path

import pytest

from lineside.console.__main__ import main
from lineside.jobs.projects.foreign import dvc, mlproject
from lineside.jobs.projects.project import parse
from lineside.store.errors import BadConfig

DVC = """\
vars:
  - extra: {dir: data}
stages:
  prepare:
    cmd: python prep.py ${extra.dir}/raw.csv --split ${prepare.split}
    deps: [prep.py, "${extra.dir}/raw.csv"]
    params: [prepare]
    outs:
      - ${extra.dir}/clean.csv:
          cache: false
  count:
    foreach: [us, eu]
    do:
      cmd: cat ${item}.csv | awk '{print $1}' > out/${item}.csv
      outs: ["out/${item}.csv"]
  train:
    matrix:
      lr: ${train.lrs}
      seed: [0, 1]
    wdir: .
    cmd:
      - python train.py --lr ${item.lr}
      - python eval.py --seed ${item.seed}
    deps: [data/clean.csv]
    outs: ["m/${item.lr}-${item.seed}.pt"]
    metrics: ["m/${item.lr}-${item.seed}.json"]
    always_changed: true
"""
PARAMS = "prepare: {split: 0.2}\ntrain: {lrs: [0.1, 0.01]}\n"
LOCK = "schema: '2.0'\nstages:\n  prepare:\n    cmd: x\n    deps: [{path: prep.py, md5: abc}]\n"

ML = """\
name: tutorial
conda_env: conda.yaml
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      steps: {type: int, default: 3}
    command: "python train.py {alpha} {steps}"
  check:
    command: "python check.py && echo ok"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "dvc.yaml").write_text(DVC)
    (tmp_path / "params.yaml").write_text(PARAMS)
    (tmp_path / "dvc.lock").write_text(LOCK)
    return tmp_path / "dvc.yaml"


def test_a_dvc_pipeline_becomes_the_same_stages_with_its_params_still_adjustable(file: Path) -> None:
    text = dvc.translated(file)

    spec = parse(text, folder=file.parent).pipelines["main"]
    stages = {stage.name: stage for stage in spec.stages}
    assert list(stages) == ["prepare", "count-us", "count-eu", "train"]
    assert stages["prepare"].cmd == "python prep.py data/raw.csv --split {prepare.split}"
    assert (stages["prepare"].params, stages["prepare"].outs) == (("prepare",), ("data/clean.csv",))
    assert spec.params == {"prepare.split": 0.2, "train.lrs": "[0.1, 0.01]"}
    assert stages["count-us"].cmd == "cat us.csv | awk '{{print $1}}' > out/us.csv"
    assert (stages["count-us"].shell, stages["prepare"].shell) == (True, False)
    train = stages["train"]
    assert train.cmd == "python train.py --lr {lr} && python eval.py --seed {seed}"
    assert train.matrix is not None
    assert train.matrix.axes == {"lr": (0.1, 0.01), "seed": (0, 1)}
    assert train.always
    assert spec.needs["train"] == ("prepare",)
    assert "# dvc.lock: prep.py abc" in text


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("${prepare.split}", "${prepare.spilt}", r"line 5: \$\{prepare.spilt\} cannot be resolved"),
        ("${extra.dir}/clean.csv", "${extra}/clean.csv", r"line 9: \$\{extra\} stands for a table"),
        ("always_changed: true", "desk: x", "line 27: 'desk' has no counterpart"),
        ("deps: [data/clean.csv]", "deps: ['s3://b/x']", "line 24: s3://b/x lies elsewhere"),
        ("    do:", "    doo:", "line 13: 'doo' has no counterpart"),
        ("params: [prepare]", "params: [{other.yaml: [a]}]", r"line 7: params of other\.yaml"),
        ("  prepare:\n    cmd:", "  prepare: [\n    cmd:", r"dvc\.yaml: line"),
    ],
)
def test_what_cannot_be_translated_is_refused_by_its_line(file: Path, was: str, now: str, says: str) -> None:
    assert was in DVC
    file.write_text(DVC.replace(was, now, 1))

    with pytest.raises(BadConfig, match=says):
        dvc.translated(file)


def test_each_entry_point_of_an_mlproject_becomes_a_pipeline_with_its_params(tmp_path: Path) -> None:
    path = tmp_path / "MLproject"
    path.write_text(ML)

    text = mlproject.translated(path)

    found = parse(text)
    assert found.name == "tutorial"
    assert found.pipelines["main"].params == {"alpha": 0.5, "steps": 3}
    assert found.pipelines["main"].stages[0].cmd == "python train.py {alpha} {steps}"
    assert found.pipelines["check"].stages[0].shell
    assert '# conda_env: "conda.yaml": not built here' in text


def test_a_parameter_without_a_default_is_left_for_a_person_to_fill_in(tmp_path: Path) -> None:
    path = tmp_path / "MLproject"
    path.write_text(ML.replace("steps: {type: int, default: 3}", "steps: int"))

    text = mlproject.translated(path)

    assert "# steps = …  (int; MLproject has no default: give it a value)" in text
    with pytest.raises(BadConfig, match=r"\{steps\}, which nobody sets"):
        parse(text)


def test_an_import_writes_over_nothing_that_is_there(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = file.parent / "lineside.toml"
    out.write_text("mine")

    assert main(["import", str(file), "--out", str(out)]) == 3
    assert out.read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    assert main(["import", str(file), "--out", str(out), "--force"]) == 0
    assert out.read_text() == dvc.translated(file)
    assert main(["import", str(file)]) == 0
    assert capsys.readouterr().out == dvc.translated(file)
    assert main(["import", str(file.parent / "params.yaml")]) == 2
    assert main(["import", "gone.yaml"]) == 2


def test_without_pyyaml_the_import_says_what_to_install(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(BadConfig) as caught:
        dvc.translated(file)

    assert caught.value.hint == "pip install 'lineside[import]'"
