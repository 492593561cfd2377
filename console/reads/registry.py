"""The models area as one read: versions, requests, and the evidence around what the cursor is on."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineside.store.queries import aliases, evidence, models, monitors, promotions, windows
from lineside.store.queries.aliases import AliasRow
from lineside.store.queries.evidence import ApprovalRow, GateRow
from lineside.store.queries.models import VersionRow
from lineside.store.queries.promotions import PromotionRow
from lineside.store.queries.windows import WindowRow

_LIVED = 60
"""Windows looked at for what each version achieved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """All that speaks for and against one request."""

    request: PromotionRow
    gates: Sequence[GateRow]
    approvals: Sequence[ApprovalRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole area at one moment."""

    versions: Sequence[VersionRow]  # newest first within a model
    lived: Mapping[int, Sequence[WindowRow]]  # version → labelled windows it served, oldest first
    holders: Sequence[AliasRow]  # of the model under the cursor, newest first
    packets: Sequence[Packet]  # newest request first


def read(db: sqlite3.Connection, *, model_id: int | None, limit: int = 60) -> View:
    """Everything the area shows, from one moment."""
    versions = models.versions(db)
    model = model_id if model_id is not None else next((v.model_id for v in versions), None)
    return View(
        versions=versions,
        lived=_lived(db),
        holders=aliases.history(db, model) if model is not None else [],
        packets=[_packet(db, p) for p in promotions.recent(db, limit=limit)],
    )


def _packet(db: sqlite3.Connection, request: PromotionRow) -> Packet:
    return Packet(
        request=request, gates=evidence.gates(db, request.id), approvals=evidence.approvals(db, request.id)
    )


def _lived(db: sqlite3.Connection) -> dict[int, list[WindowRow]]:
    found: dict[int, list[WindowRow]] = defaultdict(list)
    for monitor in monitors.every(db):
        for window in reversed(windows.recent(db, monitor.id, limit=_LIVED)):
            if window.version_id is not None and window.value is not None:
                found[window.version_id].append(window)
    return found
