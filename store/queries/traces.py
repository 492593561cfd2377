"""What is worth knowing at a glance of the nodes of a lineage: when, by whom, the one figure that matters."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros
from lineside.store.queries.lineage import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """One node in figures; what its kind does not have is None or empty."""

    kind: str
    id: int
    at_us: Micros | None  # when it came to be; of a window: the end of its time
    by: str
    metric: str
    value: float | None
    rows: int | None
    words: str  # a reason, a title, an address, why it failed

    @classmethod
    def of(cls, kind: str, row: sqlite3.Row) -> Self:
        return cls(kind=kind, **dict(row))


_TRACES = {
    "dataset_version": """
        select v.id, v.created_us as at_us, v.created_by as by, '' as metric, null as value, v.rows,
               json_array_length(v.columns) || ' columns' as words
          from dataset_version v where v.id in (select value from json_each(:ids))""",
    "run": """
        select r.id, coalesce(r.started_us, r.created_us) as at_us, r.author as by,
               coalesce(json_extract(v.package, '$.metric'), '') as metric,
               cast(json_extract(v.package, '$.holdout.value') as real) as value, null as rows,
               trim(coalesce(r.cause, '') || ' ' || coalesce(r.detail, '')) as words
          from run r left join model_version v on v.id = (
               select max(id) from model_version where run_id = r.id)
         where r.id in (select value from json_each(:ids))""",
    "model_version": """
        select v.id, v.created_us as at_us, v.created_by as by,
               coalesce(json_extract(v.package, '$.metric'), '') as metric,
               cast(json_extract(v.package, '$.holdout.value') as real) as value,
               json_extract(v.package, '$.trained_rows') as rows, v.failure as words
          from model_version v where v.id in (select value from json_each(:ids))""",
    "promotion": """
        select p.id, p.created_us as at_us, p.requested_by as by, p.alias as metric, null as value,
               null as rows, p.reason as words
          from promotion p where p.id in (select value from json_each(:ids))""",
    "deployment": """
        select d.id, d.created_us as at_us, d.created_by as by, '' as metric, null as value, null as rows,
               coalesce('v' || v.number || ' ', '') || d.host || ':' || d.port as words
          from deployment d left join model_version v on v.id = d.live_id
         where d.id in (select value from json_each(:ids))""",
    "window": """
        select w.id, w.end_us as at_us, '' as by, coalesce(w.metric, '') as metric, w.value, w.rows,
               case when w.columns_tested is null then w.detail
                    else w.columns_fired || ' of ' || w.columns_tested || ' columns drifted' end as words
          from window w where w.id in (select value from json_each(:ids))""",
    "alert": """
        select a.id, a.opened_us as at_us, '' as by, a.rule as metric, a.value, null as rows, a.title as words
          from alert a where a.id in (select value from json_each(:ids))""",
    "retrain": """
        select r.id, r.at_us, '' as by, r.trigger_name as metric, null as value, null as rows,
               r.reason as words
          from retrain r where r.id in (select value from json_each(:ids))""",
}


def of_nodes(db: sqlite3.Connection, nodes: Iterable[Node]) -> dict[Node, TraceRow]:
    """The figures of each node there is; one statement for each kind."""
    ids: dict[str, list[int]] = defaultdict(list)
    for node in nodes:
        ids[node.kind].append(node.id)
    return {
        Node(kind, row["id"]): TraceRow.of(kind, row)
        for kind, sql in _TRACES.items()
        if ids[kind]
        for row in db.execute(sql, {"ids": json.dumps(ids[kind])})
    }
