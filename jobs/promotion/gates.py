"""Gates: what was measured → what may pass. Pure; the measuring is in evaluation.py.

A gate never says only yes or no: it keeps what was observed, what was required, and on how many rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from lineside.store.clock import Micros
from lineside.store.queries.evidence import GateRow

if TYPE_CHECKING:
    from lineside.jobs.projects.declared import ModelSpec

Z95 = 1.959963984540054
"""Half the width of a 95 % interval, in standard errors."""

_HIGHER_IS_BETTER = {"accuracy": True, "mae": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A metric with its 95 % interval, on n rows."""

    value: float
    low: float
    high: float
    n: int

    @property
    def error(self) -> float:
        """The standard error that the interval implies."""
        return (self.high - self.low) / (2 * Z95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """Candidate against champion. `gain` > 0: the candidate is better, whatever the metric's direction."""

    candidate: float
    champion: float
    gain: float
    low: float  # 95 % interval of the gain
    high: float
    n: int
    kind: Literal["paired", "own hold-outs"]  # the same rows for both, or each its own
    note: str = ""  # "3 rows of the training tables were left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that one evaluation found."""

    broken: tuple[str, ...]  # pinned things whose bytes are not what they were
    golden: str  # "" when the golden answers hold; else what moved
    metric: str
    holdout: Measured | None  # the candidate on its own hold-out rows; None: the package has none
    duel: Duel | None  # None: nobody holds the alias
    fault: str = ""  # why champion and candidate could not be compared

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """From the compute child's JSON."""
        holdout, duel = told["holdout"], told["duel"]
        return cls(
            broken=tuple(told["broken"]),
            golden=told["golden"],
            metric=told["metric"],
            holdout=Measured(**holdout) if holdout else None,
            duel=Duel(**duel) if duel else None,
            fault=told["fault"],
        )


def judge(evidence: Evidence, spec: "ModelSpec", *, champion: str | None, at: Micros) -> list[GateRow]:
    """Every gate's verdict.

    Args:
        champion: the holder's label; None when nobody holds the alias.
    """
    return [
        GateRow(gate=gate, passed=passed, observed=observed, required=required, rows=rows, at_us=at)
        for gate, passed, observed, required, rows in (
            *_same_bytes(evidence),
            *_floor(evidence, spec),
            *_no_worse(evidence, spec, champion),
        )
    ]


def broken_down(why: str, *, at: Micros) -> list[GateRow]:
    """The verdict on a candidate whose evaluation itself failed."""
    required = "the candidate can be evaluated"
    return [GateRow(gate="evaluation", passed=False, observed=why, required=required, rows=None, at_us=at)]


def passed(gates: list[GateRow]) -> bool:
    return all(gate.passed for gate in gates)


def own_holdouts(candidate: Measured, champion: Measured, *, metric: str, higher: bool) -> Duel:
    """Compare two hold-outs of different rows: the errors add, so the interval is wider than a paired one.

    Args:
        higher: whether higher is better, for a metric that lineside does not know.
    """
    sign = 1.0 if _HIGHER_IS_BETTER.get(metric, higher) else -1.0
    gain = sign * (candidate.value - champion.value)
    half = Z95 * (candidate.error**2 + champion.error**2) ** 0.5
    return Duel(
        candidate=candidate.value,
        champion=champion.value,
        gain=gain,
        low=gain - half,
        high=gain + half,
        n=min(candidate.n, champion.n),
        kind="own hold-outs",
    )


_Verdict = tuple[str, bool, str, str, int | None]


def _same_bytes(evidence: Evidence) -> Iterator[_Verdict]:
    broken = ", ".join(evidence.broken)
    yield "bytes", not broken, f"changed: {broken}" if broken else "as registered", "as registered", None
    yield "golden", not evidence.golden, evidence.golden or "same answers", "same answers", None


def _floor(evidence: Evidence, spec: "ModelSpec") -> Iterator[_Verdict]:
    """The absolute limits on the candidate's own hold-out."""
    held = evidence.holdout
    for gate, limit, word in (
        ("min_holdout", spec.min_holdout, "at least"),
        ("max_holdout", spec.max_holdout, "at most"),
    ):
        if limit is None:
            continue
        required = f"{evidence.metric} {word} {number(limit)}"
        if held is None:
            yield gate, False, "the package has no hold-out", required, None
            continue
        fine = held.value >= limit if gate == "min_holdout" else held.value <= limit
        observed = f"{number(held.value)} [{number(held.low)}, {number(held.high)}]"
        yield gate, fine, observed, required, held.n


def _no_worse(evidence: Evidence, spec: "ModelSpec", champion: str | None) -> Iterator[_Verdict]:
    """Non-inferiority: the interval of the gain must not reach below -margin."""
    if not spec.beats_champion:
        return
    required = f"gain over the holder at least {signed(-spec.margin)}, with 95 % confidence"
    if champion is None:
        yield "beats_champion", True, "nobody holds the alias yet", required, None
        return
    duel = evidence.duel
    if duel is None:
        yield "beats_champion", False, evidence.fault or "could not be compared", required, None
        return
    observed = (
        f"{number(duel.candidate)} against {champion} {number(duel.champion)}: "
        f"{signed(duel.gain)} [{signed(duel.low)}, {signed(duel.high)}], {duel.kind}"
    )
    if duel.note:
        observed = f"{observed}; {duel.note}"
    yield "beats_champion", duel.low >= -spec.margin, observed, required, duel.n


def number(value: float) -> str:
    """Three decimals for shares, four significant digits for anything larger.

    >>> number(0.92), number(36.4721), number(18234.0)
    ('0.920', '36.47', '18234')
    """
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.2f}" if abs(value) < 1000 else f"{value:.0f}"


def signed(value: float) -> str:
    """A difference: its sign is always written.

    >>> signed(0.05), signed(-0.0)
    ('+0.050', '+0.000')
    """
    return f"{'-' if value < 0 else '+'}{number(abs(value))}"
