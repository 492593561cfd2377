"""Reading [pipeline.NAME]: its params, its stages, what waits for what, and every mistake among them."""

import itertools
import os
import shlex
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from lineside.jobs.projects import paramfiles
from lineside.jobs.projects.declared import Limits, Matrix, PipelineSpec, Resources, Retry, StageSpec, Value
from lineside.jobs.projects.tables import Table, fill, named
from lineside.jobs.projects.words import PLACEHOLDER, filled, names_in, overlap, within
from lineside.jobs.watching.rules import Rule
from lineside.jobs.watching.words import table as rule_of
from lineside.store.errors import Usage
from lineside.store.states import Cause
from lineside.store.toml import meant

__all__ = ["PLACEHOLDER", "chosen", "makers", "pipeline"]

_INNER = ("resources", "limits", "retry", "matrix")
_OOM = (Cause.OOM_CUDA, Cause.OOM_HOST)


def pipeline(table: Table, folder: Path | None) -> PipelineSpec:
    """One [pipeline.NAME].

    Args:
        folder: where a params file may be read; without one, what only its values could tell is not checked.

    Raises:
        BadConfig: a mistake, with its line.
    """
    table.only("params", "stage")
    file, params = _params(table, folder)
    tables = named(table, "stage")
    if not tables:
        raise table.wrong(None, "a pipeline needs a stage", hint=f"add [pipeline.{table.name}.stage.train]")
    stages = {t.name: _stage(t) for t in tables}
    closed = file is None or folder is not None
    for each in tables:
        _check_words(each, stages[each.name], params if closed else None)
    made = {name: makers(stage, params) for name, stage in stages.items()}
    _check_outs(tables, stages, made)
    needs = {t.name: _needs(t, stages, made) for t in tables}
    return PipelineSpec(
        name=table.name, params=params, params_file=file, needs=needs,
        stages=tuple(stages[name] for name in _in_order(table, needs)),
    )  # fmt: skip


def chosen(stage: StageSpec, params: Mapping[str, Value]) -> dict[str, Value]:
    """The params that go into a stage: those it names, one by one or a section, and those of its texts."""
    texts = (stage.cmd, *stage.outs, *stage.metrics, *stage.deps)
    used = {*stage.params, *itertools.chain.from_iterable(map(names_in, texts))}
    return {k: v for k, v in params.items() if k in used or any(k.startswith(f"{each}.") for each in used)}


def makers(stage: StageSpec, params: Mapping[str, Value]) -> list[set[str]]:
    """What each cell makes, from the project's folder; what cannot be filled in stays as it is."""
    found = []
    for cell in stage.cells:
        words = {**params, **cell}
        known = [
            filled(out, words) if words.keys() >= set(names_in(out)) else out
            for out in (*stage.outs, *stage.metrics)
        ]
        found.append({within(stage.wdir, out) for out in known})
    return found


def _params(table: Table, folder: Path | None) -> tuple[str | None, dict[str, Value]]:
    """The params file, if there is one, and the values."""
    said = table.values.get("params", {})
    if not isinstance(said, str):
        inner = table.inner("params")
        for key, value in inner.values.items():
            if not isinstance(value, (str, int, float, bool)):
                raise inner.wrong(key, f"parameter {key!r} must be text, a number, true or false")
        _check_names(inner, inner.values)
        return None, dict(inner.values)
    values = {} if folder is None else paramfiles.read(folder / said)
    _check_names(table, values)
    return said, values


def _check_names(table: Table, values: Mapping[str, Value]) -> None:
    for key in values:
        if key == "python" or key.startswith("data.") or not PLACEHOLDER.fullmatch(f"{{{key}}}"):
            raise table.wrong(
                key if key in table.values else "params", f"{key!r} cannot be a parameter's name",
                hint="letters, digits, underscore, dash and dots; not python, nor data.…",
            )  # fmt: skip


def _stage(table: Table) -> StageSpec:
    retry = table.inner("retry")
    causes = {cause.value for cause in Cause} | {"oom"}
    said = fill(Retry, retry)
    for word in said.on:
        if word not in causes:
            raise retry.wrong("on", f"no cause {word!r}", hint=meant(word, causes))
    on = tuple(dict.fromkeys(c for word in said.on for c in (_OOM if word == "oom" else (word,))))
    resources = fill(Resources, table.inner("resources"))
    limits = fill(Limits, table.inner("limits"))
    matrix = _matrix(table.inner("matrix")) if "matrix" in table.values else None
    table.only(*(field.name for field in fields(StageSpec) if field.name != "name"))
    rest = {k: v for k, v in table.values.items() if k not in _INNER}
    return fill(
        StageSpec, replace(table, values=rest), name=table.name,
        resources=resources, limits=limits, retry=replace(said, on=on), matrix=matrix,
    )  # fmt: skip


def _matrix(table: Table) -> Matrix:
    axes = {key: value for key, value in table.values.items() if key != "exclude"}
    for key, values in axes.items():
        if not isinstance(values, list) or not values or any(isinstance(v, (list, dict)) for v in values):
            raise table.wrong(key, f"{key!r} must be a list of values", hint="lr = [0.1, 0.01]")
    if not axes:
        raise table.wrong(None, "a matrix needs a list of values", hint="matrix = { lr = [0.1, 0.01] }")
    _check_names(table, axes)
    exclude = table.values.get("exclude", [])
    if not isinstance(exclude, list) or not all(isinstance(each, dict) for each in exclude):
        raise table.wrong("exclude", "'exclude' must be a list of tables", hint="exclude = [{ lr = 0.1 }]")
    for key in itertools.chain.from_iterable(exclude):
        if key not in axes:
            raise table.wrong("exclude", f"the matrix has no {key!r}", hint=meant(key, set(axes)))
    matrix = Matrix(axes={k: tuple(v) for k, v in axes.items()}, exclude=tuple(exclude))
    if not matrix.cells():
        raise table.wrong("exclude", "all cells of the matrix are excluded")
    return matrix


def _check_words(table: Table, stage: StageSpec, params: Mapping[str, Value] | None) -> None:
    """Every name in the command, the paths and in `params` must mean something."""
    try:
        if not shlex.split(stage.cmd):
            raise table.wrong("cmd", "the command is empty", hint='cmd = "{python} train.py"')
    except ValueError as error:
        raise table.wrong("cmd", f"the command cannot be split into words: {error}") from error
    _check_data(table, stage)
    _check_paths(table, stage)
    _check_watch(table, stage)
    if params is None:  # they lie in a file that only the project's folder has
        return
    axes = stage.matrix.axes if stage.matrix else {}
    known = {*params, *axes}
    paths = {key: getattr(stage, key) for key in ("deps", "outs", "metrics")}
    for key, texts in {"cmd": (stage.cmd,), **paths}.items():
        words = known | ({"python", *(f"data.{name}" for name in stage.datasets)} if key == "cmd" else set())
        for word in itertools.chain.from_iterable(map(names_in, texts)):
            if word not in words:
                what = "the command uses" if key == "cmd" else f"{key} use"
                raise table.wrong(key, f"{what} {{{word}}}, which nobody sets", hint=meant(word, words))
    for name in stage.params:
        if name not in known and not any(each.startswith(f"{name}.") for each in known):
            raise table.wrong("params", f"no parameter {name!r} in this pipeline", hint=meant(name, known))


def _check_data(table: Table, stage: StageSpec) -> None:
    for word in names_in(stage.cmd):
        name = word.removeprefix("data.")
        if name != word and name not in stage.datasets:
            raise table.wrong("cmd", f"the command uses {{{word}}} without depending on it",
                              hint=f'add deps = ["dataset:{name}@latest"]')  # fmt: skip
    for name, selector in stage.datasets.items():
        if not (selector == "latest" or selector.isdigit()):
            raise table.wrong("deps", f"dataset:{name}@{selector}: say @latest or a number")


def _check_paths(table: Table, stage: StageSpec) -> None:
    if os.path.isabs(stage.wdir):
        raise table.wrong("wdir", f"{stage.wdir} is not a folder of this project", hint='wdir = "src"')
    for key in ("outs", "metrics"):
        for path in getattr(stage, key):
            if os.path.isabs(path) or within(stage.wdir, path).split("/")[0] in ("..", "."):
                raise table.wrong(key, f"{path!r} is not inside the project's folder",
                                  hint="a path from the project's folder")  # fmt: skip
    both = next((dep for dep in stage.deps if dep in (*stage.outs, *stage.metrics)), None)
    if both is not None:
        raise table.wrong("deps", f"the stage depends on {both}, which it makes itself",
                          hint="take it out of deps or of outs")  # fmt: skip


def _check_watch(table: Table, stage: StageSpec) -> None:
    try:
        for rule in stage.watch:
            Rule.of(rule_of(rule, "watch"))
    except Usage as error:
        raise table.wrong("watch", str(error), hint=error.hint) from error


def _check_outs(
    tables: list[Table], stages: Mapping[str, StageSpec], made: Mapping[str, list[set[str]]]
) -> None:
    """No two jobs of a pipeline may write the same path, nor one into a folder of another."""
    every = [(table, cell, path) for table in tables for cell, paths in enumerate(made[table.name])
             for path in sorted(paths)]  # fmt: skip
    for (a, cell_a, one), (b, cell_b, other) in itertools.combinations(every, 2):
        if (a.name, cell_a) == (b.name, cell_b) or not overlap(one, other):
            continue
        if a.name == b.name:
            matrix = stages[a.name].matrix
            axes = "".join(f"{{{name}}}" for name in (matrix.axes if matrix else ()))
            raise b.wrong("outs", f"several cells of {a.name} write {one}", hint=f"put {axes} into the path")
        raise b.wrong("outs", f"{a.name} and {b.name} both write {min(one, other, key=len)}",
                      hint="give each a path of its own")  # fmt: skip


def _needs(
    table: Table, stages: Mapping[str, StageSpec], made: Mapping[str, list[set[str]]]
) -> tuple[str, ...]:
    """The stages a stage waits for: those it names, and those whose outs it depends on."""
    stage = stages[table.name]
    for name in stage.needs:
        if name not in stages:
            raise table.wrong("needs", f"no stage {name!r} in this pipeline", hint=meant(name, set(stages)))
    deps = [within(stage.wdir, dep) for dep in stage.deps if not dep.startswith("dataset:")]
    inferred = [
        name
        for dep in deps
        for name, cells in made.items()
        if name != stage.name and any(overlap(dep, out) for paths in cells for out in paths)
    ]
    return tuple(dict.fromkeys((*stage.needs, *inferred)))


def _in_order(table: Table, needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The stages so that each comes after all it needs, otherwise as written.

    Raises:
        BadConfig: some wait for each other in a circle.
    """
    order: list[str] = []
    left = list(needs)
    while left:
        ready = next((name for name in left if set(needs[name]) <= set(order)), None)
        if ready is None:
            circle = _circle(needs, left)
            raise table.inner("stage").inner(circle[0]).wrong(
                None, f"stages wait for each other in a circle: {' → '.join(circle)}",
                hint="take one of these needs away",
            )  # fmt: skip
        left.remove(ready)
        order.append(ready)
    return order


def _circle(needs: Mapping[str, tuple[str, ...]], left: list[str]) -> list[str]:
    """One circle among stages that all wait for another of them."""
    path = [left[0]]
    while path.count(path[-1]) == 1:
        path.append(next(name for name in needs[path[-1]] if name in left))
    return path[path.index(path[-1]) :]
