"""Runs side by side: what differs first, then code, data and environment of two of them."""

import json
from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile

from lineside.console.format import NONE, number
from lineside.console.reads.behind import Differences, Profiles
from lineside.console.reads.changes import Change as Moved
from lineside.console.reads.judging import foremost, judged
from lineside.console.reads.leaderboard import Leaderboard
from lineside.console.text import Line, Span, clip, fit, heading, safe, width_of
from lineside.console.views.runs.texts import files_of
from lineside.store.differences import Change
from lineside.store.queries.bests import better_side
from lineside.store.queries.comparisons import Comparison, Difference

_ORDER = ("param", "metric", "data", "context", "tag", "artifact")
_TITLES: Mapping[str, str] = {
    "param": "params", "metric": "metrics, last value", "data": "data", "context": "how it ran",
    "tag": "tags", "artifact": "files",
}  # fmt: skip
_NAME, _LEAST, _WIDEST = 20, 9, 60
_FILES, _COLUMNS = 12, 20


def lines(
    board: Leaderboard, letters: Mapping[int, str], width: int, *, every: bool, focused: bool = False
) -> list[Line]:
    """The whole comparison, as long as it is.

    Args:
        every: what is equal in all too, after what differs.
    """
    found = board.comparison
    style = "head accent" if focused else "head"
    if found is None:
        hint: Line = [
            ("  this is the best run: go to another one, or mark two or more with ", "dim"), ("space", "key"),
        ]  # fmt: skip
        return [heading("COMPARE", width, style=style), [], hint]
    marks = [letters.get(id, "abcdefgh"[at % 8]) for at, id in enumerate(found.run_ids)]
    said = f"all {len(found.rows) + found.same}" if every else f"{len(found.rows)} differ, {found.same} equal"
    head = heading(
        "COMPARE", width, style=style, right=f"{said} · x {'chart' if every else 'shows all'} · esc"
    )
    above = _facts(found, marks, width, every=every)
    if board.differences is None:
        return [head, *above]
    named = dict(zip(found.run_ids, marks, strict=True))
    told = frozenset(row.key for row in found.rows if row.kind == "data")
    return [head, *above, *_behind(board.differences, named, width, told=told)]


def _facts(found: Comparison, marks: Sequence[str], width: int, *, every: bool) -> list[Line]:
    """Whose columns they are, then what differs, kind by kind."""
    sides = _Sides(found, marks, width)
    rows = [*found.rows, *(found.equal if every else ())]
    out: list[Line] = [sides.names()]
    for kind in _ORDER:
        of_kind = [row for row in rows if row.kind == kind]
        if kind == "metric":
            of_kind.sort(key=lambda row: (not row.differs, foremost(row.key)))
        if of_kind:
            out += [_rule(_TITLES[kind], width), *(sides.row(row) for row in of_kind)]
    return out if found.rows else [*out, [], [("  nothing differs", "ok")]]


class _Sides:
    """How wide the columns are, and which runs have one."""

    def __init__(self, found: Comparison, marks: Sequence[str], width: int) -> None:
        longest = max((width_of(safe(row.key)) for row in found.rows), default=0)
        self.name = max(8, min(_NAME if width < 120 else 32, longest))
        self.width, self.found, self.marks = width, found, marks
        room = width - self.name - 5
        self.each = max(_LEAST, min(_WIDEST, room // max(1, len(marks)) - 2))
        self.fit = max(1, min(len(marks), room // (self.each + 2)))

    def names(self) -> Line:
        """`a 812  b 798`, in the colours of the chart."""
        spans: list[Span] = [(" " * (self.name + 5), "")]
        for mark, id in zip(self.marks[: self.fit], self.found.run_ids, strict=False):
            spans.append((fit(f"{mark} run {id}", self.each) + "  ", f"bold {mark}"))
        hidden = len(self.marks) - self.fit
        return clip([*spans, (f"+{hidden}", "warn")] if hidden else spans, self.width)

    def row(self, row: Difference) -> Line:
        judging = row.kind == "metric" and row.differs and judged(row.key)
        best = _best(row) if judging else set()
        mark = ("≠ ", "warn") if row.differs else ("= ", "dim")
        spans: list[Span] = [(" ", ""), mark, (fit(safe(row.key), self.name), "" if row.differs else "dim")]
        spans.append(("  ", ""))
        for place, value in enumerate(_from_where_they_differ(row)[: self.fit]):
            text = NONE if value is None else _short(row, value)
            text, style = (f"★{text}", "bold ok") if place in best else (text, "" if row.differs else "dim")
            if row.kind == "metric" and text in ("NaN", "∞", "-∞"):
                style = "bad"
            spans.append((fit(safe(text), self.each) + "  ", "dim" if value is None else style))
        return clip(spans, self.width)


def _from_where_they_differ(row: Difference) -> Sequence[str | None]:
    """The values; of commands only what follows what is the same in all."""
    said = [_words(value) for value in row.values if value is not None]
    if row.kind != "context" or row.key != "command" or not row.differs or len(said) < len(row.values):
        return row.values
    same = next((at for at, words in enumerate(zip(*said, strict=False)) if len(set(words)) > 1), 0)
    cut = _same_folder([(words[same:] or [""])[0] for words in said])
    rest = [[word[cut:] if at == 0 else word for at, word in enumerate(words[same:])] for words in said]
    begun = "…/" if cut > 1 else "… " * (same > 0)
    return [begun + " ".join(words) for words in rest]


def _same_folder(paths: Sequence[str]) -> int:
    """Characters of the folder that all of them lie in.

    >>> _same_folder(["/lib/a.py", "/lib/b.py"]), _same_folder(["0.1", "0.2"])
    (5, 0)
    """
    folders = zip(*(path.split("/")[:-1] for path in paths), strict=False)
    return sum(len(parts[0]) + 1 for parts in takewhile(lambda parts: len(set(parts)) == 1, folders))


def _words(command: str) -> list[str]:
    return list(map(str, json.loads(command))) if command.startswith("[") else command.split()


def _short(row: Difference, value: str) -> str:
    if row.kind == "metric":
        return number(float(value))
    if row.key == "command" and value.startswith("["):
        return " ".join(_words(value))
    return value[:12] if row.key == "commit" else value


def _best(row: Difference) -> set[int]:
    """The places of the runs whose last value is the best."""
    values = {place: float(value) for place, value in enumerate(row.values) if value is not None}
    good = [value for value in values.values() if value == value and abs(value) != float("inf")]
    if len(good) < 2:
        return set()
    best = max(good) if better_side(row.key) == "max" else min(good)
    return {place for place, value in values.items() if value == best}


def _rule(title: str, width: int) -> Line:
    return [(f" {title} ", "head"), ("╌" * max(0, width - width_of(title) - 2), "rule")]


# -- what lies behind ---------------------------------------------------------------------------------


def _behind(
    found: Differences, named: Mapping[int, str], width: int, *, told: Collection[str] = ()
) -> list[Line]:
    """Data, environment and code of the two; below them how to read all of it.

    Args:
        told: datasets whose versions stand above already.
    """
    data = [one for one in found.data if one.kind != "data" or one.name not in told]
    marks = named[found.runs[0]], named[found.runs[1]]
    pair = f"{marks[0]} → {marks[1]}"
    hint: list[Span] = [("   ", ""), ("D", "key"), (f" all texts of {pair} side by side", "dim")]
    hint += [("   ", ""), ("P", "key"), (" another two", "dim")] if len(named) > 2 else []
    return [
        *_changes(f"data, {pair}", data, marks, width),
        *(line for each in found.profiles for line in _moved(each, marks, width)),
        *_changes(f"packages and machine, {pair}", found.environment, marks, width),
        *_code(pair, found, width),
        [],
        clip(hint, width),
    ]


Pair = tuple[str, str]
"""The marks of the two, which are the names of their colours too."""


def _changes(title: str, found: Sequence[Change], marks: Pair, width: int) -> list[Line]:
    if not found:
        return []
    return [_rule(title, width), *(_change(one, marks, width) for one in found)]


def _change(one: Change, marks: Pair, width: int) -> Line:
    before, after = (NONE if value is None else safe(value) for value in one.values)
    return clip(
        [(f"   {one.kind:<8} ", "dim"), (fit(safe(one.name), 24), ""), ("  ", ""), (before, marks[0]),
         ("  →  ", "dim"), (after, marks[1])], width,
    )  # fmt: skip


def _moved(found: Profiles, marks: Pair, width: int) -> list[Line]:
    """Columns that are not as they were, and how far they moved."""
    before, now = found.numbers
    title = _rule(f"columns of {safe(found.name)} that moved, @{before} → @{now}", width)
    if not found.moved:
        return [title, [("   none by more than chance", "ok")]]
    return [title, *(clip(_column(one, marks), width) for one in found.moved[:_COLUMNS])]


def _column(one: Moved, marks: Pair) -> Line:
    name: Line = [("   ", ""), (fit(safe(one.name), 24), ""), ("  ", "")]
    if one.fate != "same" or one.now is None or one.before is None:
        return [*name, (one.fate, "warn")]
    if one.sigmas is None:
        far = "" if one.distance is None else f"  {number(one.distance)} apart"
        return [*name, ("shares of its words moved" + far, "")]
    return [*name, ("mean ", "dim"), (number(one.before.mean), marks[0]), (" → ", "dim"),
            (number(one.now.mean), marks[1]), (f"  {one.sigmas:+.2f} σ", "warn")]  # fmt: skip


def _code(pair: str, found: Differences, width: int) -> list[Line]:
    code = found.code
    if not any((*code.commits, *code.changes, *code.diff)):
        return []
    out: list[Line] = [_rule(f"code, {pair}", width)]
    for run, commit, branch, changes in zip(
        found.runs, code.commits, code.branches, code.changes, strict=True
    ):
        words = f"commit {(commit or 'unknown')[:12]}" + (f" on {branch}" if branch else "")
        out.append(
            clip([(f"   run {run}  ", "dim"), (safe(f"{words}, not committed: {changes}"), "")], width)
        )
    if not code.exact:
        out.append([("   their checkout is not here: only what was not committed is compared", "dim")])
    elif not code.diff:
        out.append([("   the same code in both", "ok")])
    files = files_of(code)
    out += [clip(_file(*each), width) for each in files[:_FILES]]
    return [*out, [(f"   and {len(files) - _FILES} more files", "dim")]] if len(files) > _FILES else out


def _file(name: str, added: int, removed: int) -> Line:
    """`   train.py   +3 −1`."""
    return [("   " + fit(safe(name), 34) + "  ", ""), (f"+{added}", "ok"), (" ", ""), (f"−{removed}", "bad")]
