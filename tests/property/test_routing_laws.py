"""Laws of the routing table: whatever is loaded and routed, in whatever order."""

from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineside.jobs.serving.router import Served, Table


@dataclass(frozen=True)
class Version:
    """As much of a loaded version as the table looks at."""

    version: str


STEPS = st.lists(st.tuples(st.sampled_from(["load", "route"]), st.sampled_from("12345")), max_size=30)


def step(table: Table, what: str, version: str) -> Table:
    if what == "load":
        return table.with_version(cast(Served, Version(version)))
    return table.with_live(version) if version in table.versions else table


@given(steps=STEPS)
def test_the_live_path_always_leads_to_a_loaded_version(steps: list[tuple[str, str]]) -> None:
    table = Table("m")
    for what, version in steps:
        table = step(table, what, version)
        assert set(table.paths.values()) == set(table.versions.values())
        if table.live is not None:
            assert table.paths["/v2/models/m/infer"].version == table.live
            assert table.paths[f"/v2/models/m/versions/{table.live}/infer"].version == table.live
        else:
            assert "/v2/models/m/infer" not in table.paths


@given(steps=STEPS)
def test_a_swap_keeps_the_version_before_it_to_go_back_to_and_frees_all_others(
    steps: list[tuple[str, str]],
) -> None:
    table = Table("m")
    for what, version in steps:
        before, table = table, step(table, what, version)
        if what == "route" and version in before.versions:
            assert set(table.versions) == {version, before.live} - {None}


@given(steps=STEPS)
def test_a_table_that_was_replaced_is_never_changed(steps: list[tuple[str, str]]) -> None:
    table = Table("m")
    for what, version in steps:
        old = (dict(table.versions), table.live, dict(table.paths))
        replaced, table = table, step(table, what, version)
        assert (dict(replaced.versions), replaced.live, dict(replaced.paths)) == old


def test_a_version_that_is_not_loaded_cannot_be_routed_to() -> None:
    with pytest.raises(KeyError):
        Table("m").with_live("1")
