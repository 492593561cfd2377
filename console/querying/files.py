"""The whole answer of a query in a file: comma-separated, Parquet or JSON, as its ending says."""

import json
from collections.abc import Mapping
from pathlib import Path

from lineside.console.cli.output import plain
from lineside.store import analytics
from lineside.store.errors import Usage
from lineside.store.homes import Home

ENDINGS = (".csv", ".parquet", ".json")


def write(home: Home, query: str, path: Path, *, saved: Mapping[str, str], over: bool = False) -> int:
    """Ask, write all rows, and say how many; NaN, infinities and no value stay apart in every format.

    Raises:
        Usage: another ending, a file that is there already (unless `over`), or a bad query.
    """
    if path.suffix not in ENDINGS:
        raise Usage(f"{path} ends in none of {', '.join(ENDINGS)}", hint="choose one of these endings")
    if path.exists() and not over:
        raise Usage(f"{path} is there already", hint="choose another name")
    frame = analytics.frame(home, query, saved=saved)
    try:
        if path.suffix == ".csv":
            frame.write_csv(path)
        elif path.suffix == ".parquet":
            frame.write_parquet(path)
        else:  # polars would write NaN as null, which is another thing
            path.write_text(json.dumps(plain(frame.to_dicts()), ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise Usage(f"{path} cannot be written: {error.strerror}") from error
    return int(frame.height)
