"""One watch rule: which metrics it looks at, when it fires and what is done then."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Self

from lineside.store import toml
from lineside.store.errors import Usage

KINDS: Mapping[str, Mapping[str, float | None]] = {
    "nan": {},
    "diverges": {"factor": 3.0, "window": 50},
    "plateau": {"steps": None, "min_delta": 0.0},
    "stall": {"seconds": None},
}
"""What a rule may wait for, and the numbers it takes with their defaults; None: it must be said."""
DEEDS = ("notify", "stop", "checkpoint")
_MOST_WINDOW = 10_000
HINT = "such as: nan(loss) stop   diverges(loss) factor=3 window=50   plateau(val_loss) steps=500   stall 600"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was checked; a number that its kind does not take is 0."""

    when: str
    metric: str = ""  # a glob; "" for a stall
    factor: float = 0.0
    window: int = 0  # points
    steps: int = 0
    min_delta: float = 0.0
    seconds: float = 0.0
    do: str = "notify"

    @classmethod
    def of(cls, said: Mapping[str, Any], where: str = "watch") -> Self:
        """A rule from its table.

        Raises:
            Usage: an unknown key or kind, a number that means nothing.
        """
        when = said.get("when")
        if not isinstance(when, str) or when not in KINDS:
            raise Usage(f"{where}: when = {when!r}", hint=toml.meant(str(when), KINDS))
        numbers = KINDS[when]
        toml.reject_unknown(said, {"when", "do", *numbers, *(("metric",) if when != "stall" else ())}, where)
        if when != "stall" and not (isinstance(said.get("metric"), str) and said["metric"]):
            raise Usage(
                f"{where}: {when} of which metric?", hint=f"{when}(loss): a name, or one with * in it"
            )
        if said.get("do", "notify") not in DEEDS:
            raise Usage(f"{where}: do = {said.get('do')!r}", hint=toml.meant(str(said.get("do")), DEEDS))
        given = {key: _number(said, key, default, where) for key, default in numbers.items()}
        words = {key: str(said[key]) for key in ("when", "metric", "do") if key in said}
        return cls(**words, **given)  # type: ignore[arg-type]

    @property
    def condition(self) -> str:
        """The rule in words, without what is done: "plateau(val_loss) steps=500 min_delta=0.001"."""
        if self.when == "stall":
            return f"stall {self.seconds:g}"
        numbers = [f"{key}={getattr(self, key):g}" for key in KINDS[self.when]]
        return " ".join([f"{self.when}({self.metric})", *numbers])

    @property
    def alert(self) -> str:
        """The rule of its alerts."""
        return f"watch.{self.condition}"

    @property
    def cause(self) -> str:
        """What an attempt ends of that is stopped by this rule: the word that `retry.on` takes."""
        return {"nan": "nan", "stall": "timeout"}.get(self.when, "cancelled")

    def concerns(self, metric: str) -> bool:
        """Whether it looks at a metric; capitals do not matter."""
        return bool(self.metric) and fnmatchcase(metric.casefold(), self.metric.casefold())


def with_home(own: list[Rule], homes: list[Rule]) -> list[Rule]:
    """The rules of a job: its own, and the home's of every kind that it has none of.

    >>> home = [Rule(when="nan", metric="*loss*")]
    >>> [rule.condition for rule in with_home([Rule(when="stall", seconds=60)], home)]
    ['stall 60', 'nan(*loss*)']
    >>> [rule.condition for rule in with_home([Rule(when="nan", metric="loss")], home)]
    ['nan(loss)']
    """
    kinds = {rule.when for rule in own}
    found = {rule.condition: rule for rule in [*homes, *own] if rule in own or rule.when not in kinds}
    return sorted(found.values(), key=lambda rule: rule not in own)


def _number(said: Mapping[str, Any], key: str, default: float | None, where: str) -> float:
    value = said.get(key, default)
    if value is None:
        raise Usage(f"{where}: {said['when']} needs {key}", hint=HINT)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Usage(f"{where}: {key} = {value!r} is no number", hint=HINT)
    whole = key in ("window", "steps")
    low = {"factor": value > 1, "min_delta": value >= 0}.get(key, value > 0)
    if not low or (whole and value != int(value)) or (key == "window" and value > _MOST_WINDOW):
        wanted = {"factor": "above 1", "min_delta": "0 or more", "window": f"1 to {_MOST_WINDOW:,} points",
                  "steps": "a whole number above 0"}.get(key, "above 0")  # fmt: skip
        raise Usage(f"{where}: {key} = {value:g}", hint=wanted)
    return int(value) if whole else float(value)
