"""Open Inference Protocol V2, the way in: a request's bytes → rows that a model understands.

A request's inputs are either one tensor of shape [n, k], the numbers in the order of the model's features,
or one tensor per column of shape [n] or [n, 1] (BYTES for words). Columns the model does not know are
ignored, so that one client can talk to two versions with different features. `null` and "NaN" are missing
numbers.
"""

import json
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineside.jobs.packaging.encoding import Encoder

Table = Mapping[str, Any]

_NUMERIC = frozenset(
    {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64"}
)
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
MAX_ROWS = 100_000


class BadRequest(ValueError):
    """The client's mistake, in words fit to send back."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, understood. Either `matrix` and `flat` are there (one tensor), or `columns` are."""

    id: str | None
    rows: int
    matrix: NDArray[np.float64] | None
    flat: list[Any]  # the tensor's data as it was sent, row after row
    columns: Mapping[str, list[Any]]
    ids: list[str] | None
    event_us: list[int] | None
    wanted: frozenset[str] | None  # output names; None: all
    probe: bool  # a golden check: not for the payload log

    def by_column(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """The inputs as they were sent, one list per feature."""
        if self.matrix is None:
            return {name: self.columns[name] for name in names}
        if self.rows == 1:
            return {name: [value] for name, value in zip(names, self.flat, strict=True)}
        return {name: self.flat[at :: len(names)] for at, name in enumerate(names)}


def parse(body: bytes, encoder: Encoder) -> Asked:
    """Understand one request for a model with this encoder.

    Raises:
        BadRequest: it is not a V2 request, or not one for this model.
    """
    table = _object(body)
    inputs = table.get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(each, dict) for each in inputs):
        raise BadRequest("'inputs' must be a list with at least one tensor")
    matrix: NDArray[np.float64] | None = None
    flat: list[Any] = []
    columns: dict[str, list[Any]] = {}
    if len(inputs) == 1 and inputs[0].get("name") not in encoder.names:
        matrix, flat = _matrix(inputs[0], encoder)
        rows = len(matrix)
    else:
        columns, rows = _columns(inputs, encoder)
    if not 0 < rows <= MAX_ROWS:
        raise BadRequest(f"a request has 1 to {MAX_ROWS} rows, this one {rows}")
    given = table.get("parameters") or {}
    if not isinstance(given, dict):
        raise BadRequest("'parameters' must be an object")
    return Asked(
        id=_id(table.get("id")),
        rows=rows,
        matrix=matrix,
        flat=flat,
        columns=columns,
        ids=_ids(given.get("ids"), rows),
        event_us=_event(given.get("event_time_us"), rows),
        wanted=_wanted(table.get("outputs")),
        probe=given.get("probe") is True,
    )


def _object(body: bytes) -> Table:
    try:
        table = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(table, dict):
        raise BadRequest("the body must be a JSON object with 'inputs'")
    return table


def _matrix(tensor: Table, encoder: Encoder) -> tuple[NDArray[np.float64], list[Any]]:
    """One tensor of shape [n, k]; k is checked here so that the message can name the model's width."""
    name, shape = tensor.get("name"), _shape(tensor)
    if not encoder.all_numeric:
        raise BadRequest("this model has columns of words: send one input per column, not one tensor")
    if len(shape) != 2 or shape[1] != encoder.width:
        raise BadRequest(f"input {name!r} must have shape [n, {encoder.width}], not {shape}")
    if tensor.get("datatype") not in _NUMERIC:
        raise BadRequest(f"input {name!r} must hold numbers (FP32), not {tensor.get('datatype')!r}")
    data = tensor.get("data")
    if isinstance(data, list) and data and isinstance(data[0], list):
        data = [value for row in data for value in (row if isinstance(row, list) else [row])]
    values = _numbers(name, data)
    if len(values) != shape[0] * shape[1]:
        raise BadRequest(
            f"input {name!r} has {len(values)} values, its shape {shape} asks for another number"
        )
    return values.reshape(shape), data or []


def _columns(inputs: list[Table], encoder: Encoder) -> tuple[dict[str, list[Any]], int]:
    """One tensor per column; those the model does not know are left out."""
    kinds = {feature.name: feature.kind for feature in encoder.features}
    columns: dict[str, list[Any]] = {}
    for tensor in inputs:
        name, shape = tensor.get("name"), _shape(tensor)
        if not isinstance(name, str) or name in columns:
            raise BadRequest(f"every input needs a name of its own, not {name!r}")
        if name not in kinds:
            continue
        data = tensor.get("data")
        if not isinstance(data, list) or math.prod(shape) != len(data) or shape[1:] not in ([], [1]):
            raise BadRequest(f"input {name!r} must have shape [n] and n values, not shape {shape}")
        columns[name] = _figures(name, data) if kinds[name] == "numeric" else _texts(name, data)
    if missing := [name for name in kinds if name not in columns]:
        raise BadRequest(f"input {missing[0]!r} is missing, this model takes {len(kinds)} columns")
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise BadRequest(f"inputs must have equally many rows, not {sorted(lengths)}")
    return columns, lengths.pop()


def _shape(tensor: Table) -> list[int]:
    shape = tensor.get("shape")
    if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
        raise BadRequest(f"input {tensor.get('name')!r} needs a shape, a list of whole numbers")
    return shape


def _numbers(name: object, data: Any) -> NDArray[np.float64]:
    """Numbers as float64; NaN for null and for the words JSON needs instead of NaN."""
    if not isinstance(data, list):
        raise BadRequest(f"input {name!r} needs 'data', a list")
    try:
        return np.frombuffer(array("d", data))  # four times as fast as numpy, and refuses words
    except (TypeError, OverflowError):
        return np.array([_number(name, value) for value in data], dtype=np.float64)


def _number(name: object, value: Any) -> float:
    if value is None:
        return math.nan
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError as error:
            raise BadRequest(f"input {name!r} holds a number too large for any float") from error
    raise BadRequest(f"input {name!r} holds {repr(value)[:60]} where a number belongs")


def _figures(name: str, data: list[Any]) -> list[Any]:
    """One column of numbers, in which null stays null: the log tells it from NaN."""
    try:
        array("d", data)
    except (TypeError, OverflowError):
        return [None if value is None else _number(name, value) for value in data]
    return data


def _texts(name: str, data: list[Any]) -> list[Any]:
    for value in data:
        if value is not None and not isinstance(value, str | int | float):
            raise BadRequest(f"input {name!r} holds {repr(value)[:60]} where a word belongs")
    return data


def _id(id: Any) -> str | None:
    if id is not None and not isinstance(id, str):
        raise BadRequest("'id' must be text")
    return id or None


def _ids(ids: Any, rows: int) -> list[str] | None:
    if ids is None:
        return None
    if not isinstance(ids, list) or len(ids) != rows or not all(isinstance(each, str) for each in ids):
        raise BadRequest(f"'parameters.ids' must be a list of {rows} texts, one per row")
    return ids


def _event(given: Any, rows: int) -> list[int] | None:
    """Event times per row, from one number for all or a list."""
    if given is None:
        return None
    times = given if isinstance(given, list) else [given] * rows
    if len(times) != rows or not all(type(each) is int for each in times):
        raise BadRequest(f"'parameters.event_time_us' must be whole microseconds: one, or a list of {rows}")
    return times


def _wanted(outputs: Any) -> frozenset[str] | None:
    if not outputs:
        return None
    if not isinstance(outputs, list) or not all(isinstance(each, dict) for each in outputs):
        raise BadRequest("'outputs' must be a list of tensors")
    return frozenset(str(each.get("name")) for each in outputs)
