"""How much of the screen a pane has: as the area means it, or as the person at the console does."""

from textual.widget import Widget


def share_of(pane: Widget, usual: float) -> float:
    """The share of the height for the main pane of an area, by `[console.layout] "runs.table"`."""
    settings, main = getattr(pane.app, "settings", None), getattr(pane.screen, "main", None)
    if settings is None or main is None or main() is not pane:
        return usual
    return float(settings.layout.get(f"{pane.screen.name}.table", usual))
