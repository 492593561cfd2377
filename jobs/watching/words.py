"""Watch rules in words, as a command line takes them.

rule   = kind [ "(" metric ")" ] number* [ deed ]
kind   = nan | diverges | plateau | stall
number = key "=" value, or a bare value where the kind has one number that must be said
deed   = notify | stop | checkpoint

nan(loss) stop
diverges(loss) factor=3 window=50 stop
plateau(val_loss) steps=500 min_delta=0.001 stop
plateau(val_loss) 500
stall 600 notify
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lineside.jobs.watching.rules import DEEDS, HINT, KINDS, Rule
from lineside.store import toml
from lineside.store.errors import Usage

_HEAD = re.compile(r"\s*(?P<kind>[A-Za-z_]+)\s*(?P<of>\([^()]*\))?(?=\s|$)")


def parse(text: str, where: str = "watch") -> Rule:
    """One rule.

    Raises:
        Usage: it is none; the message names the word and its place.

    >>> parse("plateau(val_loss) 500 stop").condition
    'plateau(val_loss) steps=500 min_delta=0'
    """
    head = _HEAD.match(text)
    if head is None:
        raise _wrong(text, 0, where, "is no rule: KIND(METRIC), with one closed bracket", "nan(loss) stop")
    kind, of = head["kind"].lower(), head["of"]
    if kind not in KINDS:
        raise _wrong(text, head.start("kind"), where, "is no kind of rule", toml.meant(kind, KINDS))
    if kind == "stall" and of:
        raise _wrong(
            text, head.start("of"), where, "does not belong to stall", "stall 600: seconds, any step"
        )
    said: dict[str, Any] = {"when": kind, **({"metric": of[1:-1].strip()} if of else {})}
    for word in re.finditer(r"\S+", text[head.end() :]):
        key, value = _said(text, head.end() + word.start(), word[0], kind, where)
        if key in said:
            raise _wrong(text, head.end() + word.start(), where, f"says {key} again", "say it once")
        said[key] = value
    return Rule.of(said, f"{where}: {text.strip()!r}")


def parse_all(text: str, where: str) -> list[Rule]:
    """Rules with `;` between them; none of an empty text.

    Raises:
        Usage: one of them is none.
    """
    return [parse(part, where) for part in text.split(";") if part.strip()]


def table(said: object, where: str = "watch") -> dict[str, Any]:
    """A rule as the store keeps it, whether it was said in words or as a table.

    Raises:
        Usage: it is no rule.

    >>> table("nan(loss)")
    {'when': 'nan', 'metric': 'loss', 'do': 'notify'}
    """
    if not isinstance(said, (str, Mapping)):
        raise Usage(f"{where}: {said!r} is no rule", hint=HINT)
    rule = parse(said, where) if isinstance(said, str) else Rule.of(said, where)
    return {field.name: value for field in fields(rule) if (value := getattr(rule, field.name))}


def _said(text: str, at: int, word: str, kind: str, where: str) -> tuple[str, Any]:
    """What one word behind the head says."""
    if word in DEEDS:
        return "do", word
    key, equals, value = word.partition("=")
    must = [name for name, default in KINDS[kind].items() if default is None]
    if not equals:
        key, value = (must[0], word) if must else ("", word)
    if key not in KINDS[kind]:
        known = [*DEEDS, *(f"{name}=" for name in KINDS[kind])]
        raise _wrong(text, at, where, f"means nothing to {kind}", toml.meant(word, known))
    try:
        return key, float(value)
    except ValueError:
        what = "is no number" if equals else f"means nothing to {kind}"
        hint = f"{key}=NUMBER" if equals else toml.meant(word, DEEDS)
        raise _wrong(text, at, where, what, hint) from None


def _wrong(text: str, at: int, where: str, what: str, hint: str) -> Usage:
    """The error, with a mark under the word it is about."""
    found = re.match(r"\S*", text[at:])
    word = (found[0] if found else "") or text
    mark = f"\n    {text.rstrip()}\n    {' ' * at}{'^' * max(1, len(word))}"
    return Usage(f"{where}: {word!r} {what}{mark}", hint=hint)
