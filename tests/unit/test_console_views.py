"""Drawings without a terminal: GPUs, the wall in any room, why a job waits."""

import sqlite3
from collections.abc import Iterator

import pytest
from fixtures import demo_home
from fixtures.story import at

from lineside.console.ports import Me
from lineside.console.reads import joblist, walls
from lineside.console.text import line_width, plain
from lineside.console.views.gpus import gpu_lines
from lineside.console.views.jobs import why_lines
from lineside.console.views.wall import Scene, draw
from lineside.jobs.devices.gpus import Gpu, GpuProcess
from lineside.store.actors import Role
from lineside.store.db import reader
from lineside.store.homes import Home

ME = Me(name="demo:ana", role=Role.OPERATOR)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, sqlite3.Connection]]:
    home = demo_home.build(Home(tmp_path_factory.mktemp("told") / "home"))
    db = reader(home)
    yield home, db
    db.close()


def gpu(index: int, *, util: int = 0, processes: tuple[int, ...] = ()) -> Gpu:
    return Gpu(
        index=index, uuid=f"GPU-{index}", name="A100", util=util, mem_used_bytes=61 * 1024**3,
        mem_total_bytes=80 * 1024**3, temp_c=71, watts=338.0, held=tuple(GpuProcess(pid=pid) for pid in processes),
    )  # fmt: skip


def test_a_gpu_says_how_busy_it_is_and_whose() -> None:
    devices = [gpu(0, util=91), gpu(1, util=78, processes=(4121,))]
    free, strange = (plain(line) for line in gpu_lines(devices, [], ME, words="", width=78))
    assert "91 %" in free
    assert "61/80G" in free
    assert "free" in free
    assert "not ours: pid 4121" in strange


def test_a_box_without_gpus_says_why() -> None:
    [line] = gpu_lines([], [], ME, words="no NVIDIA driver here: jobs run on the CPU", width=78)
    assert "no NVIDIA driver here" in plain(line)


@pytest.mark.parametrize(("width", "height"), [(80, 14), (80, 8), (200, 42), (40, 6)])
def test_the_wall_fills_exactly_the_room_it_has(
    story: tuple[Home, sqlite3.Connection], width: int, height: int
) -> None:
    wall = walls.read(story[1], at=at(26), left=None)
    scene = Scene(wall=wall, me=ME, gpus=(), gpu_words="no driver", slots=2, curves={7: (3.0, 2.0, 1.0)})
    lines = draw(scene, width, height)
    assert len(lines) == height
    assert max(line_width(line) for line in lines) <= width


def test_a_job_that_waits_says_for_what_and_what_it_asks(story: tuple[Home, sqlite3.Connection]) -> None:
    home, db = story
    found = joblist.read(db, home, where="", current=8, points=False)
    assert found.opened is not None
    text = "\n".join(plain(line) for line in why_lines(found.opened, 80, 10))
    assert "WHY 8 WAITS" in text
    assert "held by job 7" in text
    assert "1 CPU slot" in text


@pytest.mark.parametrize(
    ("where", "states"),
    [
        ("failed", {"FAILED"}),
        ("live", {"RUNNING"}),
        ("status:queued", {"QUEUED"}),
        ("waiting", {"QUEUED", "HELD"}),
    ],
)
def test_jobs_are_filtered_by_state_and_by_name(
    story: tuple[Home, sqlite3.Connection], where: str, states: set[str]
) -> None:
    found = joblist.page(story[1], joblist.matching(story[1], where))
    assert {row.job.state for row in found.values()} <= states
    assert found
    named = joblist.page(story[1], joblist.matching(story[1], "FOREST"))
    assert {row.job.name for row in named.values()} == {"forest"}
