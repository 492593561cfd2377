"""Transformers logs into a run: `Trainer(…, callbacks=[LinesideCallback()])`."""

from collections.abc import Mapping
from typing import Any

from transformers import TrainerCallback

import lineside


class LinesideCallback(TrainerCallback):  # type: ignore[misc]  # looked at without its types
    """The job's own run under the runner, else a new one; only the process of rank zero writes."""

    def __init__(
        self, *, name: str | None = None, experiment: str | None = None, checkpoints: bool = False
    ) -> None:
        """
        Args:
            checkpoints: keep the best checkpoint with the run when the training ends.
        """
        self._asked: dict[str, Any] = {"name": name, "experiment": experiment}
        self._checkpoints = checkpoints
        self._run: lineside.Run | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if not state.is_world_process_zero:
            return
        if self._run is None:
            self._run = lineside.start_run(**self._asked, seed=args.seed)
        config: Any = getattr(model, "config", None)
        asked = config.to_dict() if hasattr(config, "to_dict") else {}
        self._run.log_params({f"model/{key}": value for key, value in asked.items()})
        self._run.log_params(args.to_sanitized_dict())  # without tokens

    def on_log(
        self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        if self._run is not None and state.is_world_process_zero:
            self._run.log_metrics(dict(logs or {}), step=state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The run stays open, for an evaluation that may follow; it ends with the script."""
        best = getattr(state, "best_model_checkpoint", None)
        if self._run is not None and self._checkpoints and best:
            self._run.log_artifact(best, kind="checkpoint")
