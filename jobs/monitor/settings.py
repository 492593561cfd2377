"""The settings of a monitor as its project declared them."""

from typing import Any

from lineside.jobs.projects.declared import MonitorSpec
from lineside.store.queries.monitors import MonitorRow


def spec_of(monitor: MonitorRow) -> MonitorSpec:
    """[monitor.NAME], resolved; what it does not say has the default."""
    values: dict[str, Any] = {k: v for k, v in monitor.values.items() if k not in ("name", "model")}
    return MonitorSpec(name=monitor.name, model=monitor.model, **values)
