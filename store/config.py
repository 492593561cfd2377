"""The home's config.toml: who may do what, how many slots the runner has, the floors of promotion policy."""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

from lineside.store import toml
from lineside.store.actors import Role
from lineside.store.errors import BadConfig
from lineside.store.homes import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerConfig:
    """[runner]"""

    slots: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))  # CPU slots jobs share
    poll_s: float = 1.0  # how often the queue is looked at when nothing woke it
    retry_backoff_s: float = 5.0  # before the second attempt; doubles with each further one
    log_cap_mib: int = 256  # what is kept of an attempt's output, the newest; 0: all of it
    executor: str = "local"  # where attempts run: an entry point of the group lineside.executors


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """[queue]: what each person may have, who waits for whom, how GPUs are shared."""

    per_person_gpus: int = 0  # held at once; 0: no limit
    per_person_running: int = 0  # jobs at once that take a CPU slot; 0: no limit
    reserve_after_s: float = 600.0  # a job that waited so long is not passed by later ones any more
    preempt_gap: int = 10  # how much more urgent a job must be to stop preemptible ones
    gpu_slots: int = 1  # of each GPU, for jobs that ask for slots
    foreign_bytes: int = 1 << 30  # processes that are no jobs may have so much of a GPU that is given whole

    def __post_init__(self) -> None:
        for name in (each.name for each in fields(self)):
            least = 1 if name in ("preempt_gap", "gpu_slots") else 0
            if getattr(self, name) < least:
                raise BadConfig(f"{_FILE} [queue]: {name} = {getattr(self, name)!r}", hint=f"{least} or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchConfig:
    """[watch]"""

    rules: str = "nan(*loss*) notify"  # for every job, in words with `;` between them; "": none


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """[policy]: floors; a project may only tighten them."""

    approvals_min: int = 1
    author_may_not_approve: bool = False
    ttl_h: float = 72.0  # an open promotion request expires after this


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All of config.toml; every key has a default, so the file may be missing."""

    roles: Mapping[str, Role] = field(default_factory=dict)  # user name → role; the home's owner is admin
    runner: RunnerConfig = field(default_factory=RunnerConfig)
    queue: QueueConfig = field(default_factory=QueueConfig)
    watch: WatchConfig = field(default_factory=WatchConfig)
    policy: Policy = field(default_factory=Policy)


_FILE = "config.toml"
CONSOLE = "console"
"""A section that is the console's own to read: how the team sees it, which the runner has no use for."""

_SECTIONS: dict[
    Literal["runner", "queue", "watch", "policy"], type[RunnerConfig | QueueConfig | WatchConfig | Policy]
] = {
    "runner": RunnerConfig,
    "queue": QueueConfig,
    "watch": WatchConfig,
    "policy": Policy,
}


def load(home: Home) -> Config:
    """The home's configuration.

    Raises:
        BadConfig: an unknown key, role or a value of the wrong type; names the line.
    """
    return parse(home.config.read_text()) if home.config.exists() else Config()


def parse(text: str) -> Config:
    """`load`, from the text of the file."""
    tables, line_of = toml.parse(text, _FILE)
    toml.reject_unknown(tables, {"roles", *_SECTIONS, CONSOLE}, _FILE, lambda key: line_of([key]))
    read = {name: _section(kind, name, tables.get(name, {}), line_of) for name, kind in _SECTIONS.items()}
    return Config(
        roles={user: _role(user, word, line_of) for user, word in tables.get("roles", {}).items()},
        **read,
    )


def _section(kind: type[Any], name: str, table: Mapping[str, Any], line_of: toml.LineOf) -> Any:
    known = {f.name: f for f in fields(kind)}
    where = f"{_FILE} [{name}]"
    toml.reject_unknown(table, known, where, lambda key: line_of([name, key]))
    for key, value in table.items():
        wanted = known[key].type
        right = isinstance(value, (int, float)) if wanted is float else isinstance(value, wanted)  # type: ignore[arg-type]
        if not right or (isinstance(value, bool) and wanted is not bool):
            word = getattr(wanted, "__name__", wanted)
            raise BadConfig(
                f"{where}: line {line_of([name, key])}: {key} = {value!r} is not of type {word}",
                hint=f"leave it out for the default, {_default(known[key])!r}",
            )
    return kind(**table)


def _default(known: Any) -> object:
    return known.default_factory() if known.default is MISSING else known.default


def _role(user: str, word: object, line_of: toml.LineOf) -> Role:
    names = {role.name.lower(): role for role in Role}
    if word not in names:
        raise BadConfig(
            f"{_FILE} [roles]: line {line_of(['roles', user])}: {word!r} is not a role",
            hint=toml.meant(str(word), names),
        )
    return names[str(word)]
