"""Findings of a new file against the table we know: ours, and the golden cases where they are at hand."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lineside.jobs.data.validations import validate
from lineside.store.errors import BadData

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "validation"
DECLARED = {"domain.out_of_range", "uniqueness.duplicate_key"}
"""Rules that need a declared range or key: data contracts bring them."""

CASES: list[dict[str, Any]] = (
    json.loads((GOLDEN / "cases.json").read_text())["cases"] if GOLDEN.exists() else []
)


def against(tmp_path: Path, before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, Any]:
    paths = [tmp_path / "before.parquet", tmp_path / "after.parquet"]
    for path, columns in zip(paths, (before, after), strict=True):
        pl.DataFrame(columns).write_parquet(path)
    return validate(known=[str(paths[0])], path=str(paths[1]))


def rules(found: dict[str, Any]) -> set[tuple[str, str | None, str]]:
    return {(each["rule"], each["column"], each["severity"]) for each in found["findings"]}


def test_the_same_table_has_no_findings(tmp_path: Path) -> None:
    table: dict[str, list[Any]] = {
        "x": [1, 2, None, 4],
        "word": ["a", "b", "a", None],
        "at": [1.5, 2.5, 3.5, 4.5],
    }

    assert against(tmp_path, table, table) == {"ok": True, "rows": 4, "findings": []}


def test_a_missing_column_is_an_error_and_the_others_are_still_looked_at(tmp_path: Path) -> None:
    found = against(tmp_path, {"x": [1, 2], "y": [1, 2]}, {"y": [None, None], "z": [1, 2]})

    assert not found["ok"]
    assert rules(found) == {
        ("schema.missing_column", "x", "error"),
        ("schema.extra_column", "z", "warn"),
        ("completeness.all_null", "y", "error"),
    }


def test_words_known_but_for_case_and_blanks_are_told_apart_from_new_ones(tmp_path: Path) -> None:
    known = {"sex": ["male", "female"] * 20}

    spelled = against(tmp_path, known, {"sex": ["MALE ", "female"] * 20})
    unknown = against(tmp_path, known, {"sex": ["robot", "female"] * 20})

    assert "trimmed and in one case" in spelled["findings"][0]["finding"]
    assert "'robot'" in unknown["findings"][0]["finding"]
    assert spelled["ok"]


def test_a_rare_word_is_no_surprise_among_words_seen_once(tmp_path: Path) -> None:
    rare = {"name": [*["usual"] * 90, *(f"rare {i}" for i in range(10))]}

    found = against(tmp_path, rare, {"name": [*["usual"] * 90, *(f"other {i}" for i in range(10))]})

    assert found["findings"] == []


def test_a_file_without_rows_is_an_error_not_a_crash(tmp_path: Path) -> None:
    found = against(tmp_path, {"x": [1]}, {"x": []})

    assert rules(found) == {("volume.empty", None, "error")}


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no")

    with pytest.raises(BadData, match="not a Parquet file"):
        validate(known=[], path=str(tmp_path / "x.parquet"))


@pytest.mark.skipif(not CASES, reason="the golden validation cases are not at hand")
@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_golden_case(case: dict[str, Any]) -> None:
    found = validate(known=[str(GOLDEN / "reference.parquet")], path=str(GOLDEN / case["file"]))

    wanted = {(e["rule"], e["column"], e["severity"]) for e in case["expect"] if e["rule"] not in DECLARED}
    assert wanted <= rules(found)
    if not case["expect"]:
        assert found["findings"] == []
