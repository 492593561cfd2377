"""What a model's promotions ask for: its own [model.NAME], tightened by the floors of the home."""

import sqlite3

from lineside.jobs import peers
from lineside.jobs.projects.declared import ModelSpec
from lineside.jobs.projects.project import load
from lineside.jobs.promotion.four_eyes import Policy
from lineside.store import config
from lineside.store.actors import Role
from lineside.store.config import Config
from lineside.store.homes import Home


def spec_of(db: sqlite3.Connection, model: str) -> ModelSpec:
    """The applied [model.NAME]; the defaults where no project speaks of it."""
    project = load(db)
    return project.model(model) if project else ModelSpec(name=model)


def policy_of(home: Home, spec: ModelSpec) -> Policy:
    """The rules that hold in this home for this model; a project may only tighten what the home asks.

    Raises:
        BadConfig: config.toml cannot be understood.
    """
    read = config.load(home)
    floor = read.policy
    return Policy(
        approvals=max(spec.approvals, floor.approvals_min),
        author_may_not_approve=spec.author_may_not_approve or floor.author_may_not_approve,
        ttl_s=floor.ttl_h * 3600,
        one_person=not home.demo and len(approvers(home, read)) == 1,
        masks=home.demo,
    )


def approvers(home: Home, read: Config) -> set[str]:
    """Who may approve: the owner, and whom config.toml gives the role."""
    owner = peers.name_of(home.path.stat().st_uid)
    return {owner} | {name for name, role in read.roles.items() if role >= Role.APPROVER}
