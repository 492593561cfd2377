"""Laws of the encoder: finite, of one width, blind to the order of rows."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineside.jobs.packaging.encoding import Encoder, Kind

KINDS: dict[str, Kind] = {"n": "numeric", "w": "category"}
numbers = st.one_of(st.none(), st.integers(), st.floats())
words = st.one_of(st.none(), st.text(max_size=3))
tables = st.lists(st.tuples(numbers, words), min_size=1, max_size=20)


def columns(rows: list[tuple[Any, Any]]) -> dict[str, list[Any]]:
    return {"n": [row[0] for row in rows], "w": [row[1] for row in rows]}


@given(known=tables, asked=tables)
def test_every_row_becomes_finite_numbers_of_one_width(known: list[Any], asked: list[Any]) -> None:
    encoder = Encoder.fit(columns(known), KINDS)

    matrix = encoder.encode(columns(asked))

    assert matrix.shape == (len(asked), encoder.width)
    assert matrix.dtype == np.float32
    assert np.isfinite(matrix).all()
    assert (matrix[:, 1:].sum(axis=1) <= 1).all()


@given(rows=tables)
def test_a_row_is_encoded_alike_alone_and_among_others(rows: list[Any]) -> None:
    encoder = Encoder.fit(columns(rows), KINDS)

    together = encoder.encode(columns(rows))

    alone = np.vstack([encoder.encode(columns([row])) for row in rows])
    assert np.array_equal(together, alone)


@given(rows=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=10))
def test_numbers_are_encoded_alike_with_words_beside_them_and_without(rows: list[Any]) -> None:
    given_columns = {"a": [row[0] for row in rows], "b": [row[1] for row in rows], "w": ["x"] * len(rows)}

    alone = Encoder.fit(given_columns, {"a": "numeric", "b": "numeric"})
    beside = Encoder.fit(given_columns, {"a": "numeric", "b": "numeric", "w": "category"})

    assert np.array_equal(alone.encode(given_columns), beside.encode(given_columns)[:, :2])
