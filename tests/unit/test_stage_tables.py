"""[pipeline.NAME.stage.STAGE]: what its keys mean, and what each mistake in them is told."""

from pathlib import Path
from typing import Any

import pytest

from lineside.jobs.execution.specs import read_all
from lineside.jobs.projects import pipelines
from lineside.jobs.projects.drawing import show
from lineside.jobs.projects.project import parse
from lineside.jobs.projects.writing import inlined
from lineside.store.errors import BadConfig, NotFound, Usage
from lineside.store.homes import Home

TEXT = """\
[pipeline.p.params]
lr = 0.1
size = 3

[pipeline.p.stage.prep]
cmd = "{python} prep.py {size}"
deps = ["raw.csv"]
outs = ["clean.csv"]

[pipeline.p.stage.train]
cmd = "{python} train.py --lr {lr} --seed {seed}"
deps = ["clean.csv"]
outs = ["models/{lr}-{seed}.pt"]
metrics = ["m/{lr}-{seed}.json"]
matrix = { lr = [0.1, 0.01], seed = [0, 1], exclude = [{ lr = 0.01, seed = 1 }] }
resources = { gpus = 1, gpu_mem = "20GiB", prefer = ["0"], cpus = 4, mem = "512MB" }
limits = { time = "2h", checkpoint = "USR1", preemptible = true }
retry = { max = 3, on = ["oom", "lost"], backoff = "30s" }
watch = ["nan(loss) stop", { when = "stall", seconds = 600 }]

[pipeline.p.stage.report]
cmd = "cat models/* > {note}.txt"
shell = true
wdir = "."
deps = ["models"]
outs = ["report.txt"]
matrix = { note = ["it's"] }

[pipeline.p.stage.base]
cmd = "base"
deps = ["clean.csv"]
"""


def plan(text: str = TEXT, folder: Path = Path("/tmp"), **more: Any) -> list[dict[str, Any]]:
    more.setdefault("params", {})
    return pipelines.plan(
        parse(text, folder=folder), "p", datasets={}, home=Home(Path("/home")), python="/py", folder=folder,
        env={}, **more,
    )  # fmt: skip


def names(jobs: list[dict[str, Any]]) -> list[str]:
    return [job["name"] for job in jobs]


def test_a_matrix_becomes_one_job_for_each_cell_and_who_needs_it_waits_for_all() -> None:
    prep, *cells, report, base = read_all(plan())

    assert [cell.name for cell in cells] == ["train[lr=0.1,seed=0]", "train[lr=0.1,seed=1]",
                                             "train[lr=0.01,seed=0]"]  # fmt: skip
    assert [(cell.array, cell.array_index) for cell in cells] == [(1, 0), (1, 1), (1, 2)]
    assert [dict(cell.params) for cell in cells][1] == {"lr": 0.1, "seed": 1}
    assert cells[2].outs == ("/tmp/models/0.01-0.pt", "/tmp/m/0.01-0.json")
    assert [[need.index for need in job.after] for job in (prep, cells[0], report, base)] == [
        [], [0], [1, 2, 3], [0]
    ]  # fmt: skip
    assert report.argv == ("/bin/sh", "-c", """cat models/* > 'it'"'"'s'.txt""")


def test_what_a_stage_asks_for_reaches_the_queue() -> None:
    cell = read_all(plan())[1]

    assert (cell.gpus, cell.gpu_bytes, cell.gpu_prefer) == (1, 20 << 30, ("0",))
    assert (cell.cpus, cell.memory_bytes) == (4, 512_000_000)
    assert (cell.time_limit_s, cell.checkpoint_signal, cell.preemptible) == (7200.0, "USR1", True)
    assert (cell.retry_max, cell.retry_backoff_s) == (3, 30.0)
    assert cell.retry_on == ("oom_cuda", "oom_host", "lost")
    assert [rule["when"] for rule in cell.watch] == ["nan", "stall"]


def test_a_part_of_a_pipeline_can_be_run_alone() -> None:
    assert names(plan(first="train")) == [
        "train[lr=0.1,seed=0]", "train[lr=0.1,seed=1]", "train[lr=0.01,seed=0]", "report[note=it's]"
    ]  # fmt: skip
    assert names(plan(alone="prep")) == ["prep"]
    assert plan(alone="base")[0]["after"] == []
    with pytest.raises(NotFound, match="no stage 'trian'") as caught:
        plan(first="trian")
    assert "train" in caught.value.hint


def test_a_value_given_for_an_axis_is_the_only_one_on_it() -> None:
    assert names(plan(alone="train", params={"seed": "1", "lr": "0.5"})) == ["train[lr=0.5,seed=1]"]
    with pytest.raises(Usage, match="excludes seed = 1"):
        plan(params={"lr": "0.01", "seed": "1"})


def test_a_given_value_that_makes_two_paths_the_same_is_refused() -> None:
    text = '[pipeline.p.params]\na = "x"\nb = "y"\n' + "".join(
        f'[pipeline.p.stage.{name}]\ncmd = "true"\nouts = ["{{{name}}}.txt"]\n' for name in "ab"
    )
    with pytest.raises(BadConfig, match=r"a and b both write /tmp/y\.txt"):
        plan(text, params={"a": "y"})


WRONG = [
    ('outs = ["clean.csv"]', 'outs = ["report.txt"]', "prep and report both write report.txt", "own"),
    ('outs = ["clean.csv"]', 'outs = ["models"]', "prep and train both write models", "own"),
    ("models/{lr}-{seed}.pt", "models/{lr}.pt", "several cells of train write models/0.1.pt", "{lr}{seed}"),
    ('outs = ["clean.csv"]', 'outs = ["{sized}.csv"]', "outs use {sized}, which nobody sets", "mean 'size'"),
    ('outs = ["clean.csv"]', 'outs = ["/etc/x"]', "'/etc/x' is not inside", ""),
    ('outs = ["clean.csv"]', 'outs = ["../x"]', "'../x' is not inside", ""),
    ('outs = ["clean.csv"]', 'outs = ["raw.csv"]', "depends on raw.csv, which it makes itself", ""),
    ('deps = ["raw.csv"]', 'depps = ["raw.csv"]', "line 7: unknown key 'depps'", "mean 'deps'"),
    ('gpu_mem = "20GiB"', 'gpu_mem = "big"', "'gpu_mem' is a size such as", ""),
    ('mem = "512MB"', 'memory = "1MB"', "line 16: unknown key 'memory'", "mean 'mem'"),
    ('"USR1"', '"USR9"', "'checkpoint' is one of", ""),
    ("lr = 0.01, seed = 1 }", "lrr = 0.01 }", "the matrix has no 'lrr'", "mean 'lr'"),
    ("seed = [0, 1]", "seed = 0", "'seed' must be a list of values", "lr = "),
    ("[0.1, 0.01]", "[]", "'lr' must be a list of values", ""),
    ('"nan(loss) stop"', '"nen(loss) stop"', "line 19: ", "nan"),
    ("shell = true", "shell = 1", "'shell' must be true or false", ""),
    ('wdir = "."', 'wdir = "/usr"', "/usr is not a folder of this project", "src"),
    ('deps = ["models"]', "cache = true\nalways = true", "contradict each other", ""),
    ('deps = ["models"]', 'needs = ["bse"]', "no stage 'bse'", "mean 'base'"),
]


@pytest.mark.parametrize(("was", "now", "says", "hint"), WRONG)
def test_a_mistake_in_a_stage_is_told_in_words(was: str, now: str, says: str, hint: str) -> None:
    assert was in TEXT

    with pytest.raises(BadConfig) as caught:
        parse(TEXT.replace(was, now, 1))

    assert says in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("p.toml", "[model]\ndepth = 4\nnames = ['a']\n"),
        ("p.json", '{"model": {"depth": 4, "names": ["a"]}}'),
        ("p.yaml", "model:\n  depth: 4\n  names: [a]\n"),
    ],
)
def test_nested_tables_of_a_params_file_become_dotted_names(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    stage = '[pipeline.p.stage.s]\ncmd = "t {model.depth}"\nparams = ["model"]\n'
    toml = f'[pipeline.p]\nparams = "{file}"\n{stage}'

    [job] = plan(toml, tmp_path, params={"model.depth": "5"})

    assert job["argv"] == ["t", "5"]
    assert job["params"] == {"model.depth": 5, "model.names": '["a"]'}


def test_what_is_applied_has_the_values_of_its_params_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[model]\ndepth = 4\n")
    toml = '[pipeline.p]\nparams = "p.toml"\n[pipeline.p.stage.s]\ncmd = "t {model.depth}"\n'
    assert parse(toml).pipelines["p"].params == {}  # whoever may not read the folder
    with pytest.raises(Usage, match=r"the params of p lie in p\.toml"):
        pipelines.plan(parse(toml), "p", params={}, datasets={}, home=Home(tmp_path), python="p",
                       folder=tmp_path, env={})  # fmt: skip

    whole = inlined(toml, parse(toml, folder=tmp_path), "lineside.toml")

    assert parse(whole).pipelines["p"].params == {"model.depth": 4}


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("gone.toml", None, "cannot read the params file"),
        ("p.ini", "a=1", "no params file ends in '.ini'"),
        ("p.json", "[1]", "is no table of values"),
        ("p.yaml", "a: [", "line 1:"),
        ("p.toml", "python = 1", "'python' cannot be a parameter's name"),
    ],
)
def test_a_params_file_that_cannot_be_used_is_told_in_words(
    tmp_path: Path, file: str, text: str | None, says: str
) -> None:
    if text is not None:
        (tmp_path / file).write_text(text)
    toml = f'[pipeline.p]\nparams = "{file}"\n[pipeline.p.stage.s]\ncmd = "t"\n'

    with pytest.raises(BadConfig, match=says.replace(".", r"\.")):
        parse(toml, folder=tmp_path)


def test_branches_and_joins_are_drawn_and_a_matrix_is_folded() -> None:
    assert show(parse(TEXT).pipelines["p"]).splitlines()[1:] == [
        "●    prep    1 CPU",
        "├─╮",
        "● │  train   ×3 (lr, seed) · 1 GPU · 4 CPU",
        "● │  report  ×1 (note) · 1 CPU",
        "  ●  base    1 CPU",
    ]
