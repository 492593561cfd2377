"""What the home keeps, on the wall: models by version with who holds an alias, and data with its rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineside.console.format import bar, count, number
from lineside.console.reads.kept import Kept
from lineside.console.text import Line, clip, fit, flush, safe, width_of
from lineside.console.views.jobs import pulse
from lineside.console.widgets.filled import Filled, Row

if TYPE_CHECKING:
    from lineside.console.views.wall.wall import Scene

_LIVES = {"model": "models", "data": "data"}
_BAR = 40


def lines(scene: "Scene") -> int:
    """How many lines all of it takes."""
    rows = scene.wall.kept
    kinds = {row.kind for row in rows}
    return len(rows) + (2 if len(kinds) > 1 else 0)


def panel(scene: "Scene", width: int, height: int) -> Filled:
    """A line each: version, alias, hold-out or rows as a bar beside the largest of its name, since when."""
    made = [row for row in scene.wall.kept if row.kind == "model"]
    added = [row for row in scene.wall.kept if row.kind == "data"]
    rows = [*_rows(made, scene, width), *_rows(added, scene, width, head="DATA" if made else "")]
    return Filled(title="MODELS" if made else "DATA", rows=rows, right="on hold-out" if made else "rows")


def _rows(found: Sequence[Kept], scene: "Scene", width: int, *, head: str = "") -> list[Row]:
    """The rows of one kind, a heading above the first where another kind stands above."""
    whole = scene.wall.kept
    names = min(28, max(width_of(_named(row)) for row in whole))
    holds = min(24, max(len(", ".join(row.holds)) for row in whole))
    wide = max(4, min(_BAR, width - names - (holds and holds + 2) - 20))
    out = []
    for place, row in enumerate(found):
        most = max(other.size or 0.0 for other in found if other.name == row.name)
        said: Line = [
            (f"{fit(_named(row), names)}  ", "bold" if row.holds or row.kind == "data" else ""),
            (f"{fit(safe(', '.join(row.holds)), holds)}  " if holds else "", "accent"),
            (f"{_size(row):>8}  ", ""),
            (fit(bar((row.size or 0.0) / most if most > 0 else 0.0, wide), wide), "faint-a"),
            (f"  {pulse.brief(row.at_us, now=scene.wall.at_us)}", "dim"),
        ]
        above = [[], flush(head, width, right="rows")] if head and not place else []
        key = (row.kind, row.name, row.number)
        out.append(Row(key=key, lines=[*above, clip(said, width)], goes=(_LIVES[row.kind], None)))
    return out


def _named(row: Kept) -> str:
    return safe(f"{row.name}@{row.number}" if row.kind == "data" else f"{row.name} v{row.number}")


def _size(row: Kept) -> str:
    if row.size is None:
        return "–"
    return count(round(row.size)) if row.kind == "data" else number(row.size)
