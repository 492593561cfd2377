"""A key, a command or a state that nobody documented is a fault."""

import inspect
import json
from dataclasses import fields
from pathlib import Path

import pytest

from lineside.console import keypage
from lineside.jobs.execution import specs
from lineside.jobs.projects import declared, schemas
from lineside.store import config, notebooks, states
from lineside.store.queries.views import VIEWS

DOCS = Path(__file__).parents[2] / "docs"

TABLES = (
    declared.DataSpec, declared.StageSpec, declared.ModelSpec, declared.EndpointSpec, declared.MonitorSpec,
    declared.RetrainSpec, declared.ScheduleSpec, declared.Resources, declared.Limits, declared.Retry,
)  # fmt: skip


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_of_the_project_file_is_documented(table: type) -> None:
    text = (DOCS / "configuration.md").read_text()
    for key in (field.name for field in fields(table) if field.name != "name"):
        assert f"`{key.removesuffix('_s').removesuffix('_bytes')}`" in text, f"{table.__name__}.{key}"


def test_the_published_schema_of_the_project_file_is_made_of_its_dataclasses() -> None:
    text = json.dumps(schemas.schema(), indent=2) + "\n"
    assert (DOCS / "lineside.schema.json").read_text() == text, (
        "run: lineside pipeline schema > docs/lineside.schema.json"
    )


def test_every_key_of_the_home_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text()
    for section, kind in (
        ("runner", config.RunnerConfig),
        ("queue", config.QueueConfig),
        ("watch", config.WatchConfig),
        ("policy", config.Policy),
    ):
        for key in fields(kind):
            assert f"`[{section}] {key.name}`" in text


def test_every_key_of_a_job_is_documented() -> None:
    text = (DOCS / "jobs.md").read_text()
    for key in fields(specs.JobSpec):
        assert f"`{key.name}`" in text, key.name


def test_every_state_is_documented() -> None:
    text = (DOCS / "states.md").read_text()
    for machine in (
        states.JobState,
        states.RunStatus,
        states.PromotionState,
        states.AlertState,
        states.EndpointState,
    ):
        for state in machine:
            assert state.value in text or state is states.EndpointState.NEW, state


def test_every_view_and_every_way_to_read_from_python_is_documented() -> None:
    text = (DOCS / "python.md").read_text()
    for view in VIEWS:
        assert f"`{view}`" in text
    for name, method in vars(notebooks.Reading).items():
        if not name.startswith("_"):
            assert f"`.{name}(" in text
            for argument in inspect.signature(method).parameters.keys() - {"self"}:
                assert argument in text.partition(f"`.{name}(")[2].partition("\n- ")[0], f"{name} {argument}"


def test_the_page_of_keys_is_the_table_of_commands() -> None:
    assert (DOCS / "keys.md").read_text() == keypage.page(), "run: just keys"
