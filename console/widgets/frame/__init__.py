"""The lines around an area: tabs, crumb, filter, keys."""
