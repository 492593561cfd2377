"""Measuring candidates, in the compute child: ONNX, Parquet and bootstraps. JSON in, JSON out.

Rows that either model was made from say nothing, so they are left out; what is left is scored by both models
and compared row by row: the interval of the difference is then as narrow as the data allows.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lineside.jobs.context import Json
from lineside.jobs.packaging.packages import MANIFEST, REFERENCE
from lineside.jobs.packaging.scoring import Scorer
from lineside.jobs.promotion import duels
from lineside.jobs.promotion.gates import Duel, Measured, own_holdouts
from lineside.store import objects
from lineside.store.errors import BadData
from lineside.store.homes import Home

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 50_000
"""More rows than this would narrow the interval by less than anyone can see."""


def inspect(*, home: str, artifact: str) -> Json:
    """Look at a package before it becomes a version: bytes, manifest, golden answers.

    Returns:
        {"package": package.json as written, "profile": digest of the training rows or None}

    Raises:
        BadData: it is not a model package, or does not answer as it did.
    """
    place = Home(Path(home))
    if not objects.is_tree(place, artifact):
        raise BadData("the model is a single file, not a package folder", hint="log the whole folder")
    if not objects.verify(place, artifact):
        raise BadData(f"the bytes of {artifact[:12]} are not what was logged", hint="run the training again")
    files = {entry.path: entry.digest for entry in objects.tree(place, artifact)}
    with _unpacked(place, artifact) as folder:
        if moved := _golden(_load(folder)):
            raise BadData(moved, hint="run the training again, on this machine's versions")
        return {"package": (folder / MANIFEST).read_text(), "profile": files.get(REFERENCE)}


def intact(*, home: str, digests: dict[str, str | None]) -> Json:
    """Which of the named objects no longer have the bytes they are named by: {"broken": [names]}."""
    place = Home(Path(home))
    return {
        "broken": [name for name, digest in digests.items() if digest and not objects.verify(place, digest)]
    }


def compare(
    *, home: str, candidate: str, champion: str | None, rows: str | None, target: str | None, higher: bool
) -> Json:
    """All that the gates want to know of one candidate; `gates.Evidence.of` reads it.

    Args:
        candidate, champion: digests of package trees; None: nobody holds the alias.
        rows: digest of the Parquet file both are judged on; None: each on its own hold-out.
        higher: whether a higher value of the metric is better, where the metric itself does not say.
    """
    place = Home(Path(home))
    digests = {"artifact": candidate, "holder": champion, "rows": rows}
    told: Json = {"broken": intact(home=home, digests=digests)["broken"], "golden": "not tried",
                  "metric": "holdout", "holdout": None, "duel": None, "fault": ""}  # fmt: skip
    if told["broken"]:
        return told | {"fault": "the bytes were changed"}
    with _unpacked(place, candidate) as folder:
        ours = _load(folder)
        told |= {"golden": _golden(ours), "metric": ours.package.metric,
                 "holdout": asdict(ours.package.holdout)}  # fmt: skip
        if champion is None:
            return told
        with _unpacked(place, champion) as other:
            try:
                theirs = _load(other)
                _comparable(ours, theirs)
                with _in_words():
                    duel = _duel(
                        place, _Side(folder, ours), _Side(other, theirs), rows, target, higher=higher
                    )
            except BadData as error:
                return told | {"fault": str(error)}
    return told | {"duel": asdict(duel)}


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two models, unpacked and loaded."""

    folder: Path
    scorer: Scorer

    @property
    def holdout(self) -> Measured:
        return Measured(**asdict(self.scorer.package.holdout))

    def seen(self) -> "list[pl.DataFrame]":
        """The rows it was made from, its own hold-out too, when its package brought them."""
        import polars as pl

        path = self.folder / REFERENCE
        return [pl.read_parquet(path)] if path.exists() else []


def _duel(
    place: Home, ours: _Side, theirs: _Side, rows: str | None, target: str | None, *, higher: bool
) -> Duel:
    """On the rows that neither has seen; each on its own hold-out where there are not enough of them."""
    note = ""
    if rows is not None and target is not None:
        fresh, left_out = _fresh(objects.path_of(place, rows), ours, theirs, target)
        note = f"{left_out} rows of the training tables were left out" if left_out else ""
        if len(fresh) > MOST_ROWS:
            note = f"{MOST_ROWS} of {len(fresh)} fresh rows"
            fresh = fresh.sample(MOST_ROWS, seed=0)
        if len(fresh) >= duels.MIN_ROWS:
            return _paired(fresh, ours.scorer, theirs.scorer, target, note)
        note = f"only {len(fresh)} fresh rows, {duels.MIN_ROWS} are needed"
    held = own_holdouts(ours.holdout, theirs.holdout, metric=ours.scorer.package.metric, higher=higher)
    return replace(held, note=note)


def _fresh(path: Path, ours: _Side, theirs: _Side, target: str) -> "tuple[pl.DataFrame, int]":
    """The labelled rows that are in neither training table, and how many were left out for being there."""
    import polars as pl

    table = pl.read_parquet(path)
    if target not in table.columns:
        raise BadData(f"the recent rows have no column {target!r}", hint="add the data again with --target")
    table = table.filter(pl.col(target).is_not_null())
    columns = [*ours.scorer.package.encoder.names, target]
    kept = duels.fresh(table, [*ours.seen(), *theirs.seen()], columns)
    return kept, len(table) - len(kept)


def _paired(rows: "pl.DataFrame", ours: Scorer, theirs: Scorer, target: str, note: str) -> Duel:
    columns = rows.to_dict(as_series=False)
    truth = columns[target]
    mine, other = ours.predict(columns).labels, theirs.predict(columns).labels
    classes = ours.package.task == "classification"
    gained = duels.gains(truth, mine, other, classes=classes)
    low, high = duels.interval(gained)
    return Duel(
        candidate=duels.score(truth, mine, classes=classes),
        champion=duels.score(truth, other, classes=classes),
        gain=float(gained.mean()),
        low=low,
        high=high,
        n=len(truth),
        kind="paired",
        note=note,
    )


def _comparable(ours: Scorer, theirs: Scorer) -> None:
    mine, other = ours.package, theirs.package
    if (mine.metric, mine.target) != (other.metric, other.target):
        raise BadData(
            f"{mine.metric} of {mine.target!r} cannot be compared with {other.metric} of {other.target!r}",
            hint="register it under another name, or set beats_champion = false",
        )


def _golden(scorer: Scorer) -> str:
    """Nothing when the model answers its golden rows as it did; else what moved."""
    try:
        with _in_words():
            scorer.check_golden()
    except BadData as error:
        return str(error)
    return ""


def _load(folder: Path) -> Scorer:
    with _in_words("not a model package: "):
        return Scorer(folder)


@contextmanager
def _in_words(before: str = "") -> Iterator[None]:
    """Whatever a package or its runtime does wrong comes out as BadData."""
    from onnxruntime.capi import onnxruntime_pybind11_state as ort

    faults = (ort.Fail, ort.InvalidArgument, ort.InvalidGraph, ort.InvalidProtobuf, ort.NoSuchFile,
              ort.NotImplemented, ort.RuntimeException)  # fmt: skip
    try:
        yield
    except (OSError, ValueError, *faults) as error:
        raise BadData(f"{before}{error}", hint="log the folder a trainer wrote") from error


@contextmanager
def _unpacked(place: Home, digest: str) -> Iterator[Path]:
    """A package as a folder, by hard links, for as long as it is looked at."""
    with tempfile.TemporaryDirectory(prefix=".look-", dir=place.objects) as scratch:
        yield objects.materialise(place, digest, Path(scratch) / "package")
