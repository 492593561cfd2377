"""The GPUs as NVIDIA's management library tells of them.

It stays initialised between looks: on a box without its persistence daemon the first to ask wakes every GPU,
which takes seconds. A driver that does not answer is let go, and asked again later through a library read
anew.
"""

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import Any

from lineside.jobs.devices.gpus import Gpu, GpuProcess, Inventory

RETRY_S = 30.0
"""How long a driver that did not answer is left alone."""


def fresh() -> Any:
    """pynvml, with the library that lies on the disk now.

    After an upgrade of the driver the one in memory would never match it again, and asking for it by name
    gives the same one back until it is closed.

    Raises:
        ImportError: the package is not installed.
    """
    pynvml = importlib.import_module("pynvml")
    if pynvml.nvmlLib is not None:
        from _ctypes import dlclose

        dlclose(pynvml.nvmlLib._handle)
        pynvml = importlib.reload(pynvml)  # it keeps the addresses of functions
    return pynvml


class Nvml:
    """`Gpus` on a box with an NVIDIA driver, and the words for one without."""

    def __init__(self, load: Callable[[], Any] = fresh) -> None:
        """`load` gives the module to ask; it is called again after each trouble."""
        self._load = load
        self._nvml: Any = None  # None: not initialised
        self._trouble = Inventory(gpus=(), words="")
        self._again = float("-inf")

    def look(self, *, at: float) -> Inventory:
        """The devices now. After trouble, its words until it is time to try again."""
        if self._nvml is None and at < self._again:
            return self._trouble
        if self._nvml is None and (trouble := self._begin()):
            return self._rest(trouble, at)
        try:
            return _read(self._nvml)
        except self._nvml.NVMLError as error:
            self.close()
            return self._rest(f"the NVIDIA driver does not answer ({error}): jobs run on the CPU", at)

    def close(self) -> None:
        """Let go of the driver, so that it could be unloaded."""
        nvml, self._nvml = self._nvml, None
        if nvml is not None:
            with contextlib.suppress(nvml.NVMLError):
                nvml.nvmlShutdown()

    def _begin(self) -> str:
        """Initialise; why that was not possible, in words, or nothing."""
        try:
            nvml = self._load()
        except ImportError:
            return "no GPU support installed (pip install 'lineside[gpu]'): jobs run on the CPU"
        try:
            nvml.nvmlInit()
        except nvml.NVMLError_LibRmVersionMismatch as error:
            return (
                f"the NVIDIA driver was upgraded and its old half still runs ({error}): "
                "reload it or restart the machine; until then jobs run on the CPU"
            )
        except nvml.NVMLError as error:
            return f"no NVIDIA driver here ({error}): jobs run on the CPU"
        self._nvml = nvml
        return ""

    def _rest(self, words: str, at: float) -> Inventory:
        self._again, self._trouble = at + RETRY_S, Inventory(gpus=(), words=words)
        return self._trouble


def _read(nvml: Any) -> Inventory:
    """All devices; one that fell off the bus is words.

    Raises:
        NVMLError: none of them answers.
    """
    found: list[Gpu] = []
    lost: list[str] = []
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            found += list(_devices(nvml, handle, len(found)))
        except nvml.NVMLError as error:
            lost.append(f"GPU {index} does not answer ({error})")
            trouble = error
    if lost and not found:
        raise trouble
    return Inventory(gpus=tuple(found), words="; ".join([words(found), *lost]))


def words(gpus: list[Gpu]) -> str:
    """What there is, in a sentence."""
    if not gpus:
        return "the NVIDIA driver sees no GPU: jobs run on the CPU"
    return f"{len(gpus)} GPU{'' if len(gpus) == 1 else 's'}: {', '.join(sorted({gpu.name for gpu in gpus}))}"


def _devices(nvml: Any, handle: Any, index: int) -> Iterator[Gpu]:
    """What may be given out of one GPU: itself, or its instances where it is partitioned."""
    whole = _whole(nvml, handle, index)
    mode = _maybe(nvml, nvml.nvmlDeviceGetMigMode, handle)
    if mode is None or mode[0] != nvml.NVML_DEVICE_MIG_ENABLE:
        yield whole
        return
    for place in range(_maybe(nvml, nvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0):
        try:
            instance = nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, place)
        except nvml.NVMLError_NotFound:
            continue  # numbers have holes where instances were destroyed
        yield _instance(nvml, instance, whole, index)
        index += 1


def _whole(nvml: Any, handle: Any, index: int) -> Gpu:
    memory = _maybe(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)  # None: the box and its GPU share one memory
    rates = _maybe(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)
    milliwatts = _maybe(nvml, nvml.nvmlDeviceGetPowerUsage, handle)
    millijoules = _maybe(nvml, nvml.nvmlDeviceGetTotalEnergyConsumption, handle)
    return Gpu(
        index=index, uuid=_text(nvml.nvmlDeviceGetUUID(handle)), name=_text(nvml.nvmlDeviceGetName(handle)),
        util=None if rates is None else int(rates.gpu),
        mem_used_bytes=0 if memory is None else int(memory.used),
        mem_total_bytes=0 if memory is None else int(memory.total),
        temp_c=_maybe(nvml, nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
        watts=None if milliwatts is None else milliwatts / 1000,
        energy_j=None if millijoules is None else millijoules / 1000,
        held=_processes(nvml, handle),
    )  # fmt: skip


def _instance(nvml: Any, handle: Any, whole: Gpu, index: int) -> Gpu:
    """A part of a partitioned GPU. Heat is the whole's; power and energy are, by its part of the memory."""
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    share = memory.total / whole.mem_total_bytes if whole.mem_total_bytes else 0.0
    return Gpu(
        index=index, uuid=_text(nvml.nvmlDeviceGetUUID(handle)), name=_text(nvml.nvmlDeviceGetName(handle)),
        util=None, mem_used_bytes=int(memory.used), mem_total_bytes=int(memory.total), temp_c=whole.temp_c,
        watts=None if whole.watts is None else whole.watts * share,
        energy_j=None if whole.energy_j is None else whole.energy_j * share,
        parent=whole.uuid, held=_processes(nvml, handle),
    )  # fmt: skip


def _processes(nvml: Any, handle: Any) -> tuple[GpuProcess, ...]:
    """All that compute or draw on it; one that does both is told twice, and has the larger of both.

    Drivers before 510 know only the second version. The names without one raise what is no `NVMLError`.
    """
    found: dict[int, int | None] = {}
    for kind in ("Compute", "MPSCompute", "Graphics"):
        newest = getattr(nvml, f"nvmlDeviceGet{kind}RunningProcesses_v3")
        older = getattr(nvml, f"nvmlDeviceGet{kind}RunningProcesses_v2")
        told = _maybe(nvml, newest, handle)
        for process in (_maybe(nvml, older, handle) or ()) if told is None else told:
            sizes = [size for size in (found.get(process.pid), process.usedGpuMemory) if size is not None]
            found[int(process.pid)] = max(sizes, default=None)
    return tuple(GpuProcess(pid=pid, bytes=size) for pid, size in found.items())


def _maybe(nvml: Any, call: Callable[..., Any], *args: Any) -> Any:
    """What this device or driver does not tell is None; that there is none to ask is for the caller."""
    try:
        return call(*args)
    except (nvml.NVMLError_GpuIsLost, nvml.NVMLError_Uninitialized):
        raise
    except nvml.NVMLError:
        return None


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
