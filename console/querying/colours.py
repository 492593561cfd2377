"""The words of a query by what they are: a keyword, a view, a text, a number, a remark."""

import re

from lineside.console.text import Line, Span
from lineside.store.queries.views import VIEWS

_KEYWORDS = frozenset({
    "select", "from", "where", "group", "by", "all", "order", "limit", "join", "left", "right", "inner",
    "outer", "full", "cross", "on", "and", "or", "not", "in", "is", "null", "like", "ilike", "between",
    "case", "when", "then", "else", "end", "distinct", "desc", "asc", "having", "with", "as", "union",
    "using", "describe", "summarize", "qualify", "over", "partition", "offset", "exists", "true",
    "false", "cast", "filter", "window",
})  # fmt: skip
_TOKENS = re.compile(
    r"(?P<remark>--.*)|(?P<text>'(?:[^']|'')*'?)|(?P<number>\b\d[\d_.]*(?:e[+-]?\d+)?\b)|(?P<word>[A-Za-z_]\w*)",
    re.IGNORECASE,
)
_STYLES = {"remark": "dim", "text": "ok", "number": "warn"}


def coloured(line: str) -> Line:
    """One line of a query in pieces, each with its style.

    >>> coloured("select id from runs")[:2]
    [('select', 'key'), (' ', '')]
    """
    out: list[Span] = []
    at = 0
    for found in _TOKENS.finditer(line):
        if found.start() > at:
            out.append((line[at : found.start()], ""))
        out.append((found.group(), _style(found)))
        at = found.end()
    if at < len(line):
        out.append((line[at:], ""))
    return out


def _style(found: "re.Match[str]") -> str:
    kind = found.lastgroup or ""
    if kind != "word":
        return _STYLES[kind]
    word = found.group().lower()
    return "key" if word in _KEYWORDS else "f" if word in VIEWS else ""
