"""The models area as one read: versions, requests, and the evidence around what the cursor is on."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineside.store.queries import (
    aliases,
    audit,
    comparisons,
    datasets,
    deployments,
    endpoints,
    evidence,
    inputs,
    models,
    monitors,
    promotions,
    runs,
    summaries,
    windows,
)
from lineside.store.queries.aliases import AliasRow
from lineside.store.queries.audit import AuditRow
from lineside.store.queries.comparisons import Comparison
from lineside.store.queries.deployments import DeploymentRow
from lineside.store.queries.endpoints import EndpointRow
from lineside.store.queries.evidence import ApprovalRow, GateRow
from lineside.store.queries.models import VersionRow
from lineside.store.queries.promotions import PromotionRow
from lineside.store.queries.runs import RunRow
from lineside.store.queries.summaries import SummaryRow
from lineside.store.queries.windows import WindowRow
from lineside.store.states import PromotionState

_LIVED = 60
"""Windows looked at for what each version achieved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """All that speaks for and against one request."""

    request: PromotionRow
    gates: Sequence[GateRow]
    approvals: Sequence[ApprovalRow]

    @property
    def undecided(self) -> bool:
        """Whether it waits for somebody: to approve, or to ratify what was done behind broken glass."""
        return self.request.state == PromotionState.PENDING_MANUAL_APPROVAL or self.request.unratified


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What made one version, and where it is served."""

    version: VersionRow
    run: RunRow
    data: Sequence[str]  # "digits@3": what the run learned from
    data_id: int | None  # the version of the first of them; None: none is known
    metrics: Sequence[SummaryRow]  # of the run
    served: Sequence[DeploymentRow]  # of its model
    endpoints: Sequence[EndpointRow]  # that watch its model
    rival: VersionRow | None  # the champion, or whoever else holds an alias; None: nobody does
    rival_metrics: Sequence[SummaryRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two versions side by side: their runs' context, data, params, metrics, files."""

    old: VersionRow
    new: VersionRow
    runs: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the cursor is on."""

    version_id: int | None = None  # None: the first
    request_id: int | None = None
    pair: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole area at one moment."""

    versions: Sequence[VersionRow]  # newest first within a model
    lived: Mapping[int, Sequence[WindowRow]]  # version → labelled windows it served, oldest first
    packets: Sequence[Packet]  # what waits first, then the newest
    holders: Sequence[AliasRow] = ()  # of the model under the cursor, newest first
    origin: Origin | None = None  # of the version under the cursor
    steps: Sequence[AuditRow] = ()  # what was done to the request under the cursor, oldest first
    pair: Pair | None = None


def read(db: sqlite3.Connection, wish: Wish, *, known: View | None = None, limit: int = 60) -> View:
    """Everything the area shows, from one moment.

    Args:
        known: what was read last, where only the cursor moved.
        limit: requests, newest first.
    """
    versions = known.versions if known else models.versions(db)
    here = next((v for v in versions if v.id == wish.version_id), versions[0] if versions else None)
    holders = aliases.history(db, here.model_id) if here else []
    return View(
        versions=versions,
        lived=known.lived if known else _lived(db),
        packets=known.packets if known else _packets(db, limit),
        holders=holders,
        origin=_origin(db, here, versions, holders) if here else None,
        steps=audit.of_subject(db, "promotion", wish.request_id) if wish.request_id else (),
        pair=_pair(db, versions, wish.pair),
    )


def _packets(db: sqlite3.Connection, limit: int) -> list[Packet]:
    found = [_packet(db, request) for request in promotions.recent(db, limit=limit)]
    return sorted(found, key=lambda packet: not packet.undecided)


def _packet(db: sqlite3.Connection, request: PromotionRow) -> Packet:
    return Packet(
        request=request, gates=evidence.gates(db, request.id), approvals=evidence.approvals(db, request.id)
    )


def _origin(
    db: sqlite3.Connection, version: VersionRow, versions: Sequence[VersionRow], holders: Sequence[AliasRow]
) -> Origin:
    held = sorted((h for h in holders if h.to_us is None), key=lambda h: h.alias != "champion")
    best = next((h.version_id for h in held if h.version_id != version.id), None)
    rival = next((v for v in versions if v.id == best), None)
    data = [f"{name}@{number}" for name, number in inputs.of_run(db, version.run_id)]
    return Origin(
        version=version,
        run=runs.get(db, version.run_id),
        data=data,
        data_id=datasets.find(db, data[0]).id if data else None,
        metrics=summaries.summaries(db, version.run_id),
        served=[d for d in deployments.recent(db) if d.model_id == version.model_id],
        endpoints=[e for e in endpoints.every(db) if e.model_id == version.model_id],
        rival=rival,
        rival_metrics=summaries.summaries(db, rival.run_id) if rival else (),
    )


def _pair(db: sqlite3.Connection, versions: Sequence[VersionRow], ids: tuple[int, int] | None) -> Pair | None:
    """The two versions as they were marked, the older one first."""
    found = sorted((v for v in versions if ids and v.id in ids), key=lambda v: v.created_us)
    if len(found) != 2:
        return None
    old, new = found
    return Pair(old=old, new=new, runs=comparisons.compare(db, [old.run_id, new.run_id]))


def _lived(db: sqlite3.Connection) -> dict[int, list[WindowRow]]:
    found: dict[int, list[WindowRow]] = defaultdict(list)
    for monitor in monitors.every(db):
        for window in reversed(windows.recent(db, monitor.id, limit=_LIVED)):
            if window.version_id is not None and window.value is not None:
                found[window.version_id].append(window)
    return found
