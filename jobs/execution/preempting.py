"""Which running jobs make room for a more urgent one: the fewest, the lowest, the youngest. Pure."""

from collections.abc import Callable, Sequence
from itertools import combinations

from lineside.jobs.execution.demands import Holder, Waiting
from lineside.jobs.execution.ledgers import Ledger

_TRIED, _TOGETHER = 12, 2
"""Every pair among a dozen is tried; for more, they are taken one by one and the needless left out."""


def victims(job: Waiting, ledger: Ledger, *, fits: Callable[[Ledger], bool]) -> list[Holder]:
    """Those to stop for `job`; none when stopping all that may be stopped would not do.

    Args:
        fits: whether the job could start, were the ledger like this.
    """
    going = [h for h in ledger.holders if h.stopping]
    able = [h for h in ledger.holders if _may_stop(h, job, ledger)]
    able.sort(key=lambda holder: (holder.priority, -holder.since_us, -holder.id))
    if not able or not fits(ledger.without([*going, *able])):
        return []
    for number in range(1, _TOGETHER + 1):
        for some in combinations(able[:_TRIED], number):
            if fits(ledger.without([*going, *some])):
                return list(some)
    return _one_by_one(able, lambda some: fits(ledger.without([*going, *some])))


def _may_stop(holder: Holder, job: Waiting, ledger: Ledger) -> bool:
    urgent = job.priority - holder.priority >= ledger.rules.preempt_gap
    return holder.preemptible and not holder.stopping and urgent


def _one_by_one(able: Sequence[Holder], enough: Callable[[Sequence[Holder]], bool]) -> list[Holder]:
    """The lowest ones until it is enough, without those that turn out needless, the highest first."""
    taken: list[Holder] = []
    for holder in able:
        taken.append(holder)
        if enough(taken):
            break
    for holder in reversed(taken[:-1]):
        fewer = [each for each in taken if each is not holder]
        if enough(fewer):
            taken = fewer
    return taken
