"""Pins: the digests an approval counts for. If one moves after the checks, the request is void.

artifact  the candidate's bytes          rows   the file of rows it was judged on
gates     the model's gates, as applied  found  what the gates found
"""

import hashlib
import json
import sqlite3
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lineside.store.queries import models, promotions
from lineside.store.queries.evidence import GateRow
from lineside.store.queries.promotions import PromotionRow

if TYPE_CHECKING:
    from lineside.jobs.projects.declared import ModelSpec

Pins = dict[str, str | None]


def take(*, artifact: str, rows: str | None, spec: "ModelSpec", found: list[GateRow]) -> Pins:
    """The pins of a request whose checks have just ended; `rows` is None when no file was needed."""
    return {"artifact": artifact, "rows": rows, "gates": _digest(asdict(spec)), "found": _digest_of(found)}


def now(db: sqlite3.Connection, request: PromotionRow, spec: "ModelSpec") -> Pins:
    """The same pins, from what the store says at this moment."""
    version = models.get_version(db, request.version_id)
    return take(
        artifact=version.artifact_digest or "",
        rows=read(request).get("rows"),
        spec=spec,
        found=promotions.gates(db, request.id),
    )


def read(request: PromotionRow) -> Pins:
    """What was pinned; only a checked request has pins."""
    pinned: Pins = json.loads(request.pins)
    return pinned


def moved(request: PromotionRow, at_present: Pins, *, broken: list[str]) -> str | None:
    """The first pin that is not what it was, in words; None when all hold.

    Args:
        broken: pins whose bytes on disk no longer have their digest.
    """
    for name, digest in read(request).items():
        if name in broken:
            return f"the bytes of pin {name!r} were changed"
        if at_present.get(name) != digest:
            return f"pin {name!r} is no longer what was checked"
    return None


def digest(pins: Pins) -> str:
    """One digest over all pins: what an approval is bound to."""
    return _digest(pins)


def write(pins: Pins) -> str:
    return _canonical(pins)


def _digest_of(found: list[GateRow]) -> str:
    return _digest([asdict(gate) for gate in sorted(found, key=lambda gate: gate.gate)])


def _digest(value: Any) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
