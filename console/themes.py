"""The colours of the themes by what they mean, for terminals of 16 million, 256 and 16 colours.

`…-safe` are for people who do not tell red from green: blue, orange and yellow take their place, and the
series are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), made lighter or darker for their ground.
No colour carries a meaning alone anyway: each has its glyph and its word (format.py).
"""

from collections.abc import Mapping
from functools import cache

Palette = Mapping[str, str]
"""Meaning → `#rrggbb`."""

_DARK: Palette = {
    "fg": "#d3dae3", "bg": "#0f141b", "panel": "#1a232e", "cursor": "#24374d", "rule": "#435263",
    "dim": "#8794a3", "head": "#9fb3c8", "accent": "#6cb6ff", "ok": "#7fcf8a", "run": "#6cb6ff",
    "wait": "#a9b4c0", "warn": "#e8b45a", "bad": "#ff7b72", "ask": "#f0d26a", "drift": "#d2a8ff",
    "a": "#6cb6ff", "b": "#f0a35e", "c": "#7fcf8a", "d": "#d2a8ff", "e": "#ff9bb0",
    "f": "#5fd0c5", "g": "#d8d27a", "h": "#b0a8ff", "key": "#6cb6ff", "hot": "#e8b45a",
}  # fmt: skip
_LIGHT: Palette = {
    "fg": "#1f2933", "bg": "#fbfbf9", "panel": "#eceeef", "cursor": "#d3e4f7", "rule": "#b3bcc6",
    "dim": "#626c77", "head": "#3f4f61", "accent": "#0a5cac", "ok": "#176b2c", "run": "#0a5cac",
    "wait": "#525c68", "warn": "#875500", "bad": "#b82722", "ask": "#7a5d00", "drift": "#7b3fb5",
    "a": "#0a5cac", "b": "#9c4d00", "c": "#176b2c", "d": "#7b3fb5", "e": "#b02a5b",
    "f": "#006b63", "g": "#676300", "h": "#4b45b0", "key": "#0a5cac", "hot": "#875500",
}  # fmt: skip
_CONTRAST: Palette = {
    "fg": "#ffffff", "bg": "#000000", "panel": "#262626", "cursor": "#00408a", "rule": "#9a9a9a",
    "dim": "#c8c8c8", "head": "#ffffff", "accent": "#7fd4ff", "ok": "#6dff7f", "run": "#7fd4ff",
    "wait": "#e0e0e0", "warn": "#ffc24d", "bad": "#ff9c94", "ask": "#ffe94d", "drift": "#e5c4ff",
    "a": "#7fd4ff", "b": "#ffb36b", "c": "#6dff7f", "d": "#e5c4ff", "e": "#ffaac0",
    "f": "#5ff5e6", "g": "#fff58a", "h": "#c9c4ff", "key": "#7fd4ff", "hot": "#ffc24d",
}  # fmt: skip
_SAFE_DARK: Palette = {
    **_DARK,
    "ok": "#56b4e9", "run": "#9fd8ff", "accent": "#56b4e9", "key": "#56b4e9", "warn": "#f0e442",
    "bad": "#ff9248", "ask": "#fff6a8", "drift": "#e59cc8",
    "a": "#56b4e9", "b": "#e69f00", "c": "#1fbf93", "d": "#e59cc8", "e": "#f0e442",
    "f": "#ff8a4a", "g": "#7fa8ff", "h": "#c8c8c8", "hot": "#e69f00",
}  # fmt: skip
_SAFE_LIGHT: Palette = {
    **_LIGHT,
    "ok": "#005f96", "run": "#005f96", "accent": "#005f96", "key": "#005f96", "warn": "#7a6200",
    "bad": "#8a2500", "ask": "#6b5c00", "drift": "#b0307c",
    "a": "#005f96", "b": "#855a00", "c": "#00694d", "d": "#b0307c", "e": "#453f00",
    "f": "#a84300", "g": "#3a4fb8", "h": "#4a4a4a",
}  # fmt: skip

_DARK_256: Palette = {
    "bg": "#121212", "panel": "#262626", "cursor": "#00005f", "fg": "#dadada", "rule": "#585858",
    "dim": "#9e9e9e", "head": "#afafd7", "wait": "#bcbcbc", "bad": "#ff8787",
}  # fmt: skip
_LIGHT_256: Palette = {
    "bg": "#ffffff", "panel": "#eeeeee", "cursor": "#d7ffff", "fg": "#1c1c1c", "rule": "#b2b2b2",
    "dim": "#626262", "head": "#444444", "wait": "#4e4e4e", "ok": "#005f00", "c": "#005f00",
    "f": "#005f5f", "drift": "#8700af", "d": "#8700af", "h": "#5f00d7",
    "warn": "#5f5f00", "ask": "#5f5f00", "g": "#5f5f00", "b": "#875f00", "a": "#005faf", "e": "#af005f",
}  # fmt: skip
_CONTRAST_256: Palette = {"cursor": "#00005f", "h": "#d7d7ff", "d": "#d7afff"}
_SAFE_DARK_256: Palette = {
    **_DARK_256,
    "ok": "#5fafff", "a": "#5fafff", "bad": "#ff8700", "f": "#ff8700", "b": "#d7af00", "d": "#ff87d7",
    "drift": "#ff87d7",
}  # fmt: skip
_SAFE_LIGHT_256: Palette = {
    **_LIGHT_256, "ok": "#005faf", "run": "#005faf", "c": "#005f5f", "bad": "#870000", "f": "#870000",
    "b": "#5f5f00", "e": "#3a3a3a", "g": "#0000d7", "h": "#4e4e4e", "drift": "#af0087", "d": "#af0087",
}  # fmt: skip
_BLACK_16: Palette = {
    "fg": "#ffffff", "bg": "#000000", "panel": "#000000", "cursor": "#0000aa", "rule": "#555555",
    "dim": "#aaaaaa", "head": "#55ffff", "accent": "#55ffff", "ok": "#55ff55", "run": "#55ffff",
    "wait": "#aaaaaa", "warn": "#ffff55", "bad": "#ff5555", "ask": "#ffff55", "drift": "#ff55ff",
    "a": "#55ffff", "b": "#ffff55", "c": "#55ff55", "d": "#ff55ff", "e": "#ff5555",
    "f": "#ffffff", "g": "#aaaaaa", "h": "#aaaaaa", "key": "#55ffff",
}  # fmt: skip
_WHITE_16: Palette = {
    "fg": "#000000", "bg": "#ffffff", "panel": "#ffffff", "cursor": "#aaaaaa", "rule": "#aaaaaa",
    "dim": "#555555", "head": "#000000", "accent": "#0000aa", "ok": "#0000aa", "run": "#0000aa",
    "wait": "#555555", "warn": "#aa00aa", "bad": "#aa0000", "ask": "#aa00aa", "drift": "#aa00aa",
    "a": "#0000aa", "b": "#aa0000", "c": "#aa00aa", "d": "#000000", "e": "#555555",
    "f": "#555555", "g": "#555555", "h": "#555555", "key": "#0000aa",
}  # fmt: skip
"""No yellow and no green: where the ground is white, most terminals have those too pale to read."""

_SAFE_BLACK_16: Palette = {**_BLACK_16, "ok": "#55ffff", "bad": "#ffff55", "warn": "#ffffff", "c": "#ffffff"}

_THEMES: Mapping[str, tuple[Palette, Palette, Palette]] = {
    "lineside-dark": (_DARK, _DARK_256, _BLACK_16),
    "lineside-light": (_LIGHT, _LIGHT_256, _WHITE_16),
    "lineside-contrast": (_CONTRAST, _CONTRAST_256, _BLACK_16),
    "lineside-dark-safe": (_SAFE_DARK, _SAFE_DARK_256, _SAFE_BLACK_16),
    "lineside-light-safe": (_SAFE_LIGHT, _SAFE_LIGHT_256, _WHITE_16),
}
"""In the order in which `T` goes through them: all colours, what 256 colours have instead, 16 colours."""

NAMES = tuple(_THEMES)
DEPTHS = ("truecolor", "256", "standard")
"""How many colours a terminal has, in Rich's words."""


def is_dark(name: str) -> bool:
    return not name.startswith("lineside-light")


@cache
def palette(name: str, depth: str = "truecolor") -> Palette:
    """The colours of a theme, chosen so that the nearest ones a terminal of that depth has are told apart."""
    every, fewer, few = _THEMES[name]
    if depth == "standard":
        return few
    return {**every, **fewer} if depth == "256" else every


def usual(environ: Mapping[str, str]) -> str:
    """The theme of somebody who named none: light where the terminal says that its ground is light.

    COLORFGBG is `15;0` or `0;default;15`: the last number is the ground's, 7 and 15 are the white ones.
    """
    return NAMES[1] if environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15") else NAMES[0]
