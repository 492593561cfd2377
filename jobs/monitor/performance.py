"""How well the model really did, once the labels have come. Runs in the compute child."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineside.jobs.context import Json
from lineside.jobs.trainers.verdicts import wilson
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import labels, windows

ENOUGH = 0.8
"""Share of a window that must be labelled before its value is judged; below it, it is only shown."""
_DRAWS = 1000


def measure_labels(*, home: str, monitor_id: int) -> Json:
    """The realised metric of every window of a monitor that labels may have changed.

    Returns:
        {"seen": arrival of the newest label, or None, "windows": [{id, labelled, metric, value, low, high}]}.
    """
    place = Home(Path(home))
    db = reader(place)
    try:
        newest = labels.newest(db, monitor_id)
        if newest is None:
            return {"seen": None, "windows": []}
        found = []
        for window in windows.unlabelled(db, monitor_id, newest=newest):
            ids, said = predictions(place, window.path)
            known = labels.of_predictions(db, monitor_id, ids)
            pairs = [(p, known[i]) for i, p in zip(ids, said, strict=True) if i in known]
            metric = window.metric or "accuracy"
            found.append({"id": window.id, "metric": metric, **realised(pairs, metric)})
        return {"seen": newest, "windows": found}
    finally:
        db.close()


def predictions(home: Home, path: str | None) -> tuple[list[str], list[str]]:
    """Ids and answers of one window's rows."""
    if path is None:
        return [], []
    import polars as pl

    frame = pl.read_parquet(home.windows / path, columns=["_id", "_prediction"])
    return frame["_id"].to_list(), frame["_prediction"].to_list()


def realised(pairs: Sequence[tuple[str, str]], metric: str) -> dict[str, Any]:
    """The metric over (predicted, true) with its 95 % interval; no rows, no number.

    >>> realised([("3", "3"), ("5", "5.0"), ("8", "9")], "accuracy")["value"]
    0.6666666666666666
    """
    if not pairs:
        return {"labelled": 0, "value": None, "low": None, "high": None}
    if metric == "accuracy":
        hits = sum(plain(predicted) == plain(true) for predicted, true in pairs)
        low, high = wilson(hits, len(pairs))
        return {"labelled": len(pairs), "value": hits / len(pairs), "low": low, "high": high}
    errors = np.array([abs(float(predicted) - float(true)) for predicted, true in pairs])
    low, high = bootstrap(errors)
    return {"labelled": len(pairs), "value": float(errors.mean()), "low": low, "high": high}


def bootstrap(errors: NDArray[np.float64], *, draws: int = _DRAWS) -> tuple[float, float]:
    """95 % percentile interval of the mean over rows; seeded: the same rows give the same interval."""
    rng = np.random.default_rng(0)
    n = len(errors)
    means = [errors[rng.integers(0, n, n)].mean() for _ in range(draws)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def worse(metric: str, *, value: float, low: float, high: float, baseline: float, drop: float) -> bool:
    """Whether a realised value is worse than the hold-out by more than `drop`, and not by chance.

    Accuracy falls by `drop`; an error grows by the share `drop`. The interval must exclude the hold-out.

    >>> worse("accuracy", value=0.83, low=0.77, high=0.88, baseline=0.97, drop=0.05)
    True
    >>> worse("mae", value=31.0, low=29.0, high=33.0, baseline=30.0, drop=0.05)
    False
    """
    if metric == "accuracy":
        return value <= line(metric, baseline, drop) and high < baseline
    return value >= line(metric, baseline, drop) and low > baseline


def line(metric: str, baseline: float, drop: float) -> float:
    """The value at which a metric is worse by `drop`."""
    return baseline - drop if metric == "accuracy" else baseline * (1 + drop)


def plain(label: str) -> str:
    """A class as people write it: a whole number without its decimals."""
    try:
        number = float(label)
    except ValueError:
        return label.strip()
    return str(int(number)) if number.is_integer() else str(number)
