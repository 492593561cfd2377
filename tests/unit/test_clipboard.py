"""Copying says which way it took, and never sends a terminal more than it takes."""

import base64
import stat
from pathlib import Path

import pytest

from lineside.console import clipboard


def test_outside_tmux_the_terminal_gets_one_osc_52() -> None:
    sent: list[str] = []
    assert clipboard.copy("run 812", write=sent.append, env={}) == "OSC 52"
    assert sent == [f"\x1b]52;c;{base64.b64encode(b'run 812').decode()}\x07"]


def test_a_text_too_long_for_terminals_is_refused_whole() -> None:
    sent: list[str] = []
    assert clipboard.copy("x" * 60_000, write=sent.append, env={}) is None
    assert sent == []


def test_inside_tmux_the_text_goes_through_load_buffer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "tmux"
    fake.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/args; cat > {tmp_path}/text\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    sent: list[str] = []
    assert clipboard.copy("run 812", write=sent.append, env={"TMUX": "/tmp/x,1,0"}) == "tmux"
    assert (tmp_path / "text").read_text() == "run 812"
    assert (tmp_path / "args").read_text().split() == ["load-buffer", "-w", "-"]
    assert sent == []
