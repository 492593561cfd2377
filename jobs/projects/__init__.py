"""lineside.toml: read, checked, and turned into jobs."""
