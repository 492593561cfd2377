"""What differs between two texts, or in a unified diff: rows of lines with numbers, equal parts folded.

Pure: `rows_of` and `parse` make a `Diff` once, `draw` shows a part of it. Ten thousand lines cost one pass.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from lineside.console.text import Line, Span, clip, fit, safe, width_of

SAME, REMOVED, ADDED, CHANGED, FOLD, HEAD = " ", "-", "+", "~", "…", "@"
"""Rows: a line of both, of the left only, of the right only, one for the other, lines left out, a name."""

_AROUND = 3
_SIDES = 100
"""Columns from which two sides have room."""

_SEEN = 12
"""Cells of a change that must be in sight."""

_NOWHERE = 1 << 30
_LONGEST = 400
"""Characters of a line that are compared word by word, and shown."""

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$")
_TAB = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a diff; numbers count from 1."""

    kind: str
    left: str = ""
    right: str = ""
    left_number: int | None = None
    right_number: int | None = None


@dataclass(frozen=True)
class Diff:
    """All rows, and where in them the hunks begin."""

    rows: Sequence[Row]

    @cached_property
    def hunks(self) -> Sequence[int]:
        """Places of rows at which a stretch of changes begins."""
        changes = (ADDED, REMOVED, CHANGED)
        return [
            i for i, row in enumerate(self.rows)
            if row.kind in changes and (not i or self.rows[i - 1].kind not in changes)
        ]  # fmt: skip

    @cached_property
    def counts(self) -> tuple[int, int]:
        """Lines added, lines removed."""
        kinds = [row.kind for row in self.rows]
        changed = kinds.count(CHANGED)
        return kinds.count(ADDED) + changed, kinds.count(REMOVED) + changed

    @cached_property
    def digits(self) -> int:
        """Cells of the largest line number."""
        numbers = [n for row in self.rows for n in (row.left_number, row.right_number) if n is not None]
        return max(2, len(str(max(numbers, default=0))))

    @property
    def said(self) -> str:
        """`+12 −3 in 4 places`, or that nothing differs."""
        added, removed = self.counts
        places = len(self.hunks)
        return f"+{added} −{removed} in {places} place{'s' * (places != 1)}" if places else "no difference"


def rows_of(left: str, right: str, *, around: int | None = _AROUND) -> Diff:
    """The rows of two texts.

    Args:
        around: lines shown before and after a change; None: all.
    """
    a, b = left.splitlines(), right.splitlines()
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=len(a) + len(b) > 2_000)
    rows: list[Row] = []
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        if tag == "equal":
            rows += _equal(a, a0, a1, b0, around, first=not rows, last=a1 == len(a) and b1 == len(b))
        else:
            rows += _replaced(a, a0, a1, b, b0, b1)
    return Diff(rows)


def parse(unified: str) -> Diff:
    """The rows of a text as `diff -u` and git write it."""
    reader = _Reader()
    for line in unified.splitlines():
        reader.read(line)
    reader.flush()
    return Diff(reader.rows)


class _Reader:
    """Counts the lines that a hunk announced: until they came, nothing in it is a header."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._removed: list[str] = []
        self._added: list[str] = []
        self._here = self._there = 0  # numbers of the next lines
        self._left = self._right = 0  # lines that are still to come

    def read(self, line: str) -> None:
        if self._left > 0 or self._right > 0:
            self._inside(line)
        elif hunk := _HUNK.match(line):
            self.flush()
            self._here, self._there = int(hunk[1]), int(hunk[3])
            self._left, self._right = int(hunk[2] or 1), int(hunk[4] or 1)
            self.rows.append(Row(FOLD, hunk[5]))
        elif not line.startswith("\\"):
            self.flush()
            self.rows += _named(line)

    def _inside(self, line: str) -> None:
        sign, text = line[:1], line[1:]
        if sign == "-":
            if self._added:
                self.flush()
            self._removed.append(text)
            self._left -= 1
        elif sign == "+":
            self._added.append(text)
            self._right -= 1
        elif sign != "\\":
            self.flush()
            self.rows.append(Row(SAME, text, text, self._here, self._there))
            self._here, self._there = self._here + 1, self._there + 1
            self._left, self._right = self._left - 1, self._right - 1

    def flush(self) -> None:
        """What was gathered of a change becomes rows."""
        self.rows += _numbered(self._removed, self._added, self._here, self._there)
        self._here += len(self._removed)
        self._there += len(self._added)
        self._removed, self._added = [], []


def _named(line: str) -> list[Row]:
    """A file's name; git's other words say nothing that the name does not."""
    if line.startswith("diff "):
        return [Row(HEAD, line.rpartition(" b/")[2] or line)]
    quiet = ("index ", "--- ", "+++ ", "similarity ", "dissimilarity ", "old mode", "new mode")
    return [] if line.startswith(quiet) else [Row(HEAD, line)] if line.strip() else []


def _equal(
    a: Sequence[str], a0: int, a1: int, b0: int, around: int | None, *, first: bool, last: bool
) -> Iterator[Row]:  # fmt: skip
    head = 0 if first else around
    tail = 0 if last else around
    count = a1 - a0
    if head is None or tail is None or count <= head + tail + 1:
        hidden = range(0)
    else:
        hidden = range(head, count - tail)
    for i in range(count):
        if i in hidden:
            if i == hidden.start:
                yield Row(FOLD, f"{len(hidden)} lines alike")
            continue
        yield Row(SAME, a[a0 + i], a[a0 + i], a0 + i + 1, b0 + i + 1)


def _replaced(a: Sequence[str], a0: int, a1: int, b: Sequence[str], b0: int, b1: int) -> list[Row]:
    return _numbered(a[a0:a1], b[b0:b1], a0 + 1, b0 + 1)


def _numbered(removed: Sequence[str], added: Sequence[str], here: int, there: int) -> list[Row]:
    """Line for line where both sides have one, then what one side has more."""
    out = []
    for i, (left, right) in enumerate(zip_longest(removed, added)):
        if right is None:
            out.append(Row(REMOVED, left, "", here + i, None))
        elif left is None:
            out.append(Row(ADDED, "", right, None, there + i))
        else:
            out.append(Row(CHANGED, left, right, here + i, there + i))
    return out


@dataclass(frozen=True)
class Sheet:
    """The lines of a diff for one width, made when they come into sight."""

    diff: Diff
    width: int

    @cached_property
    def sides(self) -> bool:
        """Both texts beside each other?"""
        return self.width >= _SIDES

    @cached_property
    def starts(self) -> Sequence[int]:
        """The first line of each row: beneath each other, a changed line takes two."""
        out, at = [], 0
        for row in self.diff.rows:
            out.append(at)
            at += 2 if row.kind == CHANGED and not self.sides else 1
        return [*out, at]

    def __len__(self) -> int:
        return self.starts[-1]

    @cached_property
    def hunks(self) -> Sequence[int]:
        """Lines at which hunks begin."""
        return [self.starts[place] for place in self.diff.hunks]

    @cached_property
    def parts(self) -> Sequence[int]:
        """Lines that name a file."""
        return [self.starts[place] for place, row in enumerate(self.diff.rows) if row.kind == HEAD]

    def lines(self, first: int, count: int) -> list[Line]:
        """`count` lines from `first` on, each at most `width` cells."""
        from bisect import bisect_right

        out: list[Line] = []
        place = max(0, bisect_right(self.starts, first) - 1)
        skip = first - self.starts[place]
        while len(out) < count + skip and place < len(self.diff.rows):
            out += self._row(self.diff.rows[place])
            place += 1
        return [clip(line, self.width) for line in out[skip : skip + count]]

    def _row(self, row: Row) -> list[Line]:
        if row.kind == HEAD:
            name = safe(row.left)
            return [
                [("── ", "rule"), (name, "head"), (" " + "─" * (self.width - 4 - width_of(name)), "rule")]
            ]
        if row.kind == FOLD:
            words = f" {safe(row.left)} " if row.left else ""
            return [[(" " * self.diff.digits + "  ⋯", "dim"), (words, "dim")]]
        number = self.diff.digits
        left, right = _coloured(row)
        if row.kind == CHANGED:
            room = (self.width - 3) // 2 if self.sides else self.width
            left, right = _in_sight(left, right, room - number - 4)
        if self.sides:
            return [self._beside(row, left, right)]
        out: list[Line] = []
        if row.kind in (SAME, REMOVED, CHANGED):
            out.append([*_gutter(row.left_number, number, SAME if row.kind == SAME else REMOVED), *left])
        if row.kind in (ADDED, CHANGED):
            out.append([*_gutter(row.right_number, number, ADDED), *right])
        return out

    def _beside(self, row: Row, left: Line, right: Line) -> Line:
        room = (self.width - 3) // 2
        number = self.diff.digits
        here = [*_gutter(row.left_number, number, _sign(row.kind, REMOVED)), *left]
        there = [*_gutter(row.right_number, number, _sign(row.kind, ADDED)), *right]
        return [*_sized(here, room), (" │ ", "rule"), *there]


def _sign(kind: str, side: str) -> str:
    return side if kind in (CHANGED, side) else SAME


def _gutter(number: int | None, digits: int, sign: str) -> list[Span]:
    style = {ADDED: "ok", REMOVED: "bad"}.get(sign, "dim")
    return [
        (fit("" if number is None else str(number), digits + 1, align=">") + " ", "dim"),
        (sign + " ", style),
    ]


def _sized(line: Line, width: int) -> list[Span]:
    kept = clip(line, width)
    return [*kept, (" " * (width - sum(width_of(text) for text, _ in kept)), "")]


def _coloured(row: Row) -> tuple[list[Span], list[Span]]:
    """Both sides; of a changed line, the words that differ stand out."""
    left, right = _shown(row.left), _shown(row.right)
    if row.kind == SAME:
        return [(left, "")], [(right, "")]
    if row.kind != CHANGED:
        return [(left, "bad")], [(right, "ok")]
    return _words(left, right)


def _words(left: str, right: str) -> tuple[list[Span], list[Span]]:
    a, b = _WORD.findall(left), _WORD.findall(right)
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    if matcher.quick_ratio() < 0.3:
        return [(left, "bad")], [(right, "ok")]
    here: list[Span] = []
    there: list[Span] = []
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        same = tag == "equal"
        here.append(("".join(a[a0:a1]), "bad" if same else "bold reverse bad"))
        there.append(("".join(b[b0:b1]), "ok" if same else "bold reverse ok"))
    return [s for s in here if s[0]], [s for s in there if s[0]]


def _in_sight(left: list[Span], right: list[Span], room: int) -> tuple[list[Span], list[Span]]:
    """Both lines from a later cell on, where their first difference had no room."""
    start = min(_first_change(left), _first_change(right))
    if start + _SEEN <= room or start == _NOWHERE:
        return left, right
    skip = start - max(_SEEN, room // 3)
    return ([("…", "dim"), *_without(left, skip)], [("…", "dim"), *_without(right, skip)])


def _first_change(line: Sequence[Span]) -> int:
    """Cells before the first word that stands out; endless where none does."""
    if not any("reverse" in style for _, style in line):
        return _NOWHERE
    cells = 0
    for text, style in line:
        if "reverse" in style:
            return cells
        cells += width_of(text)
    return cells


def _without(line: Sequence[Span], skip: int) -> list[Span]:
    """The line without so many characters at its beginning."""
    out: list[Span] = []
    for text, style in line:
        out.append((text[skip:], style))
        skip = max(0, skip - len(text))
    return [span for span in out if span[0]]


def _shown(text: str) -> str:
    """A line as it is drawn: tabs as blanks, long ones cut, nothing that moves the cursor."""
    return safe(text[:_LONGEST].expandtabs(_TAB))
