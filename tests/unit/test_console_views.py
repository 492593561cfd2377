"""Drawings without a terminal: GPUs, the wall in any room, why a job waits."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fixtures import demo_home
from fixtures.story import at

from lineside.console.ports import Me
from lineside.console.reads import joblist, walls
from lineside.console.text import line_width, plain
from lineside.console.views.jobs.gpus import gpu_lines
from lineside.console.views.jobs.why import why_lines
from lineside.console.views.wall.wall import Scene, draw
from lineside.jobs.devices.gpus import Gpu, GpuProcess
from lineside.jobs.devices.predicting import Predicted
from lineside.store.actors import Role
from lineside.store.clock import after
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import jobs

ME = Me(name="demo:ana", role=Role.OPERATOR)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, sqlite3.Connection]]:
    home = demo_home.build(Home(tmp_path_factory.mktemp("told") / "home"))
    db = reader(home)
    yield home, db
    db.close()


def gpu(index: int, *, util: int = 0, processes: tuple[int, ...] = ()) -> Gpu:
    held = tuple(GpuProcess(pid=pid, user="maria", bytes=18 << 30) for pid in processes)
    return Gpu(
        index=index, uuid=f"GPU-{index}", name="A100", util=util, mem_used_bytes=61 * 1024**3,
        mem_total_bytes=80 * 1024**3, temp_c=71, watts=338.0, held=held,
    )  # fmt: skip


def test_a_gpu_says_how_busy_it_is_and_whose() -> None:
    devices = [gpu(0, util=91), gpu(1, util=78, processes=(4121,))]
    free, strange = (plain(line) for line in gpu_lines(devices, [], ME, words="", width=78, now=at(26)))
    assert "91 %" in free
    assert "61/80G" in free
    assert "free" in free
    assert "pid 4121 of maria, 18 GiB" in strange


def test_a_line_of_eighty_cells_says_who_is_on_a_gpu_with_a_long_name() -> None:
    device = replace(gpu(0, util=78, processes=(4121,)), name="NVIDIA H100 80GB HBM3")
    [line] = gpu_lines([device], [], ME, words="", width=80, now=at(26))
    assert "pid 4121 of maria, 18 GiB" in plain(line)
    assert line_width(line) <= 80
    [narrow] = gpu_lines([device], [], ME, words="", width=39, now=at(26))
    assert line_width(narrow) <= 39


def test_a_gpu_that_a_job_holds_and_does_not_use_says_since_when(
    story: tuple[Home, sqlite3.Connection],
) -> None:
    [job] = [row for row in jobs.live(story[1]) if row.kind == "batch"][:1]
    job = replace(job, gpu_uuids='["GPU-0"]')
    lazy = replace(gpu(0), idle_since_us=job.started_us)
    soon, later = (
        plain(gpu_lines([lazy], [job], ME, words="", width=80, now=after(job.started_us or at(0), s))[0])
        for s in (1700.0, 1801.0)
    )
    assert "idle since" not in soon
    assert "idle since" in later
    assert f"job {job.id}" in later


def test_a_box_without_gpus_says_why() -> None:
    [line] = gpu_lines([], [], ME, words="no NVIDIA driver here: jobs run on the CPU", width=78, now=at(26))
    assert "no NVIDIA driver here" in plain(line)


@pytest.mark.parametrize(("width", "height"), [(80, 14), (80, 8), (200, 42), (40, 6)])
def test_the_wall_fills_exactly_the_room_it_has(
    story: tuple[Home, sqlite3.Connection], width: int, height: int
) -> None:
    wall = walls.read(story[1], at=at(26), left=None)
    scene = Scene(wall=wall, me=ME, gpus=(), gpu_words="no driver", slots=2, curves={7: (3.0, 2.0, 1.0)},
                  loads={})  # fmt: skip
    lines = draw(scene, width, height)
    assert len(lines) == height
    assert max(line_width(line) for line in lines) <= width


def test_a_job_that_waits_says_what_memory_those_like_it_needed(
    story: tuple[Home, sqlite3.Connection],
) -> None:
    home, db = story
    found = joblist.read(db, home, where="", current=8, points=False)
    assert found.opened is not None
    expected = Predicted(max_bytes=18 << 30, p95_bytes=17 << 30, attempts=12)
    lines = why_lines(replace(found.opened, expected=expected), 80)
    assert "expected to need 17.0 GiB of each GPU, by 12 earlier attempts" in "\n".join(map(plain, lines))


def test_a_job_that_waits_says_for_what_and_what_it_asks(story: tuple[Home, sqlite3.Connection]) -> None:
    home, db = story
    found = joblist.read(db, home, where="", current=8, points=False)
    assert found.opened is not None
    text = "\n".join(plain(line) for line in why_lines(found.opened, 80))
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
