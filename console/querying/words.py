"""What may be meant by a word of a query that is still being written. Pure: text in, candidates out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Tables = Mapping[str, Sequence[str]]
"""Table → its columns; none where they are not known, as of a saved query."""

WORDS = (
    "select", "from", "where", "group by all", "order by", "limit", "join", "left join", "on", "and", "or",
    "not", "in", "is null", "is not null", "like", "between", "case when", "then", "else", "end", "distinct",
    "count(*)", "avg(", "min(", "max(", "sum(", "median(", "quantile_cont(", "date_trunc(", "desc", "having",
    "with", "as", "union all", "using", "describe", "summarize",
)  # fmt: skip
"""Words of the language that are worth the tab key."""

_WORD = re.compile(r"(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)?$")
_NAMED = re.compile(r"\b(?:from|join|,)\s+([a-z_]\w*)(?:\s+(?:as\s+)?([a-z_]\w*))?", re.IGNORECASE)
_BEFORE = re.compile(r"(?:\b(from|join|describe|summarize)\s+|\bfrom\s+[\w\s,]+,\s*)$", re.IGNORECASE)
_NO_ALIAS = frozenset({
    "where", "group", "order", "limit", "join", "left", "right", "inner", "full", "cross", "on", "using",
    "having", "union", "as", "natural", "select", "qualify",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The word at the cursor, and what it may become."""

    start: int  # where the word begins; up to the cursor it is replaced
    candidates: tuple[str, ...]

    @property
    def shared(self) -> str:
        """As much as all candidates have in common."""
        if not self.candidates:
            return ""
        low, high = min(self.candidates), max(self.candidates)
        same = next(
            (i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high))
        )
        return low[:same]


def meant(text: str, cursor: int, tables: Tables) -> Meant:
    """What the word that ends at `cursor` may become, likeliest first.

    After `from` and `join` a table; after `r.` a column of what `r` stands for; else a column of the tables
    that the query names, a word of the language, or a table.

    >>> meant("select na from runs", 9, {"runs": ["id", "name"]}).candidates
    ('name',)
    """
    before = text[:cursor]
    found = _WORD.search(before)
    owner, word = (found.group(1), found.group(2) or "") if found else (None, "")
    start = cursor - len(word)
    named = _tables_of(text, tables)
    if owner is not None:
        return _of(start, word, tables.get(named.get(owner.lower(), owner.lower()), ()))
    if _BEFORE.search(before[:start]):
        return _of(start, word, list(tables))
    if not word:
        return Meant(start=start, candidates=())
    here = list(dict.fromkeys(named.values())) or list(tables)
    columns = [column for name in here for column in tables.get(name, ())]
    return _of(start, word, [*columns, *WORDS, *tables])


def _tables_of(text: str, tables: Tables) -> dict[str, str]:
    """Alias or name → table, of all that the query reads from."""
    out: dict[str, str] = {}
    for name, alias in _NAMED.findall(text):
        table = name.lower()
        if table in tables:
            out[table] = table
            if alias and alias.lower() not in _NO_ALIAS:
                out[alias.lower()] = table
    return out


def _of(start: int, word: str, names: Sequence[str]) -> Meant:
    low = word.lower()
    fitting = [name for name in dict.fromkeys(names) if name.lower().startswith(low) and name.lower() != low]
    return Meant(start=start, candidates=tuple(fitting))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What DuckDB says of a query, taken apart."""

    says: str  # its words, in one line
    hint: str  # what it would have understood; "" where it does not say
    row: int | None  # where it points at, both from 0; None: nowhere
    column: int


_LINE = re.compile(r"^LINE (\d+): ", re.MULTILINE)


def trouble(problem: str, query: str) -> Trouble:
    """Find the place in the query that an error points at.

    DuckDB cuts long lines to an excerpt that begins with `...`.

    >>> trouble('no column "nam"\\n\\nLINE 1: select nam\\n               ^^^', "select nam")
    Trouble(says='no column "nam"', hint='', row=0, column=7)
    """
    found = _LINE.search(problem)
    told = [
        line.strip() for line in (problem[: found.start()] if found else problem).splitlines() if line.strip()
    ]
    row, column = _place(problem, query, found) if found else (None, 0)
    return Trouble(
        says=told[0] if told else "not understood", hint=" ".join(told[1:]), row=row, column=column
    )


def _place(problem: str, query: str, found: "re.Match[str]") -> tuple[int | None, int]:
    shown, _, under = problem[found.end() :].partition("\n")
    lines = query.split("\n")
    row = int(found.group(1)) - 1
    if not 0 <= row < len(lines) or "^" not in under:
        return None, 0
    column = under.index("^") - (found.end() - found.start())
    if shown.startswith("..."):
        excerpt = shown[3:].removesuffix("...")
        column += max(0, lines[row].find(excerpt)) - 3
    return row, max(0, min(column, len(lines[row])))
