"""ASCII only: whatever is drawn keeps its cells."""

import ast
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lineside.console.format import GLYPHS
from lineside.console.terminal.letters import ascii_of
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


def test_every_glyph_that_the_console_draws_has_its_letter() -> None:
    console = Path(__file__).parents[2] / "console"
    drawn = {c for file in console.rglob("*.py") if file.name != "letters.py" for c in _written(file)}
    pictures = {chr(code) for code in range(0x2400, 0x2440)} | {"\ufffd"}  # of what a name must not hold
    assert {c for c in drawn - pictures if "?" in ascii_of(c)} == set()


def _written(file: Path) -> Iterator[str]:
    """The characters of a file's strings beyond ASCII, those of its docstrings aside."""
    tree = ast.parse(file.read_text())
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield from (c for c in node.value if not c.isascii())
