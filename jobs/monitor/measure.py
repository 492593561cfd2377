"""Measuring one window against the training of the version that served it. Runs in the compute child."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lineside.jobs.context import Json
from lineside.jobs.monitor import profiles
from lineside.jobs.monitor.drift import columns, domain
from lineside.jobs.monitor.drift.ks import BLOCKS
from lineside.jobs.monitor.drift.rules import Lines, fired_features, judge, judged_features
from lineside.jobs.monitor.settings import spec_of
from lineside.jobs.packaging.encoding import Encoder, Feature
from lineside.jobs.projects.declared import MonitorSpec
from lineside.store import objects
from lineside.store.db import reader
from lineside.store.errors import Refused
from lineside.store.homes import Home
from lineside.store.queries import models, monitors, windows


def measure_window(*, home: str, window_id: int) -> Json:
    """All three witnesses but the labels: columns, their number, the domain classifier.

    Returns:
        tested, fired, calibrated, domain_auc, detail, scores: [{feature, statistic, value, line, …}].

    Raises:
        Refused: there is nothing to measure against.
    """
    place = Home(Path(home))
    db = reader(place)
    try:
        window = windows.get(db, window_id)
        monitor = monitors.find(db, window.monitor_id)
        if window.version_id is None or window.path is None:
            raise Refused("its payloads name no version that is registered here")
        version = models.get_version(db, window.version_id)
    finally:
        db.close()
    features = Encoder.of(version.meta).features
    profile = profiles.read(reference_of(place, version), features)
    found = measure(profile, rows_of(place, window.path, features), spec_of(monitor))
    if window.detail:
        found["detail"] = "; ".join(filter(None, (window.detail, found["detail"])))
    return found


def measure(profile: profiles.Profile, rows: Mapping[str, Sequence[Any]], spec: MonitorSpec) -> Json:
    """Score and judge the columns of one window; too few rows are scored and not judged."""
    count = min((len(values) for values in rows.values()), default=0)
    enough = count >= spec.min_rows
    lines = Lines(floor=spec.ks_floor, p=spec.p_line)
    scores = judge(columns.score(profile, rows), lines, verdict=enough)
    live = profiles.as_matrix(rows, profile.columns)
    auc = domain.auc(profile.matrix, live) if spec.domain else None
    return {
        "tested": len(judged_features(scores)) if enough else None,
        "fired": len(fired_features(scores)) if enough else None,
        "calibrated": profile.rows >= BLOCKS * count,
        "domain_auc": auc,
        "detail": "" if enough else f"too few rows, n = {count}",
        "scores": [asdict(score) for score in scores],
    }


def reference_of(home: Home, version: models.VersionRow) -> Path:
    """Where the training rows of a version lie.

    Raises:
        Refused: its package brought none, or this home no longer holds them.
    """
    if version.profile_digest is None:
        raise Refused(f"{version.label} brought no training rows: there is nothing to measure drift against")
    path = objects.path_of(home, version.profile_digest)
    if not path.exists():
        raise Refused(f"the training rows of {version.label} are gone from {home.objects}")
    return path


def rows_of(home: Home, path: str, features: Sequence[Feature]) -> dict[str, Sequence[Any]]:
    """The feature columns of a window."""
    import polars as pl

    return profiles.values_of(pl.read_parquet(home.windows / path), features)
