"""Text that is read or written: output, differences, fields."""
