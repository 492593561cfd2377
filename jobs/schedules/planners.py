"""What a firing starts: `lineside run PIPELINE` in the schedule's folder, with what its owner's shell had."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lineside.store.clock import Micros
from lineside.store.errors import Usage
from lineside.store.queries.schedules import ScheduleRow

_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "CONDA_PREFIX",
         "PYTHONPATH", "LD_LIBRARY_PATH")  # fmt: skip
_KEPT_PREFIXES = ("OMP_", "NCCL_", "TORCH_")


def captured(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables a schedule keeps: where programs and libraries are, and nothing that may be a secret.

    They lie in the database for as long as the schedule stands, and everybody in the home may read it.
    """
    return {
        name: value for name, value in environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }


def command(python: str, pipeline: str, params: Mapping[str, str]) -> list[str]:
    """The words that plan a pipeline and submit its stages; -P: a lineside.py in the folder hides nothing."""
    given = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
    return [python, "-P", "-m", "lineside.console", "run", pipeline, *given]


def packed(env: Mapping[str, str], argv: Sequence[str]) -> str:
    """Environment and command as one list of words, as env(1) takes it: the table has one column for both."""
    return json.dumps(["env", *(f"{name}={value}" for name, value in env.items()), *argv])


def unpacked(argv: str) -> tuple[dict[str, str], list[str]]:
    """The environment and the command that were packed."""
    words: list[str] = json.loads(argv)[1:]
    count = next((place for place, word in enumerate(words) if "=" not in word), len(words))
    pairs = (word.partition("=") for word in words[:count])
    return {name: value for name, _, value in pairs}, words[count:]


def check(argv: str) -> None:
    """Refuse what `packed` did not make.

    Raises:
        Usage: it is something else.
    """
    try:
        words = json.loads(argv)
    except ValueError:
        words = None
    good = isinstance(words, list) and all(isinstance(word, str) for word in words) and words[:1] == ["env"]
    if not good or not unpacked(argv)[1]:
        raise Usage("argv is not a command with its environment", hint='["env", "PATH=/usr/bin", "true"]')


def spec(row: ScheduleRow, *, due: str, due_us: Micros | None) -> dict[str, Any]:
    """The planner job of one firing: it takes no CPU slot, so a full queue never keeps it from planning."""
    env, argv = unpacked(row.argv)
    return {
        "name": row.name,
        "kind": "planner",
        "argv": argv,
        "cwd": row.folder,
        "env": {**env, "LINESIDE_SCHEDULE": row.name, "LINESIDE_DUE": due},
        "cpus": 0,
        "schedule_id": row.id,
        "due_us": due_us,
    }
