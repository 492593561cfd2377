"""What two runs have as text, as one long diff: code first, then params, surroundings and files."""

from lineside.console.reads.behind import Texts
from lineside.console.widgets.texts.diff import HEAD, Diff, Row, parse, rows_of
from lineside.store.differences import Code


def diff_of(found: Texts) -> Diff:
    """Only what differs; each part under its name."""
    rows = _code(found.code)
    for part in found.parts:
        if part.sides[0] != part.sides[1]:
            rows += [Row(HEAD, part.name), *rows_of(*part.sides).rows]
    return Diff(rows)


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
