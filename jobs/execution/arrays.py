"""One request of many jobs that differ in a number: `indexes` becomes a job for each."""

from collections.abc import Mapping, Sequence
from typing import Any

from lineside.store.errors import Usage

MOST = 1000
"""Of one request: each of its jobs has a folder of its own, made before the request is answered."""


def unfold(said: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries of a request, an array's by its indexes; `{index}` in a word of its command is filled in.

    Raises:
        Usage: the indexes are no numbers, too many, or stand beside other jobs.
    """
    if not any("indexes" in each for each in said):
        return list(said)
    if len(said) != 1:
        raise Usage("an array is a request of its own", hint="send other jobs in a request before it")
    entry = dict(said[0])
    indexes = entry.pop("indexes")
    if not isinstance(indexes, list) or not indexes or not all(_whole(index) for index in indexes):
        raise Usage("job 0: indexes is not a list of whole numbers", hint='"indexes": [0, 1, 2, 3]')
    if len(set(indexes)) != len(indexes) or len(indexes) > MOST:
        raise Usage(f"job 0: {len(indexes)} indexes", hint=f"{MOST} at most, and each only once")
    limit = entry.pop("array_limit", None)
    return [_member(entry, index, limit=limit if place == 0 else None) for place, index in enumerate(indexes)]


def _member(entry: Mapping[str, Any], index: int, *, limit: object) -> Mapping[str, Any]:
    argv = entry.get("argv")
    if isinstance(argv, list):
        argv = [word.replace("{index}", str(index)) if isinstance(word, str) else word for word in argv]
    name = {"name": f"{entry['name']}[{index}]"} if isinstance(entry.get("name"), str) else {}
    return {**entry, **name, "argv": argv, "array": 0, "array_index": index, "array_limit": limit}


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000_000
