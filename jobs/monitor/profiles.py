"""The training profile of a model version: its reference rows, read once, sorted once, binned once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lineside.jobs.monitor.drift import chi, ks, psi
from lineside.jobs.packaging.encoding import Feature, numbers, words

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericProfile:
    """One number column at training."""

    name: str
    rows: int
    ordered: Floats  # finite values, in the order they came
    values: Floats  # the same, sorted
    deciles: Floats  # inner edges of the index
    decile_shares: Floats
    edges: Floats  # of the picture
    shares: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryProfile:
    """One word column at training."""

    name: str
    rows: int
    categories: tuple[str, ...]
    counts: NDArray[np.int64]  # one more than categories: the unseen, 0 here


ColumnProfile = NumericProfile | CategoryProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a window is measured against."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    matrix: Floats  # all rows for the domain classifier, shape (rows, columns)


def build(columns: Mapping[str, Sequence[Any]], features: Sequence[Feature]) -> Profile:
    """Profile these rows; the kind of a column is what the model's package declares, never guessed."""
    profiles = tuple(_profile(feature, columns[feature.name]) for feature in features)
    rows = len(columns[features[0].name]) if features else 0
    return Profile(rows=rows, columns=profiles, matrix=as_matrix(columns, profiles))


def as_matrix(columns: Mapping[str, Sequence[Any]], profiles: Sequence[ColumnProfile]) -> Floats:
    """Rows as a learner takes them: numbers as they are, categories by rank, missing and unseen as NaN."""
    if not profiles:
        return np.empty((0, 0))
    return np.column_stack([_as_numbers(columns[each.name], each) for each in profiles])


def worst_block(profile: NumericProfile, size: int) -> float | None:
    """The worst same-length block inside the training rows, remembered per column and length."""
    key = (id(profile), size)
    if key not in _BLOCKS:
        if len(_BLOCKS) > 4096:
            _BLOCKS.clear()
        _BLOCKS[key] = (profile, ks.worst_block(profile.ordered, size))
    return _BLOCKS[key][1]


_BLOCKS: dict[tuple[int, int], tuple[NumericProfile, float | None]] = {}


@lru_cache(maxsize=4)
def read(path: Path, features: tuple[Feature, ...]) -> Profile:
    """The profile of a reference file; it never changes, so the compute child keeps the last few."""
    import polars as pl

    frame = pl.read_parquet(path, columns=[feature.name for feature in features])
    return build(values_of(frame, features), features)


def values_of(frame: "pl.DataFrame", features: Sequence[Feature]) -> dict[str, Sequence[Any]]:
    """The columns of these features; one that the table lacks is missing in every row."""
    found: dict[str, Sequence[Any]] = {}
    for feature in features:
        if feature.name not in frame.columns:
            found[feature.name] = [None] * frame.height
        elif feature.kind == "numeric" and frame[feature.name].dtype.is_numeric():
            found[feature.name] = frame[feature.name].to_numpy()  # type: ignore[assignment]
        else:
            found[feature.name] = frame[feature.name].to_list()
    return found


def _profile(feature: Feature, values: Sequence[Any]) -> ColumnProfile:
    if feature.kind == "category":
        present = [word for word in words(values) if word is not None]
        categories = tuple(sorted(set(present)))
        return CategoryProfile(
            name=feature.name, rows=len(values), categories=categories, counts=chi.counts(present, categories)
        )
    column = numbers(feature.name, values)
    ordered = column[np.isfinite(column)]
    known = np.sort(ordered)
    deciles = psi.decile_edges(known) if known.size else np.empty(0)
    edges = psi.picture_edges(known) if known.size else np.empty(0)
    return NumericProfile(
        name=feature.name, rows=len(values), ordered=ordered, values=known,
        deciles=deciles, decile_shares=psi.decile_shares(known, deciles),
        edges=edges, shares=psi.picture_shares(known, edges),
    )  # fmt: skip


def _as_numbers(values: Sequence[Any], profile: ColumnProfile) -> Floats:
    if isinstance(profile, NumericProfile):
        return numbers(profile.name, values)
    rank = {category: float(index) for index, category in enumerate(profile.categories)}
    return np.array([rank.get(word, np.nan) if word is not None else np.nan for word in words(values)])
