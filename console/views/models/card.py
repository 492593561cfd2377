"""One model version: how it stands against the champion, what made it, what it takes, where it serves."""

from collections.abc import Mapping, Sequence

from lineside.console.format import NONE, between, clock, count, glyph, number, plural, took
from lineside.console.reads.judging import foremost, judged
from lineside.console.reads.packages import Package, package_of
from lineside.console.reads.registry import Origin, View
from lineside.console.text import Line, Span, clip, heading, safe
from lineside.console.views.grid import grid, wrapped
from lineside.console.views.models.history import history, scale
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.bests import better_side
from lineside.store.queries.models import VersionRow
from lineside.store.queries.summaries import SummaryRow

_DIGEST = 12
_LOWER = ("loss", "err", "mae", "mse", "perplexity", "brier", "mape")
"""What makes a metric one of which less is better."""


def card(view: View, chosen: VersionRow, now: Micros, width: int, height: int) -> list[Line]:
    """The short card: siblings on one scale, who held the alias, what made it."""
    head = _head(chosen, width)
    origin = _of(view, chosen)
    about = [*history(view.holders, now), *(_brief(origin) if origin else [])]
    room = max(1, height - 4 - len(about))
    lines = [*head, *scale(view, chosen, width, room)[1:], *about]
    if origin is not None:
        against = _against(origin, width)[: height - len(lines)]
        lines += against if len(against) > 3 else []
    return [clip(line, width) for line in lines[:height]]


def long_card(view: View, chosen: VersionRow, now: Micros, width: int, height: int) -> list[Line]:
    """The card in sections, in the order of their weight, each where it still fits whole."""
    out = _head(chosen, width)
    origin = _of(view, chosen)
    if origin is None:
        return out
    package = package_of(chosen)
    sections = (
        _against(origin, width), _made(origin, package, now, width), _serving(origin, width),
        _signature(package, width), _files(chosen, package, width),
    )  # fmt: skip
    for section in sections:
        if section and len(out) + len(section) + 1 <= height:
            out += [[], *section] if len(out) > 1 else section
    return [clip(line, width) for line in out[:height]]


def _of(view: View, chosen: VersionRow) -> Origin | None:
    """What was read around this version; None while the answer is under way."""
    return view.origin if view.origin is not None and view.origin.version.id == chosen.id else None


def _head(chosen: VersionRow, width: int) -> list[Line]:
    package = package_of(chosen)
    parts = [package.framework, plural(len(package.features), "feature"), package.task]
    holds = "".join(f"  {safe(alias)}" for alias in chosen.aliases)
    right = ", ".join(safe(p) for p in parts if p)
    lines = [heading(safe(chosen.label).upper() + holds, width, right=right, style="bold accent")]
    if chosen.failure:
        lines.append([(f" ✗ {safe(chosen.failure)}", "bad")])
    return lines


def _brief(origin: Origin) -> list[Line]:
    """`made by run 4 network from digits@3 · served by digits LIVE`."""
    line: list[Span] = [(" made by ", "dim"), (f"run {origin.run.id} {safe(origin.run.name)}", "")]
    if origin.data:
        line += [(" from ", "dim"), (safe(", ".join(origin.data)), "")]
    for server in origin.served[:1]:
        mark, style = glyph(server.state)
        line += [("  served by ", "dim"), (f"{mark} {safe(server.name)} {server.state}", style)]
    return [line]


# -- sections --------------------------------------------------------------------------------------

_COLUMNS = (
    Column(key="metric", title="", max=30), Column(key="here", title="", align=">", min=8),
    Column(key="rival", title="", align=">", min=8), Column(key="by", title="", align=">", min=8),
    Column(key="word", title=""),
)  # fmt: skip


def _against(origin: Origin, width: int) -> list[Line]:
    """The hold-out and the run's metrics, beside the champion's."""
    here, rival = origin.version, origin.rival
    title = f"AGAINST {safe(rival.label).upper()}" if rival else "METRICS"
    right = ", ".join(rival.aliases) if rival else "no other version holds an alias"
    label, by = (f"v{rival.number}", "by") if rival else ("", "")
    names: Sequence[Cell] = ["", (f"v{here.number}", "bold"), (label, "dim"), (by, "dim"), ""]
    rows = [names, _holdout(here, rival)]
    old: Mapping[str, SummaryRow] = {s.metric: s for s in origin.rival_metrics}
    own = [s for s in origin.metrics if not s.metric.startswith("holdout")]  # said above already
    for row in sorted(own, key=lambda s: foremost(s.metric))[:8]:
        other = old.get(row.metric)
        rows.append(_compared(f"run: {row.metric}", row.last, other.last if other else None, row.metric))
    return [heading(title, width, right=safe(right)), *grid(_COLUMNS, rows, width)]


def _holdout(here: VersionRow, rival: VersionRow | None) -> Sequence[Cell]:
    package = package_of(here)
    name = f"hold-out {package.metric}"
    cells = list(_compared(name, package.value, package_of(rival).value if rival else None, package.metric))
    if package.low is not None and package.high is not None:
        interval = f"[{number(package.low, digits=3)}, {number(package.high, digits=3)}]"
        rows = f", n {count(package.rows)}" if package.rows else ""
        word = cells[4] if isinstance(cells[4], str) else cells[4][0]
        cells[4] = (f"{word}  {interval}{rows}", cells[4][1] if not isinstance(cells[4], str) else "")
    return cells


def _compared(name: str, here: float | None, rival: float | None, metric: str) -> Sequence[Cell]:
    """One metric of both, by how much it differs, and whether that is better."""
    if here is None or rival is None:
        return (safe(name), "dim"), number(here), (number(rival) if rival is not None else "", "dim"), "", ""
    by = here - rival
    better = (by > 0) == (better_side(metric) == "max")
    word: Cell = ("same", "dim") if by == 0 else ("better", "ok") if better else ("worse", "warn")
    if by and not judges(metric):
        word = ("", "")
    said = f"{'+' if by > 0 else ''}{number(by, digits=3)}" if by else ""
    return (safe(name), "dim"), (number(here), "bold"), (number(rival), "dim"), (said, word[1]), word


def judges(metric: str) -> bool:
    """Does its name say which way is better? Of seconds and of names that say nothing nobody claims it."""
    known = better_side(metric) == "max" or any(word in metric.lower() for word in _LOWER)
    return known and judged(metric)


def _made(origin: Origin, package: Package, now: Micros, width: int) -> list[Line]:
    run = origin.run
    mark, style = glyph(run.status)
    lasted = between(run.started_us, run.ended_us)
    lines: list[Line] = [
        heading("MADE BY", width, right="g r its run  g d its data  g l its lineage"),
        [(" run      ", "dim"), (f"{run.id} {safe(run.name)}", "bold"), (f"  {mark} {run.status}", style),
         (f"  {took(lasted)}" if lasted is not None else "", "dim"), (f"  by {safe(run.author)}", "dim"),
         (f"  {clock(run.started_us or run.created_us, now=now)}", "dim")],
        [(" data     ", "dim"), (safe(", ".join(origin.data)) or NONE, "bold" if origin.data else "dim"),
         (f"  {count(package.trained_rows)} rows to learn from" if package.trained_rows else "", "dim")],
        [(" entered  ", "dim"), (clock(origin.version.created_us, now=now), ""),
         (f" by {safe(origin.version.created_by)}", "dim")],
    ]  # fmt: skip
    if run.note:
        lines.append([(" note     ", "dim"), (safe(run.note), "")])
    return lines


def _serving(origin: Origin, width: int) -> list[Line]:
    lines: list[Line] = [heading("SERVED AT", width, right="g e its endpoint" if origin.endpoints else "")]
    for server in origin.served:
        mark, style = glyph(server.state)
        ours = server.live_id == origin.version.id
        lines.append([
            (f" {mark} {safe(server.name)}", style), (f"  {server.state}", style),
            (f"  answers with {server.serves}", "bold" if ours else ""), ("  this one" if ours else "", "ok"),
            (f"  {safe(server.alias)}  {safe(server.url)}", "dim"),
        ])  # fmt: skip
    for watched in origin.endpoints:
        if watched.deployment_id is None or watched.state not in ("ok", "stopped"):
            mark, style = glyph(watched.state)
            lines.append([(f" {mark} endpoint {safe(watched.name)}  {safe(watched.state)}", style),
                          (f"  {safe(watched.detail)}", "dim")])  # fmt: skip
    if len(lines) == 1:
        lines.append([(" nobody serves it: ", "dim"), (". s", "key"), (" does", "dim")])
    return lines


def _signature(package: Package, width: int) -> list[Line]:
    """What it takes and what it gives."""
    if not package.features:
        return []
    kinds: dict[str, list[str]] = {}
    for name, kind in package.features.items():
        kinds.setdefault(kind, []).append(name)
    lines: list[Line] = [heading("SIGNATURE", width)]
    for kind, names in kinds.items():
        said = f"{len(names)} {kind}: "
        shown = ", ".join(names[:3]) + (f" … {names[-1]}" if len(names) > 3 else "")
        lines.append([(" takes    ", "dim"), (safe(said), ""), (safe(shown), "dim")])
    classes = f"  one of {len(package.classes)}: " if package.classes else ""
    lines.append([(" gives    ", "dim"), (safe(package.target), "bold"), (classes, ""),
                  (safe(" ".join(package.classes[:16])), "dim")])  # fmt: skip
    return lines


def _files(chosen: VersionRow, package: Package, width: int) -> list[Line]:
    """Digests, and the libraries it was made with."""
    lines: list[Line] = [heading("ARTIFACTS", width)]
    for name, digest in (("model", chosen.artifact_digest), ("profile", chosen.profile_digest)):
        lines.append([(f" {name:<8} ", "dim"), (digest[: 2 * _DIGEST] if digest else NONE, ""),
                      ("  sha256" if digest else "  none was kept", "dim")])  # fmt: skip
    made = ", ".join(f"{name} {version}" for name, version in package.versions.items())
    for i, line in enumerate(wrapped(made, width - 9) if made else []):
        lines.append([(" made on  " if not i else " " * 10, "dim"), (safe(line[0][0].strip()), "dim")])
    return lines
