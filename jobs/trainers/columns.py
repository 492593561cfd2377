"""A Parquet file → features, answers and the split: what both trainers begin with."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lineside.jobs.packaging.encoding import Encoder, Kind, Matrix
from lineside.jobs.packaging.packages import Image, Label, Task

if TYPE_CHECKING:
    import polars as pl

HOLDOUT = 0.2
MOST_CLASSES = 20
"""An integer target with more distinct values than this is a number to predict, not a class."""
_PIXEL = re.compile(r"(?:.*\D)?(\d+)_(\d+)$")


class Unusable(ValueError):
    """The table cannot be trained on; `str(error)` is the last line of the job's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What dataset.json beside the Parquet files says: where the rows come from, what to predict."""

    name: str
    version: int | None  # None: a plain folder, not a dataset version
    digest: str | None
    target: str | None
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows that have an answer, and which of them train."""

    frame: "pl.DataFrame"  # features, then the target
    target: str
    task: Task
    classes: tuple[Label, ...]
    kinds: dict[str, Kind]
    image: Image | None
    answers: NDArray[np.float32]  # class numbers (-1: never met in training) or values; (rows,)
    train: NDArray[np.int64]
    holdout: NDArray[np.int64]
    dropped: tuple[str, ...]  # columns that cannot be features: dates, lists

    def columns(self, rows: NDArray[np.int64]) -> dict[str, list[Any]]:
        """The raw features of some rows, as a request would bring them."""
        return self.frame.select(list(self.kinds))[rows].to_dict(as_series=False)

    def fit_encoder(self) -> Encoder:
        """An encoder that has seen the training rows only."""
        return Encoder.fit(self.columns(self.train), self.kinds)

    def matrix(self, encoder: Encoder, rows: NDArray[np.int64]) -> Matrix:
        return encoder.encode(self.columns(rows))


def source(folder: Path) -> Source:
    """The dataset version that lies in `folder`."""
    path = folder / "dataset.json"
    table = json.loads(path.read_text()) if path.exists() else {}
    return Source(
        name=table.get("name", folder.name),
        version=table.get("version"),
        digest=table.get("digest"),
        target=table.get("target"),
        exclude=tuple(table.get("exclude", ())),
    )


def load(
    folder: Path,
    *,
    target: str,
    exclude: Sequence[str],
    seed: int,
    task: Task | None = None,
    image: str | None = None,
) -> Table:
    """Read the training rows of a dataset version and split them 80/20, shuffled by `seed`.

    Args:
        exclude: columns no model may see: leaks, ids, the clock.
        image: "8x8" when the columns are pixels; None looks at their names.

    Raises:
        Unusable: no such file, no such target, no feature, or too few rows.
    """
    frame = _with_answers(_read(folder), target)
    kinds = _kinds(frame, without={target, *exclude})
    if not kinds:
        raise Unusable(f"no column but {target!r} can be a feature")
    train, holdout = _split(frame.height, seed)
    chosen = task or infer_task(frame[target])
    classes = _classes(frame[target][train]) if chosen == "classification" else ()
    return Table(
        frame=frame.select(*kinds, target),
        target=target,
        task=chosen,
        classes=classes,
        kinds=kinds,
        image=_image(frame, list(kinds), image),
        answers=_answers(frame[target], classes),
        train=train,
        holdout=holdout,
        dropped=tuple(c for c in frame.columns if c not in {*kinds, target, *exclude}),
    )


def infer_task(target: "pl.Series") -> Task:
    """Words, truths and few whole numbers are classes; all else is a number to predict."""
    if target.dtype.is_integer():
        return "classification" if target.n_unique() <= MOST_CLASSES else "regression"
    return "regression" if target.dtype.is_numeric() else "classification"


def _read(folder: Path) -> "pl.DataFrame":
    import polars as pl

    for split in ("train", "all"):
        if (folder / f"{split}.parquet").exists():
            return pl.read_parquet(folder / f"{split}.parquet")
    raise Unusable(f"{folder} holds neither train.parquet nor all.parquet")


def _with_answers(frame: "pl.DataFrame", target: str) -> "pl.DataFrame":
    """The rows that say what `target` is."""
    if target not in frame.columns:
        raise Unusable(f"no column {target!r}; the table has {', '.join(frame.columns)}")
    answers = frame[target]
    known = frame.filter(answers.is_finite() if answers.dtype.is_float() else answers.is_not_null())
    if known.height < 10:
        raise Unusable(f"{known.height} rows have a {target!r}: too few to train on")
    return known


def _split(rows: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row numbers to train on, and to hold out."""
    order = np.random.default_rng(seed).permutation(rows)
    cut = round(rows * (1 - HOLDOUT))
    return order[:cut], order[cut:]


def _kinds(frame: "pl.DataFrame", *, without: set[str]) -> dict[str, Kind]:
    """Numbers and truths are numeric, words are categories; the rest is no feature."""
    import polars as pl

    kinds: dict[str, Kind] = {}
    for name, dtype in frame.schema.items():
        if name in without:
            continue
        if dtype.is_numeric() or dtype == pl.Boolean:
            kinds[name] = "numeric"
        elif dtype in (pl.String, pl.Categorical, pl.Enum):
            kinds[name] = "category"
    return kinds


def _classes(target: "pl.Series") -> tuple[Label, ...]:
    """The classes that training rows have: a model can name no other.

    Raises:
        Unusable: they all have the same one.
    """
    import polars as pl

    if not target.dtype.is_numeric():
        target = target.cast(pl.String)
    classes = tuple(target.unique().sort().to_list())
    if len(classes) < 2:
        raise Unusable(f"every training row says {target.name!r} is {classes[0]!r}: nothing to learn")
    return classes


def _answers(target: "pl.Series", classes: tuple[Label, ...]) -> NDArray[np.float32]:
    """The values, or the number of each class; -1 where only hold-out rows have that class."""
    import polars as pl

    if not classes:
        return target.cast(pl.Float32).to_numpy()
    values = target.cast(pl.String) if isinstance(classes[0], str) else target
    place = {label: index for index, label in enumerate(classes)}
    return np.array([place.get(value, -1) for value in values.to_list()], dtype=np.float32)


def _image(frame: "pl.DataFrame", names: Sequence[str], asked: str | None) -> Image | None:
    """The picture that the columns are: asked for as "8x8", or seen from names like pixel_3_7."""
    size = _asked_size(asked) if asked else _named_size(names)
    if size is None:
        return None
    if size[0] * size[1] != len(names):
        raise Unusable(
            f"a picture of {size[0]}x{size[1]} needs {size[0] * size[1]} columns, not {len(names)}"
        )
    most = frame.select(names).max().row(0)
    return Image(rows=size[0], cols=size[1], max=float(max(v for v in (*most, 1.0) if v is not None)))


def _asked_size(asked: str) -> tuple[int, int]:
    rows, _, cols = asked.lower().partition("x")
    if not (rows.isdigit() and cols.isdigit()):
        raise Unusable(f"--image {asked!r}: say rows x columns, for example 8x8")
    return int(rows), int(cols)


def _named_size(names: Sequence[str]) -> tuple[int, int] | None:
    """Columns named by row and column, all of them there, in order."""
    found = [_PIXEL.match(name) for name in names]
    places = [(int(m[1]), int(m[2])) for m in found if m]
    if len(places) != len(names) or len(places) < 16:
        return None
    rows, cols = places[-1][0] + 1, places[-1][1] + 1
    grid = [(r, c) for r in range(rows) for c in range(cols)]
    return (rows, cols) if places == grid else None
