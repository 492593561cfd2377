"""Each trial of an Optuna study becomes a run: `study.optimize(…, callbacks=[LinesideCallback()])`."""

from threading import Lock
from typing import TYPE_CHECKING

import lineside

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


class LinesideCallback:
    """Trials as children of one run, which carries the best value so far; trials may run in threads."""

    def __init__(self, *, name: str | None = None, experiment: str | None = None) -> None:
        self._asked = {"name": name, "experiment": experiment}
        self._run: lineside.Run | None = None
        self._lock = Lock()

    def __call__(self, study: "Study", trial: "FrozenTrial") -> None:
        with self._lock:
            if self._run is None:
                name = self._asked["name"] or study.study_name
                self._run = lineside.start_run(name, experiment=self._asked["experiment"])
        self._tell(study, trial)
        if len(study.directions) == 1 and trial.values:
            self._run.log_metrics({"best": study.best_value}, step=trial.number)

    def _tell(self, study: "Study", trial: "FrozenTrial") -> None:
        tags = {"study": study.study_name, "trial": trial.number, "state": trial.state.name}
        run = lineside.start_run(
            f"trial {trial.number}", experiment=self._asked["experiment"], params=trial.params,
            tags={**trial.user_attrs, **tags}, current=False,
        )  # fmt: skip
        for step, value in sorted(trial.intermediate_values.items()):
            run.log_metrics({"intermediate": value}, step=step)
        values = trial.values or []
        names = study.metric_names or (
            ["value"] if len(values) == 1 else [f"value_{i}" for i in range(len(values))]
        )
        run.log_metrics(dict(zip(names, values, strict=False)), step=trial.number)
        if trial.duration is not None:
            run.log_metrics({"duration_s": trial.duration.total_seconds()}, step=trial.number)
        run.finish("FAILED" if trial.state.name == "FAIL" else "FINISHED")
