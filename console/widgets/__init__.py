"""Widgets turn rows into lines of text and keys into messages; none of them knows where rows come from."""
