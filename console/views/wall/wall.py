"""The wall: what needs you, GPUs, endpoints, jobs, runs, and what happened since one left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lineside.console.commands import shown
from lineside.console.ports import Me, RunnerState
from lineside.console.reads.needs import Need, of_runner
from lineside.console.reads.walls import Wall
from lineside.console.text import Line, clip, fit, heading, line_width, safe
from lineside.console.views.grid import padded
from lineside.console.views.jobs import pulse
from lineside.console.views.wall import happened, kept, served, work
from lineside.console.views.wall.plan import Rect, Wanted, plan
from lineside.console.widgets.filled import Fill, lines_of
from lineside.console.widgets.tables.rows import Cell
from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The wall and what comes from the runner's memory instead of the store."""

    wall: Wall
    me: Me
    gpus: tuple[Gpu, ...]
    gpu_words: str
    slots: int | None
    curves: Mapping[int, Sequence[float | None]]  # run → its main metric, decimated
    loads: Mapping[str, Sequence[float | None]]  # GPU → percent used, oldest first


def wanted(scene: Scene) -> Wanted:
    """How much there is to show."""
    wall = scene.wall
    return Wanted(
        needs=len(wall.needs), gpus=len(scene.gpus), ends=len(wall.endpoints),
        jobs=len(wall.working) + bool(wall.waiting),
        job_lines=work.lines(scene), since=happened.lines(scene), kept=kept.lines(scene),
    )  # fmt: skip


def fills(scene: Scene) -> Mapping[str, Fill]:
    """What draws each panel but the first, by its name in the plan."""
    makers = {
        "gpus": work.gpus, "ends": served.endpoints, "jobs": work.jobs, "since": happened.since,
        "recent": happened.recent, "kept": kept.panel,
    }  # fmt: skip
    return {name: lambda w, h, make=make: make(scene, w, h) for name, make in makers.items()}  # type: ignore[misc]


# -- what needs you -------------------------------------------------------------------------------

_NEXT: Mapping[str, str] = {"failed": "log", "runner": "why"}


def with_runner(wall: Wall, runner: RunnerState) -> Wall:
    """The wall with what the runner says is wrong with itself, before all that waits for somebody."""
    troubles = of_runner(runner.problems, at=wall.at_us) if runner.up else []
    return replace(wall, needs=(*troubles, *wall.needs)) if troubles else wall


def need_cells(need: Need, me: Me, at: Micros) -> list[Cell]:
    """One row of NEEDS YOU: what, in words, since when, and which key comes next."""
    text = safe(need.text)
    if need.due_us is not None:
        text += f", before {pulse.ahead(need.due_us, now=at)}"
    if me.is_me(need.by) and need.kind == "approve":
        text += " (you: another person decides)"
    when = "now" if need.kind == "runner" else pulse.brief(need.at_us, now=at)
    return [
        (f"{need.mark[0]} {need.word}", need.mark[1]), text, (when, "dim"),
        (f"{shown('enter')} {_NEXT.get(need.kind, 'look')}", "key"),
    ]  # fmt: skip


def in_order(needs: Sequence[Need], me: Me) -> list[Need]:
    """Those that only others can decide come last."""
    return sorted(needs, key=lambda need: need.kind in ("approve", "ratify") and me.is_me(need.by))


# -- the wall as text -----------------------------------------------------------------------------


def draw(scene: Scene, width: int, height: int) -> list[Line]:
    """All panels in exactly `height` lines of at most `width` cells: the wall without a terminal."""
    drawn = fills(scene)
    blocks: list[tuple[Rect, list[Line]]] = []
    for name, rect in plan(width, height, wanted(scene)).items():
        if name == "needs":
            lines = _needs(scene, rect.width, rect.height)
        else:
            lines = [line for line, _ in lines_of(drawn[name](rect.width - 1, rect.height - 1), rect.width,
                                                  rect.height)]  # fmt: skip
        blocks.append((rect, padded(lines, rect.height)))
    return [_across(blocks, y) for y in range(height)]


def _needs(scene: Scene, width: int, height: int) -> list[Line]:
    needs, at = in_order(scene.wall.needs, scene.me), scene.wall.at_us
    out: list[Line] = [heading("NEEDS YOU", width, right=str(len(needs)) if needs else "")]
    if not needs:
        return [*out, [(" ✓ nothing waits for anybody", "ok")]]
    for need in needs[: height - 1]:
        word, text, when, key = need_cells(need, scene.me, at)
        tail: Line = [(" ", ""), _span(when), ("  ", ""), _span(key)]
        room = width - line_width(tail) - 12
        out.append([(f" {fit(_span(word)[0], 11)}", _span(word)[1]), (fit(_span(text)[0], room), ""), *tail])
    return out


def _span(cell: Cell) -> tuple[str, str]:
    return (cell, "") if isinstance(cell, str) else cell


def _across(blocks: Sequence[tuple[Rect, list[Line]]], y: int) -> Line:
    """One line through all panels that stand there."""
    out: list[tuple[str, str]] = []
    for rect, lines in sorted(blocks, key=lambda block: block[0].x):
        if rect.y <= y < rect.y + rect.height:
            out.append((" " * (rect.x - line_width(out)), ""))
            out += clip(lines[y - rect.y], rect.width)
    return out
