"""Diffs: two texts or what git wrote, as rows with numbers, folded where nothing differs."""

import time

import pytest

from lineside.console.text import line_width, plain
from lineside.console.widgets.texts.diff import Diff, Sheet, parse, rows_of

BEFORE = "\n".join(["import torch", *(f"line {i}" for i in range(30)), "lr = 1e-3", "", "train(lr)"])
AFTER = (
    BEFORE.replace("lr = 1e-3", "lr = 3e-3").replace("line 2\n", "").replace("train(lr)", "train(lr)\nsave()")
)


def drawn(diff: Diff, width: int = 60) -> str:
    sheet = Sheet(diff, width)
    return "\n".join(plain(line).rstrip() for line in sheet.lines(0, len(sheet)))


def test_signs_and_numbers_tell_the_sides_apart_without_colour() -> None:
    lines = drawn(rows_of(BEFORE, AFTER)).splitlines()
    assert "  4 - line 2" in lines
    assert " 32 - lr = 1e-3" in lines
    assert " 31 + lr = 3e-3" in lines
    assert " 34 + save()" in lines
    assert any("lines alike" in line for line in lines)


def test_wide_the_two_sides_stand_beside_each_other() -> None:
    text = drawn(rows_of(BEFORE, AFTER), 120)
    row = next(line for line in text.splitlines() if "lr = 1e-3" in line)
    left, _, right = row.partition("│")
    assert left.strip() == "32 - lr = 1e-3"
    assert right.strip() == "31 + lr = 3e-3"


def test_of_a_changed_line_only_the_words_that_differ_stand_out() -> None:
    sheet = Sheet(rows_of("lr = 1e-3", "lr = 3e-3"), 60)
    strong = [text for line in sheet.lines(0, 2) for text, style in line if "reverse" in style]
    assert strong == ["1e", "3e"]


@pytest.mark.parametrize("width", [60, 120])
def test_a_change_far_to_the_right_is_brought_into_sight(width: int) -> None:
    long = "cost = " + "a + " * 40
    text = drawn(rows_of(long + "1", long + "2"), width)
    assert "a + 1" in text
    assert "a + 2" in text


def test_lines_that_have_nothing_in_common_begin_at_their_beginning() -> None:
    assert "1 - first " in drawn(rows_of("first " + "word " * 40, "ANOTHER" + "÷=" * 90))


def test_equal_texts_have_no_difference() -> None:
    diff = rows_of(BEFORE, BEFORE)
    assert diff.said == "no difference"
    assert not diff.hunks


def test_hunks_are_the_places_to_go_to() -> None:
    diff = rows_of(BEFORE, AFTER)
    assert diff.said == "+2 −2 in 3 places"
    for width in (60, 120):
        sheet = Sheet(diff, width)
        assert len(sheet.hunks) == 3
        first = [plain(sheet.lines(hunk, 1)[0]) for hunk in sheet.hunks]
        assert [("-" in line or "+" in line) for line in first] == [True] * 3


def test_what_git_writes_is_read_with_its_names_and_numbers() -> None:
    text = """diff --git a/train.py b/train.py
index 1..2 100644
--- a/train.py
+++ b/train.py
@@ -10,3 +10,4 @@ def main():
 same
--- not a header
+two
+three
 end
\\ No newline at end of file
diff --git a/new.py b/new.py
new file mode 100644
@@ -0,0 +1 @@
+hello"""
    lines = drawn(parse(text)).splitlines()
    assert lines[0].split()[:2] == ["──", "train.py"]
    assert "def main():" in lines[1]
    assert " 10   same" in lines
    assert " 11 - -- not a header" in lines
    assert " 11 + two" in lines
    assert " 12 + three" in lines
    assert " 12   end" in lines
    assert any(line.startswith("── new.py") for line in lines)
    assert "  1 + hello" in lines


@pytest.mark.parametrize("width", [20, 60, 140])
def test_hostile_lines_stay_in_their_row(width: int) -> None:
    sheet = Sheet(rows_of("a\x1b[31m\tb\u202e" + "x" * 500, "數" * 300 + "\r\x07"), width)
    for line in sheet.lines(0, len(sheet)):
        assert line_width(line) <= width
        assert plain(line).isprintable()


def test_ten_thousand_lines_are_shown_at_once() -> None:
    left = "\n".join(f"value_{i} = {i * 7 % 1000}" for i in range(10_000))
    right = "\n".join(f"value_{i} = {i * 7 % 1000 + (i % 100 == 0)}" for i in range(10_000))
    start = time.process_time()
    sheet = Sheet(rows_of(left, right), 120)
    assert len(sheet.hunks) == 100
    sheet.lines(5, 50)
    assert time.process_time() - start < 2
