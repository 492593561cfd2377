"""A packaged model, loaded and ready to answer. The gates, the server and the monitor all score with this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineside.jobs.packaging.encoding import Matrix
from lineside.jobs.packaging.packages import MODEL, Label, Package

TOLERANCE = 1e-4
"""How far a golden answer may move between machines before the model is not the same model."""


class NotTheSameModel(ValueError):
    """The loaded model does not answer its own golden rows as it did when it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Answers for n rows."""

    labels: list[Label]  # classes, or numbers for a regression
    probabilities: Matrix | None  # shape (n, classes); None for a regression

    @property
    def confidence(self) -> list[float] | None:
        """The probability of the class that was chosen, per row."""
        return None if self.probabilities is None else self.probabilities.max(axis=1).tolist()


class Scorer:
    """One package in memory: encoder and ONNX session, one thread, safe to share between readers."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.package = Package.read(folder)
        self._session = ort.InferenceSession(str(folder / MODEL), options, providers=["CPUExecutionProvider"])
        self._outputs = [self.package.output_name]
        self._classes = list(self.package.classes)

    def predict(self, columns: Mapping[str, Sequence[Any]]) -> Predictions:
        """Answers for raw columns.

        Raises:
            BadRows: the columns are not the ones the model needs.
        """
        return self.predict_matrix(self.package.encoder.encode(columns))

    def predict_rows(self, rows: NDArray[np.floating[Any]]) -> Predictions:
        """Answers for rows of plain numbers in the order of the features, NaN where missing.

        Raises:
            BadRows: the rows are too wide or too narrow, or the model has category columns.
        """
        return self.predict_matrix(self.package.encoder.encode_matrix(rows))

    def predict_matrix(self, matrix: Matrix) -> Predictions:
        """Answers for rows that are already encoded."""
        if not len(matrix):
            return Predictions(labels=[], probabilities=self._no_rows())
        (raw,) = self._session.run(self._outputs, {self.package.input_name: matrix})
        if not self._classes:
            return Predictions(labels=raw.reshape(-1).tolist(), probabilities=None)
        classes = self._classes
        return Predictions(labels=[classes[i] for i in raw.argmax(axis=1).tolist()], probabilities=raw)

    def check_golden(self) -> None:
        """Answer the golden rows again.

        Raises:
            NotTheSameModel: an answer moved by more than TOLERANCE (relative, for a regression).
        """
        golden = self.package.golden
        now = self.predict(golden.inputs)
        if now.probabilities is not None:
            then = np.asarray(golden.probabilities, dtype=np.float64)
            moved = float(np.abs(now.probabilities - then).max())
        else:
            then = np.asarray(golden.labels, dtype=np.float64)
            moved = float((np.abs(np.asarray(now.labels) - then) / np.maximum(1.0, np.abs(then))).max())
        if not moved <= TOLERANCE:
            raise NotTheSameModel(f"golden answers moved by {moved:.2g}, at most {TOLERANCE:g} is allowed")

    def _no_rows(self) -> Matrix | None:
        return np.zeros((0, len(self._classes)), dtype=np.float32) if self._classes else None
