"""lineside.toml as frozen dataclasses: one per table, their fields are its keys, their defaults its defaults.

Import them from `lineside.jobs.projects.project`, which also reads the text.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Value = str | int | float | bool
"""A pipeline parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """[data.NAME]: a table, and what its columns mean."""

    name: str
    path: str | None = None  # of the file to add, from the project's folder; None: it is added by hand
    target: str | None = None
    time: str | None = None
    tz: str = "UTC"
    exclude: tuple[str, ...] = ()  # columns no model may see


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """resources = { … }: what a stage holds while it runs."""

    gpus: int = 0  # -1: one if the box has any
    gpu_mem_bytes: int | None = None  # of each; neither this nor slots: it wants its GPUs for itself
    gpu_slots: int | None = None  # of each
    prefer: tuple[str, ...] = ()  # UUIDs or indexes of GPUs, the best first
    cpus: int = 1
    mem_bytes: int | None = None  # of the box

    def __post_init__(self) -> None:
        _at_least(self.gpus, -1, "gpus")
        _at_least(self.cpus, 0, "cpus")
        for key in ("gpu_mem", "mem"):
            _positive(getattr(self, f"{key}_bytes"), key)
        _positive(self.gpu_slots, "gpu_slots")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """limits = { … }: when a stage is stopped, and how long it may take to stop."""

    time_s: float | None = None
    grace_s: float = 10.0
    checkpoint: Literal["USR1", "USR2", "INT", "HUP", "CONT"] | None = None  # sent before it is stopped
    preemptible: bool = False  # may be stopped for a more urgent job, and goes on later

    def __post_init__(self) -> None:
        _positive(self.time_s, "time")
        _at_least(self.grace_s, 0, "grace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """retry = { … }: how often a stage is tried again, and after which ends."""

    max: int = 0
    on: tuple[str, ...] = ("lost", "preempted")
    backoff_s: float | None = None  # None: the home's

    def __post_init__(self) -> None:
        _at_least(self.max, 0, "max")
        if self.backoff_s is not None:
            _at_least(self.backoff_s, 0, "backoff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """matrix = { … }: one job for each combination of the values, but for those excluded."""

    axes: Mapping[str, tuple[Value, ...]]
    exclude: tuple[Mapping[str, Value], ...] = ()

    def cells(self) -> list[dict[str, Value]]:
        """The values of each job, the last axis turning fastest."""
        every = itertools.product(*self.axes.values())
        product = (dict(zip(self.axes, values, strict=True)) for values in every)
        return [cell for cell in product if not any(out.items() <= cell.items() for out in self.exclude)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSpec:
    """[pipeline.NAME.stage.STAGE]: one command."""

    name: str
    cmd: str  # split like a shell would, run without one
    needs: tuple[str, ...] = ()  # as written; `PipelineSpec.needs` has the inferred ones too
    deps: tuple[str, ...] = ()  # files, folders, and "dataset:NAME@latest"
    params: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()  # files and folders; {param} is filled in
    metrics: tuple[str, ...] = ()  # JSON files; their numbers become metrics of the run
    env: tuple[str, ...] = ()  # variables whose values decide whether it must run again
    wdir: str = "."  # where it runs, from the project's folder; all its paths start there
    shell: bool = False
    cache: bool | None = None  # None: if it declares what it makes
    always: bool = False  # runs every time; what it makes is noted all the same
    resources: Resources = field(default_factory=Resources)
    limits: Limits = field(default_factory=Limits)
    retry: Retry = field(default_factory=Retry)
    matrix: Matrix | None = None
    watch: tuple[str | Mapping[str, Any], ...] = ()  # rules on live metrics, in words or as tables

    def __post_init__(self) -> None:
        if self.always and self.cache:
            raise ValueError("always = true and cache = true contradict each other")

    @property
    def may_skip(self) -> bool:
        """Whether an earlier result can stand in for running it: nothing vouches for one without outs."""
        asked = bool(self.outs or self.metrics) if self.cache is None else self.cache
        return asked and not self.always

    @property
    def cells(self) -> list[dict[str, Value]]:
        """The params of each of its jobs beside the pipeline's: one empty set without a matrix."""
        return self.matrix.cells() if self.matrix else [{}]

    @property
    def datasets(self) -> dict[str, str]:
        """Dataset name → which version: "latest" or a number."""
        found = {}
        for dep in self.deps:
            if dep.startswith("dataset:"):
                name, _, selector = dep.removeprefix("dataset:").partition("@")
                found[name] = selector or "latest"
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSpec:
    """[pipeline.NAME]: stages, in an order in which they can run, and their parameters."""

    name: str
    params: Mapping[str, Value]
    params_file: str | None = None  # from the project's folder; whoever reads that folder knows its values
    stages: tuple[StageSpec, ...]
    needs: Mapping[str, tuple[str, ...]]  # stage → the stages it waits for


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """[model.NAME]: what a version must show before it may hold an alias, and who must agree."""

    name: str
    metric: str = "holdout"
    direction: Literal["maximize", "minimize"] = "maximize"
    min_holdout: float | None = None
    max_holdout: float | None = None
    beats_champion: bool = True
    margin: float = 0.0  # the 95 % interval of the difference must not reach below -margin
    approvals: int = 1
    author_may_not_approve: bool = False

    def __post_init__(self) -> None:
        _at_least(self.margin, 0, "margin")
        _at_least(self.approvals, 0, "approvals")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSpec:
    """[endpoint.NAME]: a server to look at, ours or foreign."""

    name: str
    url: str
    adapter: str = "prometheus"
    metrics_url: str | None = None  # None: url + "/metrics"
    model: str | None = None
    alias: str | None = None
    period_s: float = 5.0

    def __post_init__(self) -> None:
        _positive(self.period_s, "period")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSpec:
    """[monitor.NAME]: how served rows are cut into windows, and when a window is worth an alert."""

    name: str
    model: str
    alias: str = "champion"
    window_rows: int | None = None  # neither this nor a span: 200 rows
    window_span_s: float | None = None  # of event time
    idle_close_s: float = 30.0
    min_rows: int = 200  # fewer: the window says so and is not judged
    ks_floor: float = 0.1
    p_line: float = 0.01
    domain: bool = True
    domain_line: float = 0.65
    metric_drop: float = 0.05  # absolute for accuracy; for errors, × (1 + drop)
    for_windows: int = 1

    def __post_init__(self) -> None:
        if self.window_rows is not None and self.window_span_s is not None:
            raise ValueError("give window_rows or window_span, not both")
        if self.window_rows is None and self.window_span_s is None:
            object.__setattr__(self, "window_rows", 200)
        if self.window_rows is not None and self.window_rows < self.min_rows:
            object.__setattr__(self, "min_rows", self.window_rows)  # else no window would ever be judged
        _positive(self.window_rows, "window_rows")
        _positive(self.window_span_s, "window_span")
        _at_least(self.for_windows, 1, "for_windows")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainSpec:
    """[retrain.NAME]: which alerts of which monitor start which pipeline."""

    name: str
    monitor: str
    pipeline: str
    stage: str | None = None  # None: the whole pipeline
    on: tuple[str, ...] = ("performance",)
    cooldown_windows: int = 1
    min_labels: int = 100
    recent_holdout: float = 0.5  # of the newest labelled window, kept from training
    alias: str = "champion"

    def __post_init__(self) -> None:
        if not 0 < self.recent_holdout < 1:
            raise ValueError("recent_holdout is a share between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """[schedule.NAME]: what starts which pipeline by itself. One of the first four."""

    name: str
    cron: str | None = None
    every_s: float | None = None
    on_data: str | None = None
    on_push: str | None = None
    pipeline: str
    params: Mapping[str, Value] = field(default_factory=dict)
    tz: str = "UTC"  # of the cron line
    catch_up: Literal["latest", "all", "none"] = "latest"
    overlap: Literal["skip", "queue", "replace"] = "skip"

    def __post_init__(self) -> None:
        given = (self.cron, self.every_s, self.on_data, self.on_push)
        if sum(each is not None for each in given) != 1:
            raise ValueError("give one of cron, every, on_data and on_push")
        _positive(self.every_s, "every")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One lineside.toml; by name within each kind of table."""

    name: str
    data: Mapping[str, DataSpec]
    pipelines: Mapping[str, PipelineSpec]
    models: Mapping[str, ModelSpec]
    endpoints: Mapping[str, EndpointSpec]
    monitors: Mapping[str, MonitorSpec]
    retrains: Mapping[str, RetrainSpec]
    schedules: Mapping[str, ScheduleSpec] = field(default_factory=dict)

    def model(self, name: str) -> ModelSpec:
        """The rules of a model; the defaults where the project says nothing of it."""
        return self.models.get(name) or ModelSpec(name=name)


def _at_least(value: float, least: float, key: str) -> None:
    if not value >= least:
        raise ValueError(f"{key} is at least {least}")


def _positive(value: float | None, key: str) -> None:
    if value is not None and not value > 0:
        raise ValueError(f"{key} is greater than 0")
