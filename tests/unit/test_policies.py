"""The rules a model's promotions follow: the project's, tightened by the home's."""

import sqlite3
from pathlib import Path

import pytest

from lineside.jobs.projects.declared import ModelSpec
from lineside.jobs.promotion import policies
from lineside.store import homes
from lineside.store.clock import Micros
from lineside.store.errors import BadConfig
from lineside.store.homes import Home
from lineside.store.queries import projects
from lineside.store.queries.projects import ProjectRow

FLOORS = "[policy]\napprovals_min = 2\nauthor_may_not_approve = true\nttl_h = 1.0\n"


@pytest.mark.parametrize(("asked", "holds"), [(1, 2), (2, 2), (3, 3)])
def test_a_project_may_only_tighten_what_the_home_asks(home: Home, asked: int, holds: int) -> None:
    home.config.write_text(FLOORS)

    policy = policies.policy_of(home, ModelSpec(name="digits", approvals=asked))

    assert (policy.approvals, policy.author_may_not_approve, policy.ttl_s) == (holds, True, 3600.0)


def test_without_a_word_from_anybody_one_other_person_must_agree_within_three_days(home: Home) -> None:
    policy = policies.policy_of(home, ModelSpec(name="digits"))

    assert (policy.approvals, policy.author_may_not_approve, policy.ttl_s) == (1, False, 72 * 3600.0)


@pytest.mark.parametrize(
    ("roles", "alone"),
    [("", True), ('olli = "operator"', True), ('olli = "approver"', False), ('olli = "admin"', False)],
)
def test_a_home_is_of_one_person_when_nobody_else_could_approve(home: Home, roles: str, alone: bool) -> None:
    home.config.write_text(f"[roles]\n{roles}\n")

    assert policies.policy_of(home, ModelSpec(name="digits")).one_person is alone


def test_a_demo_home_has_masks_and_is_never_of_one_person(tmp_path: Path) -> None:
    demo = Home(tmp_path / "demo")
    homes.create(demo, demo=True)

    policy = policies.policy_of(demo, ModelSpec(name="digits"))

    assert (policy.masks, policy.one_person) == (True, False)


def test_a_config_nobody_understands_stops_a_promotion_rather_than_loosening_it(home: Home) -> None:
    home.config.write_text("[policy]\naprovals_min = 2\n")

    with pytest.raises(BadConfig, match="aprovals_min"):
        policies.policy_of(home, ModelSpec(name="digits"))


def test_a_model_no_project_speaks_of_has_the_default_gates(db: sqlite3.Connection) -> None:
    assert policies.spec_of(db, "digits") == ModelSpec(name="digits")
    text = "[model.digits]\nmin_holdout = 0.9\n"
    row = {"name": "p", "folder": "/", "digest": "d", "applied_us": Micros(1), "applied_by": "tom", "uid": 1}
    projects.apply(db, ProjectRow(text=text, **row))  # type: ignore[arg-type]

    assert policies.spec_of(db, "digits").min_holdout == 0.9
    assert policies.spec_of(db, "bikes") == ModelSpec(name="bikes")
