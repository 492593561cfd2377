"""Watch rules: what is to happen when a live metric goes wrong, with no code in the trainer."""
