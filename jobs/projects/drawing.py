"""A pipeline as text: a line per stage, the lanes between them as `git log --graph` draws them."""

from collections.abc import Mapping, Sequence

from lineside.jobs.projects.declared import PipelineSpec, StageSpec
from lineside.jobs.projects.freshness import Verdict

_NODE, _LINE = "●", "│"


def show(spec: PipelineSpec, verdicts: Sequence[Verdict] = ()) -> str:
    """The stages in an order in which they can run, each joined to those that wait for it.

    Args:
        verdicts: what would become of the jobs of each stage, if that is known.
    """
    params = ", ".join(f"{name} = {value}" for name, value in spec.params.items())
    graph = lanes(spec)
    left = max(len(lane) for lane, _ in graph)
    named = {each.name: each for each in spec.stages}
    width = max(map(len, named))
    lines = [f"{spec.name}{f'  ({params})' if params else ''}"]
    for lane, name in graph:
        said = "" if name is None else f"{name.ljust(width)}  {_in_words(named[name], verdicts)}"
        lines.append(f"{lane.ljust(left)}  {said}".rstrip())
    return "\n".join(lines)


def lanes(spec: PipelineSpec) -> list[tuple[str, str | None]]:
    """What stands left of each line, and the stage on it; None for a line that only joins or branches."""
    order = [each.name for each in spec.stages]
    users: Mapping[str, list[str]] = {name: [u for u in order if name in spec.needs[u]] for name in order}
    open_: list[str | None] = []  # for each lane the stage it leads to
    lines: list[tuple[str, str | None]] = []
    for name in order:
        arriving = [at for at, target in enumerate(open_) if target == name]
        here = arriving[0] if arriving else _free(open_, 0)
        if arriving[1:]:
            lines.append((_joint(open_, here, arriving[1:], "╯┴"), None))
            for at in arriving[1:]:
                open_[at] = None
        open_[here] = name
        lines.append((_row(open_, {here: _NODE}), name))
        others = users[name][1:]
        open_[here] = users[name][0] if users[name] else None
        opened = []
        for other in others:
            at = _free(open_, here + 1)
            open_[at] = other
            opened.append(at)
        if opened:
            lines.append((_joint(open_, here, opened, "╮┬"), None))
        while open_ and open_[-1] is None:
            open_.pop()
    return lines


def _free(open_: list[str | None], least: int) -> int:
    """The first lane nobody uses, from `least` on; there is one now."""
    at = next((at for at in range(least, len(open_)) if open_[at] is None), len(open_))
    open_.extend([None] * (at + 1 - len(open_)))
    return at


def _row(open_: Sequence[str | None], marks: Mapping[int, str]) -> str:
    cells = (marks.get(at, _LINE if target else " ") for at, target in enumerate(open_))
    return " ".join(cells).rstrip()


def _joint(open_: Sequence[str | None], here: int, ends: Sequence[int], corners: str) -> str:
    """A line from the lane `here` to the lanes `ends`, all right of it, across what lies between."""
    text = ""
    for at, target in enumerate(open_):
        inside = here < at < ends[-1]
        mark = (
            "├" if at == here
            else corners[0] if at == ends[-1]
            else corners[1] if at in ends
            else ("┼" if target else "─") if inside
            else _LINE if target else " "
        )  # fmt: skip
        text += mark + ("─" if here <= at < ends[-1] else " ")
    return text.rstrip()


def _in_words(stage: StageSpec, verdicts: Sequence[Verdict]) -> str:
    resources, cells = stage.resources, stage.cells
    axes = ", ".join(stage.matrix.axes) if stage.matrix else ""
    parts = [
        f"×{len(cells)} ({axes})" if axes else "",
        {-1: "a GPU if there is one", 0: ""}.get(resources.gpus, f"{resources.gpus} GPU"),
        f"{resources.cpus} CPU",
        ", ".join(f"{name}@{selector}" for name, selector in stage.datasets.items()),
        _fate([each for each in verdicts if each.stage == stage.name]),
    ]
    return " · ".join(part for part in parts if part)


def _fate(verdicts: Sequence[Verdict]) -> str:
    """One word for all cells where they agree, and the reason of the first that would run."""
    if not verdicts:
        return ""
    running = [each for each in verdicts if each.state == "run"]
    cached = [each for each in verdicts if each.state == "cached"]
    if len(cached) == len(verdicts):
        return f"cached ({(cached[0].key or '')[:8]})"
    if not running:
        return f"open: {next(each.reason for each in verdicts if each.state == 'open')}"
    some = f" ({len(cached)} of {len(verdicts)} cells cached)" if cached else ""
    return f"would run: {running[0].reason}{some}"
