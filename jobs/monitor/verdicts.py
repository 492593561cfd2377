"""What a measured window says about its monitor: three rules, three witnesses."""

from lineside.jobs.monitor.alerts import Observation
from lineside.jobs.monitor.performance import ENOUGH, line, worse
from lineside.jobs.projects.declared import MonitorSpec
from lineside.store.queries.windows import ScoreRow, WindowRow


def of_drift(window: WindowRow, scores: list[ScoreRow], spec: MonitorSpec) -> list[Observation]:
    """The columns and the domain classifier; nothing where there were too few rows to say."""
    if window.columns_fired is None or window.columns_tested is None:
        return []
    seen = [
        Observation(
            rule="drift.columns", subject=_subject(window), firing=window.columns_fired > 0,
            title=_columns_title(window, scores), value=window.columns_fired, line=1,
            window_id=window.id, looks=spec.for_windows,
        )
    ]  # fmt: skip
    if window.domain_auc is not None:
        seen.append(
            Observation(
                rule="drift.domain", subject=_subject(window), firing=window.domain_auc >= spec.domain_line,
                title=f"{window.monitor}: a classifier tells window {window.number} from training, "
                f"AUC {window.domain_auc:.2f}",
                value=window.domain_auc, line=spec.domain_line, window_id=window.id, looks=spec.for_windows,
            )
        )  # fmt: skip
    return seen


def of_labels(window: WindowRow, before: int, spec: MonitorSpec) -> list[Observation]:
    """The realised metric, at the moment when enough of the window is labelled, and once only.

    Args:
        before: rows that were labelled at the look before.
    """
    enough = max(ENOUGH * window.rows, 1)
    if window.labelled < enough or before >= enough or window.rows < spec.min_rows:
        return []
    value, low, high, baseline = window.value, window.low, window.high, window.baseline
    if value is None or low is None or high is None or baseline is None or window.metric is None:
        return []
    firing = worse(window.metric, value=value, low=low, high=high, baseline=baseline, drop=spec.metric_drop)
    return [
        Observation(
            rule="performance", subject=_subject(window), firing=firing, value=value,
            line=line(window.metric, baseline, spec.metric_drop), window_id=window.id, looks=spec.for_windows,
            title=f"{window.monitor}: {window.metric} {value:.3g} [{low:.3g}, {high:.3g}] in window "
            f"{window.number}, hold-out {baseline:.3g}",
        )
    ]  # fmt: skip


def _subject(window: WindowRow) -> tuple[str, int, str]:
    return ("monitor", window.monitor_id, window.monitor)


def _columns_title(window: WindowRow, scores: list[ScoreRow]) -> str:
    fired = [score for score in scores if score.fired]
    if not fired:
        return f"{window.monitor}: no column drifted in window {window.number}"
    worst = max(fired, key=lambda score: score.value)
    return (
        f"{window.monitor}: {window.columns_fired} of {window.columns_tested} columns drifted in window "
        f"{window.number}, {worst.feature} {worst.statistic} {worst.value:.2f} > {worst.line:.2f}"
    )
