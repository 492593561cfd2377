"""Is a new file still the table we know? Compared with the newest version, finding by finding (compute)."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lineside.jobs.context import Json
from lineside.jobs.data import datafiles

if TYPE_CHECKING:
    import polars as pl

MORE_MISSING = 0.05
"""Share of missing values above the known one that is worth an error, when chance cannot explain it."""
CHANCE = 1e-4
FEWER_ROWS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was."""

    rule: str
    column: str | None  # None: the table as a whole
    severity: Literal["error", "warn"]
    rows: int | None  # how many violate it; None: not a matter of rows
    finding: str


def validate(*, known: list[str], path: str) -> Json:
    """Findings of the file at `path` against the Parquet files of the version it should resemble.

    Returns:
        ok (False: an error is among them), rows, findings.

    Raises:
        BadData: the file is no table at all.
    """
    import polars as pl

    after = datafiles.read(Path(path), empty=True)
    if not after.height:
        none = Finding(rule="volume.empty", column=None, severity="error", rows=0, finding="it has no rows")
        return {"ok": False, "rows": 0, "findings": [asdict(none)]}
    before = pl.concat([pl.read_parquet(Path(each)) for each in known], how="vertical_relaxed")
    found = [*_table(before, after), *_columns(before, after)]
    return {
        "ok": all(each.severity != "error" for each in found),
        "rows": after.height,
        "findings": [asdict(each) for each in found],
    }


def _table(before: "pl.DataFrame", after: "pl.DataFrame") -> Iterator[Finding]:
    """What concerns columns as such, and rows as a whole."""
    for name in before.columns:
        if name not in after.columns:
            yield Finding(rule="schema.missing_column", column=name, severity="error", rows=None,
                          finding=f"column {name} is missing")  # fmt: skip
    for name in after.columns:
        if name not in before.columns:
            yield Finding(rule="schema.extra_column", column=name, severity="warn", rows=None,
                          finding=f"column {name} is new")  # fmt: skip
    if after.height < before.height * FEWER_ROWS:
        yield Finding(rule="volume.row_count", column=None, severity="warn", rows=after.height,
                      finding=f"{after.height:,} rows, the version before had {before.height:,}")  # fmt: skip
    copies = _copies(after)
    if copies / after.height > _copies(before) / before.height + 0.01:
        yield Finding(rule="uniqueness.duplicate_rows", column=None, severity="warn", rows=copies,
                      finding=f"{copies:,} rows are there more than once")  # fmt: skip


def _copies(frame: "pl.DataFrame") -> int:
    return frame.height - frame.n_unique()


def _columns(before: "pl.DataFrame", after: "pl.DataFrame") -> Iterator[Finding]:
    for name in before.columns:
        if name in after.columns:
            yield from _column(before[name], after[name])


def _column(old: "pl.Series", new: "pl.Series") -> Iterator[Finding]:
    """The findings of one column; a column of another type is not looked into further."""
    if new.null_count() == len(new) and old.null_count() < len(old):
        yield _found("completeness.all_null", new, "error", len(new), "has no value at all")
        return
    if retyped := _retyped(old, new):
        yield retyped
        return
    yield from _missing(old, new)
    if old.dtype.is_numeric():
        yield from _numbers(old, new)
    elif old.dtype.is_(_string()):
        yield from _words(old, new)


def _string() -> "type[pl.String]":
    import polars as pl

    return pl.String


def _retyped(old: "pl.Series", new: "pl.Series") -> Finding | None:
    """Another type that loses something; wider numbers with the same meaning are no finding."""
    import polars as pl

    if old.dtype == new.dtype or (old.dtype.is_temporal() and new.dtype.is_temporal()):
        return None
    if old.dtype.is_integer() and new.dtype.is_integer():
        return None
    if old.dtype.is_float() and new.dtype.is_numeric():
        return None
    if old.dtype.is_integer() and new.dtype.is_float():
        values = new.drop_nulls().cast(pl.Float64)
        values = values.filter(values.is_finite())
        if (values == values.floor()).all():
            return None
    castable = new.cast(old.dtype, strict=False).null_count() == new.null_count()
    tail = "; every value could be cast" if castable else ""
    return _found("schema.type_changed", new, "error", None, f"is {new.dtype}, was {old.dtype}{tail}")


def _missing(old: "pl.Series", new: "pl.Series") -> Iterator[Finding]:
    """More nulls than chance explains; NaN and infinities where none were."""
    was, now = old.null_count() / len(old), new.null_count() / len(new)
    if now - was > MORE_MISSING and _chance(old.null_count(), len(old), new.null_count(), len(new)) < CHANCE:
        yield _found("completeness.null_rate", new, "error", new.null_count(),
                     f"has {now:.1%} nulls, had {was:.1%}")  # fmt: skip
    if not new.dtype.is_float():
        return
    nans, infinite = int(new.is_nan().sum()), int(new.is_infinite().sum())
    if nans and not (old.dtype.is_float() and old.is_nan().any()):
        yield _found("completeness.nan_rate", new, "error", nans, f"has {nans:,} NaN, had none")
    if infinite and not (old.dtype.is_float() and old.is_infinite().any()):
        yield _found(
            "completeness.non_finite", new, "error", infinite, f"has {infinite:,} infinities, had none"
        )


def _numbers(old: "pl.Series", new: "pl.Series") -> Iterator[Finding]:
    import polars as pl

    left, right = (s.drop_nulls().cast(pl.Float64) for s in (old, new))
    left, right = left.filter(left.is_finite()), right.filter(right.is_finite())
    if not len(left) or not len(right):
        return
    low, high = _ends(left)
    if right.n_unique() == 1 and len(right) > 1 and left.n_unique() > 1:
        yield _found("distribution.became_constant", new, "error", None, f"is always {right[0]:g}")
        return
    span = (high - low) or abs(high) or 1.0
    beyond = int(((right > high + span) | (right < low - span)).sum())
    if beyond:
        found = _ends(right)
        yield _found("distribution.new_extreme", new, "warn", beyond,
                     f"goes from {found[0]:g} to {found[1]:g}, went from {low:g} to {high:g}")  # fmt: skip


def _ends(values: "pl.Series") -> tuple[float, float]:
    array = values.to_numpy()
    return float(array.min()), float(array.max())


def _words(old: "pl.Series", new: "pl.Series") -> Iterator[Finding]:
    """Words never seen before, when there are more than chance brings; told when only spelling is new."""
    counts = dict(old.drop_nulls().value_counts().iter_rows())
    present = new.drop_nulls()
    unseen = present.filter(~present.is_in(list(counts)))
    if len(unseen) <= _unseen_by_chance(counts, len(present)):
        return
    strangers = sorted(set(unseen.to_list()))
    shown = ", ".join(repr(word) for word in strangers[:3])
    folded = {word.strip().casefold() for word in counts}
    only_spelling = all(word.strip().casefold() in folded for word in strangers)
    tail = "; trimmed and in one case they are known" if only_spelling else ""
    yield _found("domain.unseen_category", new, "warn", len(unseen), f"has words never seen: {shown}{tail}")


def _unseen_by_chance(counts: Mapping[str, int], rows: int) -> float:
    """How many of `rows` may be words the known rows lack, though nothing changed (three sigma).

    Source:
        Good (1953): the share of what was never seen is that of what was seen once.
    """
    known = sum(counts.values())
    if not known:
        return 0.0
    once, scale = sum(1 for count in counts.values() if count == 1), rows / known
    return once * scale + 3 * math.sqrt(once * scale + once * scale**2)


def _found(
    rule: str, column: "pl.Series", severity: Literal["error", "warn"], rows: int | None, says: str
) -> Finding:
    return Finding(
        rule=rule, column=column.name, severity=severity, rows=rows, finding=f"{column.name} {says}"
    )


def _chance(old_hits: int, old_n: int, new_hits: int, new_n: int) -> float:
    """Two-sided p-value of two shares being one and the same, by the pooled normal approximation."""
    pooled = (old_hits + new_hits) / (old_n + new_n)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / old_n + 1 / new_n))
    if spread == 0:
        return 1.0
    return math.erfc(abs(new_hits / new_n - old_hits / old_n) / spread / math.sqrt(2))
