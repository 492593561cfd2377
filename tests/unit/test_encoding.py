"""Raw rows → numbers: one encoder for training, serving and gates."""

from typing import Any

import numpy as np
import pytest

from lineside.jobs.packaging.encoding import BadRows, Encoder, Feature, Kind

KINDS: dict[str, Kind] = {"age": "numeric", "job": "category", "rich": "numeric"}
ROWS: dict[str, list[Any]] = {
    "age": [20, None, 40],
    "job": ["cook", None, "smith"],
    "rich": [True, False, True],
}


def test_numbers_stay_missing_ones_become_the_mean_words_become_columns() -> None:
    encoder = Encoder.fit(ROWS, KINDS)

    assert encoder.encode(ROWS).tolist() == [[20, 1, 0, 1], [30, 0, 0, 0], [40, 0, 1, 1]]
    assert encoder.width == 4
    assert not encoder.all_numeric


def test_a_word_never_seen_is_all_zeros_and_bytes_are_words() -> None:
    encoder = Encoder.fit(ROWS, KINDS)

    found = encoder.encode({"age": [1, 1], "job": ["king", b"cook"], "rich": [0, 0]})

    assert found[:, 1:3].tolist() == [[0, 0], [1, 0]]


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf"), 1e300, None])
def test_what_is_no_ordinary_number_counts_as_missing(odd: float | None) -> None:
    encoder = Encoder((Feature(name="x", kind="numeric", mean=7.0),))

    assert encoder.encode({"x": [odd]}).tolist() == [[7.0]]


def test_the_manifest_brings_back_the_same_encoder() -> None:
    encoder = Encoder.fit(ROWS, KINDS)

    assert Encoder.of({"features": encoder.tables()}) == encoder


def test_plain_rows_are_taken_when_all_is_numeric() -> None:
    encoder = Encoder.fit({"x": [1, 3], "y": [0, 10]}, {"x": "numeric", "y": "numeric"})
    rows = np.array([[1, np.nan], [np.inf, 4]], dtype=np.float32)

    assert encoder.encode_matrix(rows).tolist() == [[1, 5], [2, 4]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"age": None}, "column 'age' is missing"),
        ({"age": None, "job": None}, "column 'age' is missing and 1 more"),
        ({"age": ["old", 1, 2]}, "column 'age' holds a value that is not a number"),
        ({"rich": [1]}, "column 'rich' has 1 values, the others 3"),
    ],
)
def test_rows_of_another_shape_are_refused_by_name(change: dict[str, Any], says: str) -> None:
    rows = {name: values for name, values in {**ROWS, **change}.items() if values is not None}

    with pytest.raises(BadRows, match=says):
        Encoder.fit(ROWS, KINDS).encode(rows)


def test_plain_rows_are_refused_where_words_or_another_width_belong() -> None:
    with pytest.raises(BadRows, match="category columns"):
        Encoder.fit(ROWS, KINDS).encode_matrix(np.zeros((1, 3), dtype=np.float32))
    with pytest.raises(BadRows, match=r"rows of 1 numbers, got shape \[1, 2\]"):
        Encoder.fit({"x": [1]}, {"x": "numeric"}).encode_matrix(np.zeros((1, 2), dtype=np.float32))


def test_only_the_commonest_words_become_columns() -> None:
    rows = {"w": ["b", "b", "a", "a", "c"]}

    assert Encoder.fit(rows, {"w": "category"}, most=2).features[0].categories == ("a", "b")
