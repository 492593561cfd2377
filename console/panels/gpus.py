"""What the runner says of the box; a look starts no runner."""

from lineside.console.panels import Asked
from lineside.console.ports import RunnerActions, RunnerState


def looked(asked: Asked) -> RunnerState:
    """The runner's state as it is now; it may be down."""
    return RunnerActions(asked.home).runner()
