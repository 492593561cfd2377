"""ASCII only: whatever is drawn keeps its cells."""

from hypothesis import given
from hypothesis import strategies as st

from lineside.console.format import GLYPHS
from lineside.console.letters import ascii_of
from lineside.console.text import safe, width_of

names = st.text(max_size=40).map(safe)
glyphs = st.sampled_from("●○◔◑‖✗✓◆◇∅◌▲▸⊘↷↩↵▌█▁▂▃▄▅▆▇─│┌┐└┘├┤┬┴┼╭╮╰╯╱╲…·–→←↑↓±≠≥≤∞σ×°░▒▓▀▐")


@given(text=names)
def test_what_anybody_named_keeps_its_cells_and_is_printable_ascii(text: str) -> None:
    drawn = ascii_of(text)
    assert drawn.isascii()
    assert drawn.isprintable()
    assert len(drawn) == width_of(text)


@given(text=st.lists(glyphs, max_size=30).map("".join))
def test_no_glyph_of_ours_is_drawn_as_if_it_were_unknown(text: str) -> None:
    assert "?" not in ascii_of(text)


@given(bits=st.integers(1, 255))
def test_a_cell_with_dots_is_never_blank(bits: int) -> None:
    assert ascii_of(chr(0x2800 + bits)) in ".'-:|#"


def test_a_line_that_rises_is_drawn_higher() -> None:
    assert ascii_of("⣀⠤⠒⠉") == ".-''"
    assert ascii_of("▁▂▃▄▅▆▇█") == "..:-=+*#"


def test_bad_and_good_and_running_and_waiting_have_glyphs_of_their_own() -> None:
    drawn = [
        ascii_of(GLYPHS[state][0]) for state in ("FAILED", "SUCCEEDED", "RUNNING", "QUEUED", "HELD", "FIRING")
    ]
    assert len(set(drawn)) == len(drawn)
