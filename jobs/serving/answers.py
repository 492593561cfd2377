"""Open Inference Protocol V2, the way out: answers → a response's bytes."""

import json
import math
from collections.abc import Sequence
from typing import Any

from lineside.jobs.packaging.packages import Label
from lineside.jobs.packaging.scoring import Predictions
from lineside.jobs.serving.wire import Asked, BadRequest, Table

_STRICT = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":")).encode


def answer(
    asked: Asked,
    said: Predictions,
    *,
    id: str,
    model: str,
    version: str,
    datatype: str,
    classes: Sequence[Label],
) -> bytes:
    """The response: output `predict`, and `probabilities` in the order of the classes where there are any."""
    outputs: list[Table] = [
        {"name": "predict", "shape": [asked.rows], "datatype": datatype, "data": said.labels}
    ]
    if said.probabilities is not None:
        shape, data = list(said.probabilities.shape), said.probabilities.ravel().tolist()
        outputs.append(
            {"name": "probabilities", "shape": shape, "datatype": "FP32", "data": data,
             "parameters": {"classes": classes}}
        )  # fmt: skip
    if asked.wanted is not None:
        outputs = _chosen(outputs, asked.wanted)
    return dumps({"model_name": model, "model_version": version, "id": id, "outputs": outputs})


def dumps(value: Any) -> bytes:
    """Strict JSON; a number that JSON has no word for becomes the string "NaN", "Infinity" or "-Infinity"."""
    try:
        return _STRICT(value).encode()
    except ValueError:
        return _STRICT(_worded(value)).encode()


def datatype_of(labels: Sequence[Label]) -> str:
    """The V2 type of the classes; of a regression's numbers when there are none.

    >>> datatype_of([]), datatype_of([0, 1]), datatype_of(["cat", "dog"])
    ('FP32', 'INT64', 'BYTES')
    """
    if not labels:
        return "FP32"
    if all(isinstance(each, int) for each in labels):
        return "INT64"
    return "FP64" if all(isinstance(each, int | float) for each in labels) else "BYTES"


def row_ids(id: str, asked: Asked) -> list[str]:
    """What labels are joined by: the client's ids, else the request's own id and the row's place in it."""
    if asked.ids is not None:
        return asked.ids
    return [id] if asked.rows == 1 else [f"{id}#{row}" for row in range(asked.rows)]


def _chosen(outputs: list[Table], wanted: frozenset[str]) -> list[Table]:
    have = {each["name"] for each in outputs}
    if unknown := sorted(wanted - have):
        raise BadRequest(f"no output {unknown[0]!r}: this model gives {' and '.join(sorted(have))}")
    return [each for each in outputs if each["name"] in wanted]


def _worded(value: Any) -> Any:
    """The same value with every number that JSON lacks put in words."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _worded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_worded(each) for each in value]
    return value
