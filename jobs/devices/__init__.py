"""The GPUs of a box: who says what they are, who is on them, and what they took."""
