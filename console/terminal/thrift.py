"""Sends the terminal only the cells that differ from what it shows, and says colours only where they change.

Textual draws again whatever may have changed, gives every piece of text its whole style and takes it back
behind it. What stands on the screen already is not sent; what the pen is already is not said. Where anything
comes that could have changed the screen in a way we do not follow, all that was known of it is forgotten.
"""

import re
from functools import lru_cache

from rich.cells import cell_len

from lineside.console.terminal.pens import PLAIN, Pen, after, change

_TOKENS = re.compile(
    r"\x1b\[(?P<pen>[0-9;:]*)m"
    r"|\x1b\[(?P<row>\d+);(?P<column>\d+)H"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<silent>\x1b\[\?(?:25|100[0-6]|101[56]|2004|2026|2031|2048)[hl]|\x1b\](?:0|2|52);[^\x07\x1b]*\x07)"
    r"|(?P<feed>(?<!\r)\n(?=\x1b\[\d+;\d+H))"  # Textual ends lines with it, and then goes to the next itself
    r"|(?P<other>\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP.*?\x1b\\|\x1b\[[0-?]*[ -/]*[@-~]|\x1b.|.)",
    re.DOTALL,
)
_BRIDGE = 6
"""Cells that are rather sent again than jumped over: a jump takes as many bytes."""
SOMEWHERE = 0
"""A column that nobody knows: how far wide letters go, terminals do not agree on."""


class Thrift:
    """What the terminal shows, as far as we know, with the place and the pen it writes with next."""

    def __init__(self, pen: Pen | None = PLAIN) -> None:
        self._pen = pen  # what the terminal has; None: nobody knows
        self._at: tuple[int, int] | None = None  # row and column where it writes, from 1
        self._rows: dict[int, _Row] = {}

    def forget(self) -> None:
        """The screen may show anything now: what is drawn next is sent whole."""
        self._rows.clear()
        self._at = None

    def less(self, text: str) -> str:
        """The same picture in fewer bytes; afterwards pen and place are what `text` left them as."""
        out: list[str] = []
        wants, goal = self._pen, self._at
        for token in _TOKENS.finditer(text):
            kind = token.lastgroup
            if kind == "text":
                goal = self._text(out, token[0], wants, goal)
            elif kind == "column":
                goal = (int(token["row"]), int(token["column"]))
            elif kind == "pen":
                before, wants = wants, after(wants, token["pen"])
                if wants is None:  # said as it was: what it means is the terminal's affair
                    out.append(change(self._pen, before) + token[0])
                    self._pen = None
            elif kind == "silent":
                out.append(token[0])
            elif kind == "other":
                self._raw(out, token[0], wants, goal)
                self.forget()
                goal = None
        out.append(self._reach(goal) + change(self._pen, wants))
        self._pen = wants
        return "".join(out)

    def _text(
        self, out: list[str], piece: str, pen: Pen | None, goal: tuple[int, int] | None
    ) -> tuple[int, int] | None:
        """Send of a piece what the screen does not show there yet; where the next one stands."""
        if goal is None:
            self._raw(out, piece, pen, goal)
            self.forget()
            return None
        line, column = goal
        if pen is None or column == SOMEWHERE or not _narrow(piece):
            self._raw(out, piece, pen, goal)
            self._rows.pop(line, None)
            self._at = (line, SOMEWHERE)
            return self._at
        for start, end in self._rows.setdefault(line, _Row()).differing(column, piece, pen):
            self._raw(out, piece[start:end], pen, (line, column + start))
            self._at = (line, column + end)
        return line, column + len(piece)

    def _raw(self, out: list[str], said: str, pen: Pen | None, goal: tuple[int, int] | None) -> None:
        out.append(self._reach(goal) + change(self._pen, pen) + said)
        self._pen = pen

    def _reach(self, goal: tuple[int, int] | None) -> str:
        """What brings the terminal from where it writes to `goal`."""
        if goal is None or goal == self._at:
            return ""
        here, self._at = self._at, goal
        ahead = goal[1] - here[1] if here is not None and here[0] == goal[0] and here[1] != SOMEWHERE else 0
        if ahead > 0:
            return f"\x1b[{ahead}C" if ahead > 1 else "\x1b[C"
        return f"\x1b[{goal[0]};{goal[1]}H"


class _Row:
    """One row of cells: what is written in each, and with which pen."""

    def __init__(self) -> None:
        self._letters: list[str] = []
        self._pens: list[Pen | None] = []

    def differing(self, column: int, piece: str, pen: Pen) -> list[tuple[int, int]]:
        """Write the piece from `column` on; the stretches of it that were not there, near ones as one."""
        start, end = column - 1, column - 1 + len(piece)
        if len(self._letters) < end:
            self._letters += [""] * (end - len(self._letters))
            self._pens += [None] * (end - len(self._pens))
        letters, pens = self._letters[start:end], self._pens[start:end]
        if letters == list(piece) and pens.count(pen) == len(piece):
            return []
        found: list[tuple[int, int]] = []
        for place, letter in enumerate(piece):
            if letters[place] == letter and pens[place] == pen:
                continue
            if found and place - found[-1][1] <= _BRIDGE:
                found[-1] = (found[-1][0], place + 1)
            else:
                found.append((place, place + 1))
        self._letters[start:end], self._pens[start:end] = piece, [pen] * len(piece)
        return found


@lru_cache(maxsize=4096)
def _narrow(piece: str) -> bool:
    """Whether each letter takes one cell, whatever the terminal."""
    return piece.isascii() or all(cell_len(letter) == 1 for letter in set(piece))
