"""Lightning logs into a run: `Trainer(logger=LinesideLogger())`."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

import lineside

try:
    from lightning.pytorch.loggers import Logger
    from lightning.pytorch.utilities import rank_zero_only
except ModuleNotFoundError:  # the older name of the same package
    from pytorch_lightning.loggers import Logger
    from pytorch_lightning.utilities import rank_zero_only


class LinesideLogger(Logger):  # type: ignore[misc]  # Lightning ships no types we could rely on
    """The job's own run under the runner, else a new one; only the process of rank zero writes."""

    def __init__(
        self, *, name: str | None = None, experiment: str | None = None, checkpoints: bool = False
    ) -> None:
        """
        Args:
            checkpoints: keep the best checkpoint with the run when the training ends.
        """
        super().__init__()
        self._asked: dict[str, Any] = {"name": name, "experiment": experiment}
        self._run: lineside.Run | None = None
        self._checkpoints = checkpoints
        self._best = ""

    @property
    def experiment(self) -> lineside.Run:
        """The run, begun when it is first asked for."""
        if self._run is None:
            self._run = lineside.start_run(**self._asked)
        return self._run

    @property
    def name(self) -> str | None:
        return str(self._asked["experiment"] or "lineside")

    @property
    def version(self) -> str | None:
        return None if self._run is None else self._run.uid

    @rank_zero_only  # type: ignore[untyped-decorator]
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        self.experiment.log_metrics(metrics, step)

    @rank_zero_only  # type: ignore[untyped-decorator]
    def log_hyperparams(self, params: Mapping[str, Any] | Namespace, *_: Any, **__: Any) -> None:
        self.experiment.log_params(_flat(vars(params) if isinstance(params, Namespace) else params))

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        self._best = checkpoint_callback.best_model_path or self._best

    @rank_zero_only  # type: ignore[untyped-decorator]
    def finalize(self, status: str) -> None:
        """A failed training ends the run; a good one may go on with a test, and ends with the script."""
        if self._run is None:
            return
        if self._checkpoints and self._best:
            self._run.log_artifact(self._best, kind="checkpoint")
            self._best = ""
        if status == "failed":
            self._run.finish("FAILED")


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Tables in tables as names with a slash."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{above}{key}/") if isinstance(value, Mapping) else {f"{above}{key}": value}
    return found
