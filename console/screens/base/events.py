"""What an area hears: a worker's answer, and keys by the names of the command table."""

from dataclasses import dataclass
from typing import Any

from textual.events import Key
from textual.message import Message

from lineside.console.reads.badges import Surroundings


@dataclass
class Loaded(Message):
    """A worker has read what the area asked for."""

    view: Any
    around: Surroundings
    took_s: float


@dataclass
class Unread(Message):
    """A worker could not read; the words say why."""

    words: str


def key_name(event: Key) -> str:
    """The key as the command table writes it: the character where there is one, else Textual's name."""
    if event.character == " ":
        return "space"
    return event.character if event.is_printable and event.character else event.key
