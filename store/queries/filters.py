"""The filter language of the runs table, compiled to SQL: named fragments, every value bound.

    status:FAILED lr<1e-3 or tag:base          a space means "and"
    not (author:ana min(loss)>0.1) "my run"    a bare word is looked for in the name

Keys are fields (id status cause name experiment author job parent children note created started ended took),
metrics (`loss`, `min(loss)`), params and tags; `metric:` `param:` `tag:` say which where names collide.
Operators: `:` `=` `!=` `<` `<=` `>` `>=`, and `~` for "contains". Times read as `started>=2026-11-01` and
`took>1h30m`; `parent:812` are the runs begun from run 812, `parent:none` those begun from none. A value may
stand in quotes, a quote in it doubled. `acc@best(loss)` is no key here: it is read from the points.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

from lineside.store.queries import meanings, words
from lineside.store.queries.conditions import Bound, condition
from lineside.store.queries.meanings import All, Meaning, Not
from lineside.store.queries.orders import Order, order
from lineside.store.queries.words import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a person asked for, understood."""

    meaning: Meaning | None  # None: every run
    order: Order
    values: dict[str, Any]  # to bind


def runs(db: sqlite3.Connection, *, where: str, sort: str) -> Query:
    """The query for the runs that `where` means, in the order of `sort` ("-" in front: descending).

    Raises:
        Usage: a word is not understood; the message points at it.
    """
    bound = Bound(db=db)
    meaning = _Parser(text=where, words=words.split(where), bound=bound).whole()
    return Query(meaning=meaning, order=order(bound, sort), values=bound.values)


@dataclass(slots=True, kw_only=True)
class _Parser:
    """Recursive descent: any := all ("or" all)*; all := one+; one := "not" one | "(" any ")" | term."""

    text: str
    words: list[Word]
    bound: Bound
    at: int = 0

    def whole(self) -> Meaning | None:
        if not self.words:
            return None
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

    def _any(self) -> Meaning:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else meanings.Any(parts=parts)

    def _all(self) -> Meaning:
        parts = [self._one()]
        while self._next is not None and self._next.kind not in ("or", ")"):
            self._take("and")
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(parts=parts)

    def _one(self) -> Meaning:
        word = self._next
        if word is None or word.kind in ("or", "and", ")"):
            end = Word(kind="end", text="", start=len(self.text))
            words.refuse(self.text, word or end, "a condition is missing here")
        self.at += 1
        if word.kind == "not":
            return Not(part=self._one())
        if word.kind == "(":
            inner = self._any()
            if not self._take(")"):
                words.refuse(self.text, word, "this bracket is never closed")
            return inner
        return condition(self.bound, self.text, word)
