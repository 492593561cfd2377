"""What a program printed as coloured text: colours become styles, a progress bar its last state.

Sequences that would move the cursor or clear are dropped; all other control characters are shown as pictures.
"""

import re

from lineside.console.text import Span, safe

LONGEST = 4096
"""Bytes of one line that are looked at."""

_SEQUENCE = re.compile(r"\x1b\[([0-?]*)[ -/]*([@-~])")
_COLOURS = {
    31: "bad", 32: "ok", 33: "warn", 34: "accent", 35: "drift", 36: "f", 90: "dim",
    91: "bad", 92: "ok", 93: "warn", 94: "accent", 95: "drift", 96: "f",
}  # fmt: skip
_WEIGHTS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse"}


def plain(data: bytes) -> str:
    """One line without its colours.

    >>> plain(b"\\x1b[32mok\\x1b[0m 10%\\r 20%\\r\\n")
    ' 20%'
    """
    return safe(_SEQUENCE.sub("", _last_state(data)).expandtabs(4))


def spans(data: bytes) -> list[Span]:
    """One line in the colours it was printed in.

    >>> spans(b"\\x1b[1;31mbad\\x1b[0m \\x1b[2Krest")
    [('bad', 'bold bad'), (' rest', '')]
    """
    text = _last_state(data)
    if "\x1b" not in text:
        return [(safe(text.expandtabs(4)), "")]
    out: list[Span] = []
    weight, colour, at = "", "", 0
    for match in _SEQUENCE.finditer(text):
        _add(out, text[at : match.start()], f"{weight} {colour}".strip())
        at = match.end()
        if match[2] == "m":
            weight, colour = _after(match[1], weight, colour)
    _add(out, text[at:], f"{weight} {colour}".strip())
    return out or [("", "")]


def _add(out: list[Span], text: str, style: str) -> None:
    shown = safe(text.expandtabs(4))
    if out and out[-1][1] == style:
        out[-1] = (out[-1][0] + shown, style)
    elif shown:
        out.append((shown, style))


def _after(codes: str, weight: str, colour: str) -> tuple[str, str]:
    """Weight and colour after a sequence; 256 and true colours are told apart from nothing only."""
    numbers = [int(code) if code.isdigit() else 0 for code in codes.replace(":", ";").split(";")]
    at = 0
    while at < len(numbers):
        code = numbers[at]
        if code == 0:
            weight, colour = "", ""
        elif code in (38, 48):
            at += 2 if numbers[at + 1 : at + 2] == [5] else 4
            colour = "accent" if code == 38 else colour
        elif code in _WEIGHTS:
            weight = _WEIGHTS[code]
        elif code in (22, 23, 24, 27):
            weight = ""
        elif code == 39:
            colour = ""
        elif 30 <= code <= 37 or 90 <= code <= 97:
            colour = _COLOURS.get(code, "")
        at += 1
    return weight, colour


def _last_state(data: bytes) -> str:
    """What stood there at the end, where a progress bar wrote over itself."""
    line = data.rstrip(b"\r\n")
    line = line[line.rfind(b"\r") + 1 :] if b"\r" in line else line
    return line[:LONGEST].decode("utf-8", "replace")
