"""The built-in scikit-learn trainer: a random forest, grown a few trees at a time.

python -P -m lineside.jobs.trainers.ensemble --data DIR --target C [--trees N] [--min-leaf N]
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lineside
from lineside.jobs.packaging.encoding import Encoder, Matrix
from lineside.jobs.packaging.packages import MODEL
from lineside.jobs.trainers import package
from lineside.jobs.trainers.columns import Table
from lineside.jobs.trainers.talk import STOPPED, Stop, flags, main, open_table, package_folder, say, verdict

GROWTH = 10
"""Steps in which a forest is grown: as many points in its curve."""


def train(argv: list[str]) -> int:
    """Train, judge, pack, log: the whole job."""
    args = _flags().parse_args(argv)
    lineside.start_run()
    stop = Stop()
    table = open_table(args)
    encoder = table.fit_encoder()

    def step(trees: int, value: float) -> bool:
        lineside.log_metrics({f"val_{package.metric(table)}": value}, step=trees)
        return bool(stop)

    began = time.perf_counter()
    forest = grow(table, encoder, trees=args.trees, min_leaf=args.min_leaf, seed=args.seed, step=step)
    train_s = time.perf_counter() - began
    trained = finished(forest, table, encoder)
    holdout = package.judge(table, trained.said, seed=args.seed)
    verdict(table, holdout, train_s=train_s)
    folder = package_folder(args)
    package.write(folder, table, encoder, trained, holdout=holdout)
    if stop:
        lineside.log_artifact(str(folder / MODEL), name="checkpoint.onnx", kind="checkpoint")
        say(f"told to stop: kept the {forest.n_estimators} trees grown so far as checkpoint.onnx")
        return STOPPED
    lineside.log_model(str(folder))
    lineside.finish()
    return 0


def grow(
    table: Table,
    encoder: Encoder,
    *,
    trees: int,
    min_leaf: int | None = None,
    seed: int,
    step: Callable[[int, float], bool] = lambda _trees, _value: False,
) -> Any:
    """A fitted forest.

    Args:
        step: told the trees so far and their hold-out metric, a few times; True stops the growth.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if table.task == "classification" else RandomForestRegressor
    least = 1 if table.task == "classification" else 2  # half the size for 1 % of error
    leaf = min_leaf or max(least, len(table.train) // 4000)
    forest = kind(min_samples_leaf=leaf, random_state=seed, n_jobs=_cores(), warm_start=True)
    rows, answers = table.matrix(encoder, table.train), table.answers[table.train]
    unseen = table.matrix(encoder, table.holdout)
    for count in sorted({max(1, round(trees * part / GROWTH)) for part in range(1, GROWTH + 1)}):
        forest.n_estimators = count
        forest.fit(rows, answers)
        now = package.judge(table, _said(forest, table, unseen))
        if step(count, now.value):
            break
    return forest


def finished(forest: Any, table: Table, encoder: Encoder) -> package.Trained:
    """The forest as ONNX, and what it says of the hold-out rows."""
    said = _said(forest, table, table.matrix(encoder, table.holdout))
    classify = table.task == "classification"
    return package.Trained(
        framework="scikit-learn",
        onnx=_onnx(forest, encoder.width, classify=classify),
        output="probabilities" if classify else "variable",
        said=said,
    )


def _said(forest: Any, table: Table, rows: Matrix) -> NDArray[np.floating[Any]]:
    said: NDArray[np.floating[Any]]
    said = forest.predict(rows) if table.task == "regression" else forest.predict_proba(rows)
    return said


def _onnx(forest: Any, width: int, *, classify: bool) -> bytes:
    """The forest in ONNX, its probabilities as one plain matrix."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    options = {id(forest): {"zipmap": False}} if classify else None
    model = to_onnx(forest, initial_types=[("features", FloatTensorType([None, width]))], options=options)
    text: bytes = model.SerializeToString()
    return text


def _cores() -> int:
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def _flags() -> argparse.ArgumentParser:
    parser = flags("Train a random forest on a dataset version and pack it as ONNX.")
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument("--min-leaf", type=int, help="fewest rows in a leaf (default: by the number of rows)")
    return parser


if __name__ == "__main__":
    main(train)
