"""The wall for a screen on a wall: large counts, then only the states that matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineside.console.format import glyph
from lineside.console.text import Line, Span, beside, clip, fit, line_width, safe
from lineside.console.views.grid import capped, padded
from lineside.console.views.jobs import pulse
from lineside.console.views.wall import happened, served, work
from lineside.console.widgets.charts import gauge
from lineside.console.widgets.charts.bigtext import big, height, largest, width
from lineside.console.widgets.filled import lines_of

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
    share: float | None = None  # how far it is; None: nobody knows


def draw(scene: "Scene", columns: int, lines: int) -> list[Line]:
    """Everything in exactly `lines` lines."""
    shown = tiles(scene)
    cells = (columns - 2) // len(shown)
    scale = max(1, largest([tile.number for tile in shown], room=(cells - 2, max(3, lines // 4))))
    out = [_top(scene, columns), [], *_tiles(shown, cells, scale), []]
    return padded([*out, *_below(scene, columns, lines - len(out))], lines)


_ENDS = 8
"""Lines that the endpoints need below what is wrong."""


def _below(scene: "Scene", columns: int, lines: int) -> list[Line]:
    """What is wrong; beside it, where there is room, what goes on, the GPUs and what happened."""
    bad, good = wrong(scene) or [_WELL], going(scene)
    if columns < 2 * _LARGE or lines < 4 * height(1):
        return _states([*bad, *good], columns, lines)
    half = (columns - 3) // 2
    right = [*_states(good, half, min(lines, len(good) * (height(1) + 2))), *_panels(scene, half, lines)]
    left = _states(bad, half, lines)
    tall = lines - len(left)
    if tall >= _ENDS and scene.wall.endpoints:
        left += [line for line, _ in lines_of(served.endpoints(scene, half - 1, tall - 1), half, tall)]
    return beside(padded(left, lines), padded(right, lines), widths=(half, half), rule="   ")


_LEAST = 3
"""Lines of a panel that says anything."""


def _panels(scene: "Scene", width: int, lines: int) -> list[Line]:
    """The GPUs with what they did, the newest of what happened, runs: in letters of the usual size."""
    fills = [(work.gpus, 1 + 6 * len(scene.gpus))] if scene.gpus else []
    news = (happened.since, 1 + happened.lines(scene))
    out: list[Line] = []
    for fill, tall in (*fills, news, (happened.recent, lines)):
        tall = min(tall, lines - len(out))
        if tall < _LEAST:
            break
        out += [line for line, _ in lines_of(fill(scene, width - 1, max(1, tall - 1)), width, tall)]
        out += [[]] if out else []
    return out


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
        Tile(str(failed), "✗ failed" if failed else "✓ none fails", "bad" if failed else "ok"),
        Tile(str(asked), "? ask you" if asked else "✓ none asks", "ask" if asked else "ok"),
        Tile(str(len(wall.working)), "● running", "run" if wall.working else "dim"),
        Tile(str(waiting), "○ waiting", "" if waiting else "dim"),
    ]
    if scene.gpus:
        out.append(Tile(f"{busy}/{len(scene.gpus)}", "█ GPUs busy", "run" if busy else "dim"))
    return out


_WELL = Said("✓", "all is well", "", "ok")


def states(scene: "Scene") -> list[Said]:
    """What is wrong or idles, then what ends next: nothing that is as it should be."""
    return [*(wrong(scene) or [_WELL]), *going(scene)]


def wrong(scene: "Scene") -> list[Said]:
    """What somebody should look at."""
    wall, now = scene.wall, scene.wall.at_us
    ends = [row.endpoint for row in wall.endpoints if row.endpoint.state not in ("ok", "new", "stopped")]
    out = [
        Said(glyph(e.state)[0], f"{safe(e.name)} {e.state}", f"since {pulse.hm(e.state_since_us, now=now)}",
             glyph(e.state)[1])
        for e in ends
    ]  # fmt: skip
    known = {e.name for e in ends if e.state in _ALARMED}
    told: set[str] = set()
    for need in wall.needs:
        words = _short(need)
        if words in told or (need.kind == "alert" and need.text.partition(":")[0] in known):
            continue
        told.add(words)
        out.append(Said(need.mark[0], words, pulse.hm(need.at_us, now=now), need.mark[1]))
    return out + [
        Said("■", f"GPU {gpu.index} idle", f"since {pulse.hm(gpu.idle_since_us, now=now)}", "warn")
        for gpu in scene.gpus if gpu.idle_since_us is not None and gpu.held
    ]  # fmt: skip


_ALARMED = ("drifted", "poller down", "unparseable", "stale", "mismatch")
"""States of an endpoint that its alert would only say again."""


def going(scene: "Scene") -> list[Said]:
    """What ends next."""
    soon = [each for each in scene.wall.working if each.end.at_us is not None]
    return [
        Said("●", f"{each.job.id} {safe(each.job.name)}", pulse.ends(each, now=scene.wall.at_us)[0], "run",
             each.metric.last_step / each.end.total if each.metric and each.end.total else None)
        for each in sorted(soon, key=lambda each: each.end.at_us or 0)
    ]  # fmt: skip


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
    words: list[Span] = [(fit(tile.word, cells - 1) + " ", f"bold {tile.style}") for tile in shown]
    return [*out, [], [(" ", ""), *words]]


def _states(found: Sequence[Said], columns: int, lines: int) -> list[Line]:
    """In large letters where they fit; what there is no room for is counted."""
    if columns < _LARGE - 2 or lines < 2 * (height(1) + 1):
        return _small(found, columns, lines)
    scale = next((s for s in (3, 2) if len(found) * (height(s) + 2) <= lines
                  and all(_wide(said.words, said, s) <= columns for said in found)), 1)  # fmt: skip
    blocks = [_large(said, columns, scale) for said in found]
    out: list[Line] = []
    for place, block in enumerate(blocks):
        if len(out) + len(block) + (place < len(blocks) - 1) > lines + (not block[-1]):
            return [*out, [(f" and {len(blocks) - place} more", "dim")]]
        out += block
    return out


def _small(found: Sequence[Said], columns: int, lines: int) -> list[Line]:
    """A line each, a blank between while there is room."""
    out: list[Line] = [clip([(f" {s.mark} ", s.style), (s.words, f"bold {s.style}"), (f"  {s.more}", "")],
                            columns) for s in found]  # fmt: skip
    loose = [line for said in out for line in (said, [])][:-1]
    return loose if len(loose) <= lines else capped(out, lines)


_FAILED = "FAILED "
"""The word that its mark says too."""


def _wide(words: str, said: Said, scale: int) -> int:
    """Cells of large letters with the mark before them, and the moment in small letters behind."""
    return 4 + width(words, scale) + 3 + len(said.more)


def _large(said: Said, room: int, scale: int) -> list[Line]:
    """Mark, words in large letters, the moment in small ones; a gauge of how far it is, a blank."""
    words = next(
        (w for w in (said.words, said.words.removeprefix(_FAILED)) if _wide(w, said, scale) <= room), ""
    )
    if not words:
        words = said.words
        return [[(f" {said.mark}  {words}", f"bold {said.style}"), (f"   {said.more}", "bold")], []]
    rows = big(words, scale=scale)
    middle = len(rows) // 2
    out: list[Line] = [[(f" {said.mark if place == middle else ' '}  ", f"bold {said.style}"),
                        (text, f"bold {said.style}"),
                        (f"   {said.more}" if place == middle else "", "bold")]
                       for place, text in enumerate(rows)]  # fmt: skip
    if said.share is not None:
        done = gauge.bar(said.share, width=width(words, scale), style=said.style)
        out.append([("    ", ""), *done, (f"   {gauge.percent(said.share)}", "bold")])
    return [*out, []]
