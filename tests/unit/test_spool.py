"""Reading spools: whole frames only, and what to do where one is broken."""

import math
import os
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from fixtures.spools import writing

from lineside.store import spool
from lineside.store.homes import Home


@pytest.fixture
def path(home: Home) -> Path:
    """A spool of 200 steps of two metrics, and 40 of another between them."""
    run = writing(home, "run_a")
    for step in range(200):
        run.log_metrics({"loss": step / 2, "accuracy": -step}, step=step)
        if step % 5 == 0:
            run.log_metric("val/loss", step * 3.0, step=step)
    run.finish()
    return home.spool / "run_a.sp"


def column(found: spool.Decoded, metric: str) -> dict[int, float]:
    return {
        int(step): float(value)
        for part in found.steps
        if metric in part.names
        for step, value in zip(part.steps, part.values[:, part.names.index(metric)], strict=True)
    }


def test_what_was_written_is_read(path: Path) -> None:
    found = spool.read(path)

    assert column(found, "loss") == {step: step / 2 for step in range(200)}
    assert column(found, "val/loss") == {step: step * 3.0 for step in range(0, 200, 5)}
    assert [event["event"] for event in found.events] == ["start", "status"]
    assert (found.end, found.skipped, found.points) == (path.stat().st_size, 0, 440)
    seqs = np.sort(np.concatenate([part.seq for part in found.steps]))
    assert len(np.unique(seqs)) == 240


def test_reading_in_slices_gives_the_same(path: Path) -> None:
    whole, offset, shapes, loss = spool.read(path), 0, {}, {}
    while offset < whole.end:
        part = spool.read(path, offset=offset, limit=300, shapes=shapes)
        assert part.end > offset
        loss |= column(part, "loss")
        offset, shapes = part.end, dict(part.shapes)
    assert loss == column(whole, "loss")


def test_only_the_wanted_metrics_are_gathered(path: Path) -> None:
    found = spool.read(path, wanted={"val/loss"}, verify=False)
    assert [part.names for part in found.steps] == [("val/loss",)]
    assert found.frames == spool.read(path).frames


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324])
def test_a_value_that_is_no_number_survives(home: Home, value: float) -> None:
    run = writing(home, "run_b")
    run.log_metric("odd", value, step=-(2**62))
    (part,) = spool.read(home.spool / "run_b.sp").steps
    assert struct.pack("<d", part.values[0, 0]) == struct.pack("<d", value)
    assert part.steps[0] == -(2**62)
    run.finish()


def test_a_torn_tail_is_left_for_later(path: Path) -> None:
    whole = path.read_bytes()
    ends = [spool.decode(whole[: len(whole) - cut], {}) for cut in range(1, 60)]
    assert all(found.skipped == 0 for found in ends)
    assert all(found.end <= len(whole) - cut for cut, found in enumerate(ends, start=1))
    assert spool.decode(whole[ends[0].end :], ends[0].shapes).end == len(whole) - ends[0].end


def test_one_flipped_bit_loses_one_frame_at_most(path: Path) -> None:
    good, rng = path.read_bytes(), random.Random(1)
    frames = spool.decode(good, {}).frames
    for _ in range(200):
        bad, at = bytearray(good), rng.randrange(len(good))
        bad[at] ^= 1 << rng.randrange(8)
        found = spool.decode(bytes(bad), {})
        readable = sum(len(part.steps) for part in found.steps)
        assert found.frames >= frames - 1
        assert readable >= 239
        assert found.end == len(good) or found.end >= len(good) - 200


def test_frames_behind_a_torn_one_are_found(path: Path) -> None:
    good = path.read_bytes()
    torn = good[: spool.decode(good[:-80], {}).end + 13]
    found = spool.decode(torn + good, {})
    assert len(column(found, "loss")) == 200
    assert found.skipped == 13


def test_a_frame_that_lies_about_its_length_costs_nothing_else(path: Path) -> None:
    good = path.read_bytes()
    liar = struct.pack("<II", 2**31, 0) + b"\x02" * 40
    assert len(column(spool.decode(liar + good, {}), "loss")) == 200


@pytest.mark.parametrize(
    "payload",
    [
        b"\x03not json", b"\x03[1, 2]", b"\x03" + b"[" * 50_000, b"\x01\x00\x00{}", b"\x01\x00\x00[1]",
        b"\x02\x09", b"\x02" + struct.pack("<Hqq", 77, 1, 1) + struct.pack("<d", 1.0), b"\x01", b"\x09what",
    ],
)  # fmt: skip
def test_nonsense_with_a_sound_checksum_is_passed_over(path: Path, payload: bytes) -> None:
    frame = struct.pack("<II", len(payload), zlib.crc32(payload)) + payload
    found = spool.decode(frame + path.read_bytes(), {})
    assert len(column(found, "loss")) == 200
    assert found.skipped > 0


def test_half_a_character_becomes_a_whole_one(path: Path) -> None:
    payload = b'\x03{"event": "tags", "values": {"a": "\\ud800!"}}'
    frame = struct.pack("<II", len(payload), zlib.crc32(payload)) + payload
    said = spool.decode(frame, {}).events[0]["values"]["a"]
    assert said.encode()
    assert said.endswith("!")


def test_a_resumed_spool_may_declare_its_shapes_anew(home: Home) -> None:
    first = writing(home, "run_c")
    first.log_metric("loss", 1.0, step=0)
    os.close(first._spool.fd)  # killed: the lock is gone, nothing was said
    first._spool.ended = True
    second = writing(home, "run_c")
    second.log_metrics({"other": 9.0}, step=0)
    second.log_metrics({"loss": 2.0}, step=1)
    second.finish()
    found = spool.read(home.spool / "run_c.sp")
    assert column(found, "loss") == {0: 1.0, 1: 2.0}
    assert column(found, "other") == {0: 9.0}


@pytest.mark.parametrize("rest", [b"\0", b"\x02\0\0\0"])
def test_frames_behind_more_garbage_than_is_read_at_once_are_found(path: Path, rest: bytes) -> None:
    good = path.read_bytes()
    between = rest * ((1 << 20) // len(rest))
    path.write_bytes(good + between + good)
    offset, shapes, points, skipped = 0, {}, 0, 0
    while True:
        part = spool.read(path, offset=offset, limit=1 << 18, shapes=shapes)
        if part.end == offset:
            break
        offset, shapes, points, skipped = (
            part.end, dict(part.shapes), points + part.points, skipped + part.skipped
        )  # fmt: skip
    assert (points, skipped, offset) == (880, len(between), path.stat().st_size)


@pytest.mark.parametrize("cut", range(1, 43))
def test_a_torn_frame_inside_a_stretch_that_was_taken_hides_nothing_behind_it(path: Path, cut: int) -> None:
    good = path.read_bytes()
    torn = good[: spool.decode(good[:-80], {}).end][-43:][
        :cut
    ]  # whose first bytes may look like a long frame's
    path.write_bytes(torn + good)
    found = spool.read(path, limit=cut + len(good), taken=True)
    assert (found.points, found.skipped) == (440, cut)
