"""What a model version says of itself: its package.json without the golden answers, parsed once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineside.store.queries.models import VersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package; empty words and None where the version brought none, or is not registered yet."""

    metric: str
    low: float | None  # of the hold-out's 95 % interval
    value: float | None
    high: float | None
    rows: int | None  # of the hold-out
    trained_rows: int | None
    task: str
    framework: str
    target: str
    features: Mapping[str, str]  # name → kind
    classes: Sequence[str]
    versions: Mapping[str, str]  # of the libraries it was made with


_KNOWN: dict[tuple[int, str], Package] = {}
_MOST = 4096


def package_of(version: VersionRow) -> Package:
    """The package of a version; it does not change once its registration ended."""
    key = version.id, f"{version.uid} {version.status} {version.holdout}"
    if key not in _KNOWN:
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        _KNOWN[key] = _parsed(version)
    return _KNOWN[key]


def _parsed(version: VersionRow) -> Package:
    meta = version.meta
    holdout = meta.get("holdout") or {}
    return Package(
        metric=str(meta.get("metric") or ""),
        low=holdout.get("low"),
        value=holdout.get("value"),
        high=holdout.get("high"),
        rows=holdout.get("n"),
        trained_rows=meta.get("trained_rows"),
        task=str(meta.get("task") or ""),
        framework=str(meta.get("framework") or ""),
        target=str(meta.get("target") or ""),
        features={str(f.get("name")): str(f.get("kind")) for f in meta.get("features", ())},
        classes=tuple(str(c) for c in meta.get("classes", ())),
        versions={str(k): str(v) for k, v in (meta.get("versions") or {}).items()},
    )
