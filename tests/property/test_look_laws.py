"""Colours: what is written can be read on every ground, in every theme, on every terminal."""

import math
from itertools import combinations

import pytest
from rich._palettes import STANDARD_PALETTE
from rich.color import Color, ColorSystem

from lineside.console.look import contrast, depth_of, look
from lineside.console.themes import DEPTHS, NAMES, palette, usual

_RICH = {"256": ColorSystem.EIGHT_BIT, "standard": ColorSystem.STANDARD}
_GROUNDS = ("bg", "panel", "cursor")
_DEUTAN = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
_PROTAN = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
"""Machado, Oliveira and Fernandes (2009), severity 1: linear RGB as such an eye sees it."""

Linear = tuple[float, float, float]

everywhere = pytest.mark.parametrize(("theme", "depth"), [(t, d) for t in NAMES for d in DEPTHS])


def shown(theme: str, depth: str) -> dict[str, str]:
    """The colours that reach the terminal: Rich takes the nearest ones there are."""
    return {name: _nearest(colour, depth) for name, colour in palette(theme, depth).items()}


def _nearest(colour: str, depth: str) -> str:
    if depth not in _RICH:
        return colour
    found = Color.parse(colour).downgrade(_RICH[depth])
    assert found.number is not None
    triplet = STANDARD_PALETTE[found.number] if depth == "standard" else tuple(found.get_truecolor())
    return "#{:02x}{:02x}{:02x}".format(*triplet)


def linear(colour: str) -> Linear:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return _raised(red), _raised(green), _raised(blue)


def _raised(part: float) -> float:
    return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4


def apart(one: Linear, two: Linear) -> float:
    """The distance of two colours in CIE L*a*b* (1976); two that differ by 2 can just be told apart."""
    return math.dist(_lab(one), _lab(two))


def _lab(colour: Linear) -> Linear:
    r, g, b = (max(0.0, part) for part in colour)
    x, y, z = (
        _root((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505),
        _root(0.2126 * r + 0.7152 * g + 0.0722 * b),
        _root((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089),
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(t: float) -> float:
    return t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116


def seen(colour: str, eye: tuple[Linear, ...]) -> Linear:
    r, g, b = (sum(w * part for w, part in zip(row, linear(colour), strict=True)) for row in eye)
    return r, g, b


@everywhere
def test_every_meaning_can_be_read_on_every_ground(theme: str, depth: str) -> None:
    colours = shown(theme, depth)
    grounds = ("bg", "panel") if depth == "standard" else _GROUNDS  # the cursor's row has one colour there
    for name in colours.keys() - {*_GROUNDS, "rule"}:
        for ground in grounds:
            least = 3.0 if name == "dim" else 4.5
            assert contrast(colours[name], colours[ground]) >= least, (name, ground)


@pytest.mark.parametrize("theme", NAMES)
@pytest.mark.parametrize("names", ["", "bad", "dim", "bold accent", "faint-a", "run"])
def test_with_sixteen_colours_the_cursors_row_is_black_on_cyan_whatever_stands_there(
    theme: str, names: str
) -> None:
    style = look(theme, "standard").style(names, "cursor")
    assert style.color is not None
    assert style.bgcolor is not None
    letters, ground = (str(colour.name) for colour in (style.color, style.bgcolor))
    assert contrast(letters, ground) >= 7


@pytest.mark.parametrize("theme", NAMES)
@pytest.mark.parametrize("name", ["dim", "drift", "bad", "fg", "warn"])
@pytest.mark.parametrize("warm", ["on-hot1", "on-hot2", "on-hot3", "on-cold1", "on-cold3"])
def test_what_stands_on_a_warm_cell_can_be_read(theme: str, name: str, warm: str) -> None:
    style = look(theme).style(f"{name} {warm}")
    assert style.color is not None
    assert style.bgcolor is not None
    assert contrast(style.color.name, style.bgcolor.name) >= 4.5


@pytest.mark.parametrize("theme", NAMES)
@pytest.mark.parametrize("shade", range(9))
def test_a_heat_map_writes_on_its_cells_so_that_they_can_be_read(theme: str, shade: int) -> None:
    for side in ("hot", "cold"):
        style = look(theme).style(f"on-{side}{shade} over-{side}{shade}")
        assert style.color is not None
        assert style.bgcolor is not None
        assert contrast(style.color.name, style.bgcolor.name) >= 3


@pytest.mark.parametrize("depth", ["truecolor", "256"])
def test_high_contrast_is_high(depth: str) -> None:
    colours = shown("lineside-contrast", depth)
    meanings = colours.keys() - {*_GROUNDS, "rule"}
    assert min(contrast(colours[name], colours["bg"]) for name in meanings) >= 7


@everywhere
def test_the_cursors_row_and_the_panels_stand_out(theme: str, depth: str) -> None:
    colours = shown(theme, depth)
    cursor = look(theme, depth).style("", "cursor").bgcolor
    assert cursor is not None
    chosen = linear(_nearest(cursor.name, depth))
    assert apart(chosen, linear(colours["bg"])) >= 8
    assert apart(chosen, linear(colours["panel"])) >= 5
    if depth != "standard":
        assert apart(linear(colours["panel"]), linear(colours["bg"])) >= 4
    assert contrast(colours["fg"], colours["bg"]) > contrast(colours["dim"], colours["bg"])


@everywhere
def test_the_first_series_are_told_apart(theme: str, depth: str) -> None:
    colours = shown(theme, depth)
    first = "abcd" if depth == "standard" else "abcdef"
    for one, two in combinations(first, 2):
        assert apart(linear(colours[one]), linear(colours[two])) >= 14, (one, two)


@pytest.mark.parametrize("eye", [_DEUTAN, _PROTAN], ids=["deutan", "protan"])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("theme", ["lineside-dark-safe", "lineside-light-safe"])
def test_an_eye_that_confuses_red_and_green_tells_good_from_bad(
    theme: str, depth: str, eye: tuple[Linear, ...]
) -> None:
    colours = {name: seen(colour, eye) for name, colour in shown(theme, depth).items()}
    for good in ("ok", "run"):
        assert apart(colours[good], colours["bad"]) >= 40
        assert apart(colours[good], colours["drift"]) >= 8
    assert apart(colours["bad"], colours["drift"]) >= 40
    assert apart(colours["bad"], colours["warn"]) >= 6
    assert apart(colours["a"], colours["b"]) >= 20


def test_sixteen_colours_mix_to_no_others() -> None:
    few = look("lineside-dark", "standard")
    assert few.style("faint-a").color == Color.parse(palette("lineside-dark", "standard")["rule"])
    assert few.style("faint-a") != few.style("a")


def test_without_colour_a_style_still_has_its_weight() -> None:
    plain = look("ansi-dark")
    assert plain.style("bad").bold
    assert plain.style("bad").color is None
    assert plain.style("", "cursor").reverse


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "tmux-256color"}, "256"),
        ({"TERM": "xterm-kitty"}, "256"),
        ({"TERM": "dumb", "TEXTUAL_COLOR_SYSTEM": "truecolor"}, "truecolor"),
        ({"TERM": "screen"}, "standard"),
        ({"TERM": "linux"}, "standard"),
        ({}, "standard"),
    ],
)
def test_a_terminal_has_the_colours_it_says(environ: dict[str, str], depth: str) -> None:
    assert depth_of(environ) == depth


def test_a_terminal_with_a_light_ground_gets_the_light_theme() -> None:
    assert usual({"COLORFGBG": "0;default;15"}) == "lineside-light"
    assert usual({"COLORFGBG": "15;0"}) == "lineside-dark"
    assert usual({}) == "lineside-dark"
