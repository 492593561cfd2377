"""The demo's lineside.toml: the same file a user would write."""

from lineside.console.demo.tables import Plan

_TEXT = """\
# Written by `lineside demo`: the project that the demo's people work on.

[project]
name = "{name}"

[data.{name}]
path = "{name}.parquet"
target = "{target}"
{time}
[pipeline.train.params]
seed = 0

[pipeline.train.stage.network]
cmd = "{{python}} -P -m lineside.jobs.trainers.network --data {{data.{name}}} {flags} --seed {{seed}}"
deps = ["dataset:{name}@latest"]
resources = {{ gpus = -1, cpus = 1 }}

[pipeline.train.stage.forest]
cmd = "{{python}} -P -m lineside.jobs.trainers.ensemble --data {{data.{name}}} {flags} --seed {{seed}}"
deps = ["dataset:{name}@latest"]
resources = {{ gpus = 0, cpus = 1 }}

[model.{name}]
metric = "holdout"
direction = "{direction}"
margin = {margin}
approvals = 1

[monitor.{name}]
model = "{name}"
alias = "champion"
{window}
idle_close_s = 4.0
min_rows = 50
metric_drop = {drop}

[retrain.{name}]
monitor = "{name}"
pipeline = "train"
stage = "{winner}"
on = ["performance"]
cooldown_windows = 1
min_labels = 50
"""


def text(plan: Plan, *, winner: str = "network") -> str:
    """lineside.toml for `plan`; `winner` is the stage that a retraining runs."""
    excluded = [*([plan.time] if plan.time else []), *plan.exclude]
    flags = f"--target {plan.target}" + (f" --exclude {','.join(excluded)}" if excluded else "")
    window = (
        f"window_rows = {plan.window_rows}" if plan.window_rows else f"window_span_s = {plan.window_span_s}"
    )
    return _TEXT.format(
        name=plan.name,
        target=plan.target,
        time=f'time = "{plan.time}"\n' if plan.time else "",
        flags=flags,
        direction="minimize" if plan.regression else "maximize",
        margin=1.0 if plan.regression else 0.03,
        window=window,
        drop=0.25 if plan.regression else 0.05,
        winner=winner,
    )
