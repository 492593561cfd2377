"""What a person is about to do, before it is done: the words of the dialog and the request behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lineside.console.text import Line
from lineside.jobs.context import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to the runner."""

    verb: str
    args: Json
    said: str  # what the toast says when it is done: "job 57: held"
    undo: "Ask | None" = None  # what takes it back, where `undoing` cannot know


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A question to the person, and the requests that follow when the answer is yes."""

    title: str  # "Cancel job 58 train fraud?"
    asks: Sequence[Ask] = ()
    lines: Sequence[Line] = ()  # what they should know before they say yes
    typed: str = ""  # not "": this has to be typed out, exactly
    reason: str = ""  # not "": asks for a reason under this name ...
    reason_needed: bool = False  # ... which may not be left empty
    reason_said: str = ""  # what stands there already
    yes: str = "do it"
    fields: Sequence["FormField"] = field(default=())
    then: "Callable[[Answer], Sequence[Ask]] | None" = None  # makes the requests from what was filled in


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One thing to fill in; its answer goes into the args of every request, unless `then` makes them."""

    key: str
    label: str
    value: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came out of the dialog; no Answer at all means: cancelled."""

    reason: str = ""
    values: dict[str, str] = field(default_factory=dict)
