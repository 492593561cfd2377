"""Which version answers which path: one immutable table, replaced by one assignment.

A request takes its version from the table once, before it reads its body, and keeps it to the end. So a swap
never touches a request under way: the version that left the table is freed when its last request lets go.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lineside.jobs.packaging.packages import Label
from lineside.jobs.packaging.scoring import Predictions, Scorer
from lineside.jobs.serving.answers import datatype_of
from lineside.jobs.serving.metrics import Metrics, VersionMetrics
from lineside.jobs.serving.wire import Asked

_ON_THE_LOOP_S = 0.002
"""A request that should take longer than this is answered in a thread, so that the small ones do not wait."""


class Served:
    """One loaded version, warmed up and proven on its golden rows."""

    def __init__(self, version: str, folder: Path, metrics: VersionMetrics) -> None:
        """Load and check; takes as long as it takes, so call it in a thread.

        Raises:
            OSError, ValueError: there is no package, or not one that answers as it did when it was made.
        """
        self.version, self.metrics = version, metrics
        self.scorer = Scorer(folder)
        self.scorer.check_golden()
        package = self.scorer.package
        self.encoder, self.names = package.encoder, package.encoder.names
        self.classes: list[Label] = list(package.classes)
        self.datatype = datatype_of(self.classes)
        began = time.perf_counter()
        self.scorer.predict(package.golden.inputs)
        self._row_s = (time.perf_counter() - began) / max(1, len(package.golden.labels))
        self.in_flight = 0

    def slow(self, asked: Asked) -> bool:
        """Whether this request would hold up the loop."""
        return asked.rows * self._row_s > _ON_THE_LOOP_S

    def predict(self, asked: Asked) -> Predictions:
        if asked.matrix is not None:
            return self.scorer.predict_rows(asked.matrix)
        return self.scorer.predict(asked.columns)


@dataclass(frozen=True, slots=True)
class Table:
    """The versions that are loaded, the one that is live, and the infer paths they answer."""

    model: str
    versions: Mapping[str, Served] = field(default_factory=dict)
    live: str | None = None
    paths: Mapping[str, Served] = field(init=False)

    def __post_init__(self) -> None:
        base = f"/v2/models/{self.model}"
        paths = {f"{base}/versions/{name}/infer": served for name, served in self.versions.items()}
        if self.live is not None:
            paths[f"{base}/infer"] = self.versions[self.live]
        object.__setattr__(self, "paths", paths)

    def with_version(self, served: Served) -> "Table":
        """The same table with one more version, reachable by its own path only."""
        return Table(self.model, {**self.versions, served.version: served}, self.live)

    def with_live(self, version: str) -> "Table":
        """The table in which `version` is live. The one it follows stays, to go back to; others go.

        Raises:
            KeyError: that version is not loaded.
        """
        kept = {name: self.versions[name] for name in (self.live, version) if name is not None}
        return Table(self.model, kept, version)


class Router:
    """Holds the current table. All changes happen on the loop; loading happens in a thread before."""

    def __init__(self, model: str, metrics: Metrics) -> None:
        self.metrics = metrics
        self.table = Table(model)

    @property
    def in_flight(self) -> int:
        return sum(served.in_flight for served in self.table.versions.values())

    @property
    def ready(self) -> bool:
        return self.table.live is not None

    def add(self, served: Served) -> None:
        self.table = self.table.with_version(served)

    def route(self, version: str) -> None:
        """Make a loaded version live.

        Raises:
            KeyError: that version is not loaded.
        """
        self.table = self.table.with_live(version)
        self.metrics.live(version)
