"""What a verb prints: rows as a table for eyes or as JSON for scripts. Data to stdout, words to stderr."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from typing import Any

import click

from lineside.console.format import clock
from lineside.store.clock import Micros, now

Columns = Mapping[str, Callable[[Any], str | None] | str]
"""Heading → the field's name, or a function of the row."""

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON array or object on stdout.")


def rows(found: Sequence[Any], columns: Columns, *, as_json: bool, empty: str) -> None:
    """Print a list: every field as JSON, or the chosen columns aligned."""
    if as_json:
        _print(json.dumps([plain(row) for row in found], ensure_ascii=False))
    elif not found:
        words(empty)
    else:
        table(list(columns), [[_cell(row, column) for column in columns.values()] for row in found])


def one(found: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print one thing: its fields as one JSON object, or the lines made for eyes."""
    if as_json:
        _print(json.dumps(plain(found), ensure_ascii=False))
    else:
        for line in lines:
            _print(line)


def table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; numbers to the right."""
    widths = [max(len(h), *(len(r[i]) for r in cells)) if cells else len(h) for i, h in enumerate(headings)]
    right = [all(_numeric(r[i]) for r in cells) for i in range(len(headings))]
    for row in [list(headings), *cells]:
        padded = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True))
        _print("  ".join(padded).rstrip())


def words(text: str) -> None:
    """Say something to the person; never data."""
    click.echo(clean(text), err=True)


def moment(at: Micros | None) -> str:
    """When, in the words of the wall clock."""
    return clock(at, now=now())


def plain(value: Any) -> Any:
    """A value as JSON can hold it: dataclasses become objects, NaN and ±inf become strings."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Decimal):
        return float(value)
    return value if value is None or isinstance(value, str | int | float) else str(value)


def clean(text: str) -> str:
    """Text that somebody named, with nothing left in it that a terminal would obey."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)


def _cell(row: Any, column: Callable[[Any], str | None] | str) -> str:
    value = getattr(row, column) if isinstance(column, str) else column(row)
    return clean("–" if value is None else str(value)).replace("\n", " ")


def _numeric(cell: str) -> bool:
    return cell == "–" or cell.replace(",", "").lstrip("+-").replace(".", "", 1).isdigit()


def _print(line: str) -> None:
    sys.stdout.write(clean(line) + "\n")
