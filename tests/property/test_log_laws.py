"""Laws of logs: lines are those of the file however it is read, and no line commands the terminal."""

import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lineside.console import ansi, logs
from lineside.console.logs import LogFile

pieces = st.lists(
    st.text(alphabet="ab \n\x1b[3;1m\r\t", max_size=30).map(str.encode), min_size=1, max_size=12
)


@given(pieces, st.integers(4, 40))
def test_lines_are_those_of_the_file_wherever_it_was_cut_while_it_grew(
    parts: list[bytes], block: int
) -> None:
    before, logs.BLOCK = logs.BLOCK, block
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log"
            log = LogFile(path)
            for part in parts:
                with path.open("ab") as file:
                    file.write(part)
                while log.grow():
                    pass
            whole = b"".join(parts)
            expected = [ansi.plain(line) for line in whole.split(b"\n")]
            expected = expected[:-1] if whole.endswith(b"\n") or not whole else expected
            assert log.lines(0, 10**6) == expected
            for first, last in pairwise(range(len(expected))):
                assert log.lines(first, 1) == expected[first:last]
            for line, (text, raw) in enumerate(zip(expected, whole.split(b"\n"), strict=False)):
                word = max(text.split(), key=len, default="")
                if word and word.encode() in raw:
                    found = log.find(word, start=line - 1, step=1)
                    assert found is not None
                    assert word.lower() in expected[found].lower()
    finally:
        logs.BLOCK = before


@given(st.binary(max_size=200))
def test_a_line_in_colours_has_the_text_of_the_plain_one_and_no_control_character(data: bytes) -> None:
    text = "".join(part for part, _ in ansi.spans(data))
    assert all(char.isprintable() for char in text)
    assert text.replace(" ", "") == ansi.plain(data).replace(" ", "")
