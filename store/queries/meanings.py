"""What a filter means: facts about a run, put together by all, any and not."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One term, in two forms that say the same."""

    probe: str  # a condition on the run `r`
    every: str  # a select of the ids of all runs it is true of, each once
    indexed: bool  # counting the first thousands of `every` is cheap


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    parts: Sequence["Meaning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    parts: Sequence["Meaning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    part: "Meaning"


Meaning = Fact | All | Any | Not


def probe(meaning: Meaning) -> str:
    """The meaning as one condition on the run `r`."""
    if isinstance(meaning, Fact):
        return meaning.probe
    if isinstance(meaning, Not):
        return f"not ({probe(meaning.part)})"
    word = " and " if isinstance(meaning, All) else " or "
    return "(" + word.join(probe(part) for part in meaning.parts) + ")"
