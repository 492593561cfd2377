"""What `lineside run` may ask for a job: its share of the box, how it is stopped, when it is tried again."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
          "KI": 1 << 10, "MI": 1 << 20, "GI": 1 << 30, "TI": 1 << 40}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]I?|)B?", re.IGNORECASE)
_SPAN = re.compile(r"(\d+)(?:-(\d+)(?::(\d+))?)?")
_MOST = 1000


class Size(click.ParamType[int, Any]):
    """Bytes, as people write them: 20GiB, 512M."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = _SIZE.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no size: 20GiB, 512MiB", param, ctx)
        return int(float(found[1]) * _UNITS[found[2].upper()])


class Needed(click.ParamType[list[dict[str, Any]], Any]):
    """Jobs to wait for: 57, 57:any (also when it failed), 57..64."""

    name = "JOB"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[dict[str, Any]]:
        text, _, condition = str(value).partition(":")
        first, _, last = text.partition("..")
        if not first.isdigit() or not (last or first).isdigit() or condition not in ("", "ok", "any"):
            self.fail(f"{value!r} names no job: 57, 57:any, or 57..64", param, ctx)
        numbers = range(int(first), min(int(last or first), int(first) + _MOST) + 1)
        return [{"job": number, "condition": condition or "ok"} for number in numbers]


class Indexes(click.ParamType[tuple[list[int], int | None], Any]):
    """The indexes of an array, and how many of them run at once: 0-7, 1,3,5-9, 0-99:10, 0-7%2."""

    name = "0-7%2"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[list[int], int | None]:
        text, cut, limit = str(value).partition("%")
        spans = [_SPAN.fullmatch(part.strip()) for part in text.split(",")]
        if not all(spans) or (cut and not (limit.isdigit() and int(limit))):
            self.fail(f"{value!r} are no indexes: 0-7, 1,3,5-9, 0-99:10, or 0-7%2 (two at once)", param, ctx)
        found = [index for span in spans if span for index in _span(span)]
        if not found or len(found) > _MOST:
            self.fail(f"{value!r} are {len(found)} jobs; an array has 1 to {_MOST}", param, ctx)
        return sorted(set(found)), int(limit) if cut else None


OPTIONS = (
    click.option("--gpus", type=int, help="GPUs to bind; a job that asks for none sees none."),
    click.option("--gpu-mem", "gpu_bytes", type=Size(), help="Memory of each GPU: it is shared with others."),
    click.option("--gpu-slots", type=int, help="Slots of each GPU: it is shared with others."),
    click.option("--prefer", "gpu_prefer", multiple=True, metavar="GPU", help="Index or UUID; best first."),
    click.option("--cpus", type=int, help="CPU slots to take."),
    click.option("--mem", "memory_bytes", type=Size(), help="Memory of the box."),
    click.option("--priority", default=50, show_default=True, help="Higher goes first."),
    click.option("--time-limit", "time_limit_s", type=float, metavar="SECONDS", help="It is stopped then."),
    click.option("--grace", "grace_s", type=float, metavar="SECONDS", help="Between SIGTERM and SIGKILL."),
    click.option("--preemptible", is_flag=True, default=None, help="May make room for a more urgent job."),
    click.option("--checkpoint", "checkpoint_signal", metavar="SIGNAL", help="Sent before a stop: USR1."),
    click.option("--retry", "retry_max", type=int, metavar="N", help="Try again so often."),
    click.option("--retry-on", metavar="CAUSES", help="After these: oom_cuda,lost. Any failure if left out."),
    click.option("--retry-backoff", "retry_backoff_s", type=float, metavar="SECONDS", help="It doubles."),
)
"""What holds for a command, and for every job of a pipeline."""

_ANY_FAILURE = "exit,signal,oom_cuda,oom_host,nan,timeout,lost"


def options(command: F) -> F:
    """All of them, on one command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def wanted(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a job that were asked for.

    Raises:
        UsageError: two of them contradict each other.
    """
    keys = [option.name for option in _made() if option.name != "retry_on"]
    found = {key: asked[key] for key in keys if key and asked.get(key) not in (None, ())}
    causes = asked.get("retry_on")
    if causes and "retry_max" not in found:
        raise click.UsageError("--retry-on says after what; say how often, too: --retry 3")
    if "retry_max" in found:
        found["retry_on"] = [word.strip() for word in (causes or _ANY_FAILURE).split(",")]
    if ("gpu_bytes" in found or "gpu_slots" in found) and not found.get("gpus"):
        found["gpus"] = 1  # a share of a GPU is a share of one
    if "gpu_prefer" in found:
        found["gpu_prefer"] = list(found["gpu_prefer"])
    return found


def _made() -> list[click.Parameter]:
    @options
    @click.command()
    def nothing(**_: object) -> None: ...

    return nothing.params


def _span(found: re.Match[str]) -> range:
    first, last = int(found[1]), int(found[2] or found[1])
    return range(first, min(last, first + 10**6) + 1, max(1, int(found[3] or 1)))
