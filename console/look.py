"""Colours and what they mean. Widgets name a meaning ("bad", "ask"); only this module knows the colour.

Names may be joined: `"bold ok"`. With NO_COLOR the meanings keep their weight and lose their colour; every
meaning also has its glyph and word (format.py), so nothing is lost.
"""

import os
from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style
from textual.theme import Theme

DARK: Mapping[str, str] = {
    "fg": "#d3dae3", "bg": "#0f141b", "panel": "#18202a", "cursor": "#24374d", "rule": "#3b4756",
    "dim": "#7f8b99", "head": "#9fb3c8", "accent": "#6cb6ff", "ok": "#7fcf8a", "run": "#6cb6ff",
    "wait": "#a9b4c0", "warn": "#e8b45a", "bad": "#ff7b72", "ask": "#f0d26a", "drift": "#d2a8ff",
    "a": "#6cb6ff", "b": "#f0a35e", "c": "#7fcf8a", "d": "#d2a8ff", "e": "#ff9bb0",
    "f": "#5fd0c5", "g": "#d8d27a", "h": "#b0a8ff", "key": "#6cb6ff",
}  # fmt: skip
LIGHT: Mapping[str, str] = {
    "fg": "#1f2933", "bg": "#fbfbf9", "panel": "#eceeef", "cursor": "#d3e4f7", "rule": "#c2c9d1",
    "dim": "#6b7580", "head": "#47586b", "accent": "#0b63b8", "ok": "#1d7a34", "run": "#0b63b8",
    "wait": "#56616d", "warn": "#9a6200", "bad": "#c02b26", "ask": "#8a6a00", "drift": "#7b3fb5",
    "a": "#0b63b8", "b": "#b85c00", "c": "#1d7a34", "d": "#7b3fb5", "e": "#b02a5b",
    "f": "#00736b", "g": "#75700a", "h": "#4b45b0", "key": "#0b63b8",
}  # fmt: skip
_WEIGHT: Mapping[str, Style] = {
    "bold": Style(bold=True), "head": Style(bold=True), "key": Style(bold=True),
    "underline": Style(underline=True), "reverse": Style(reverse=True), "italic": Style(italic=True),
}  # fmt: skip
_PALE: Mapping[str, Style] = {
    "dim": Style(dim=True), "rule": Style(dim=True), "bad": Style(bold=True), "ask": Style(bold=True),
    "drift": Style(bold=True), "accent": Style(bold=True), "cursor": Style(reverse=True),
}  # fmt: skip
GROUNDS = ("panel", "cursor", "bg")
"""Names that colour the ground instead of the letters: `"on cursor"` in any style."""


class Look:
    """The styles of one theme, made once and shared by every widget."""

    def __init__(self, colours: Mapping[str, str] | None) -> None:
        self._colours = colours
        self.style = lru_cache(maxsize=1024)(self._style)

    def _style(self, names: str, ground: str = "bg") -> Style:
        """The rich style of `names` on a ground ("bg", "panel", "cursor")."""
        style = self._ground(ground)
        for name in names.split():
            style += self._one(name)
        return style

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
        return weight

    def _faint(self, name: str) -> Style:
        """`faint-a` is the colour of "a", half way to the ground."""
        if self._colours is None:
            return Style(dim=True)
        return Style(color=_mixed(self._colours["bg"], self._colours.get(name, self._colours["fg"]), 0.5))

    def _ink(self, name: str) -> Style:
        """`ink5` draws with five eighths of the letters' colour, `on-ink5` paints the ground with it."""
        assert self._colours is not None
        ground, _, eighths = name.rpartition("ink")
        colour = _mixed(self._colours["bg"], self._colours["fg"], int(eighths) / 8)
        if ground and eighths == "0":
            return Style.null()
        return Style(bgcolor=colour) if ground else Style(color=colour)


def _mixed(low: str, high: str, share: float) -> str:
    """The colour between two `#rrggbb`, `share` of the way up."""
    pairs = [(int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def colourless() -> bool:
    """True where the person asked for no colour (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


LOOKS: Mapping[str, Look] = {
    "lineside-dark": Look(DARK), "lineside-light": Look(LIGHT),
    "ansi-dark": Look(None), "ansi-light": Look(None),
}  # fmt: skip


def themes() -> list[Theme]:
    """The themes Textual has to know for its own widgets: inputs, overlays, scrollbars."""
    return [_theme("lineside-dark", DARK, dark=True), _theme("lineside-light", LIGHT, dark=False)]


def _theme(name: str, colours: Mapping[str, str], *, dark: bool) -> Theme:
    return Theme(
        name=name, dark=dark, primary=colours["accent"], secondary=colours["head"], accent=colours["accent"],
        warning=colours["warn"], error=colours["bad"], success=colours["ok"], foreground=colours["fg"],
        background=colours["bg"], surface=colours["bg"], panel=colours["panel"],
        variables={
            "block-cursor-background": colours["cursor"], "input-selection-background": colours["cursor"],
        },
    )  # fmt: skip
