"""Drift: the sheet of witnesses, columns as histograms beside training and window by window."""

from collections.abc import Sequence

from lineside.console.format import number
from lineside.console.reads.monitoring import View, Watch
from lineside.console.text import Line, Span, clip, fit, heading, line_width, safe, width_of
from lineside.console.widgets.charts import histogram, scores
from lineside.console.widgets.charts.heat import Grid
from lineside.store.queries.windows import ScoreRow, WindowRow

_WIDE, _HIGH = 44, 9
"""A histogram of its own has so much room at least, where several are shown."""

_MOST = 6
_MINI_WIDE, _MINI_HIGH, _MINI_MOST = 13, 4, 7
"""Cells of a small histogram at least, and rows at least and at most."""


def sheet(
    view: View, feature: str | None, width: int, height: int, *, focused: bool, keys: bool = True
) -> list[Line]:  # fmt: skip
    """The three witnesses and the columns, window by window; without `keys` for paper."""
    watch = view.chosen.watch if view.chosen else None
    if watch is None:
        nobody = "nobody watches what it serves: [monitor.NAME] in lineside.toml"
        return [heading("DRIFT", width), *([[("  " + nobody, "dim")]] if view.chosen else [])]
    title, style = f"DRIFT {safe(watch.monitor.name)}", "bold accent" if focused else "head"
    head = heading(
        title, width, right=_note(watch, width - len(title) - 6, focused=focused, keys=keys), style=style
    )
    model = sheet_of(watch, feature, walked=focused)
    return [head, *(clip(line, width) for line in scores.table(model, width=width, height=height - 1))]


def _note(watch: Watch, room: int, *, focused: bool, keys: bool) -> str:
    """The keys, and how many rows have labels, as far as there is room."""
    covered = watch.coverage.share
    labels = f"labels {covered:.0%}" if covered is not None else ""
    walks = ("←→ windows  ↑↓ columns  z heat map", "←→↑↓ walk  z heat map") if focused else ("↵ walks in it",)
    both = [f"{labels} · {words}" if labels else words for words in walks]
    told = [both[0], walks[0], both[-1], walks[-1]] if keys else [labels]
    return next((words for words in told if len(words) <= room), "")


def sheet_of(watch: Watch, feature: str | None, *, walked: bool = False) -> scores.Sheet:
    """What a monitor knows, as the table of drift shows it."""
    score = score_of(watch, feature)
    return scores.Sheet(
        windows=watch.windows, scores=watch.scores, domain_line=watch.settings.get("domain_line"),
        drop=float(watch.settings.get("metric_drop", 0.05)), walked=walked,
        chosen=watch.window.number if watch.window else None, feature=score.feature if score else None,
    )  # fmt: skip


def heat_map(view: View) -> tuple[Grid, Line]:
    """All columns by all windows, and what stands over them."""
    watch = view.chosen.watch if view.chosen else None
    if watch is None:
        return Grid(rows=(), columns=(), values=()), heading("DRIFT", 40)
    grid = scores.grid_of(sheet_of(watch, None), [w for w in watch.windows if w.state == "MEASURED"])
    shape = f"{len(grid.rows)} columns × {len(grid.columns)} windows, worst first"
    keys = "half of the line to twice the line · ◆ drifted"
    return grid, [(f" DRIFT {safe(watch.monitor.name)} ", "head"), (f" {shape} · {keys}", "dim")]


def features(watch: Watch) -> list[str]:
    """The columns in the order of the sheet."""
    return scores.worst_features(watch.scores, [w.id for w in watch.windows])


def score_of(watch: Watch, feature: str | None) -> ScoreRow | None:
    """The chosen column in the chosen window, or the one that is worst there."""
    asked = [s for s in watch.detail if s.feature == feature]
    return next(iter(asked or watch.detail), None)


def distribution(view: View, feature: str | None, width: int, height: int) -> list[Line]:
    """What training saw and what the window holds: of the chosen column, and of others that have room."""
    watch = view.chosen.watch if view.chosen else None
    score = score_of(watch, feature) if watch else None
    if watch is None or watch.window is None or score is None:
        why = watch.window.detail if watch and watch.window else ""
        return [heading("COLUMN", width), [("  " + safe(why or "nothing measured yet"), "dim")]]
    across = max(1, width // _WIDE)
    room = min(_MOST, across * max(1, height // _HIGH))
    shown = [score, *(s for s in watch.detail if s is not score)][:room]
    across = min(across, len(shown))
    down = -(-len(shown) // across)
    wide = (width - across + 1) // across
    lines: list[Line] = []
    for row in range(down):
        high = height // down + (row < height % down)
        blocks = [_column(s, watch.window, wide, high) for s in shown[row * across : (row + 1) * across]]
        lines += _side_by_side(blocks, wide, high)
    return lines


def _column(score: ScoreRow, window: WindowRow, width: int, height: int) -> list[Line]:
    """One column: its name, what is said of it, its bars."""
    head = heading(safe(score.feature).upper(), width, right=f"trained ░  w{window.number} █")
    bars = histogram.pair(
        score.reference, score.live, width=width - 2, height=height - 2, edges=score.edges
    )  # fmt: skip
    return [head, clip(_verdict(score, window), width), *([(" ", ""), *line] for line in bars)]


def _side_by_side(blocks: Sequence[Sequence[Line]], width: int, height: int) -> list[Line]:
    """Blocks of one width in a row, a blank between."""
    out: list[Line] = []
    for y in range(height):
        line: list[Span] = []
        for place, block in enumerate(blocks):
            kept = clip(block[y], width) if y < len(block) else []
            line += [*([(" ", "")] if place else []), *kept]
            if place < len(blocks) - 1:
                line.append((" " * (width - line_width(kept)), ""))
        out.append(line)
    return out


def _verdict(score: ScoreRow, window: WindowRow) -> Line:
    """`◆ drifted .29 > .10 ks, p 0.0004, n 200`."""
    far = score.line is not None and score.value >= score.line
    calm: Span = (" ○ may be chance ", "dim") if far else (" ● as in training ", "ok")
    mark: Span = (" ◆ drifted ", "drift") if score.fired else calm
    side = ">" if far else "<"
    line = f" {side} {scores.short(score.line)}" if score.line is not None else ""
    judged = "" if score.line is not None else ", not judged"
    chance = f", {_chance(score.p_adjusted)}" if score.p_adjusted is not None else ""
    value: Span = (f"{scores.short(score.value)}{line}", "bold" if score.fired else "")
    return [mark, value, (f" {score.statistic}{judged}{chance}, n {window.rows:,}", "dim")]


def _chance(p: float) -> str:
    """A p value; below one in a million the digits say nothing more."""
    return "p < 1e-6" if p < 1e-6 else f"p {number(p, digits=2)}"


def history(view: View, feature: str | None, width: int, height: int) -> list[Line]:
    """The columns that drifted most as small histograms, window by window: how they moved away."""
    watch = view.chosen.watch if view.chosen else None
    if watch is None or not watch.past:
        return [heading("BY WINDOW", width)]
    shown = [w for w in watch.windows if w.id in watch.past][-max(1, width // _MINI_WIDE) :]
    wide = (width - 1) // len(shown)
    names = _moved(watch, feature)[: max(1, (height - 2) // (_MINI_HIGH + 1))]
    title = "BY WINDOW" if len(names) > 1 else f"{safe(names[0]).upper()} BY WINDOW"
    head = heading(title, width, right="trained ░  then █")
    high = min(_MINI_MOST, (height - 2) // max(1, len(names)) - 1)
    over: Line = [(" ", ""), *((fit(f"w{w.number}", wide), "dim") for w in shown)]
    lines: list[Line] = [head, over]
    for name in names:
        lines += _small(watch, name, shown, wide, high, named=len(names) > 1)
    return lines[:height]


def _moved(watch: Watch, feature: str | None) -> list[str]:
    """The chosen column, then the others as the sheet has them."""
    first = score_of(watch, feature)
    names = features(watch)
    return [first.feature, *(n for n in names if n != first.feature)] if first else names


def _small(
    watch: Watch, name: str, shown: Sequence[WindowRow], width: int, height: int, *, named: bool
) -> list[Line]:  # fmt: skip
    """One column in each of these windows: value above, bars below."""
    found = [next((s for s in watch.past[w.id] if s.feature == name), None) for w in shown]
    label: list[Span] = [(" ", "")]
    for place, score in enumerate(found):
        said = f"{'◆' if score.fired else ''}{scores.short(score.value)}" if score else "·"
        lead = (
            fit(safe(name), min(width_of(name), width - len(said) - 3)) + " " if named and not place else ""
        )
        label.append((fit(lead + said, width), "drift" if score and score.fired else "" if score else "dim"))
    blocks = [
        histogram.pair(s.reference, s.live, width=width - 2, height=height + 1)[:-1] if s else []
        for s in found
    ]
    return [label, *([(" ", ""), *line] for line in _side_by_side(blocks, width - 1, height))]
