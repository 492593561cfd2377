"""The built-in networks: convolutional for pictures, dense for tables; scaling is a layer and ships along."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from lineside.jobs.packaging.encoding import Matrix
from lineside.jobs.packaging.packages import Image


class Scale(nn.Module):  # type: ignore[misc]  # torch ships no types that mypy reads
    """(x - shift) / spread, learnt from the training rows once and never again."""

    def __init__(self, shift: Any, spread: Any) -> None:
        super().__init__()
        self.register_buffer("shift", torch.as_tensor(shift, dtype=torch.float32))
        self.register_buffer("spread", torch.as_tensor(spread, dtype=torch.float32))

    def forward(self, x: Any) -> Any:
        return (x - self.shift) / self.spread


class Unscale(Scale):
    """The way back: x * spread + shift."""

    def forward(self, x: Any) -> Any:
        return x * self.spread + self.shift


def build(rows: Matrix, *, image: Image | None, outputs: int, width: int, dropout: float) -> Any:
    """A network from encoded rows to `outputs` raw numbers, its input scaled by what `rows` are like.

    Args:
        rows: the encoded training rows, shape (n, features).
        width: channels of the first convolution; a dense network has 8 times as many units a layer.
    """
    if image is None:
        return _dense(rows, outputs=outputs, units=8 * width, dropout=dropout)
    return _convolutional(image, outputs=outputs, channels=width, dropout=dropout)


def answering(network: Any, *, target: tuple[float, float] | None) -> Any:
    """The trained network with a last layer that speaks the package's language.

    Args:
        target: shift and spread of a regression's target; None for a classification.
    """
    last = nn.Softmax(dim=1) if target is None else Unscale(*target)
    return nn.Sequential(network, last).eval().cpu()


def to_onnx(model: Any, *, features: int, output: str) -> bytes:
    """The model in ONNX for any number of rows; what the exporter prints is kept from the job's log."""
    example = torch.zeros((2, features))
    with _quiet():
        program = torch.onnx.export(
            model, (example,), dynamo=True, input_names=["features"], output_names=[output],
            dynamic_shapes=({0: torch.export.Dim("rows")},), verbose=False,
        )  # fmt: skip
    text: bytes = program.model_proto.SerializeToString()
    return text


def _dense(rows: Matrix, *, outputs: int, units: int, dropout: float) -> Any:
    spread = rows.std(axis=0)
    layers: list[Any] = [Scale(rows.mean(axis=0), np.where(spread > 0, spread, 1.0))]
    width = rows.shape[1]
    for _ in range(2):
        layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
        width = units
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def _convolutional(image: Image, *, outputs: int, channels: int, dropout: float) -> Any:
    flat = 2 * channels * (image.rows // 2) * (image.cols // 2)
    return nn.Sequential(
        Scale(0.0, image.max),
        nn.Unflatten(1, (1, image.rows, image.cols)),
        nn.Conv2d(1, channels, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(channels, 2 * channels, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Linear(flat, 8 * channels),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(8 * channels, outputs),
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Neither prints nor warnings nor log lines, of this one call."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            yield
    finally:
        logging.disable(before)
