"""Curves of runs on the command line: a picture in braille for eyes, the points for scripts."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from lineside.console.cli import output
from lineside.console.cli.session import Session
from lineside.console.look import colourless
from lineside.console.reads import charts
from lineside.console.reads.charts import Look
from lineside.console.text import Line, heading, safe
from lineside.store.clock import now
from lineside.store.errors import NotFound
from lineside.store.queries import runs
from lineside.store.queries.runs import RunRow

if TYPE_CHECKING:
    from lineside.store.series import Series

LETTERS = "abcdefgh"
WIDTH = 100
_COLOURS = {
    "a": "blue", "b": "yellow", "c": "green", "d": "magenta", "e": "red", "f": "cyan", "g": "bright_yellow",
    "h": "bright_blue",
}  # fmt: skip


def curves(
    session: Session, given: Sequence[str], metric: str, look: Look, *, width: int | None
) -> "tuple[str, tuple[Series, ...]]":
    """The metric that is meant, and its curve in each of these runs that has one.

    Raises:
        NotFound: there is no such run, or none of them logged the metric.
    """
    from lineside.console.reads.leaderboard import main_metric

    db = session.read()
    found = [runs.find(db, text) for text in given]
    ids = list(dict.fromkeys(row.id for row in found))
    logged = runs.metric_names(db, ids)
    metric = metric or main_metric(logged)
    lines = charts.lines(db, session.home, ids, metric, look, width=width)
    if not lines:
        said = " ".join(logged) or "nothing"
        raise NotFound("metric", metric, hint=f"logged by {_named(found)}: {said}")
    missing = [row for row in found if row.id not in {line.run_id for line in lines}]
    if missing:
        output.words(f"{_named(missing)} logged no {metric}")
    return metric, lines


def _named(rows: Sequence[RunRow]) -> str:
    return "run " + " ".join(str(row.id) for row in rows)


def told(lines: "Sequence[Series]") -> list[dict[str, Any]]:
    """The fields of each series and its seconds since the start, as JSON can hold them."""
    return [
        {field.name: _listed(getattr(line, field.name)) for field in fields(line)}
        | {"seconds": line.seconds.tolist()}
        for line in lines
    ]


def _listed(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def drawn(
    metric: str, lines: "Sequence[Series]", look: Look, *, width: int, height: int, log_y: bool
) -> list[Line]:
    """Heading and chart, in `width` × `height` cells."""
    from lineside.console.views.runs import charts as views

    letters = {line.run_id: letter for line, letter in zip(lines, LETTERS, strict=False)}
    head = heading(safe(metric), width, right=" · ".join(views.said(lines, look, log_y=log_y, now=now())))
    body = views.rows(lines, look, letters, width=width, height=height - 1, log_y=log_y)
    return [head, *body]


def show(lines: Sequence[Line]) -> None:
    """Print what was drawn; in colours where a person looks at it."""
    for line in lines:
        text = "".join(_coloured(*span) for span in _trimmed(line))
        click.echo(text, color=False if colourless() else None)


def _trimmed(line: Line) -> Line:
    """Without blanks at its end."""
    kept = list(line)
    while kept and not kept[-1][0].strip():
        kept.pop()
    return [*kept[:-1], *((text.rstrip(), style) for text, style in kept[-1:])]


def _coloured(text: str, style: str) -> str:
    faint, letter = style.startswith("faint-"), style.removeprefix("faint-")
    if letter in _COLOURS:
        return click.style(text, fg=_COLOURS[letter], dim=faint or None)
    return click.style(text, fg="red") if style == "bad" else text
