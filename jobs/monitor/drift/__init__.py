"""How far a window is from training: pure functions over numpy arrays, and the rule that judges them."""
