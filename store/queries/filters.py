"""The filter language of the runs table, compiled to SQL: named fragments, every value bound.

    status:FAILED lr<1e-3 or tag:base          a space means "and"
    not (author:ana min(loss)>0.1) "my run"    a bare word is looked for in the name

Keys are fields (id status cause name experiment author job note), metrics (`loss`, `min(loss)`), params and
tags; `metric:` `param:` `tag:` say which where names collide. Operators: `:` `=` `!=` `<` `<=` `>` `>=`, and
`~` for "contains".
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

from lineside.store.queries import words
from lineside.store.queries.conditions import Bound, condition, order
from lineside.store.queries.words import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to execute, and the values to bind."""

    every: str
    page: str  # needs limit and offset too
    walk: str | None  # the same, along an index; right only when it fills the page
    count: str
    values: dict[str, Any]


_EVERY = "select r.id from run r {joins} where {where} order by {order}"
_PAGE = "select r.id from run r {joins} where {where} order by {order} limit :limit offset :offset"
_WALK = "select r.id from {walk} where {where} order by {by} limit :limit offset :offset"
_COUNT = "select count(*) from run r {joins} where {where}"


def runs(db: sqlite3.Connection, *, where: str, sort: str) -> Query:
    """The query for the runs that `where` means, in the order of `sort` ("-" in front: descending).

    Raises:
        Usage: a word is not understood; the message points at it.
    """
    bound = Bound(db=db)
    meaning = _Parser(text=where, words=words.split(where), bound=bound).whole()
    sorting = order(bound, sort)
    parts = {"joins": sorting.joins, "where": meaning, "order": sorting.by}
    walk = sorting.walk and _WALK.format(walk=sorting.walk[0], where=meaning, by=sorting.walk[1])
    return Query(
        every=_EVERY.format(**parts),
        page=_PAGE.format(**parts),
        walk=walk,
        count=_COUNT.format(**parts),
        values=bound.values,
    )


@dataclass(slots=True, kw_only=True)
class _Parser:
    """Recursive descent: any := all ("or" all)*; all := one+; one := "not" one | "(" any ")" | term."""

    text: str
    words: list[Word]
    bound: Bound
    at: int = 0

    def whole(self) -> str:
        if not self.words:
            return "1"
        meaning = self._any()
        if self._next is not None:
            words.refuse(self.text, self._next, "this bracket closes nothing")
        return meaning

    @property
    def _next(self) -> Word | None:
        return self.words[self.at] if self.at < len(self.words) else None

    def _take(self, *kinds: str) -> bool:
        if self._next is not None and self._next.kind in kinds:
            self.at += 1
            return True
        return False

    def _any(self) -> str:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else "(" + " or ".join(parts) + ")"

    def _all(self) -> str:
        parts = [self._one()]
        while self._next is not None and self._next.kind not in ("or", ")"):
            self._take("and")
            parts.append(self._one())
        return " and ".join(parts)

    def _one(self) -> str:
        word = self._next
        if word is None or word.kind in ("or", "and", ")"):
            end = Word(kind="end", text="", start=len(self.text))
            words.refuse(self.text, word or end, "a condition is missing here")
        self.at += 1
        if word.kind == "not":
            return f"not ({self._one()})"
        if word.kind == "(":
            inner = self._any()
            if not self._take(")"):
                words.refuse(self.text, word, "this bracket is never closed")
            return f"({inner})"
        return condition(self.bound, self.text, word)
