"""What the nine areas share: the frame, reading off the loop, arranging tables, doing."""
