"""How the console reaches a terminal: the first frame, a line that may be slow or gone, a clean way out."""
