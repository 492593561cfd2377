"""Styles by what they mean. Widgets name a meaning ("bad", "ask"); themes.py knows the colour.

Names may be joined: `"bold ok"`. With NO_COLOR the meanings keep their weight and lose their colour; every
meaning also has its glyph and word (format.py), so nothing is lost.
"""

import os
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from rich.style import Style

from lineside.console.themes import DEPTHS, NAMES, Palette, is_dark, palette

if TYPE_CHECKING:
    from textual.theme import Theme

_WEIGHT: Mapping[str, Style] = {
    "bold": Style(bold=True), "head": Style(bold=True), "key": Style(bold=True),
    "underline": Style(underline=True), "reverse": Style(reverse=True), "italic": Style(italic=True),
}  # fmt: skip
_PALE: Mapping[str, Style] = {
    "dim": Style(dim=True), "rule": Style(dim=True), "bad": Style(bold=True), "ask": Style(bold=True),
    "drift": Style(bold=True), "accent": Style(bold=True), "cursor": Style(reverse=True),
}  # fmt: skip

_CHOSEN_16 = Style(color="#000000", bgcolor="#00aaaa")
"""The cursor's row where there are 16 colours: on none of them can all the others be read."""

LEAST_CONTRAST = 4.5
COLOURLESS = "ansi-dark"
"""Textual's theme that sends no colour at all."""


class Look:
    """The styles of one theme, made once and shared by every widget."""

    def __init__(self, colours: Palette | None, *, mixes: bool = True) -> None:
        self._colours = colours
        self._mixes = mixes  # between two colours there is a third: not so where there are 16
        self.style = lru_cache(maxsize=1024)(self._style)

    def _style(self, names: str, ground: str = "bg") -> Style:
        """The rich style of `names` on a ground ("bg", "panel", "cursor")."""
        if ground == "cursor" and not self._mixes:
            return Style.combine([_CHOSEN_16, *(_WEIGHT.get(name, Style.null()) for name in names.split())])
        style = Style.combine([self._ground(ground), *(self._one(name) for name in names.split())])
        return self._readable(style) if "on-hot" in names or "on-cold" in names else style

    def _readable(self, style: Style) -> Style:
        """On a warm ground not every colour can be read: then the letters are plain, and bold."""
        if self._colours is None or style.color is None or style.bgcolor is None:
            return style
        if contrast(style.color.name, style.bgcolor.name) >= LEAST_CONTRAST:
            return style
        return style + Style(color=self._plain_on(style.bgcolor.name), bold=True)

    def _plain_on(self, ground: str) -> str:
        assert self._colours is not None
        return max(self._colours["fg"], self._colours["bg"], key=lambda colour: contrast(colour, ground))

    def _ground(self, name: str) -> Style:
        if self._colours is None:
            return _PALE.get(name, Style.null())
        return Style(color=self._colours["fg"], bgcolor=self._colours[name])

    def _one(self, name: str) -> Style:
        weight = _WEIGHT.get(name, Style.null())
        if name.startswith("faint-"):
            return self._faint(name.removeprefix("faint-"))
        if self._colours is None:
            return weight + _PALE.get(name, Style.null())
        if colour := self._colours.get(name):
            return weight + Style(color=colour)
        if "ink" in name:
            return self._ink(name)
        if "hot" in name or "cold" in name:
            return self._heat(name)
        if "rgb#" in name:
            return self._pixel(name)
        return weight

    def _faint(self, name: str) -> Style:
        """`faint-a` is the colour of "a", half way to the ground."""
        if self._colours is None:
            return Style(dim=True)
        if not self._mixes:
            return Style(color=self._colours["rule"])
        return Style(color=_mixed(self._colours["bg"], self._colours.get(name, self._colours["fg"]), 0.5))

    def _ink(self, name: str) -> Style:
        """`ink5` draws with five eighths of the letters' colour, `on-ink5` paints the ground with it."""
        assert self._colours is not None
        ground, _, eighths = name.rpartition("ink")
        colour = _mixed(self._colours["bg"], self._colours["fg"], int(eighths) / 8)
        if ground and eighths == "0":
            return Style.null()
        return Style(bgcolor=colour) if ground else Style(color=colour)

    def _heat(self, name: str) -> Style:
        """`hot5`: five eighths of the way to what burns; `on-hot5`: the ground so; `over-hot5`: on it."""
        assert self._colours is not None
        if not self._mixes:
            return Style.null()
        where, _, shade = name.rpartition("-")
        end = self._colours["hot" if shade.startswith("hot") else "accent"]
        colour = _mixed(self._colours["bg"], end, int(shade[-1]) / 8)
        if where == "over":
            return Style(color=self._plain_on(colour))
        return Style(bgcolor=colour) if where else Style(color=colour)

    def _pixel(self, name: str) -> Style:
        """`rgb#a0b0c0` draws with this very colour, `on-rgb#a0b0c0` paints the ground with it."""
        colour = name[name.index("#") :]
        return Style(bgcolor=colour) if name.startswith("on-") else Style(color=colour)


def contrast(one: str, two: str) -> float:
    """How well one `#rrggbb` can be read on another: from 1 to 21, by WCAG 2.1.

    >>> round(contrast("#ffffff", "#000000"))
    21
    """
    low, high = sorted((_luminance(one), _luminance(two)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(low: str, high: str, share: float) -> str:
    """The colour between two `#rrggbb`, `share` of the way up."""
    pairs = [(int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@cache
def look(theme: str, depth: str = "truecolor") -> Look:
    """The styles of a theme on a terminal with so many colours; of a theme that is not ours, without any."""
    if theme not in NAMES:
        return Look(None)
    return Look(palette(theme, depth), mixes=depth != "standard")


def colourless() -> bool:
    """True where the person asked for no colour (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def depth_of(environ: Mapping[str, str]) -> str:
    """How many colours the terminal says it has, by the rule that Rich draws by; over SSH mostly 256."""
    said = environ.get("TEXTUAL_COLOR_SYSTEM", "")  # in a browser `textual serve` says it
    if said in DEPTHS:
        return said
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    kind = environ.get("TERM", "").strip().lower().rpartition("-")[2]
    return "256" if kind in ("256color", "kitty") else "standard"


def themes(depth: str = "truecolor") -> "list[Theme]":
    """The themes Textual has to know for its own widgets: inputs, overlays, scrollbars."""
    return [_theme(name, palette(name, depth), dark=is_dark(name)) for name in NAMES]


def _theme(name: str, colours: Palette, *, dark: bool) -> "Theme":
    from textual.theme import Theme

    return Theme(
        name=name, dark=dark, primary=colours["accent"], secondary=colours["head"], accent=colours["accent"],
        warning=colours["warn"], error=colours["bad"], success=colours["ok"], foreground=colours["fg"],
        background=colours["bg"], surface=colours["bg"], panel=colours["panel"],
        variables={
            "block-cursor-background": colours["cursor"], "input-selection-background": colours["cursor"],
        },
    )  # fmt: skip
