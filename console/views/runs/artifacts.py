"""What lies in a file that a run left behind: text by offset, JSON and CSV laid out, a folder as a list."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from lineside.console.format import amount
from lineside.console.text import Line, clip, fit, safe, width_of
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store import objects
from lineside.store.errors import LinesideError
from lineside.store.homes import Home
from lineside.store.queries.artifacts import ArtifactRow

if TYPE_CHECKING:
    from lineside.console.widgets.images.png import Pixels

COLUMNS = (
    Column(key="path", title="file", priority=1, min=16, max=48, grow=True, value=lambda file: file.path),
    Column(key="kind", title="kind", priority=2, value=lambda file: file.kind),
    Column(key="bytes", title="size", align=">", priority=1, value=lambda file: file.bytes),
    Column(key="digest", title="sha256", priority=5),
)

_READ = 1 << 20
"""Bytes of a file that are laid out; what follows is for other tools."""

_ROWS = 500
_CELL = 24
IMAGES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".ppm", ".pgm"})


class Look(Enum):
    """How a file is shown."""

    TEXT = "text"  # line by line, by offset
    LAID_OUT = "laid out"
    IMAGE = "image"
    BINARY = "binary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One file, ready to be shown."""

    file: ArtifactRow
    look: Look
    path: Path | None  # where its bytes lie; None: nowhere, or it is a folder
    lines: Sequence[Line] = ()
    pixels: "Pixels | None" = None  # of an image that can be drawn


def cells(file: ArtifactRow) -> list[Cell]:
    """One row of the list."""
    kind = "folder" if file.tree and file.kind == "file" else file.kind
    return [safe(file.path), (safe(kind), "accent" if file.kind == "model" else "dim"),
            amount(file.bytes), (file.digest[:12], "dim")]  # fmt: skip


def shown(home: Home, file: ArtifactRow) -> Shown:
    """What a person sees of a file; it is read, never run."""
    if file.tree:
        return Shown(file=file, look=Look.LAID_OUT, path=None, lines=_folder(home, file))
    path = objects.path_of(home, file.digest)
    try:
        with path.open("rb") as opened:
            head = opened.read(_READ)
    except OSError:
        gone: Line = [("  its content is no longer in this home", "warn")]
        return Shown(file=file, look=Look.LAID_OUT, path=None, lines=[gone])
    ending = Path(file.path).suffix.lower()
    if ending in IMAGES:
        return _image(file, path)
    if b"\0" in head[:4096]:
        return Shown(file=file, look=Look.BINARY, path=path, lines=_binary(file, head))
    laid_out = {".json": _json, ".csv": _csv, ".tsv": _csv}.get(ending)
    lines = laid_out(head.decode("utf-8", "replace")) if laid_out else None
    if lines is None:
        return Shown(file=file, look=Look.TEXT, path=path)
    return Shown(file=file, look=Look.LAID_OUT, path=path, lines=lines)


def _image(file: ArtifactRow, path: Path) -> Shown:
    """Its pixels; where they cannot be had, why."""
    from lineside.console.widgets.images import picture
    from lineside.console.widgets.images.png import BadImage

    try:
        pixels = picture.read(path)
    except (BadImage, OSError) as error:
        words: Line = [("  " + safe(str(error)), "warn")]
        return Shown(file=file, look=Look.LAID_OUT, path=path, lines=[_size(file), [], words])
    high, wide = pixels.shape[:2]
    said: Line = [(f"  {wide} × {high} pixels", "dim")]
    return Shown(file=file, look=Look.IMAGE, path=path, lines=[said], pixels=pixels)


def _size(file: ArtifactRow) -> Line:
    return [(f"  {amount(file.bytes)}  sha256 {file.digest[:16]}", "dim")]


def _folder(home: Home, file: ArtifactRow) -> list[Line]:
    """The files in it; of a model also what its own JSON files say."""
    try:
        entries = objects.tree(home, file.digest)
    except LinesideError as error:
        return [[("  " + safe(str(error)), "warn")]]
    wide = max((width_of(safe(entry.path)) for entry in entries), default=0)
    lines: list[Line] = [_size(file), []]
    for entry in entries:
        lines.append([("  " + fit(safe(entry.path), min(60, wide)) + "  ", ""),
                      (f"{amount(entry.bytes):>8}  {entry.digest[:12]}", "dim")])  # fmt: skip
    for entry in entries:
        if entry.path.endswith(".json") and entry.bytes < _READ:
            try:
                text = objects.path_of(home, entry.digest).read_text("utf-8", "replace")
            except OSError:
                continue
            lines += [[], [("  " + safe(entry.path), "head")], *(_json(text) or [])]
    return lines


def _binary(file: ArtifactRow, head: bytes) -> list[Line]:
    """Its first bytes, as `xxd` shows them."""
    lines: list[Line] = [_size(file), [("  no text: its first bytes", "dim")], []]
    for at in range(0, min(len(head), 512), 16):
        row = head[at : at + 16]
        text = "".join(chr(b) if 32 <= b < 127 else "·" for b in row)
        lines.append([(f"  {at:06x}  ", "dim"), (f"{row.hex(' '):<48}", ""), (text, "dim")])
    return lines


def _json(text: str) -> list[Line] | None:
    """Indented, keys set off; None: it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return [_key_set_off(line) for line in json.dumps(value, indent=2, ensure_ascii=False).splitlines()]


def _key_set_off(line: str) -> Line:
    key, colon, rest = line.partition('": ')
    if not colon or not key.lstrip().startswith('"'):
        return [("  " + safe(line), "")]
    return [("  " + safe(key) + '": ', "accent"), (safe(rest), "")]


def _csv(text: str) -> list[Line] | None:
    """Columns under each other, numbers to the right; None: it is no table."""
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        rows = [
            [safe(cell) for cell in row] for row in islice(csv.reader(io.StringIO(text), dialect), _ROWS + 1)
        ]
    except csv.Error:
        return None
    if not rows or max(map(len, rows)) < 2:
        return None
    most = max(map(len, rows))
    wide = [min(_CELL, max(width_of(row[at]) for row in rows if at < len(row))) for at in range(most)]
    right = [all(_numeric(row[at]) for row in rows[1:] if at < len(row)) for at in range(len(wide))]
    lines: list[Line] = []
    for place, row in enumerate(rows):
        laid = "  ".join(
            fit(cell, each, align=">" if number else "<")
            for cell, each, number in zip(row, wide, right, strict=False)
        )
        lines.append([("  " + laid, "head" if place == 0 else "")])
    more = text.count("\n") > _ROWS and len(rows) > _ROWS
    return [*lines, [(f"  the first {_ROWS:,} rows", "dim")]] if more else lines


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return not text
    return True


def page(found: Shown, width: int) -> list[Line]:
    """The lines of a file that is laid out, cut to the width."""
    return [clip(line, width) for line in found.lines]
