"""Tables of any length: rows, columns, their order, marks."""
