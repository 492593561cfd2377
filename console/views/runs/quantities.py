"""What the runner measures of a job, in the units people say: GiB, %, W, °C."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lineside.console.format import amount, number
from lineside.store.queries.names import SYSTEM

if TYPE_CHECKING:
    from lineside.store.series import Series

GIB = float(1 << 30)
_ENDS = (
    ("_bytes", 1 / GIB, "GiB"), ("percent", 1.0, "%"), ("util", 1.0, "%"), ("watts", 1.0, "W"),
    ("temp_c", 1.0, "°C"), ("energy_j", 1 / 3600.0, "Wh"),
)  # fmt: skip
_NAMES = {
    "rss_bytes": "memory of the job", "cpu_percent": "CPU of the job", "read_bytes": "read from disk",
    "write_bytes": "written to disk", "host.memory_used_bytes": "memory of the host", "threads": "threads",
    "processes": "processes", "host.cpu_percent": "CPU of the host", "host.load": "load of the host",
    "gpu_energy_j": "energy of its GPUs",
}  # fmt: skip
_GPU = {
    "util": "busy", "memory_used_bytes": "memory", "watts": "power", "temp_c": "temperature",
    "own_memory_bytes": "memory of the job",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """How a metric is called and shown."""

    name: str
    factor: float = 1.0
    unit: str = ""

    @property
    def title(self) -> str:
        """The name with its unit: `memory of the job, MiB`."""
        return f"{self.name}, {self.unit}" if self.unit else self.name

    def fitting(self, largest: float) -> "Quantity":
        """The same in the unit that suits its largest value: MiB or KiB where a GiB would be too much.

        >>> quantity("sys.rss_bytes").fitting(3 * 2**20).unit
        'MiB'
        """
        if self.unit != "GiB" or not 0 < largest < GIB:
            return self
        unit, size = ("MiB", 1 << 20) if largest >= 1 << 20 else ("KiB", 1 << 10)
        return replace(self, factor=1 / size, unit=unit)

    def said(self, value: float | None) -> str:
        """The value in its unit: `24.1 GiB`."""
        if self.unit == "GiB" and (value is None or value < GIB):
            return amount(value)
        text = number(value if value is None else value * self.factor)
        return f"{text} {self.unit}" if self.unit and value is not None else text


def quantity(metric: str) -> Quantity:
    """The words for a metric; one that a script logged is called as the script calls it.

    >>> quantity("sys.gpu0.memory_used_bytes").said(3 * 2**30), quantity("sys.gpu0.watts").name
    ('3 GiB', 'GPU 0 power')
    >>> quantity("val_loss")
    Quantity(name='val_loss', factor=1.0, unit='')
    """
    if not metric.startswith(SYSTEM):
        return Quantity(name=metric)
    short = metric.removeprefix(SYSTEM)
    factor, unit = next(((by, unit) for end, by, unit in _ENDS if short.endswith(end)), (1.0, ""))
    device, _, fact = short.partition(".")
    if device.startswith("gpu") and fact in _GPU:
        return Quantity(name=f"GPU {device.removeprefix('gpu')} {_GPU[fact]}", factor=factor, unit=unit)
    return Quantity(name=_NAMES.get(short, short), factor=factor, unit=unit)


def of_curves(metric: str, curves: "Sequence[Series]") -> Quantity:
    """The words for a metric that is drawn, in the unit that suits the largest of its values."""
    largest = max((float(one.values.max()) for one in curves if len(one.values)), default=0.0)
    return quantity(metric).fitting(largest)
