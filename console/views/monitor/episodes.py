"""Alerts as episodes: the rule, since when, how often it was seen, and what retraining did about it."""

import re
from collections.abc import Sequence

from lineside.console.format import clock, glyph, number, plural
from lineside.console.reads.monitoring import View
from lineside.console.text import Line, clip, heading, safe
from lineside.console.views.grid import capped, wrapped
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.retrains import RetrainRow
from lineside.store.states import AlertState

ALERT_COLUMNS = (
    Column(key="state", title="alert", priority=1, value=lambda a: a.state.value),
    Column(key="rule", title="rule", priority=5, value=lambda a: a.rule),
    Column(key="what", title="what", priority=1, grow=True, min=30, max=100, value=lambda a: a.title),
    Column(key="at", title="since", priority=2, value=lambda a: a.fired_us or a.opened_us),
    Column(key="seen", title="seen", priority=6, value=lambda a: a.seen),
    Column(key="then", title="and then", priority=4, max=60, min=28, grow=True),
)
_OPEN = frozenset({AlertState.PENDING, AlertState.FIRING})


def several(rows: Sequence[AlertRow]) -> bool:
    """Are they about more than one thing, so that each has to name its own?"""
    return len({(row.subject_kind, row.subject_id) for row in rows}) > 1


def alert_cells(
    row: AlertRow, retrain: RetrainRow | None, now: Micros, *, named: bool = True
) -> Sequence[Cell]:
    """One episode, and what came of it; `named` says what it is about."""
    mark, style = glyph(row.state)
    quiet = row.state is AlertState.RESOLVED
    then = row.resolution if quiet and row.resolution else f"by {row.acked_by}" if row.acked_by else ""
    if retrain is not None:
        then = f"retrain {retrain.id} {retrain.state}" + (f": {retrain.reason}" if retrain.reason else "")
    return (
        (f"{mark} {row.state}", style),
        (row.rule, "dim" if quiet else ""),
        (brief(row, named=named), "dim" if quiet else ""),
        (clock(row.fired_us or row.opened_us, now=now), "dim"),
        (f"{row.seen}×" if row.seen else "", "dim"),
        (safe(then), "dim"),
    )


def brief(row: AlertRow, *, named: bool = False) -> str:
    """What is wrong with the essential first, without intervals; its subject in front where it is `named`.

    `digits: a classifier tells window 7 from training, AUC 0.81` becomes `AUC 0.81: window 7 told from
    training`.
    """
    subject = f"{safe(row.subject)}: "
    text = safe(row.title).removeprefix(subject)
    lead = subject if named and safe(row.title).startswith(subject) else ""
    told = re.fullmatch(r"a classifier tells (window \d+) from training, (AUC \S+)", text)
    if told:
        return f"{lead}{told[2]}: {told[1]} told from training"
    return lead + re.sub(r" \[[^]]*\]", "", text)


def of_endpoint(alarms: Sequence[AlertRow]) -> Cell:
    """What an endpoint's open alerts come to in one cell."""
    if not alarms:
        return "none", "dim"
    firing = [a for a in alarms if a.state is AlertState.FIRING]
    if firing:
        return f"◆ {len(firing)} FIRING", "drift"
    mark, style = glyph(alarms[0].state)
    return f"{mark} {alarms[0].state}", style


def episode(view: View, chosen: AlertRow | None, now: Micros, width: int, height: int) -> list[Line]:
    """The whole story of one alert."""
    row = chosen or next(iter(view.alerts), None)
    if row is None:
        return [heading("ALERT", width), [("  ✓ nothing has ever fired", "ok")]]
    mark, style = glyph(row.state)
    lines: list[Line] = [
        heading(f"ALERT {row.id} {row.rule}", width, right=f"{mark} {row.state}"),
        *wrapped(safe(row.title), width, style if row.state in _OPEN else ""),
        *([[("  ", ""), *line] for line in _measured(view, row)]),
        *wrapped(_times(row, now), width),
    ]
    for retrain in view.asked.get(row.id, ()):
        lines += _retrain(retrain, now, width)
    if not view.asked.get(row.id):
        lines.append([("  no retrain: ", "dim"), ("no trigger asks for one on this rule", "dim")])
    if row.state in _OPEN:
        lines.append(
            [("  . k", "key"), (" you are on it  ", "dim"), (". s", "key"), (" silence for a day", "dim")]
        )
    return capped([clip(line, width) for line in lines], height)


def _measured(view: View, row: AlertRow) -> list[Line]:
    """`0.897, line 0.933 · seen in 2 looks in a row, fires from 1`."""
    lines: list[Line] = []
    if row.value is not None:
        lines.append([(number(row.value, digits=3), ""), (f", line {number(row.line, digits=3)}", "dim")])
    watch = view.chosen.watch if view.chosen else None
    needs = watch.settings.get("for_windows") if watch and row.subject_kind == "monitor" else None
    unit = "window" if row.subject_kind == "monitor" else "look"
    seen = (
        f"seen in {plural(row.seen, unit)} in a row" if row.seen else f"clean for {plural(row.clean, unit)}"
    )
    return [*lines, [(seen, "dim"), (f", fires from {needs}" if needs else "", "dim")]]


def _times(row: AlertRow, now: Micros) -> str:
    """Every step of it with its time."""
    steps = [("opened", row.opened_us), ("fired", row.fired_us), ("acked", row.acked_us)]
    steps += [("silenced until", row.silenced_until_us), ("resolved", row.resolved_us)]
    said = [f"{word} {clock(at, now=now)}" for word, at in steps if at is not None]
    by = f" by {safe(row.acked_by)}" if row.acked_by else ""
    return " · ".join(said) + by + (f": {safe(row.resolution)}" if row.resolution else "")


def _retrain(row: RetrainRow, now: Micros, width: int) -> list[Line]:
    """`‖ retrain 3 SUPPRESSED 23:09:07: retrain 2 is under way`, and what it made."""
    mark, style = glyph(row.state)
    made = [("data", row.dataset_version_id), ("job", row.job_id), ("run", row.run_id),
            ("version", row.version_id), ("request", row.promotion_id)]  # fmt: skip
    said = " → ".join(f"{word} {number}" for word, number in made if number is not None)
    head: Line = [
        ("  ", ""),
        (f"{mark} retrain {row.id} {row.state}", style),
        (f" {clock(row.at_us, now=now)}", "dim"),
    ]
    why = [line for text in (safe(row.reason), said) if text for line in wrapped("  " + text, width, "dim")]
    return [head, *why]
