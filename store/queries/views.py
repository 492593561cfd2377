"""What `lineside sql` can ask for: one SELECT per view, and the type of each of its columns.

A TIMESTAMP column holds microseconds here and becomes a timestamp in UTC there. `points` is not in SQLite:
its rows come from segments and spools.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One table of the analytics, in the order of its SELECT."""

    columns: Mapping[str, str]  # name → DuckDB type
    sql: str | None  # None: made from segments and spools


_RUNS = """
    select r.id, r.uid, e.name, r.name, r.status, r.cause, r.detail, r.author, r.job_id, r.parent_id,
           r.created_us, r.started_us, r.ended_us, (r.ended_us - r.started_us) / 1e6, r.dropped,
           r.note, r.context
      from run r join experiment e on e.id = r.experiment_id
"""

_PARAMS = """
    select p.run_id, n.name, p.value, p.num from param p join name n on n.id = p.key_id
"""

_TAGS = """
    select t.run_id, n.name, t.value from tag t join name n on n.id = t.key_id
"""

_METRICS = """
    select s.run_id, n.name, s.count, s.nan, s.pos_inf, s.neg_inf, s.first, s.first_step,
           case s.last_kind when '+inf' then 9e999 when '-inf' then -9e999 else s.last end, s.last_kind,
           s.last_step, s.min, s.min_step, s.max, s.max_step, s.last_us
      from summary s join name n on n.id = s.metric_id
"""

_DATASETS = """
    select v.id, d.name, v.number, v.rows, v.bytes, v.target, v.time_column, v.digest, v.columns, v.origin,
           v.created_us, v.created_by
      from dataset_version v join dataset d on d.id = v.dataset_id
"""

_MODEL_VERSIONS = """
    select v.id, m.name, v.number, v.status,
           (select group_concat(a.alias, ' ')
              from alias_interval a where a.version_id = v.id and a.to_us is null),
           v.run_id, v.artifact_digest, v.failure, v.created_us, v.created_by
      from model_version v join model m on m.id = v.model_id
"""

_PROMOTIONS = """
    select p.id, m.name, v.number, p.alias, p.state, p.requested_by, p.reason, p.needed,
           (select group_concat(a.actor, ' ')
              from approval a where a.promotion_id = p.id and a.verdict = 'approve'),
           p.break_glass, p.outcome, p.created_us, p.decided_us, p.applied_us
      from promotion p
      join model_version v on v.id = p.version_id
      join model m on m.id = p.model_id
"""

_ENDPOINTS = """
    select e.id, e.name, e.adapter, e.url, e.state, e.detail, m.name, e.alias, e.served_version,
           e.last_look_us, e.last_good_us, e.created_us, e.removed_us
      from endpoint e left join model m on m.id = e.model_id
"""

_WINDOWS = """
    select w.id, o.name, w.number, w.state, m.name, v.number, w.start_us, w.end_us, w.rows,
           w.columns_tested, w.columns_fired, w.domain_auc, w.labelled, w.metric, w.value, w.low,
           w.high, w.baseline, w.detail
      from window w
      join monitor o on o.id = w.monitor_id
      join model m on m.id = o.model_id
      left join model_version v on v.id = w.version_id
"""

_SCORES = """
    select s.window_id, o.name, w.number, s.feature, s.statistic, s.value, s.line, s.p_adjusted, s.fired
      from drift_score s
      join window w on w.id = s.window_id
      join monitor o on o.id = w.monitor_id
"""

_ALERTS = """
    select id, rule, subject_kind, subject, state, title, value, line, window_id, opened_us,
           fired_us, acked_us, acked_by, resolved_us
      from alert
"""

_JOBS = """
    select id, kind, name, state, reason, pipeline, stage, priority, gpus, cpus, attempt, run_id,
           submitted_by, submitted_us, started_us, ended_us, (ended_us - started_us) / 1e6
      from job
"""

_SCHEDULES = """
    select id, name, kind, spec, time_zone, folder, owner, catch_up, overlap, paused, broken, next_us,
           project, created_us, removed_us
      from schedule
"""

_FIRINGS = """
    select s.name, f.due, f.at_us, f.outcome, f.job_id, j.state
      from firing f join schedule s on s.id = f.schedule_id left join job j on j.id = f.job_id
"""

_AUDIT = """
    select seq, at_us, uid, name, acting_as, verb, subject_kind, subject_id, detail, hash from audit
"""


def _view(sql: str | None, columns: str) -> View:
    """Columns as text: `name:type`; the type is i(nteger), f(loat), b(oolean), t(ime) or nothing: text."""
    types = {"i": "BIGINT", "f": "DOUBLE", "b": "BOOLEAN", "t": "TIMESTAMP", "": "VARCHAR"}
    parts = [column.partition(":") for column in columns.split()]
    return View(columns={name: types[kind] for name, _, kind in parts}, sql=sql)


VIEWS: Mapping[str, View] = {
    "runs": _view(_RUNS, """
        id:i uid experiment name status cause detail author job_id:i parent_id:i created_at:t
        started_at:t ended_at:t seconds:f dropped:i note context"""),
    "params": _view(_PARAMS, "run_id:i key value num:f"),
    "tags": _view(_TAGS, "run_id:i key value"),
    "metrics": _view(_METRICS, """
        run_id:i metric count:i nan:i pos_inf:i neg_inf:i first:f first_step:i last:f last_kind
        last_step:i min:f min_step:i max:f max_step:i last_at:t"""),
    "points": _view(None, "run_id:i metric step:i value:f logged_at:t opening:i"),
    "datasets": _view(_DATASETS, """
        id:i name version:i rows:i bytes:i target time_column digest columns origin created_at:t
        created_by"""),
    "model_versions": _view(_MODEL_VERSIONS, """
        id:i model version:i status aliases run_id:i digest failure created_at:t created_by"""),
    "promotions": _view(_PROMOTIONS, """
        id:i model version:i alias state requested_by reason needed:i approved_by break_glass:b
        outcome created_at:t decided_at:t applied_at:t"""),
    "endpoints": _view(_ENDPOINTS, """
        id:i name adapter url state detail model alias served_version last_look_at:t
        last_good_at:t created_at:t removed_at:t"""),
    "windows": _view(_WINDOWS, """
        id:i monitor number:i state model version:i start_at:t end_at:t rows:i columns_tested:i
        columns_fired:i domain_auc:f labelled:i metric value:f low:f high:f baseline:f detail"""),
    "scores": _view(_SCORES, """
        window_id:i monitor number:i feature statistic value:f line:f p_adjusted:f fired:b"""),
    "alerts": _view(_ALERTS, """
        id:i rule subject_kind subject state title value:f line:f window_id:i opened_at:t
        fired_at:t acked_at:t acked_by resolved_at:t"""),
    "jobs": _view(_JOBS, """
        id:i kind name state reason pipeline stage priority:i gpus:i cpus:i attempt:i run_id:i
        submitted_by submitted_at:t started_at:t ended_at:t seconds:f"""),
    "schedules": _view(_SCHEDULES, """
        id:i name kind spec time_zone folder owner catch_up overlap paused:b broken next_at:t project
        created_at:t removed_at:t"""),
    "firings": _view(_FIRINGS, "schedule due fired_at:t outcome job_id:i job_state"),
    "audit": _view(_AUDIT, "seq:i done_at:t uid:i name acting_as verb subject_kind subject_id:i detail hash"),
}  # fmt: skip


def rows(db: sqlite3.Connection, view: View) -> Iterator[tuple[object, ...]]:
    """The rows of a view that SQLite holds, as its columns say."""
    assert view.sql is not None
    return (tuple(row) for row in db.execute(view.sql))
