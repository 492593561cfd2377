"""The lineside SDK."""
