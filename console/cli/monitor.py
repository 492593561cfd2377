"""`lineside drift`, `alerts`, `retrain`: what the served model sees, and what was done about it."""

from typing import TYPE_CHECKING

import click

from lineside.console.cli import output
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import number

if TYPE_CHECKING:
    from lineside.store.queries.windows import WindowRow


def _fired(window: "WindowRow") -> str | None:
    return None if window.columns_fired is None else f"{window.columns_fired} of {window.columns_tested}"


_WINDOWS: Columns = {
    "window": "number", "ends": lambda w: moment(w.end_us), "rows": "rows", "version": "version",
    "columns fired": _fired, "domain AUC": lambda w: number(w.domain_auc), "labelled": "labelled",
    "metric": "metric", "value": lambda w: number(w.value),
    "95 %": lambda w: f"{number(w.low)} – {number(w.high)}", "note": "detail",
}  # fmt: skip

_SCORES: Columns = {
    "column": "feature", "statistic": "statistic", "value": lambda s: number(s.value),
    "line": lambda s: number(s.line), "p adjusted": lambda s: number(s.p_adjusted),
    "fired": lambda s: "◆" if s.fired else "",
}  # fmt: skip


@click.command()
@click.argument("name")
@click.option("--window", type=int, help="Show the columns of this window.")
@json_option
@pass_session
def drift(session: Session, name: str, window: int | None, as_json: bool) -> None:
    """Show the windows of monitor NAME: drifted columns, domain classifier, realised error."""
    from lineside.store.queries import monitors, windows

    db = session.read()
    monitor = monitors.find(db, name)
    if window is None:
        found = windows.recent(db, monitor.id)
        output.rows(found, _WINDOWS, as_json=as_json, empty="no window is measured yet")
    else:
        scores = windows.scores(db, windows.numbered(db, monitor.id, window).id)
        output.rows(scores, _SCORES, as_json=as_json, empty=f"window {window} has no scores")


@click.group()
def alerts() -> None:
    """Alerts: episodes, one open at a time per rule and subject."""


@alerts.command("ls")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not resolved.")
@json_option
@pass_session
def ls(session: Session, only_open: bool, as_json: bool) -> None:
    """List alerts, newest first."""
    from lineside.store.queries import alerts as query

    db = session.read()
    columns: Columns = {
        "alert": "id", "state": "state", "rule": "rule", "subject": "subject", "title": "title",
        "opened": lambda a: moment(a.opened_us), "resolved": lambda a: moment(a.resolved_us),
        "acked by": "acked_by",
    }  # fmt: skip
    output.rows(
        query.open_ones(db) if only_open else query.recent(db), columns, as_json=as_json, empty="no alerts"
    )


@alerts.command()
@click.argument("alert", type=int)
@pass_session
def ack(session: Session, alert: int) -> None:
    """Say that you have seen it and are on it."""
    session.ask("alerts.ack", alert=alert)
    output.words(f"alert {alert} acknowledged")


@alerts.command()
@click.argument("alert", type=int)
@click.option("--minutes", default=60, show_default=True)
@click.option("--reason", required=True)
@pass_session
def silence(session: Session, alert: int, minutes: int, reason: str) -> None:
    """Keep an alert quiet for a while; the reason is kept."""
    session.ask("alerts.silence", alert=alert, minutes=minutes, reason=reason)
    output.words(f"alert {alert} silenced for {minutes} minutes")


@click.group()
def retrain() -> None:
    """Retrain triggers: what alerts led to, and why some led to nothing."""


@retrain.command("ls")
@json_option
@pass_session
def ls_retrain(session: Session, as_json: bool) -> None:
    """List what the triggers did, newest first; suppressed ones say why."""
    from lineside.store.queries import retrains as query

    columns: Columns = {
        "id": "id", "trigger": "trigger_name", "alert": "alert_id", "state": "state", "job": "job_id",
        "request": "promotion_id", "at": lambda r: moment(r.at_us), "why": "reason",
    }  # fmt: skip
    output.rows(query.recent(session.read()), columns, as_json=as_json, empty="no trigger has acted yet")


@retrain.command()
@click.argument("trigger")
@json_option
@pass_session
def start(session: Session, trigger: str, as_json: bool) -> None:
    """Let a trigger act now, without waiting for its cooldown or for more labels."""
    answer = session.ask("retrains.start", trigger=trigger, wait_s=300)
    line = f"retrain {answer['retrain']}: job {answer['job']} learns because of alert {answer['alert']}"
    output.one(answer, [line], as_json=as_json)
