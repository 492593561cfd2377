"""What a V2 request may say, and what is answered to one that says it wrongly."""

import asyncio
import json
import math
from typing import Any

import pytest

from lineside.jobs.packaging.encoding import Encoder, Feature
from lineside.jobs.serving import answers, server, wire
from lineside.jobs.serving.wire import BadRequest

NUMBERS = Encoder((Feature(name="a", kind="numeric"), Feature(name="b", kind="numeric")))
MIXED = Encoder(
    (Feature(name="a", kind="numeric"), Feature(name="w", kind="category", categories=("x", "y")))
)


def tensor(data: Any, *, shape: Any = None, name: str = "features", datatype: str = "FP32") -> dict[str, Any]:
    return {"name": name, "shape": shape or [len(data) // 2, 2], "datatype": datatype, "data": data}


def parse(*inputs: Any, encoder: Encoder = NUMBERS, **more: Any) -> wire.Asked:
    return wire.parse(json.dumps({"inputs": list(inputs), **more}).encode(), encoder)


def test_one_tensor_holds_the_rows_in_the_order_of_the_features() -> None:
    asked = parse(tensor([1, 2.5, 3, 4]), id="q")

    assert asked.matrix is not None
    assert asked.matrix.tolist() == [[1.0, 2.5], [3.0, 4.0]]
    assert asked.by_column(NUMBERS.names) == {"a": [1, 3], "b": [2.5, 4]}
    assert (asked.id, asked.rows, asked.probe) == ("q", 2, False)


def test_nested_data_means_the_same_as_flat_data() -> None:
    nested = parse({**tensor([1, 2, 3, 4]), "data": [[1, 2], [3, 4]]})

    assert nested.by_column(NUMBERS.names) == {"a": [1, 3], "b": [2, 4]}


def test_null_and_the_words_of_json_for_nan_are_missing_numbers_and_are_kept_apart() -> None:
    asked = parse(tensor([None, "NaN", "-Infinity", 1]))

    assert asked.matrix is not None
    assert [math.isnan(value) for value in asked.matrix[0].tolist()] == [True, True]
    assert asked.matrix[1, 0] == -math.inf
    assert asked.by_column(NUMBERS.names) == {"a": [None, "-Infinity"], "b": ["NaN", 1]}


def test_one_tensor_per_column_takes_words_and_ignores_columns_the_model_does_not_know() -> None:
    asked = parse(
        tensor([None, 2.0], name="a", shape=[2]),
        tensor(["x", None], name="w", shape=[2, 1], datatype="BYTES"),
        tensor([7, 7], name="new", shape=[2]),
        encoder=MIXED,
    )

    assert asked.by_column(MIXED.names) == {"a": [None, 2.0], "w": ["x", None]}


def test_rows_are_named_by_the_client_or_by_their_place_in_the_request() -> None:
    assert answers.row_ids("q", parse(tensor([1, 2, 3, 4]), parameters={"ids": ["m", "n"]})) == ["m", "n"]
    assert answers.row_ids("q", parse(tensor([1, 2, 3, 4]))) == ["q#0", "q#1"]
    assert answers.row_ids("q", parse(tensor([1, 2]))) == ["q"]


def test_one_event_time_is_for_all_rows_and_a_list_for_each() -> None:
    assert parse(tensor([1, 2, 3, 4]), parameters={"event_time_us": 5}).event_us == [5, 5]
    assert parse(tensor([1, 2, 3, 4]), parameters={"event_time_us": [5, 6]}).event_us == [5, 6]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "JSON object"),
        (b'{"inputs": []}', "at least one"),
        (b'{"inputs": [3]}', "at least one"),
        (json.dumps({"inputs": [tensor([1, 2, 3], shape=[1, 3])]}).encode(), r"shape \[n, 2\], not \[1, 3\]"),
        (json.dumps({"inputs": [tensor([1, 2, 3], shape=[1, 2])]}).encode(), "has 3 values"),
        (json.dumps({"inputs": [tensor([1, "2"])]}).encode(), "'2' where a number belongs"),
        (json.dumps({"inputs": [tensor([1, {}])]}).encode(), "where a number belongs"),
        (json.dumps({"inputs": [tensor([1, 2], datatype="BYTES")]}).encode(), "must hold numbers"),
        (json.dumps({"inputs": [tensor([1, 2], shape=[True, 2])]}).encode(), "whole numbers"),
        (json.dumps({"inputs": [tensor([], shape=[0, 2])]}).encode(), "1 to 100000 rows"),
        (json.dumps({"inputs": [{**tensor([1, 2]), "data": None}]}).encode(), "'data', a list"),
        (json.dumps({"inputs": [tensor([1], name="a", shape=[1])]}).encode(), "'b' is missing"),
        (json.dumps({"inputs": [tensor([1, 2])], "id": 3}).encode(), "'id' must be text"),
        (json.dumps({"inputs": [tensor([1, 2])], "parameters": {"ids": ["x", "y"]}}).encode(), "1 texts"),
        (json.dumps({"inputs": [tensor([1, 2])], "parameters": {"event_time_us": 1.5}}).encode(), "microsec"),
        (json.dumps({"inputs": [tensor([1, 2])], "parameters": 3}).encode(), "must be an object"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(said: bytes, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        wire.parse(said, NUMBERS)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(BadRequest, match="equally many rows"):
        parse(tensor([1], name="a", shape=[1]), tensor([1, 2], name="b", shape=[2]))


def test_one_tensor_is_refused_by_a_model_with_words() -> None:
    with pytest.raises(BadRequest, match="one input per column"):
        parse(tensor([1, 2]), encoder=MIXED)


def test_a_number_too_large_for_any_float_is_refused_in_words() -> None:
    with pytest.raises(BadRequest, match="too large for any float"):
        parse(tensor([1, 10**400]))


def test_json_never_holds_a_bare_nan() -> None:
    assert (
        answers.dumps({"x": [1.5, math.nan, math.inf, -math.inf]})
        == b'{"x":[1.5,"NaN","Infinity","-Infinity"]}'
    )


def test_a_body_in_parts_is_put_together_and_one_without_end_is_refused() -> None:
    def receiving(parts: list[bytes]) -> server.Receive:
        left = iter(parts)

        async def receive() -> server.Message:
            part = next(left)
            return {"type": "http.request", "body": part, "more_body": part != b"last"}

        return receive

    assert asyncio.run(server._body(receiving([b"a", b"b", b"last"]))) == b"ablast"
    with pytest.raises(server.TooLarge, match="16 MiB"):
        asyncio.run(server._body(receiving([b"x" * (1 << 20)] * 20)))
