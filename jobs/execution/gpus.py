"""The GPUs of this box: NVML where there is a driver, words where there is none, a fake for tests."""

import asyncio
import contextlib
import os
from typing import Any

from lineside.jobs.context import Context
from lineside.jobs.devices.gpus import Gpu, GpuProcess, Inventory

NOTHING = Inventory(gpus=(), words="not looked at yet")
_last = NOTHING


def inventory() -> Inventory:
    """The newest look, from memory."""
    return _last


def look() -> tuple[Gpu, ...]:
    """The GPUs now."""
    return take_inventory().gpus


def take_inventory() -> Inventory:
    """Look at the box. Never raises: a box without a driver has no GPUs, and says why."""
    if fake := os.environ.get("LINESIDE_FAKE_GPUS"):
        return _fake(int(fake))
    try:
        import pynvml
    except ImportError:
        return Inventory(
            gpus=(), words="no GPU support installed (pip install 'lineside[gpu]'): jobs run on the CPU"
        )
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return Inventory(gpus=(), words=f"no NVIDIA driver here ({error}): jobs run on the CPU")
    try:
        gpus = tuple(_read(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount()))
    except pynvml.NVMLError as error:  # a driver upgraded under us, a device fallen off the bus
        return Inventory(gpus=(), words=f"the NVIDIA driver does not answer ({error}): jobs run on the CPU")
    finally:
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    return Inventory(gpus=gpus, words=_words(gpus))


async def tick(ctx: Context) -> None:
    """Look again, off the loop: a driver may take its time."""
    global _last
    before = len(_last.gpus)
    _last = await asyncio.to_thread(take_inventory)
    if len(_last.gpus) != before:
        ctx.wake()


def _read(nvml: Any, index: int) -> Gpu:
    device = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = nvml.nvmlDeviceGetMemoryInfo(device)

    def maybe(call: Any) -> Any:
        """What this device does not support is None."""
        try:
            return call()
        except nvml.NVMLError:
            return None

    watts = maybe(lambda: nvml.nvmlDeviceGetPowerUsage(device))
    busy = maybe(lambda: nvml.nvmlDeviceGetComputeRunningProcesses(device)) or []
    return Gpu(
        index=index,
        uuid=_text(nvml.nvmlDeviceGetUUID(device)),
        name=_text(nvml.nvmlDeviceGetName(device)),
        util=maybe(lambda: int(nvml.nvmlDeviceGetUtilizationRates(device).gpu)),
        mem_used_bytes=int(memory.used),
        mem_total_bytes=int(memory.total),
        temp_c=maybe(lambda: int(nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU))),
        watts=watts / 1000 if watts is not None else None,
        held=tuple(GpuProcess(pid=int(p.pid), bytes=p.usedGpuMemory) for p in busy),
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _words(gpus: tuple[Gpu, ...]) -> str:
    if not gpus:
        return "the NVIDIA driver sees no GPU: jobs run on the CPU"
    return f"{len(gpus)} GPU{'' if len(gpus) == 1 else 's'}: {', '.join(sorted({gpu.name for gpu in gpus}))}"


def _fake(number: int) -> Inventory:
    """Devices that only exist in tests: real enough to be bound, too poor to compute."""
    gpus = tuple(
        Gpu(index=i, uuid=f"GPU-fake-{i}", name="Fake", util=0, mem_used_bytes=0, mem_total_bytes=16 << 30,
            temp_c=30, watts=10.0)
        for i in range(number)
    )  # fmt: skip
    return Inventory(gpus=gpus, words=f"{number} fake GPUs (LINESIDE_FAKE_GPUS): nothing here computes")
