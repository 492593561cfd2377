"""What each job takes of its GPUs: energy, and the most memory its processes had at one look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lineside.jobs.devices.gpus import Gpu

Try = tuple[int, int]
"""A job, and which of its attempts."""


@dataclass(slots=True, kw_only=True)
class Taken:
    """By one attempt, so far."""

    energy_j: float | None = None  # None: nobody told, or no time has passed since the first look
    peak_bytes: int | None = None  # on all its devices; None: the driver does not say
    looks: dict[str, tuple[float, float | None]] = field(default_factory=dict)  # device → when, its counter


class Meters:
    """Remembers from look to look; a job is charged from the first one that finds it."""

    def __init__(self) -> None:
        self._taken: dict[Try, Taken] = {}

    def __contains__(self, attempt: Try) -> bool:
        return attempt in self._taken

    def begin(self, attempt: Try, *, energy_j: float | None, peak_bytes: int | None) -> None:
        """Go on from what an earlier runner has written down of it."""
        self._taken[attempt] = Taken(energy_j=energy_j, peak_bytes=peak_bytes)

    def look(
        self, gpus: Sequence[Gpu], holders: Mapping[Try, Sequence[str]], *, at: float
    ) -> dict[Try, Taken]:
        """What every attempt took until now; those that hold nothing any more are forgotten.

        Args:
            holders: attempt → UUIDs of its devices.
            at: monotonic seconds.
        """
        known = {gpu.uuid: gpu for gpu in gpus}
        self._taken = {attempt: self._taken.get(attempt, Taken()) for attempt in holders}
        for attempt, devices in holders.items():
            mine = [known[uuid] for uuid in devices if uuid in known]
            for gpu in mine:
                jobs = [job for (job, _), held in holders.items() if gpu.uuid in held]
                _charge(self._taken[attempt], gpu, share(gpu, attempt[0], jobs), at)
            _peak(self._taken[attempt], attempt[0], mine)
        return self._taken


def share(gpu: Gpu, job: int, holders: Sequence[int]) -> float:
    """The part of a device that is a job's, in 0..1.

    By memory where that is known of all jobs on it, the same for each where not; all of it for one alone.

    Args:
        holders: numbers of the jobs that were given the device, `job` among them.
    """
    if len(holders) < 2:
        return 1.0
    sizes = {holder: gpu.job_bytes(holder) for holder in holders}
    known = [size for size in sizes.values() if size is not None]
    if len(known) < len(holders) or not sum(known):
        return 1.0 / len(holders)
    return (sizes[job] or 0) / sum(known)


def _charge(taken: Taken, gpu: Gpu, part: float, at: float) -> None:
    """Its part of what the device took since the last look: by the device's counter, or by its power."""
    before = taken.looks.get(gpu.uuid)
    taken.looks[gpu.uuid] = (at, gpu.energy_j)
    if before is None:
        return
    then, counter = before
    if counter is not None and gpu.energy_j is not None and gpu.energy_j >= counter:
        spent = gpu.energy_j - counter
    elif gpu.watts is not None:  # no counter, or one that began anew with the driver
        spent = gpu.watts * (at - then)
    else:
        return
    taken.energy_j = (taken.energy_j or 0.0) + spent * part


def _peak(taken: Taken, job: int, devices: Sequence[Gpu]) -> None:
    sizes = [size for gpu in devices if (size := gpu.job_bytes(job)) is not None]
    if sizes:
        taken.peak_bytes = max(sum(sizes), taken.peak_bytes or 0)
