"""Pack a trained model: the ONNX file, what it says of itself, and the rows it learnt from."""

import math
import platform
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineside.jobs.packaging.encoding import Encoder
from lineside.jobs.packaging.packages import MODEL, REFERENCE, Golden, Holdout, Package
from lineside.jobs.packaging.scoring import Predictions, Scorer
from lineside.jobs.trainers.columns import Table, Unusable
from lineside.jobs.trainers.verdicts import accuracy, mean_absolute_error

GOLDEN_ROWS = 8
PARITY = 1e-3
"""How far the exported model may be from the trained one, in probability or relative value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model that has finished learning, by whatever library."""

    framework: str  # "torch", "scikit-learn"
    onnx: bytes
    output: str  # the ONNX output to read: probabilities (n, classes), or values (n, 1)
    said: NDArray[np.floating[Any]]  # its own probabilities (n, classes) or values (n,) for the hold-out rows


def judge(table: Table, said: NDArray[np.floating[Any]], *, seed: int = 0) -> Holdout:
    """The hold-out metric of the task: accuracy of classes, mean absolute error of numbers."""
    truth = table.answers[table.holdout]
    if table.task == "classification":
        return accuracy(truth, said.argmax(axis=1).astype(np.float32))
    return mean_absolute_error(truth, said.astype(np.float32), seed=seed)


def write(folder: Path, table: Table, encoder: Encoder, trained: Trained, *, holdout: Holdout) -> Package:
    """Write the package into `folder`; the exported model must answer as the trained one did.

    Raises:
        Unusable: it does not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).write_bytes(trained.onnx)
    table.frame.write_parquet(folder / REFERENCE)  # in stored order: drift compares windows with its blocks
    golden = _plain(table.columns(table.holdout[:GOLDEN_ROWS]))
    draft = Package(
        task=table.task,
        target=table.target,
        encoder=encoder,
        classes=table.classes,
        image=table.image,
        metric=metric(table),
        holdout=holdout,
        framework=trained.framework,
        versions=versions("torch", "scikit-learn", "onnx", "skl2onnx", "onnxruntime", "numpy"),
        golden=Golden(inputs=golden, labels=[], probabilities=None),
        trained_rows=len(table.train),
        input_name="features",
        output_name=trained.output,
    )
    draft.write(folder)
    return _sealed(folder, draft, table, trained.said)


def metric(table: Table) -> str:
    return "accuracy" if table.task == "classification" else "mae"


def versions(*names: str) -> dict[str, str]:
    """What is installed of the libraries that make and run models."""
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _sealed(folder: Path, draft: Package, table: Table, said: NDArray[np.floating[Any]]) -> Package:
    """Load what was written, compare it with the model in memory, and note its golden answers."""
    scorer = Scorer(folder)
    moved = _distance(scorer.predict(table.columns(table.holdout)), said)
    if not moved <= PARITY:
        raise Unusable(f"the exported model is off by {moved:.2g} from the trained one")
    now = scorer.predict(draft.golden.inputs)
    shown = None if now.probabilities is None else now.probabilities.tolist()
    golden = replace(draft.golden, labels=now.labels, probabilities=shown)
    package = replace(draft, golden=golden)
    package.write(folder)
    return package


def _distance(served: Predictions, said: NDArray[np.floating[Any]]) -> float:
    if served.probabilities is not None:
        return float(np.abs(served.probabilities - said).max())
    values = np.asarray(served.labels, dtype=np.float64)
    return float((np.abs(values - said) / np.maximum(1.0, np.abs(said))).max())


def _plain(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Columns as JSON can hold them: a NaN is a missing number."""
    return {
        name: [None if isinstance(v, float) and not math.isfinite(v) else v for v in values]
        for name, values in columns.items()
    }
