"""A filter's text cut into words, each with its place, so that an error can point at it."""

import re
from dataclasses import dataclass
from typing import NoReturn

from lineside.store.errors import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A bracket, "and", "or", "not", or a term such as `lr<1e-3`."""

    kind: str  # "(", ")", "and", "or", "not", "term"; "end" stands behind the last
    text: str
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A term taken apart: `min(loss)<0.1` is key "min(loss)", operator "<", value "0.1"."""

    family: str | None  # "metric", "param" or "tag"; None: whatever has that name
    key: str
    operator: str | None  # None: only a word
    value: str


_WORD = re.compile(
    r"""\s+ | (?P<bracket>[()]) | (?P<quote>"(?![^"]*"))
      | (?P<term>(?: "[^"]*" | (?<![^\s()":=!<>~])(?:last|first|min|max)\([^()\s]+\)
                  | @(?:best|min|max)\([^()\s]+\) | [^\s()"] )+)""",
    re.VERBOSE,
)
_OPERATOR = re.compile(r'"[^"]*"|(?P<operator>!=|<=|>=|[:=<>~])')
_PLAIN = re.compile(r"[^\s()\":=!<>~]+\Z")
_FAMILIES = ("metric", "param", "tag")


def split(text: str) -> list[Word]:
    """The words of a filter, in order.

    Raises:
        Usage: a quote is never closed.

    >>> [word.text for word in split('not (lr<1e-3 name:"my run")')]
    ['not', '(', 'lr<1e-3', 'name:"my run"', ')']
    """
    found = []
    for match in _WORD.finditer(text):
        word = match.group().strip()
        if match["quote"]:
            refuse(text, Word(kind="quote", text=word, start=match.start()), "this quote is never closed")
        if word:
            plain = match["bracket"] or word.lower() in ("and", "or", "not")
            found.append(Word(kind=word.lower() if plain else "term", text=word, start=match.start()))
    return found


def take_apart(text: str) -> Term:
    """A term's key, operator and value; `param:` and its like before a key name its family.

    >>> take_apart("param:lr<=0.1")
    Term(family='param', key='lr', operator='<=', value='0.1')
    """
    key, operator, value = _cut(text)
    if operator == ":" and key in _FAMILIES:
        inner, operator, rest = _cut(value)
        return Term(family=key, key=_bare(inner), operator=operator, value=_bare(rest))
    return Term(family=None, key=_bare(key), operator=operator, value=_bare(value))


def doubled(text: str) -> str:
    """The operator of a term that another one follows; "": none does.

    >>> doubled("lr<<1"), doubled("param:lr==1"), doubled('note="<draft>"'), doubled("note:<draft>")
    ('<', '=', '', '')
    """
    key, operator, value = _cut(text)
    if operator == ":" and key in _FAMILIES:
        _, operator, value = _cut(value)
    return (
        operator if operator not in (None, ":", "~") and value.startswith(("<", ">", "=", "!", "~")) else ""
    )


def refuse(text: str, word: Word, complaint: str, *, hint: str = "") -> NoReturn:
    """Raise a Usage error whose second line points at the word."""
    mark = " " * word.start + "^" * max(1, len(word.text))
    raise Usage(
        f"{complaint}: {word.text or 'the end'}\n  {text}\n  {mark}",
        hint=hint or 'for example: status:FAILED lr<1e-3 or tag:base, not name~"first try"',
    )


def _cut(text: str) -> tuple[str, str | None, str]:
    """Before, at and after the first operator that stands outside quotes."""
    for match in _OPERATOR.finditer(text):
        if match["operator"]:
            return text[: match.start()], match["operator"], text[match.end() :]
    return text, None, ""


def quoted(text: str) -> str:
    """A key or value as it is written in a filter, so that it is read as it is.

    >>> quoted("adam"), quoted("demo:ana"), quoted('5" wide')
    ('adam', '"demo:ana"', '"5"" wide"')
    """
    return text if _PLAIN.match(text) else '"' + text.replace('"', '""') + '"'


def _bare(text: str) -> str:
    """Without its quotes; a doubled one inside stands for one.

    >>> _bare('"5"" wide"')
    '5" wide'
    """
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text
