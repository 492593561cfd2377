"""The console in ASCII: what stands for each glyph, cell for cell, where a terminal has nothing else.

What somebody named is drawn so too: without its accents where it has them, else with a `?` for each cell.
"""

import unicodedata

from rich.cells import cell_len

_BRAILLE, _DOTS = 0x2800, ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))

_PAIRS = (
    ("●*", "○o", "◔%", "◑%", "◐%", "◕%", "‖=", "✗x", "✓+", "◆#", "◇<", "∅/", "◌~", "▲^", "▼v", "△^", "▽v"),
    ("▸>", "▶>", "◀<", "◂<", "▾v", "▴^", "⊘-", "↷>", "↩<", "↵<", "⏎<", "⇧^", "⇥>", "→>", "←<", "↑^", "↓v"),
    ("–-", "—-", "…~", "·.", "•*", "×x", "±~", "≠!", "≥>", "≤<", "≈~", "∞i", "µu", "μu", "°o", "σs"),
    ("Δd", "−-", "“\"", "”\"", "‘'", "’'", "«<", "»>", "┄-", "┅-", "┈-", "┉-", "╌-", "┊:", "┆:", "┇:", "╎:"),
    ("─-", "━=", "═=", "│|", "┃|", "║|", "▏.", "▎.", "▍.", "▌>", "▋#", "▊#", "▉#", "█#", "▐|", "▕|", "▀'"),
    ("▁.", "▂.", "▃:", "▄-", "▅=", "▆+", "▇*", "▔'", "░.", "▒:", "▓%", "■#", "□o", "▪*", "▫o", "▖.", "▗."),
    ("▘'", "▝'", "▙#", "▛#", "▜#", "▟#", "▚%", "▞%", "⟨<", "⟩>", "⋯~", "★*", "☆o", "✕x"),
    ("›>", "‹<", "◉@", "√/", "▤=", "▷>", "◁<", "◈%", "⇑^", "⇓v", "⌂H", "↻@", "⋮:", "◎@", "⟳@", "↺@", "↪>"),
    ("✔+", "✘x", "\u00a0 "),
)  # fmt: skip


class _Letters(dict[int, str]):
    """Code point → what is drawn for it; what nobody listed is worked out once."""

    def __missing__(self, code: int) -> str:
        self[code] = found = chr(code) if code < 0x7F else _worked_out(code)
        return found


_LETTERS = _Letters({ord(pair[0]): pair[1] for row in _PAIRS for pair in row})


def ascii_of(text: str) -> str:
    """The text with nothing but printable ASCII in it, every character in as many cells as before.

    >>> ascii_of("● ok → v7 ─┬─ ▁▄█ ⣀⠤⠒⠉ größe 数")
    "* ok > v7 -+- .-# .-'' gro?e ??"
    """
    return text if text.isascii() else text.translate(_LETTERS)


def _worked_out(code: int) -> str:
    if _BRAILLE <= code < _BRAILLE + 256:
        return _dots(code - _BRAILLE)
    if 0x2500 <= code < 0x2580:
        return "+"  # a corner or crossing of lines
    plain = unicodedata.normalize("NFKD", chr(code)).encode("ascii", "ignore").decode()
    cells = cell_len(chr(code))
    return plain if len(plain) == cells and plain.isprintable() else "?" * cells


def _dots(bits: int) -> str:
    """By where the dots stand and how many there are."""
    rows = [row for row, (left, right) in enumerate(_DOTS) if bits & (left | right)]
    columns = [sum(bool(bits & pair[side]) for pair in _DOTS) for side in (0, 1)]
    if not rows:
        return " "
    if sum(columns) >= 6:
        return "#"
    if max(columns) >= 3 and min(columns) == 0:
        return "|"
    if rows[-1] <= 1:
        return "'"
    if rows[0] >= 2 and rows[-1] == 3:
        return "."
    return "-" if rows[0] >= 1 and rows[-1] <= 2 else ":"
