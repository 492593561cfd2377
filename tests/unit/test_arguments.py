"""A verb's arguments are read before anything happens, and what is wrong is said by name."""

from collections.abc import Callable
from typing import Any

import pytest

from lineside.jobs import arguments
from lineside.store.errors import Usage

ARGS: dict[str, Any] = {"word": "a", "empty": None, "count": 3, "yes": True, "list": []}


def test_what_is_there_comes_back_as_it_is() -> None:
    assert arguments.text(ARGS, "word") == "a"
    assert arguments.number(ARGS, "count") == 3
    assert arguments.flag(ARGS, "yes") is True


def test_what_is_not_there_is_the_default() -> None:
    assert arguments.text(ARGS, "empty", default="x") == "x"
    assert arguments.flag(ARGS, "nothing") is False


@pytest.mark.parametrize(
    ("read", "key", "says"),
    [
        (arguments.text, "nothing", "nothing is missing"),
        (arguments.text, "count", "count must be text"),
        (arguments.number, "empty", "empty is missing"),
        (arguments.number, "word", "word must be a whole number"),
        (arguments.number, "yes", "yes must be a whole number"),
        (arguments.flag, "count", "count must be true or false"),
        (arguments.flag, "list", "list must be true or false"),
    ],
)
def test_what_is_wrong_is_said_by_name(read: Callable[..., object], key: str, says: str) -> None:
    with pytest.raises(Usage, match=says):
        read(ARGS, key)
