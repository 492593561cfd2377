"""What two runs have as text, as one long diff: code first, then params, surroundings and files."""

from lineside.console.reads.behind import Texts
from lineside.console.widgets.texts.diff import FOLD, HEAD, Diff, Row, parse, rows_of
from lineside.store.differences import Code

_AROUND = 3
"""Equal lines shown before and after a change, where not all have room."""


def diff_of(found: Texts, *, room: int = 0) -> Diff:
    """What differs, each part under its name, and at the end the names of what does not.

    Args:
        room: rows that there are; where they suffice, equal lines are not folded.
    """
    whole = _folded(found, around=None)
    return whole if len(whole.rows) <= room else _folded(found, around=_AROUND)


def _folded(found: Texts, *, around: int | None) -> Diff:
    rows = _code(found.code)
    known = any((*found.code.commits, *found.code.changes))
    alike = ["code"] if known and not found.code.diff else []
    for part in found.parts:
        if part.sides[0] != part.sides[1]:
            rows += [Row(HEAD, part.name), *rows_of(*part.sides, around=around).rows]
        elif part.sides[0]:
            alike.append(part.name)
    return Diff([*rows, Row(HEAD, "alike in both"), Row(FOLD, ", ".join(alike))] if alike else rows)


def _code(code: Code) -> list[Row]:
    if not code.diff:
        return []
    rows = list(parse("\n".join(code.diff)).rows)
    words = "code" if code.exact else "code: what was not committed, for their checkout is not here"
    named = [Row(HEAD, f"code  {row.left}") if row.kind == HEAD else row for row in rows]
    return named if named and named[0].kind == HEAD else [Row(HEAD, words), *named]


def files_of(code: Code) -> list[tuple[str, int, int]]:
    """The files of a diff between two states of the code: name, lines added, lines removed."""
    found: list[tuple[str, list[Row]]] = []
    for row in parse("\n".join(code.diff)).rows:
        if row.kind == HEAD:
            found.append((row.left, []))
        else:
            found = found or [("what was not committed", [])]
            found[-1][1].append(row)
    return [(name, *Diff(rows).counts) for name, rows in found]
