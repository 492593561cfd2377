"""What a chart of an answer draws where nobody said which columns are meant."""

from collections.abc import Sequence
from typing import Any

from lineside.console.text import plain
from lineside.console.views.sql.chart import Answered, Axes, axes, bars


def answered(*rows: Sequence[Any], **types: str) -> Answered:
    return Answered(names=list(types), types=list(types.values()), rows=rows)


def drawn(answer: Answered, height: int = 9) -> list[str]:
    chosen = axes(answer)
    assert chosen is not None
    return [plain(line) for line in bars(answer, chosen, 60, height)]


def test_the_longest_bar_in_sight_fills_the_room() -> None:
    answer = answered(("a", 1.0), ("b", 2.0), ("c", 9.0), ("d", 9e6), word="VARCHAR", loss="DOUBLE")
    shown = drawn(answer, height=3)
    assert shown[2] == "   … 2 rows"
    assert shown[1].count("▇") > 40
    assert shown[0].count("▇") == shown[1].count("▇") // 2


def test_rows_of_one_name_are_told_apart_by_the_first_column_that_differs() -> None:
    answer = answered((7, "train", 1.0), (12, "train", 2.0), id="BIGINT", name="VARCHAR", loss="DOUBLE")
    shown = drawn(answer)
    assert shown[0].startswith("   7 train ▇")
    assert shown[1].startswith("  12 train ▇")


def test_rows_of_different_names_are_called_by_their_names_alone() -> None:
    answer = answered((7, "train", 1.0), (12, "tune", 2.0), id="BIGINT", name="VARCHAR", loss="DOUBLE")
    assert drawn(answer)[1].startswith("  tune  ▇")


def test_a_column_that_is_everywhere_the_same_is_not_what_is_measured() -> None:
    answer = answered(("a", 0.2, 1.0), ("b", 0.2, 2.0), name="VARCHAR", min="DOUBLE", max="DOUBLE")
    assert axes(answer) == Axes(x=0, y=2)


def test_nothing_is_drawn_of_ids_unless_somebody_asks() -> None:
    answer = answered(("a", 1), ("b", 2), name="VARCHAR", run_id="BIGINT")
    assert axes(answer) is None
    assert axes(answer, y=1) == Axes(x=0, y=1)
