"""From a run to an alias: registered, measured, judged, approved, applied."""
