"""package.json: what a trained model says of itself. Beside it lie model.onnx and reference.parquet."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from lineside.jobs.packaging.encoding import Encoder

FORMAT = 1
MODEL = "model.onnx"
REFERENCE = "reference.parquet"
"""The rows it was made from, hold-out included, in stored order: what drift is measured against."""
MANIFEST = "package.json"

Task = Literal["classification", "regression"]
Label = int | float | str
"""A class as the training table spelled it, or a predicted number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The columns are the pixels of a small grey picture, row by row."""

    rows: int
    cols: int
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """The metric on rows the model never saw, with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """Eight raw rows and what the model said of them on the day it was made."""

    inputs: Mapping[str, list[Any]]
    labels: list[Label]  # classes, or numbers for a regression
    probabilities: list[list[float]] | None  # None for a regression


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The whole manifest."""

    task: Task
    target: str
    encoder: Encoder
    classes: tuple[Label, ...]  # empty for a regression
    image: Image | None
    metric: str  # "accuracy" or "mae"
    holdout: Holdout
    framework: str  # "torch", "scikit-learn"
    versions: Mapping[str, str]
    golden: Golden
    trained_rows: int
    input_name: str
    output_name: str  # probabilities (n, classes), or values (n, 1)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of the package in `folder`.

        Raises:
            OSError: there is none.
            ValueError: it is not one this lineside understands.
        """
        table = json.loads((folder / MANIFEST).read_text())
        if not isinstance(table, dict) or table.get("format") != FORMAT:
            raise ValueError(f"{folder / MANIFEST} is not a package of format {FORMAT}")
        try:
            return cls.of(table)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{folder / MANIFEST} lacks {error}") from error

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Self:
        golden = table["golden"]
        return cls(
            task=table["task"],
            target=table["target"],
            encoder=Encoder.of(table),
            classes=tuple(table["classes"]),
            image=Image(**table["image"]) if table["image"] else None,
            metric=table["metric"],
            holdout=Holdout(**table["holdout"]),
            framework=table["framework"],
            versions=table["versions"],
            golden=Golden(inputs=golden["inputs"], **golden["outputs"]),
            trained_rows=table["trained_rows"],
            input_name=table["input_name"],
            output_name=table["outputs"][0],
        )

    def table(self) -> dict[str, Any]:
        """The manifest as JSON has it; `Package.of` reads it back."""
        return {
            "format": FORMAT,
            "task": self.task,
            "target": self.target,
            "features": self.encoder.tables(),
            "classes": list(self.classes),
            "image": asdict(self.image) if self.image else None,
            "metric": self.metric,
            "holdout": asdict(self.holdout),
            "framework": self.framework,
            "versions": dict(self.versions),
            "golden": {
                "inputs": dict(self.golden.inputs),
                "outputs": {"labels": self.golden.labels, "probabilities": self.golden.probabilities},
            },
            "trained_rows": self.trained_rows,
            "input_name": self.input_name,
            "outputs": [self.output_name],
        }

    def write(self, folder: Path) -> None:
        (folder / MANIFEST).write_text(json.dumps(self.table(), indent=1, allow_nan=False) + "\n")
