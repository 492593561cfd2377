"""The wall for a screen on a wall: large counts, then only the states that matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineside.console.format import glyph
from lineside.console.text import Line, Span, beside, clip, fit, line_width, safe
from lineside.console.views.grid import padded
from lineside.console.views.jobs import pulse
from lineside.console.widgets.charts.bigtext import big, height, largest, width

if TYPE_CHECKING:
    from lineside.console.reads.needs import Need
    from lineside.console.views.wall.wall import Scene


_LARGE = 100
"""Columns that a line of large letters takes, at least."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One count."""

    number: str
    word: str
    style: str


@dataclass(frozen=True, slots=True)
class Said:
    """One state that matters."""

    mark: str
    words: str
    more: str
    style: str


def draw(scene: "Scene", columns: int, lines: int) -> list[Line]:
    """Everything in exactly `lines` lines."""
    shown = tiles(scene)
    cells = (columns - 2) // len(shown)
    scale = max(1, largest([tile.number for tile in shown], room=(cells - 2, max(3, lines // 3))))
    out = [_top(scene, columns), [], *_tiles(shown, cells, scale)]
    return padded([*out, [], *_states(states(scene), columns, lines - len(out) - 1)], lines)


def tiles(scene: "Scene") -> list[Tile]:
    """The counts, what is wrong first."""
    wall = scene.wall
    firing = sum(1 for need in wall.needs if need.kind == "alert")
    failed = sum(1 for need in wall.needs if need.kind == "failed")
    asked = len(wall.needs) - firing - failed
    busy = sum(1 for gpu in scene.gpus if gpu.util)
    waiting = wall.counts.get("QUEUED", 0)
    out = [
        Tile(str(firing), "◆ firing" if firing else "✓ no alert", "drift" if firing else "ok"),
        Tile(str(failed), "✗ failed" if failed else "✓ none failed", "bad" if failed else "ok"),
        Tile(str(asked), "? ask you" if asked else "✓ none asks", "ask" if asked else "ok"),
        Tile(str(len(wall.working)), "● running", "run" if wall.working else "dim"),
        Tile(str(waiting), "○ waiting", "" if waiting else "dim"),
    ]
    if scene.gpus:
        out.append(Tile(f"{busy}/{len(scene.gpus)}", "█ GPUs busy", "run" if busy else "dim"))
    return out


def states(scene: "Scene") -> list[Said]:
    """What is wrong, what idles, what ends next: nothing that is as it should be."""
    wall, now = scene.wall, scene.wall.at_us
    out = [
        Said(glyph(e.state)[0], f"{safe(e.name)} {e.state}", f"since {pulse.hm(e.state_since_us, now=now)}",
             glyph(e.state)[1])
        for e in (row.endpoint for row in wall.endpoints) if e.state not in ("ok", "new")
    ]  # fmt: skip
    out += [
        Said(
            need.mark[0], _short(need),
            pulse.hm(need.at_us, now=now), need.mark[1],
        )
        for need in wall.needs if need.kind != "alert"
    ]  # fmt: skip
    out += [
        Said("■", f"GPU {gpu.index} idle", f"since {pulse.hm(gpu.idle_since_us, now=now)}", "warn")
        for gpu in scene.gpus if gpu.idle_since_us is not None and gpu.held
    ]  # fmt: skip
    soon = [work for work in wall.working if work.end.at_us is not None]
    out += [
        Said("●", f"{work.job.id} {safe(work.job.name)}", pulse.ends(work, now=now)[0], "run")
        for work in sorted(soon, key=lambda work: work.end.at_us or 0)
    ]
    return out or [Said("✓", "all is well", "", "ok")]


def _short(need: "Need") -> str:
    """`RATIFY bike v5`, `FAILED 58 train fraud`, `PARKED old report`."""
    what = need.model.replace("@", " ") or need.text.partition(":")[0].partition(",")[0]
    return safe(f"{need.word} {what.removeprefix('job ').removeprefix('schedule ')}")


def _top(scene: "Scene", columns: int) -> Line:
    at = pulse.hm(scene.wall.at_us, now=scene.wall.at_us)
    left: Line = [(" lineside", "bold"), ("  esc leaves", "dim")]
    return [*left, (" " * max(1, columns - line_width(left) - len(at) - 1), ""), (at, "bold")]


def _tiles(shown: Sequence[Tile], cells: int, scale: int) -> list[Line]:
    """The counts side by side, the word under each."""
    drawn = [big(tile.number, scale=scale) for tile in shown]
    out: list[Line] = []
    for row in range(height(scale)):
        out.append([(" ", ""), *((fit(each[row], cells), f"bold {tile.style}")
                                 for each, tile in zip(drawn, shown, strict=True))])  # fmt: skip
    words: list[Span] = [(fit(tile.word, cells - 1) + " ", tile.style) for tile in shown]
    return [*out, [], [(" ", ""), *words]]


def _states(found: Sequence[Said], columns: int, lines: int) -> list[Line]:
    """In large letters where they fit; what there is no room for is counted."""
    each = height(1) + 1
    if lines < 2 * each or columns < _LARGE:
        out: list[Line] = [clip([(f" {s.mark} ", s.style), (s.words, f"bold {s.style}"), (f"  {s.more}", "")],
                                columns) for s in found]  # fmt: skip
        return [line for said in out for line in (said, [])][: max(0, lines)]
    side = 2 if columns >= 2 * _LARGE else 1
    rows = max(1, (lines - 1) // each)
    wide = (columns - 2) // side
    shown = [_large(said, wide - 2) for said in found[: rows * side]]
    blocks = [
        [line for block in shown[at : at + rows] for line in block] for at in range(0, len(shown), rows)
    ]
    out = list(blocks[0])
    if len(blocks) > 1:
        right = [*blocks[1], *([[]] * (len(out) - len(blocks[1])))]
        out = beside(out, right, widths=(wide, wide), rule=" ")
    hidden = len(found) - len(shown)
    return [*out, *([[(f" and {hidden} more", "dim")]] if hidden else [])]


def _large(said: Said, room: int) -> list[Line]:
    """Mark, words in large letters, the moment in small ones at the lowest line."""
    tail = len(said.more) + 6
    words = said.words
    while width(words) > room - tail and len(words) > 3:
        words = words[:-1]
    rows = big(words)
    out: list[Line] = [[(f" {said.mark if place == 1 else ' '}  ", f"bold {said.style}"),
                        (text, f"bold {said.style}"),
                        (f"   {said.more}" if place == 1 else "", "bold")]
                       for place, text in enumerate(rows)]  # fmt: skip
    return [*out, []]
