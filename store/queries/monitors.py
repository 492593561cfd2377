"""Monitors: which model's predictions are cut into windows and watched, and how strictly."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, Self

from lineside.store.clock import Micros, new_id
from lineside.store.errors import Conflict, NotFound
from lineside.store.queries.numbers import number_in


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRow:
    """One monitor and where it reads: the payload log of the deployment that serves its alias."""

    id: int
    uid: str
    name: str
    model_id: int
    model: str
    deployment_id: int | None  # None: nothing serves this model and alias yet
    deployment: str | None
    settings: str  # [monitor.NAME] resolved, JSON
    payload_bytes: int  # where a frame begins, at or before the next window
    payload_rows: int  # rows from there on that earlier windows took
    created_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))

    @property
    def values(self) -> dict[str, Any]:
        """The settings as a mapping."""
        return dict(json.loads(self.settings))

    @property
    def alias(self) -> str:
        return str(self.values.get("alias", "champion"))


_ROWS = """
    select o.id, o.uid, o.name, o.model_id, m.name as model, o.deployment_id, d.name as deployment,
           o.settings, o.payload_bytes, o.payload_rows, o.created_us
      from monitor o
      join model m on m.id = o.model_id
      left join deployment d on d.id = o.deployment_id
     where (:id is null or o.id = :id) and (:name is null or o.name = :name)
     order by o.id
"""

_MODEL = "insert into model (name, created_us) values (:name, :at_us) on conflict (name) do nothing"

_UPSERT = """
    insert into monitor (uid, name, model_id, settings, created_us)
    select :uid, :name, id, :settings, :at_us from model where name = :model
    on conflict (name) do update set model_id = excluded.model_id, settings = excluded.settings
    returning id
"""

_SERVING = """
    select d.id from deployment d
     where d.model_id = :model_id and d.alias = :alias and d.state <> 'STOPPED'
     order by d.id desc limit 1
"""

_ATTACH = """
    update monitor set deployment_id = :deployment_id, payload_bytes = 0, payload_rows = 0 where id = :id
"""

_ADVANCE = """
    update monitor set payload_bytes = :to_bytes, payload_rows = :to_rows
     where id = :id and payload_bytes = :from_bytes and payload_rows = :from_rows
"""


def every(db: sqlite3.Connection) -> list[MonitorRow]:
    """All monitors, oldest first."""
    return [MonitorRow.of(r) for r in db.execute(_ROWS, {"id": None, "name": None})]


def find(db: sqlite3.Connection, key: int | str) -> MonitorRow:
    """One monitor by number or name.

    Raises:
        NotFound: no such monitor.
    """
    number = key if isinstance(key, int) else number_in(key)
    row = db.execute(_ROWS, {"id": number, "name": str(key) if number is None else None}).fetchone()
    if row is None:
        raise NotFound(
            "monitor", key, hint="declare it as [monitor.NAME] in lineside.toml, then: lineside apply"
        )
    return MonitorRow.of(row)


def upsert(db: sqlite3.Connection, spec: Any, at: Micros) -> int:
    """Make the monitor that a project declares, or bring it up to date; returns its number.

    Args:
        spec: a frozen dataclass (or mapping) whose fields are the keys of `[monitor.NAME]`, with
            `name` and `model` among them. A model nobody registered yet gets its (empty) row here.
    """
    values: Mapping[str, Any] = asdict(spec) if is_dataclass(spec) and not isinstance(spec, type) else spec
    settings = json.dumps({k: v for k, v in values.items() if k not in ("name", "model")}, sort_keys=True)
    db.execute(_MODEL, {"name": values["model"], "at_us": at})
    row = db.execute(_UPSERT, {"uid": new_id("monitor"), "name": values["name"], "model": values["model"],
                               "settings": settings, "at_us": at}).fetchone()  # fmt: skip
    return int(row[0])


def serving(db: sqlite3.Connection, monitor: MonitorRow) -> int | None:
    """The deployment that serves this monitor's model and alias now, if any."""
    row = db.execute(_SERVING, {"model_id": monitor.model_id, "alias": monitor.alias}).fetchone()
    return int(row[0]) if row else None


def attach(db: sqlite3.Connection, monitor_id: int, *, deployment_id: int) -> None:
    """Read the payloads of this deployment from their beginning."""
    db.execute(_ATTACH, {"id": monitor_id, "deployment_id": deployment_id})


def advance(db: sqlite3.Connection, monitor_id: int, *, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Move the reading position (a frame's offset, rows taken from there on); they are in a window now.

    Raises:
        Conflict: somebody else moved it.
    """
    values = {"id": monitor_id, "from_bytes": start[0], "from_rows": start[1],
              "to_bytes": end[0], "to_rows": end[1]}  # fmt: skip
    if db.execute(_ADVANCE, values).rowcount != 1:
        raise Conflict(f"monitor {monitor_id} no longer reads at byte {start[0]}")
